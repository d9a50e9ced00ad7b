"""What the snapshot of a room shows."""

from __future__ import annotations

from msgspec import Struct

from protocol.ids import StreamId, UserId
from protocol.room import Access, Role


class RoomView(Struct, frozen=True, kw_only=True):
    """The state of a room: no bodies; history, name and topic are requests of their own."""

    room: StreamId
    access: Access
    owner: UserId | None
    """None in a direct room, in one that an API key made and gave to nobody, and while nobody is in the room: the next
    to join becomes its owner then.
    """
    moderators: list[UserId]
    members: list[UserId]
    """The first VIEW_MEMBERS_MAX: the owner, the moderators, then the others in the order of their joining.

    All are read over HTTP, from ``/v1/rooms/{room}/members``.
    """
    member_count: int = 0
    """How many members there are in all."""
    role: Role | None = None
    """The role of the one who asks, whether or not ``members`` names them; None if they aren't a member."""
    messages: int
    """How many messages were ever posted."""
    pinned: list[int]
    """Seqs of messages, in the order in which they were pinned."""
    slow_mode_s: int
    history: bool
    archived: bool
    muted_until: int | None
    """Until when who asks may only listen, Unix milliseconds."""
    readable_after: int
    """Who asks may read the events after this seq."""
