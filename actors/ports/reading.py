"""How far users have read rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from protocol.frames import RoomHead


class ReadMark(Struct, frozen=True):
    """That a user has read a room up to this message number."""

    user: str
    room: str
    number: int


class ReadMoved(Struct, frozen=True):
    """A read position that was moved: where it is now."""

    user: str
    room: str
    number: int
    direct: bool
    """Whether the room is a direct one, whose other member may know of it."""


class ReadPositions(Protocol):
    """How far users have read rooms. Both methods may raise LogUnavailableError."""

    async def keep(self, marks: Sequence[ReadMark]) -> list[ReadMoved]:
        """Move positions forward, never back, in one transaction: those that moved, in any order.

        A mark of somebody who isn't in the room does nothing; one beyond its last message stands for that message.
        Each (user, room) at most once. Idempotent: on LogUnavailableError it may have been done, and may be repeated.
        """
        ...

    async def counts(self, user: str, rooms: Mapping[str, int]) -> list[RoomHead]:
        """How at most HEADS_ROOMS_MAX rooms stand for the user, from one snapshot: those they are in, in the order
        asked. Each comes with a number up to which it counts as read even if that isn't kept yet, or 0.

        Only the newest UNREAD_SCANNED_MAX messages of a room are looked at, and of them only those that the user may
        read.
        """
        ...
