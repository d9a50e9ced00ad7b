"""Frames to messages and back, as the SDK speaks them: MessagePack."""

from __future__ import annotations

import math
from typing import Final, cast

import msgspec
from msgspec import Raw, Struct

from protocol.codec import FULL, Codec, Subprotocol
from protocol.frames import SERVER_FRAMES, ClientFrame, Goodbye, Refused, ServerFrame, Unknown, Welcome
from protocol.garbled import is_text

_CODEC: Final = Codec(Subprotocol.MSGPACK, FULL)
_KNOWN: Final = frozenset(frame.__struct_config__.tag for frame in SERVER_FRAMES)


class _Tag(Struct):
    t: str


_tag_of = msgspec.msgpack.Decoder(_Tag).decode


def encode(frame: ClientFrame) -> bytes:
    """A client frame of any kind, the user's own included.

    Half a surrogate pair, which UTF-8 can't hold, goes out as three bytes: the server refuses its field.
    """
    try:
        return _CODEC.encode(frame)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(_with_halves(msgspec.to_builtins(frame)))


def _with_halves(value: object) -> object:
    match value:
        case str() if not is_text(value):
            data = value.encode(errors="surrogatepass")
            of_that_size = msgspec.msgpack.encode("?" * len(data))
            return Raw(of_that_size[: -len(data)] + data)
        case dict():
            return {name: _with_halves(inner) for name, inner in cast("dict[str, object]", value).items()}
        case list() | tuple():
            return [_with_halves(inner) for inner in cast("list[object]", value)]
        case _:
            return value


def read_frame(data: bytes) -> ServerFrame | None:
    """A server frame; None for one of a later version, to be skipped. Raises one of ``garbled.UNREADABLE``."""
    try:
        frame = _CODEC.decode_server(data)
    except msgspec.ValidationError:
        if _tag_of(data).t not in _KNOWN:
            return None
        raise
    _check_numbers(frame)
    return frame


def _check_numbers(frame: ServerFrame) -> None:
    """Raises msgspec.ValidationError for times and rates that nobody can keep to, such as NaN."""
    match frame:
        case Welcome(heartbeat_s=heartbeat_s, limits=limits):
            sound = (
                0 < heartbeat_s < math.inf
                and 0 < limits.commands_per_s < math.inf
                and 1 <= limits.commands_burst < math.inf
                and limits.inflight_commands_max >= 1
                and 0 < limits.signals_per_s < math.inf
            )
        case Refused() | Unknown() | Goodbye():
            sound = frame.retry_after_s is None or 0 <= frame.retry_after_s < math.inf
        case _:
            sound = True
    if not sound:
        raise msgspec.ValidationError("a number out of range")
