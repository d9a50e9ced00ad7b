"""Read positions on their way to the server: the newest of each room, at the pace that a session allows. Pure."""

from __future__ import annotations

import math
from typing import Final

from protocol import limits
from protocol.frames import MarkRead, SessionLimits

WAITING_MAX: Final = limits.ROOMS_PER_USER_MAX
"""Rooms whose mark waits; the one that waited longest is dropped beyond."""


class Marks:
    """What was read and isn't told yet. A mark that was sent is forgotten: like signals, marks aren't answered."""

    def __init__(self) -> None:
        self._waiting: dict[str, int] = {}
        self._pause_s: float | None = None  # between two marks; None without a session
        self._next_at = -math.inf

    def add(self, room: str, number: int) -> None:
        """The user has read this room up to this message."""
        self._waiting[room] = max(number, self._waiting.get(room, 0))
        if len(self._waiting) > WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]

    def opened(self, welcome: SessionLimits) -> None:
        """Note that a session began."""
        self._pause_s = 1 / welcome.signals_per_s

    def lost(self) -> None:
        """The session is gone; what waits goes to the next one."""
        self._pause_s = None

    def sendable(self, now: float) -> list[MarkRead]:
        """Take the read positions to send now. They count as sent from here on."""
        if self._pause_s is None or now < self._next_at or not self._waiting:
            return []
        room = next(iter(self._waiting))
        self._next_at = now + self._pause_s
        return [MarkRead(room=room, number=self._waiting.pop(room))]

    def deadline(self) -> float:
        """When ``sendable`` has something."""
        return self._next_at if self._waiting and self._pause_s is not None else math.inf
