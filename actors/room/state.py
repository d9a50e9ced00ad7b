"""A room as deciding needs it: who is in, who owns it, how much was said. Bounded, and without any text."""

from __future__ import annotations

from msgspec import Struct

from protocol.ids import StreamId


class Room(Struct, frozen=True, kw_only=True):
    """The state of one room. Never changed in place: ``members`` is copied when it changes."""

    room: StreamId
    created: bool = False
    """False only before the first event."""
    public: bool = False
    owner: str | None = None
    """One of ``members``; None exactly while there are none."""
    members: dict[str, int] = {}
    """User id to the seq of their joining; at most ROOM_MEMBERS_MAX."""
    messages: int = 0
    """How many were ever posted; the number of the last one."""

    def heir(self, leaving: str) -> str | None:
        """Who owns the room once its owner leaves: the one who has been in it longest."""
        rest = (user for user in self.members if user != leaving)
        return min(rest, key=self.members.__getitem__, default=None)
