"""Somebody who does what a page says, line by line, on a real server, and gets what the page says.

``curl`` lines are requests; a ``json`` block after one is the answer, shortened, an ``http`` block its status, headers
and body, an ``sse`` block the events it streams. What is read is read again for a while until it is as the page says. A
``wire`` block is a conversation over WebSockets. A word in capitals stands for a value: the one that came where it is
seen first.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.e2e.installation import Installation
from tests.markdown import Block, blocks

ANYTHING = "..."
FORGOTTEN = {"signal", "heads"}
"""Frames that may come at any time, so pages needn't name them."""
READS_MAX, READ_PAUSE_S = 50, 0.1
SPOKEN = ("curl", "json", "http", "sse", "wire")
HTTP, STREAM = "http://127.0.0.1:8080", "http://127.0.0.1:8081"
_LINE = re.compile(r"(?P<who>\w*)(?P<way>[<>]) (?P<said>.*)")
_NAME = re.compile(r"\b[A-Z]{3,}\b")


class Mismatch(AssertionError):
    """The server said something else than the page."""


def is_name(said: Any) -> bool:
    return isinstance(said, str) and said.isalpha() and said.isupper()


def filled(said: Any, names: dict[str, Any]) -> Any:
    """What to send: names like ROOM stand for what they were found to be."""
    if isinstance(said, dict):
        return {key: filled(value, names) for key, value in said.items()}
    if isinstance(said, list):
        return [filled(value, names) for value in said]
    return names[said] if is_name(said) else said


def compare(said: Any, got: Any, names: dict[str, Any]) -> None:
    """What the page says is in what came. A name seen first takes the value that came. Raises Mismatch."""
    if said == ANYTHING:
        return
    if is_name(said):
        said = names.setdefault(said, got)
    if isinstance(said, dict):
        if not isinstance(got, dict) or not said.keys() <= got.keys():
            raise Mismatch(f"{said} isn't in {got}")
        for key, value in said.items():
            compare(value, got[key], names)
    elif isinstance(said, list):
        shown = said[:-1] if said[-1:] == [ANYTHING] else said
        if not isinstance(got, list) or (len(got) != len(said) if shown is said else len(got) < len(shown)):
            raise Mismatch(f"{said} isn't {got}")
        for mine, theirs in zip(shown, got, strict=False):
            compare(mine, theirs, names)
    elif said != got:
        raise Mismatch(f"{said!r} isn't {got!r}")


def _could_be(said: dict[str, Any], got: dict[str, Any], names: dict[str, Any]) -> bool:
    """Whether this frame may be the one that the page means; it may still say something else."""
    mine, theirs = said.get("header", said), got.get("header", got)
    for part in ("type", "stream"):
        meant = names.get(mine.get(part, ""), mine.get(part))
        if meant is not None and not is_name(meant) and meant != theirs.get(part):
            return False
    return said["t"] == got["t"]


def lines_of(block: Block) -> list[str]:
    return [line for line in block.text.splitlines() if line.startswith("curl ")]


def steps_of(page: Path) -> Iterator[tuple[str, str]]:
    """What is to be done and seen, in the page's order: each with one of SPOKEN."""
    found = [block for language in ("sh", *SPOKEN[1:]) for block in blocks(language, page)]
    for block in sorted(found, key=lambda block: block.line):
        if block.language == "sh":
            yield from (("curl", line) for line in lines_of(block))
        else:
            yield block.language, block.text


def _fields(lines: Iterable[str]) -> dict[str, str]:
    """The fields of one event."""
    return {name: value for line in lines for name, _, value in [line.partition(": ")]}


@asynccontextmanager
async def _stream(request: httpx.Request) -> AsyncGenerator[trio.SocketStream]:
    """What follows the head of a streamed answer. httpx can't leave one in the middle without a complaint."""
    async with await trio.open_tcp_stream(request.url.host, request.url.port or 80) as stream:
        head = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in request.headers.items()]
        await stream.send_all("\r\n".join([*head, "", ""]).encode())
        answered = await _until(stream, b"\r\n\r\n")
        assert answered.startswith("HTTP/1.1 200 "), answered
        yield stream


@asynccontextmanager
async def _socket(url: str) -> AsyncGenerator[WebSocketConnection]:
    """A WebSocket. trio-websocket leaves one open whose server was killed."""
    async with open_websocket_url(url, subprotocols=["gatherup.v1.json"]) as socket:
        try:
            yield socket
        finally:
            await trio.aclose_forcefully(socket._stream)


async def _until(stream: trio.SocketStream, end: bytes) -> str:
    """What comes up to this."""
    got = b""
    while not got.endswith(end):
        more = await stream.receive_some(1)
        assert more, got
        got += more
    return got.removesuffix(end).decode()


