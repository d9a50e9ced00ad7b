"""Which of the events on their way to this node's subscribers are traced."""

from __future__ import annotations

from typing import Final

from actors.ports.trace import Trace

TRACED_MAX: Final = 256
"""Traced deliveries that wait for their flush; further ones aren't traced."""


class Deliveries:
    """A small table by stream and seq, which only events of sampled commands enter."""

    def __init__(self) -> None:
        self._by_stream: dict[str, dict[int, Trace]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, stream: str, seq: int, trace: Trace) -> None:
        """This event goes out with one of the next flushes of its stream."""
        waiting = self._by_stream.setdefault(stream, {})
        self._count += seq not in waiting
        waiting[seq] = trace

    @property
    def full(self) -> bool:
        """Whether there is no room."""
        return self._count >= TRACED_MAX

    def flushed(self, stream: str, head: int, deliveries: int) -> None:
        """A flush has brought everything up to this seq to the live subscribers."""
        waiting = self._by_stream.get(stream)
        for seq in [seq for seq in waiting or () if seq <= head]:
            assert waiting is not None
            waiting.pop(seq).end("delivered", deliveries=deliveries)
            self._count -= 1
        if not waiting:
            self._by_stream.pop(stream, None)

    def forget(self, stream: str) -> None:
        """Nobody here listens to this stream any more."""
        self._count -= len(self._by_stream.pop(stream, ()))
