"""A client's connection, as the writer of its frames sees it."""

from __future__ import annotations

from typing import Protocol


class Wire(Protocol):
    """One client's connection as the writer sees it. No method blocks except ``wait_writable``."""

    __slots__ = ()  # there is one for each connection

    def send_some(self, data: bytes | memoryview) -> int:
        """Take some of these bytes, in order: how many were taken, 0 when full. Raises WireClosedError."""
        ...

    async def wait_writable(self) -> None:
        """Return when ``send_some`` may take something again. Raises WireClosedError."""
        ...

    def close(self) -> None:
        """End the connection now; bytes already taken may still arrive. Safe to call twice."""
        ...


class WireClosedError(Exception):
    """The connection is gone."""


class Framing(Protocol):
    """Turns messages into bytes for a wire, in the same way for all connections of a codec."""

    name: str

    def message(self, data: bytes) -> bytes:
        """Frame one whole message."""
        ...

    def close(self, code: int, reason: str) -> bytes:
        """The bytes that close a connection."""
        ...
