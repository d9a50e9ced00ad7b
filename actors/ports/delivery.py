"""A client's connection, as the writer of its frames sees it."""

from __future__ import annotations

from typing import Protocol


class Wire(Protocol):
    """One client's connection as the outbox sees it. No method blocks except ``wait_writable``."""

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
    """How one codec's messages become bytes on a wire; equal for all connections of that codec."""

    name: str

    def message(self, data: bytes) -> bytes:
        """One whole message, framed."""
        ...

    def close(self, code: int, reason: str) -> bytes:
        """The closing bytes."""
        ...
