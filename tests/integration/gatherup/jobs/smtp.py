"""A small SMTP server on loopback that keeps what it is given, and answers as a test tells it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio


@dataclass
class Sink:
    port: int = 0
    letters: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    """Sender, recipients and content of each letter that was taken."""
    answers: dict[str, str] = field(default_factory=dict)
    """What to say to a verb instead of yes; ``""`` hangs up."""
    heard: list[str] = field(default_factory=list)

    async def serve(self, stream: trio.SocketStream) -> None:
        reader = _Lines(stream)
        sender, recipients = "", list[str]()
        await stream.send_all(b"220 sink\r\n")
        while (line := await reader.line()) is not None:
            self.heard.append(line.decode())
            verb = line.split(b" ")[0].decode().upper()
            if (answer := self.answers.get(verb)) is not None:
                if not answer:
                    await stream.aclose()
                    return
                await stream.send_all(answer.encode() + b"\r\n")
                continue
            if verb == "MAIL":
                sender, recipients = line.decode(), []
            elif verb == "RCPT":
                recipients.append(line.decode())
            elif verb == "DATA":
                await stream.send_all(b"354 go on\r\n")
                self.letters.append((sender, recipients, await reader.until_dot()))
            elif verb == "QUIT":
                await stream.send_all(b"221 bye\r\n")
                return
            await stream.send_all(b"250 ok\r\n")


class _Lines:
    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._data = b""

    async def line(self) -> bytes | None:
        while b"\r\n" not in self._data:
            chunk = await self._stream.receive_some()
            if not chunk:
                return None
            self._data += chunk
        line, _, self._data = self._data.partition(b"\r\n")
        return line

    async def until_dot(self) -> bytes:
        lines: list[bytes] = []
        while (line := await self.line()) != b".":
            assert line is not None
            lines.append(line.removeprefix(b"."))
        return b"\r\n".join(lines)


@asynccontextmanager
async def sink() -> AsyncGenerator[Sink]:
    """A server for the block."""
    it = Sink()
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    it.port = listeners[0].socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, it.serve, listeners)
        yield it
        nursery.cancel_scope.cancel()
