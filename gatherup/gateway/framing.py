"""Outgoing WebSocket frames (RFC 6455, section 5.2): unmasked, unfragmented, without extensions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from actors.session.connection_writer import Lane
from protocol.codec import Codec, Subprotocol

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x81, 0x82, 0x88, 0x89, 0x8A  # with the FIN bit
CLOSE_REASON_BYTES_MAX: Final = 123
NO_STATUS: Final = 1005
"""Stands for a Close frame without a code; never sent as a number."""
PING: Final = bytes((_PING, 0))


def frame(first: int, payload: bytes) -> bytes:
    """One whole frame; ``first`` is its first byte."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126, size >> 8, size & 255)) + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def pong(payload: bytes) -> bytes:
    """The answer to a ping, which has at most 125 bytes."""
    return frame(_PONG, payload)


def close(code: int, reason: str) -> bytes:
    """A Close frame; the reason is cut to what fits, between characters."""
    if code == NO_STATUS:
        return frame(_CLOSE, b"")
    text = reason.encode()[:CLOSE_REASON_BYTES_MAX].decode(errors="ignore").encode()
    return frame(_CLOSE, code.to_bytes(2, "big") + text)


class WebSocketFraming:
    """The ``Framing`` port: one message is one frame, binary or text as the subprotocol has it."""

    def __init__(self, subprotocol: Subprotocol) -> None:
        self.name = subprotocol.value
        self.closes: Final[Counter[int]] = Counter()
        """Close frames made, by code: one for each connection that is closed with one."""
        self._first: Final = _BINARY if subprotocol is Subprotocol.MSGPACK else _TEXT

    def message(self, data: bytes) -> bytes:
        """One whole message, framed."""
        return frame(self._first, data)

    def close(self, code: int, reason: str) -> bytes:
        """Encode a Close frame."""
        self.closes[code] += 1
        return close(code, reason)


def lanes(codecs: Mapping[str, Codec]) -> dict[str, Lane]:
    """The lane of each codec, by subprotocol. A node makes them once: lanes are told apart by identity."""
    made: dict[str, Lane] = {}
    for name, codec in codecs.items():
        framing = WebSocketFraming(codec.subprotocol)
        made[name] = Lane(codec, framing)
        framing.closes.clear()  # a lane makes the Close for slow readers ahead, once for all of them
    return made
