"""Frames to messages and back, as the SDK speaks them: MessagePack."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from protocol.codec import FULL, Codec, Subprotocol
from protocol.frames import SERVER_FRAMES, ClientFrame, ServerFrame

_CODEC: Final = Codec(Subprotocol.MSGPACK, FULL)
_KNOWN: Final = frozenset(frame.__struct_config__.tag for frame in SERVER_FRAMES)


class _Tag(Struct):
    t: str


_tag_of = msgspec.msgpack.Decoder(_Tag).decode


def encode(frame: ClientFrame) -> bytes:
    """A client frame of any kind, the user's own included."""
    return _CODEC.encode(frame)


def read_frame(data: bytes) -> ServerFrame | None:
    """A server frame; None for one of a later version, to be skipped. Raises msgspec.DecodeError."""
    try:
        return _CODEC.decode_server(data)
    except msgspec.ValidationError:
        if _tag_of(data).t not in _KNOWN:
            return None
        raise
