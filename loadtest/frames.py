"""WebSocket frames as a client writes them (RFC 6455), and post bodies that carry the time they were sent."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

BINARY: Final = 0x82
PING: Final = 0x89
PONG: Final = 0x8A
CLOSE: Final = 0x88
STAMP_DIGITS: Final = 19
_MASK: Final = b"\x5a\x17\xc3\x6e"  # a load generator hides nothing from proxies: one mask is as good as any
_KEY: Final = "Z2F0aGVydXAtbG9hZGdlbg=="
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HEAD_END: Final = b"\r\n\r\n"


def masked(payload: bytes, first: int = BINARY) -> bytes:
    """One whole frame from a client."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0xFE, size >> 8, size & 255))
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    mask = int.from_bytes((_MASK * (size // 4 + 1))[:size], "big")
    return head + _MASK + (int.from_bytes(payload, "big") ^ mask).to_bytes(size, "big")


def unmasked(data: bytes) -> bytes:
    """The payload of one whole frame of ``masked`` with 126 to 65,535 bytes."""
    size = int.from_bytes(data[2:4], "big")
    mask = int.from_bytes((_MASK * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(data[8 : 8 + size], "big") ^ mask).to_bytes(size, "big")


def framed(payload: bytes) -> bytes:
    """One whole binary frame from a server."""
    size = len(payload)
    if size < 126:
        return bytes((BINARY, size)) + payload
    return bytes((BINARY, 126, size >> 8, size & 255)) + payload


def handshake(host: str, path: str, subprotocol: str) -> bytes:
    """A client's opening request."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    ).encode()


def accept_of(key: str = _KEY) -> str:
    """What a server answers to a key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID.encode()).digest()).decode()  # noqa: S324 - RFC 6455


def stamped(at_ns: int, size: int) -> str:
    """A body of ``size`` characters that begins with a time (nanoseconds, monotonic)."""
    return f"{at_ns:0{STAMP_DIGITS}d}".ljust(size, "x")