class Reader:
    """Follows pages. ``derived`` gives names that no answer holds, such as a code that was mailed."""

    def __init__(
        self, installation: Installation, derived: dict[str, Callable[[dict[str, Any]], str]] | None = None
    ) -> None:
        self.names: dict[str, Any] = {}
        self._installation = installation
        self._derived = derived or {}
        self._answer: httpx.Response | None = None
        self._request: httpx.Request | None = None
        self._sockets: dict[str, WebSocketConnection] = {}
        self._open: AsyncExitStack | None = None

    async def follow(self, steps: Iterable[tuple[str, str]], *, restart: bool = False) -> None:
        """Do and see it all. With ``restart`` whoever comes back with positions comes to a server that was killed."""
        steps = list(steps)
        async with httpx.AsyncClient(timeout=30) as web, AsyncExitStack() as self._open:
            for (doing, text), (after, _) in zip(steps, [*steps[1:], ("", "")], strict=True):
                match doing:
                    case "curl":
                        self._request = self._asked(web, text)
                        if after != "sse":
                            self._answer = await web.send(self._request)
                            assert after == "http" or self._answer.is_success, (text, self._answer.text)
                    case "json" if self._answer is not None:
                        await self._read(web, json.loads(text))
                    case "http":
                        self._check_answer(text)
                    case "sse":
                        await self._listen(text)
                    case "wire":
                        await self._converse(text, restart=restart)

    # --- requests ------------------------------------------------------------------------------------------

    async def _read(self, web: httpx.AsyncClient, said: Any) -> None:
        """The answer; one that reads is asked for again, since what the server does by itself takes a moment."""
        assert self._answer is not None
        for tries_left in range(READS_MAX, -1, -1):
            try:
                return compare(said, self._answer.json(), self.names)
            except Mismatch:
                if self._answer.request.method != "GET" or not tries_left:
                    raise
            await trio.sleep(READ_PAUSE_S)
            self._answer = await web.send(self._answer.request)

    def _asked(self, web: httpx.AsyncClient, line: str) -> httpx.Request:
        url, method, body, headers = "", "", None, dict[str, str]()
        arguments = iter(shlex.split(self._meant(line))[1:])
        for argument in arguments:
            match argument:
                case "-s" | "-i" | "-N":
                    continue
                case "-X":
                    method = next(arguments)
                case "-H":
                    name, _, headers[name] = next(arguments).partition(": ")
                case "--json":
                    body = next(arguments)
                    headers["Content-Type"] = "application/json"
                case "-d":
                    body = next(arguments)
                case _:
                    assert not url, line
                    url = argument
        installed = self._installation
        for said, real in ((HTTP, installed.url), (STREAM, installed.stream_url.replace("ws", "http", 1))):
            url = url.replace(said, real)
        return web.build_request(method or ("POST" if body else "GET"), url, headers=headers, content=body)

    def _meant(self, line: str) -> str:
        """The line with the values that its names stand for."""
        for name in self._derived.keys() & set(_NAME.findall(line)):
            self.names[name] = self._derived[name](self.names)
        return _NAME.sub(lambda found: str(self.names.get(found[0], found[0])), line)

    def _check_answer(self, text: str) -> None:
        """The status, some headers, and maybe the body."""
        answer = self._answer
        assert answer is not None
        head, _, body = text.partition("\n\n")
        status, *headers = head.splitlines()
        assert status.split()[:2] == ["HTTP/1.1", str(answer.status_code)], (status, answer.text)
        for header in headers:
            name, _, value = header.partition(": ")
            compare(value, answer.headers.get(name), self.names)
        if body:
            compare(json.loads(body), answer.json(), self.names)

    async def _listen(self, text: str) -> None:
        """The events that the request streams, one after the other; then hang up."""
        assert self._request is not None
        wanted = [_fields(event.splitlines()) for event in text.strip().split("\n\n")]
        async with _stream(self._request) as events:
            while wanted:
                got = _fields((await _until(events, b"\n\n")).splitlines())
                frame = json.loads(got.get("data", '{"t": "signal"}'))
                if frame["t"] not in FORGOTTEN:
                    event = wanted.pop(0)
                    compare(json.loads(event["data"]), frame, self.names)
                    compare(event.get("id", ANYTHING), got.get("id"), self.names)

    # --- conversations ---------------------------------------------------------------------------------------

    async def _converse(self, text: str, *, restart: bool) -> None:
        """One conversation. Between two things that are said, what anybody gets may come in any order."""
        expected: dict[str, list[Any]] = {}
        for line in filter(None, text.splitlines()):
            spoken = _LINE.fullmatch(line)
            assert spoken is not None, line
            who, said = spoken["who"], json.loads(spoken["said"])
            if spoken["way"] == "<":
                expected.setdefault(who, []).append(said)
                continue
            await self._hear(expected)
            if said["t"] == "hello":
                await self._begin(who, restart=restart and bool(said.get("positions")))
            for name in self._derived.keys() & set(_NAME.findall(line)):
                self.names[name] = self._derived[name](self.names)
            await self._sockets[who].send_message(json.dumps(filled(said, self.names)))
        await self._hear(expected)

    async def _begin(self, who: str, *, restart: bool) -> None:
        """A connection of one's own, in place of the one before."""
        assert self._open is not None
        if restart:
            await self._installation.kill()
            await self._installation.start()
        opened = _socket(f"{self._installation.stream_url}/v1/stream")
        self._sockets[who] = await self._open.enter_async_context(opened)

    async def _hear(self, expected: dict[str, list[Any]]) -> None:
        """Everything that is expected, by everybody."""
        async with trio.open_nursery() as nursery:
            for who, frames in expected.items():
                nursery.start_soon(self._hear_one, who, frames)

    async def _hear_one(self, who: str, expected: list[Any]) -> None:
        while expected:
            got = json.loads(await self._sockets[who].get_message())
            alike = [frame for frame in expected if _could_be(frame, got, self.names)]
            if got["t"] in FORGOTTEN and not alike:
                continue
            assert alike, f"{got} came, of {expected}"
            compare(alike[0], got, self.names)
            expected.remove(alike[0])
