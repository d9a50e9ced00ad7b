"""Server-Sent Events: the same session and writer for clients that can't hold a WebSocket. Pure.

A request names its streams and stands for a hello with their positions; what follows is what a WebSocket would get,
one JSON frame an event. Every event of a stream has an id that is a position, so a browser's ``Last-Event-ID`` resumes
there; of several streams only the one whose event came last, the others begin with a snapshot.
(https://html.spec.whatwg.org/multipage/server-sent-events.html)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, get_args
from urllib.parse import parse_qs

import h11
import msgspec
from msgspec import Struct

from actors.session.connection_writer import Lane
from gatherup.gateway.handshake import NOT_HTTP, Rejected, rejected
from gatherup.gateway.limits import EVENT_STREAMS_MAX
from gatherup.origins import Origins
from protocol import limits
from protocol.codec import Codec
from protocol.codes import Code
from protocol.event import decode_header
from protocol.frames import ONLINE, ClientFrame, Hello, Position, Status, Subscribe, Subscribed
from protocol.ids import END, STREAM_ID_PATTERN, derive_client_id

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT: Final = b":\n\n"
"""A comment: tells both ends, and the proxies between, that the connection lives."""
_POSITION: Final = re.compile(
    STREAM_ID_PATTERN.removesuffix(END) + r"@(?P<incarnation>[0-9]{1,15})-(?P<seq>[0-9]{1,15})" + END
)
_STREAM: Final = re.compile(STREAM_ID_PATTERN)
_ENCODE: Final = msgspec.json.Encoder().encode


class Opened(Struct, frozen=True):
    """The events follow once ``response`` is sent."""

    response: bytes
    token: str
    frames: tuple[bytes, ...]
    """What a client would say on a WebSocket: a hello, then the subscribes; JSON."""


class SseFraming:
    """The ``Framing`` port: one message is one event. There is no Close: the goodbye comes before the end."""

    name = "sse"

    def __init__(self) -> None:
        self.closes: Final[Counter[int]] = Counter()
        """Connections ended, by code."""

    def message(self, data: bytes) -> bytes:
        """One frame without an id. JSON holds no line break, so it is one line."""
        return b"data: " + data + b"\n\n"

    def close(self, code: int, reason: str) -> bytes:
        """Nothing: the end of the connection says it."""
        self.closes[code] += 1
        return b""


class SseLane(Lane):
    """The lane of JSON frames as events, with positions for ids."""

    __slots__ = ("_incarnation",)

    def __init__(self, codec: Codec) -> None:
        self._incarnation = 0
        framing = SseFraming()
        super().__init__(codec, framing)
        framing.closes.clear()  # a lane makes the close for slow readers ahead, once for all of them

    def frame(self, frame: Struct) -> bytes:
        """A server frame; a subscription's has its position for an id."""
        framed = self.framing.message(self.codec.encode(frame))
        if not isinstance(frame, Subscribed):
            return framed
        # One number per database, which changes while no node runs: whatever a subscription tells holds for all.
        self._incarnation = frame.incarnation
        return self._id(frame.stream, frame.seq) + framed

    def event(self, header: bytes, payload: bytes | None) -> bytes:
        """A logged event. No client gets one before a subscription."""
        read = decode_header(header)
        return self._id(read.stream, read.seq) + self.framing.message(self.codec.event(header, payload))

    def _id(self, stream: str, seq: int) -> bytes:
        return f"id: {stream}@{self._incarnation}-{seq}\n".encode()


def answer(head: bytes, origins: Origins, refused: Callable[[str], Code | None]) -> Opened | Rejected:
    """Decide on a whole request head. ``refused`` says what is wrong with a token, if anything."""
    parser = h11.Connection(h11.SERVER)
    try:
        parser.receive_data(head)
        request = parser.next_event()
    except h11.RemoteProtocolError:
        return NOT_HTTP
    if not isinstance(request, h11.Request):
        return NOT_HTTP
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    origin = headers.get("origin")
    if origin is not None and not origins.allows(origin):
        return rejected(
            HTTPStatus.FORBIDDEN, Code.FORBIDDEN, "Pages of this origin may not connect.", field="Origin"
        )
    shared = _cors(origin, origins)
    if request.method == b"OPTIONS":
        return _preflight(shared)
    if request.method != b"GET":
        allowed = [("Allow", "GET, OPTIONS")]
        return rejected(HTTPStatus.METHOD_NOT_ALLOWED, Code.METHOD_NOT_ALLOWED, "Only GET.", headers=allowed)
    try:
        return _open(request.target.decode("latin-1"), headers, shared, refused)
    except _BadRequestError as error:
        return rejected(error.status, error.code, str(error), field=error.field, headers=shared)


