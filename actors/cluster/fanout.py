"""What a node's streams publish: to its own subscribers, and to the other nodes that want it."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from actors.ports.log import LogRow
from actors.relay import Relay
from actors.runtime.publisher import Publisher
from protocol.frames import Signalled


class Fanout(Publisher):
    """A Publisher that tells the relay of this node, then the bridge to the others."""

    def __init__(self, relay: Relay, bridge: Publisher) -> None:
        self._relay = relay
        self._bridge = bridge

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        self._relay.publish(stream, rows)
        self._bridge.publish(stream, rows)

    @override
    def traced(self, stream: str, seq: int, parent: str) -> None:
        self._relay.traced(stream, seq, parent)
        self._bridge.traced(stream, seq, parent)

    @override
    def signalled(self, frame: Signalled) -> None:
        self._relay.signalled(frame)
        self._bridge.signalled(frame)

    @override
    def stands(self, stream: str, head: int) -> None:
        self._relay.stands(stream, head)
        self._bridge.stands(stream, head)
