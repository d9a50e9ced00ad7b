"""Bytes to frames and back, in MessagePack and in JSON, from the same types.

Which commands exist depends on the kinds a server registers, so a ``Codec`` is built for a set of client
frames; ``FULL`` speaks all that GatherUp itself ships.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, Union, cast

import msgspec
from msgspec import Raw, Struct

from protocol import ids, limits, presence
from protocol.codes import CODES, Code
from protocol.complaints import complaint
from protocol.decoding import Decoder
from protocol.event import event_frame_json, event_frame_msgpack
from protocol.frames import SERVER_FRAMES, SESSION_FRAMES, ClientFrame, Refused, ServerFrame
from protocol.garbled import SENTENCE, UNREADABLE, garbled_json, garbled_msgpack
from protocol.kind import WireKind
from protocol.kinds import KINDS


class Subprotocol(StrEnum):
    """The WebSocket subprotocols of version 1; MessagePack goes in binary frames, JSON in text frames."""

    MSGPACK = "gatherup.v1.msgpack"
    JSON = "gatherup.v1.json"


class UndecodableError(Exception):
    """The bytes are no message at all: the connection can't go on."""


class InvalidFrameError(Exception):
    """The bytes are a message with something wrong in it: the answer is ``refused``, which this carries."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


class _Probe(Struct):
    """What can be told of a message that failed: enough to answer it."""

    t: object = None
    client_id: object = None
    stream: object = None


def union(types: Iterable[type[Struct]]) -> Any:
    """``A | B | …`` of tagged types, as msgspec takes it."""
    return cast(Any, Union)[tuple(types)]


def refusal_of(probe: _Probe, known: frozenset[str], message: str, field: str | None) -> Refused:
    """What is answered to a message with something wrong in it, as far as it can be told whose it is."""
    code = Code.INVALID
    if not (isinstance(probe.t, str) and probe.t in known):
        code = Code.UNKNOWN_TYPE
        message, field = CODES[code].sentence, "t"
    return Refused(
        client_id=_well_formed(probe.client_id, ids.CLIENT_ID_PATTERN),
        stream=_well_formed(probe.stream, ids.STREAM_ID_PATTERN),
        code=code,
        message=message[: limits.DETAIL_CHARS_MAX],
        field=field[: limits.DETAIL_CHARS_MAX] if field else None,
    )


def _well_formed(value: object, pattern: str) -> str | None:
    return value if isinstance(value, str) and re.search(pattern, value) else None


class Codec:
    """One encoding of the protocol: decodes client frames, encodes server frames.

    ``binary`` tells which WebSocket opcode its messages take.
    """

    def __init__(self, subprotocol: Subprotocol, client_frames: Iterable[type[ClientFrame]]) -> None:
        frames = tuple(client_frames)
        self.subprotocol: Final = subprotocol
        self.binary: Final = subprotocol is Subprotocol.MSGPACK
        self._known: Final = frozenset(str(f.__struct_config__.tag) for f in frames)
        client, server = union(frames), union(SERVER_FRAMES)
        self.event: Callable[[bytes, bytes | None], bytes]
        """The server frame of a logged event: ``event(header, payload)``."""
        if self.binary:
            packer = msgspec.msgpack
            self._decode: Callable[[bytes], ClientFrame] = Decoder[ClientFrame](client, packer).decode
            self._probe: Callable[[bytes], _Probe] = packer.Decoder(_Probe).decode
            self._garbled = garbled_msgpack
            self._decode_server: Callable[[bytes], object] = packer.Decoder(server).decode
            self.encode: Callable[[Struct], bytes] = packer.Encoder().encode
            self.event = event_frame_msgpack
        else:
            packer = msgspec.json
            self._decode = Decoder[ClientFrame](client, packer).decode
            self._probe = packer.Decoder(_Probe).decode
            self._garbled = garbled_json
            self._decode_server = packer.Decoder(server).decode
            self.encode = packer.Encoder().encode
            self.event = event_frame_json

    def raw(self, value: object) -> Raw:
        """A value in this encoding, to stand inside a frame."""
        return Raw(self.encode(cast(Struct, value)))

    def transcoded(self, packed: bytes) -> Raw:
        """A value that was kept as MessagePack, to stand inside a frame."""
        return Raw(packed) if self.binary else self.raw(msgspec.msgpack.decode(packed))

    def decode(self, data: bytes) -> ClientFrame:
        """One client message.

        Raises InvalidFrameError if it can be answered with a refusal, UndecodableError if not.
        """
        try:
            return self._decode(data)
        except UNREADABLE as error:
            raise self._failure(data, error) from None

    def _failure(self, data: bytes, error: Exception) -> InvalidFrameError | UndecodableError:
        if isinstance(error, msgspec.ValidationError):
            with suppress(*UNREADABLE):  # what follows the field at fault may be garbled, or no message
                return InvalidFrameError(refusal_of(self._probe(data), self._known, *complaint(str(error))))
        garbled = self._garbled(data, *_Probe.__struct_fields__)
        if garbled is None:
            return UndecodableError(str(error))
        probe = _Probe(**garbled.fields)
        return InvalidFrameError(refusal_of(probe, self._known, SENTENCE, garbled.field))

    def decode_server(self, data: bytes) -> ServerFrame:
        """One server message, as an SDK reads it. Raises msgspec.DecodeError."""
        return cast(ServerFrame, self._decode_server(data))


def client_frames(kinds: Iterable[WireKind]) -> tuple[type[ClientFrame], ...]:
    """Every frame that clients of a server with these kinds may send."""
    return (*SESSION_FRAMES, *presence.FRAMES, *(frame for kind in kinds for frame in kind.client_frames))


FULL: Final = client_frames(KINDS)


def codecs(client_frames: Iterable[type[ClientFrame]] = FULL) -> dict[str, Codec]:
    """A codec per subprotocol, by its name."""
    frames = tuple(client_frames)
    return {s.value: Codec(s, frames) for s in Subprotocol}
