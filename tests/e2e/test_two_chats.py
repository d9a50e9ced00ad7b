"""Two `gatherup chat` processes talk through pipes, over a kill -9 of the server."""

from __future__ import annotations

import subprocess

import psycopg
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
        await self._process.stdin.aclose()
        code, _ = await self.ended()
        return code

    async def ended(self) -> tuple[int, str]:
        """Its exit code and what it said on stderr, once it ends."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said = b"".join([chunk async for chunk in process.stderr])
        code = await process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            await pipe.aclose()
        return code, said.decode()


async def chat(installation: Installation, room: str, name: str) -> Chat:
    addresses = ["--url", installation.url, "--stream", installation.stream_url]
    process = await trio.lowlevel.open_process(
        [str(GATHERUP), "chat", room, "--as", name, *addresses],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Chat(process)


async def test_two_chats(installation: Installation) -> None:
    ann = await chat(installation, "lobby", "ann")
    await ann.type("is anybody here?")
    await ann.until("<ann> is anybody here?")
    ben = await chat(installation, "lobby", "ben")
    await ben.until("<ann> is anybody here?")  # from the history
    await ann.until("* ben joined (2 members)")
    await ben.type("I am")
    await ann.until("<ben> I am")
    await installation.kill()
    await ann.type("still there?")
    await installation.start()
    await ben.until("<ann> still there?")
    await ben.type("\x1b[31mred")
    await ben.until("other than line breaks and tabs.")
    await ben.type("\N{RIGHT-TO-LEFT ISOLATE}yes\N{POP DIRECTIONAL ISOLATE}")
    await ann.until("<ben> \N{REPLACEMENT CHARACTER}yes\N{REPLACEMENT CHARACTER}")
    assert await ann.leave() == 0
    assert await ben.leave() == 0


async def test_two_who_come_at_once_meet(installation: Installation) -> None:
    ann, ben = await chat(installation, "den", "ann"), await chat(installation, "den", "ben")
    await ann.type("is anybody here?")
    await ben.type("me")
    await ann.until("<ben> me")
    await ben.until("<ann> is anybody here?")
    assert await ann.leave() == 0
    assert await ben.leave() == 0


async def test_a_login_that_was_ended_ends_the_chat(installation: Installation, postgres_dsn: str) -> None:
    ann = await chat(installation, "lobby", "ann")
    await ann.type("hello")
    await ann.until("<ann> hello")
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("update login set revoked_at = 1")
    await installation.kill()
    await installation.start()
    code, said = await ann.ended()
    assert code == 1
    assert "The login has ended" in said
    assert "Traceback" not in said
