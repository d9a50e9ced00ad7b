"""Plain numbers that the gateway counts up and telemetry reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from actors.session.connection_writer import ConnectionWriters
from gatherup.gateway.framing import WebSocketFraming
from gatherup.gateway.sse import SseFraming
from protocol.codes import CloseCode

ABNORMAL: Final = 1006
"""Stands for an end without a Close; never sent."""


class Counters:
    """Since the process began, but for ``connections``, which are those open now."""

    __slots__ = (
        "_framings",
        "_writers",
        "abnormal",
        "accepts_paused",
        "bytes_in",
        "connections",
        "crashes",
        "handshakes",
        "handshakes_refused",
        "messages_in",
    )

    def __init__(self, framings: Sequence[WebSocketFraming | SseFraming], writers: ConnectionWriters) -> None:
        self._framings = framings
        self._writers = writers
        self.connections = 0
        self.handshakes = 0
        self.handshakes_refused: Counter[int] = Counter()
        """By HTTP status; 0 for those that were reset without one."""
        self.messages_in = 0
        self.bytes_in = 0
        """After the handshake, frame headers included."""
        self.abnormal = 0
        """Connections that ended, after their handshake, without a close of ours."""
        self.accepts_paused = 0
        self.crashes = 0
        """Connections ended by a bug."""

    @property
    def closes(self) -> Counter[int]:
        """Connections ended, by the code of our Close, which repeats the peer's if that came first."""
        closes = Counter({int(CloseCode.SLOW_READER): self._writers.slow_closes, ABNORMAL: self.abnormal})
        for framing in self._framings:
            closes.update(framing.closes)
        return +closes
