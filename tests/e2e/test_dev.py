"""`gatherup dev` over its starts: the same data and secrets, other ports where it must, one node on one data folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import trio

from gatherup.config import KEY_BYTES
from gatherup.dev import GENERATED, PORTS, SECRETS_FILE
from tests.e2e.installation import GATHERUP, HANG_S

pytestmark = [pytest.mark.real, pytest.mark.slow]
RUNNING = "GatherUp is running"


def environment(data: Path) -> dict[str, str]:
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("GATHERUP_", "DATABASE_"))
    }
    return {**ours, "GATHERUP_DATA": str(data), "PYTHONUNBUFFERED": "1"}


class Dev:
    """One run, and what it said."""

    def __init__(self) -> None:
        self.said = ""

    @property
    def url(self) -> str:
        return next(word for word in self.said.split() if word.startswith("http://"))

    @property
    def commands(self) -> list[list[str]]:
        return [line.split() for line in self.said.splitlines() if " chat " in line]


@asynccontextmanager
async def dev(data: Path) -> AsyncIterator[Dev]:
    """A run that serves for the block, and is ended as with Ctrl-C."""
    process = await trio.lowlevel.open_process(
        [str(GATHERUP), "dev"], env=environment(data), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    run = Dev()
    async with process.stdout as stdout:
        while run.said.count(" chat ") < 2 or not run.said.endswith("\n"):
            chunk = await stdout.receive_some()
            assert chunk, run.said
            run.said += chunk.decode()
        try:
            yield run
        finally:
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0


async def test_dev_over_its_starts(server_dir: Path) -> None:
    data = server_dir / "dev"
    with trio.fail_after(HANG_S), socket.socket() as taken:
        with suppress(OSError):  # if somebody else has it, so much the better
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        async with dev(data) as first, httpx.AsyncClient(base_url=first.url) as http:
            assert "Port 8080 is taken: another one is used." in first.said
            for number, name in enumerate(("ann", "ben")):
                start = [str(GATHERUP), "chat", "lobby", "--as", name, "--url", first.url]
                assert first.commands[number][: len(start)] == start
            keys = (data / SECRETS_FILE).read_text()
            assert [len(line.partition("=")[2]) for line in keys.splitlines()] == [KEY_BYTES * 2] * len(
                GENERATED
            )
            guest = (await http.post("/v1/guest", json={"display_name": "Ann"})).json()
            own = {"Authorization": f"Bearer {guest['access_token']}"}
            create = {"name": "den", "client_id": "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e01"}
            made = await http.post("/v1/rooms", json=create, headers=own)
            assert made.status_code == 201, made.text

            second = await trio.run_process(
                [str(GATHERUP), "dev"],
                env=environment(data),
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
            assert second.returncode == 1
            assert second.stderr.decode().startswith("node_name_taken: ")
            assert second.stderr.count(b"\n") == 1
            assert RUNNING not in second.stdout.decode()

            many = await trio.run_process(
                [str(GATHERUP), "dev", "--nodes", "2"],
                env=environment(data),
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
            assert (many.returncode, many.stdout) == (1, b"")
            assert many.stderr.decode() == (
                f"GatherUp runs on {data} already: end that first, or name another folder with GATHERUP_DATA.\n"
            )
            assert (await http.get("/v1/me", headers=own)).status_code == 200  # nothing happened to the first

        async with dev(data) as again, httpx.AsyncClient(base_url=again.url, headers=own) as http:
            assert (data / SECRETS_FILE).read_text() == keys
            assert (await http.get("/v1/me")).json()["display_name"] == "Ann"
            rooms = (await http.get("/v1/rooms", params={"scope": "mine"})).json()["rooms"]
            assert [room["name"] for room in rooms] == ["den"]
            repeated = await http.post("/v1/rooms", json={**create, "resend": True})
            assert repeated.json() == made.json()  # the receipt key is the same, too


async def test_a_cluster_obeys_what_is_typed(server_dir: Path) -> None:
    """Nodes take ports of their own, whatever the environment names for one."""
    orders = b"status\nkill 1\nwait 4\ndrain 2\nnonsense\nwait 1\nrestart 2\nwait 2\nquit\n"
    with trio.fail_after(HANG_S):
        run = await trio.run_process(
            [str(GATHERUP), "dev", "--nodes", "2"],
            env={**environment(server_dir / "many"), **dict.fromkeys(PORTS, "8085")},
            stdin=orders,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    said = run.stdout.decode()
    assert (run.returncode, run.stderr) == (0, b""), said
    for sentence in (
        "2 nodes run, and a chat between them.",
        "node-1 was killed.",
        "node-1 ended with -9; it is started again.",
        "node-2 hands over and ends.",
        "There is no command 'nonsense'; help lists them.",
    ):
        assert sentence in said
    assert ", 0 lost, 0 doubled, 0 altered; " in said.splitlines()[-1]
