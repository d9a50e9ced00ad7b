"""Where probes go: a stream, and a subscriber of it that only waits for one nonce."""

from __future__ import annotations

from typing import Final

import trio
from msgspec import Struct
from typing_extensions import override

from actors.ports.delivery import Wire, WireClosedError
from actors.relay import Subscription
from actors.session.connection_writer import ConnectionWriter, ConnectionWriters, Lane
from gatherup.canary.kind import KIND, OpenProbeStream
from protocol.codec import Codec, Subprotocol
from protocol.codes import Code
from protocol.ids import SYSTEM


class _PlainFraming:
    """Messages as they are."""

    name = KIND

    def message(self, data: bytes) -> bytes:
        return data

    def close(self, code: int, reason: str) -> bytes:
        return b""


_LANE: Final = Lane(Codec(Subprotocol.MSGPACK, (OpenProbeStream,)), _PlainFraming())


class ProbeWire(Wire):
    """The Wire port of a subscriber that only waits for one nonce."""

    def __init__(self) -> None:
        self._nonce = b""
        self._heard = trio.Event()
        self._closed = False

    def expect(self, nonce: str) -> trio.Event:
        """Set when bytes with this nonce arrive."""
        self._nonce, self._heard = nonce.encode(), trio.Event()
        return self._heard

    @override
    def send_some(self, data: bytes | memoryview) -> int:
        if self._closed:
            raise WireClosedError
        if self._nonce and self._nonce in bytes(data):
            self._heard.set()
        return len(data)

    @override
    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()

    @override
    def close(self) -> None:
        self._closed = True


class ProbeSubscriber:
    """The relay's subscriber."""

    def __init__(self, wire: ProbeWire, writers: ConnectionWriters) -> None:
        self.writer: Final[ConnectionWriter] = writers.open(wire, _LANE)
        self.lost = False
        """Set when the subscription was ended from the other side."""

    @property
    def user(self) -> str:
        """The author whose right to listen is never taken away."""
        return SYSTEM

    def unsubscribed(self, stream: str, code: Code) -> None:
        """Note that the relay ended the subscription."""
        self.lost = True


class ProbeStream(Struct, frozen=True):
    """A stream to send probes to, and the subscription that receives them."""

    stream: str
    wire: ProbeWire
    subscriber: ProbeSubscriber
    subscription: Subscription