class _BadRequestError(Exception):
    def __init__(
        self,
        sentence: str,
        field: str,
        code: Code = Code.INVALID,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
    ) -> None:
        super().__init__(sentence)
        self.field, self.code, self.status = field, code, status


def _open(
    target: str,
    headers: dict[str, str],
    shared: list[tuple[str, str]],
    refused: Callable[[str], Code | None],
) -> Opened:
    query = _query(target)
    token = _token(headers, query)
    if (code := refused(token)) is not None:
        raise _BadRequestError(
            "The token is missing, not valid or has expired.", "Authorization", code, HTTPStatus.UNAUTHORIZED
        )
    streams = dict.fromkeys(query.get("stream", ()))
    if not streams or len(streams) > EVENT_STREAMS_MAX:
        raise _BadRequestError(f"Name one to {EVENT_STREAMS_MAX} streams.", "stream")
    if any(not _STREAM.match(stream) for stream in streams):
        raise _BadRequestError("A stream id looks like kind:32hex.", "stream")
    since = [_position(text, "since") for text in query.get("since", ())]
    if (last := headers.get("last-event-id") or query.get("last_event_id", [""])[0]) != "":
        since.append(_position(last, "Last-Event-ID"))
    positions = {position.stream: position for position in since if position.stream in streams}
    hello = Hello(token=token, positions=tuple(positions.values()), status=_status(query))
    frames: list[ClientFrame] = [hello]
    frames += [
        Subscribe(client_id=derive_client_id("sse", stream), stream=stream)
        for stream in streams
        if stream not in positions
    ]
    return Opened(_head(shared), token, tuple(map(_ENCODE, frames)))


def _query(target: str) -> dict[str, list[str]]:
    try:
        return parse_qs(target.partition("?")[2], max_num_fields=4 * EVENT_STREAMS_MAX, errors="replace")
    except ValueError:
        raise _BadRequestError("Too many parameters.", "query") from None


def _token(headers: dict[str, str], query: dict[str, list[str]]) -> str:
    """From the header, or for a browser's EventSource, which can't set one, from the query."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else query.get("access_token", [""])[0]
    return found[: limits.TOKEN_CHARS_MAX + 1]


def _status(query: dict[str, list[str]]) -> Status:
    given = query.get("status", [ONLINE])[0]
    try:
        return msgspec.convert(given, Status)
    except msgspec.ValidationError:
        raise _BadRequestError(f"A status is one of {', '.join(get_args(Status))}.", "status") from None


def _position(text: str, field: str) -> Position:
    found = _POSITION.match(text)
    if found is None:
        raise _BadRequestError("A position looks like kind:32hex@incarnation-seq.", field)
    stream = text.partition("@")[0]
    return Position(stream=stream, incarnation=int(found["incarnation"]), seq=int(found["seq"]))


def _cors(origin: str | None, origins: Origins) -> list[tuple[str, str]]:
    if origin is None:
        return []
    return [("Access-Control-Allow-Origin", "*" if origins.all else origin), ("Vary", "Origin")]


def _preflight(shared: list[tuple[str, str]]) -> Rejected:
    fields = [
        *shared,
        ("Access-Control-Allow-Methods", "GET"),
        ("Access-Control-Allow-Headers", "Authorization, Last-Event-ID, Cache-Control"),
        ("Access-Control-Max-Age", "600"),
        ("Connection", "close"),
    ]
    return Rejected(_bytes(HTTPStatus.NO_CONTENT, fields), HTTPStatus.NO_CONTENT)


def _head(shared: list[tuple[str, str]]) -> bytes:
    """The body ends with the connection, so it needs no length."""
    fields = [
        *shared,
        ("Content-Type", MEDIA_TYPE),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Accel-Buffering", "no"),  # nginx would hold events back
        ("Connection", "close"),
    ]
    return _bytes(HTTPStatus.OK, fields) + b"retry: 1000\n\n"


def _bytes(status: HTTPStatus, fields: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
