"""Two `gatherup chat` processes talk through pipes, over a kill -9 of the server."""

from __future__ import annotations

import subprocess

import pytest
import trio

from tests.e2e.installation import GATHERUP, Installation

pytestmark = [pytest.mark.real, pytest.mark.slow]


class Chat:
    """One `gatherup chat`, its lines in and out."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._rest = b""

    async def type(self, line: str) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send_all(line.encode() + b"\n")

    async def until(self, wanted: str) -> None:
        """Read on to a line that ends like this."""
        assert self._process.stdout is not None
        while True:
            while self._lines:
                if self._lines.pop(0).endswith(wanted):
                    return
            chunk = await self._process.stdout.receive_some()
            assert chunk, f"the chat ended before it said {wanted!r}"
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            self._lines += [line.decode() for line in lines]

    async def leave(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        await self._process.stdin.aclose()
        code = await self._process.wait()
        await self._process.stdout.aclose()
        return code


async def chat(installation: Installation, room: str, name: str) -> Chat:
    addresses = ["--url", installation.url, "--stream", installation.stream_url]
    process = await trio.lowlevel.open_process(
        [str(GATHERUP), "chat", room, "--as", name, *addresses], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return Chat(process)


async def test_two_chats(installation: Installation) -> None:
    ann = await chat(installation, "lobby", "ann")
    await ann.type("is anybody here?")
    await ann.until("<ann> is anybody here?")
    ben = await chat(installation, "lobby", "ben")
    await ben.until("> is anybody here?")  # from the history
    await ann.until("joined")
    await ben.type("I am")
    await ann.until("> I am")
    await installation.kill()
    await ann.type("still there?")
    await installation.start()
    await ben.until("> still there?")
    await ben.type("yes \x1b[31mred")
    await ann.until("> yes \N{REPLACEMENT CHARACTER}[31mred")
    assert await ann.leave() == 0
    assert await ben.leave() == 0
