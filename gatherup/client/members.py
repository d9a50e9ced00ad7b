"""Who is in a room, as far as it has been told: a snapshot names the first, events tell of changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Final, cast

from gatherup.client.items import Event, Item, Snapshot
from protocol import limits
from protocol.event import Header
from protocol.frames import Position
from protocol.ids import USER, kind_of
from protocol.room.view import RoomView

GONE_MAX: Final = limits.ROOM_MEMBERS_MAX
"""Users remembered who left while not all members are known; a page older than the leaving of others is too old."""
EVERYBODY: Final = "*"


class Members:
    """The members of one room. ``take`` every item of its stream in order; ``learn`` the pages that HTTP answers.

    ``count`` is right from the first snapshot on. ``known`` names members only, and all of them once ``complete``: at
    once in a room of at most VIEW_MEMBERS_MAX, else after each page of ``GET /v1/rooms/{room}/members`` was learned.
    """

    def __init__(self) -> None:
        self._count: int | None = None
        self._known: dict[str, None] = {}
        self._gone: dict[str, int] = {}
        """Who left since the oldest page that may be learned, with the seq of it; empty when all are known."""
        self._incarnation, self._seq = 0, 0
        self._oldest = 0
        """A page that was read before this seq misses changes that aren't remembered."""
        self._newest = 0
        """The newest page that was learned: until its seq is reached, ``known`` is ahead of ``count``."""

    @property
    def count(self) -> int | None:
        """How many members there are; None before the first snapshot."""
        return self._count

    @property
    def known(self) -> Set[str]:
        """The members that were named."""
        return self._known.keys()

    @property
    def complete(self) -> bool:
        """Whether ``known`` names every member."""
        return self._count == len(self._known) and self._seq >= self._newest

    def take(self, item: Item) -> None:
        """The next item of the room's stream."""
        match item:
            case Snapshot(view=RoomView() as view, position=position):
                # An older server counts none, and names all.
                self._begin(position, view.members, max(view.member_count, len(view.members)))
            case Event(header=header, position=position):
                if header.type == "room.created":
                    self._begin(position, _first(header), len(_first(header)))
                elif self._count is not None:
                    self._apply(header)
            case _:
                pass

    def learn(self, position: Position, members: Iterable[str]) -> bool:
        """Members that a page named, and its position. False if it is too old to be used: read it again."""
        if position.incarnation != self._incarnation or position.seq < self._oldest or self._count is None:
            return False
        if not self.complete:
            self._known.update((user, None) for user in members if self._gone.get(user, 0) <= position.seq)
            self._newest = max(self._newest, position.seq)
        return True

    def _begin(self, position: Position, members: Iterable[str], count: int) -> None:
        self._count, self._known, self._gone = count, dict.fromkeys(members), {}
        self._incarnation = position.incarnation
        self._seq = self._oldest = self._newest = position.seq

    def _apply(self, header: Header) -> None:
        """Headers alone tell: a payload may have been erased. Whoever an event revokes is a member no longer."""
        assert self._count is not None
        self._seq = header.seq
        if header.type == "room.joined":
            self._count += 1
            self._known[header.author] = None
            self._gone.pop(header.author, None)
        if header.type == "room.seated":
            users = cast("Sequence[str]", header.marks.get("users", ()))
            self._count += len(users)
            self._known.update(dict.fromkeys(users))
            for user in users:
                self._gone.pop(user, None)
        if EVERYBODY not in header.revokes:  # a removed room keeps its members
            self._count -= len(header.revokes)
            for user in header.revokes:
                self._known.pop(user, None)
                self._gone[user] = header.seq
        self._forget()

    def _forget(self) -> None:
        if self.complete:
            self._gone.clear()
        while len(self._gone) > GONE_MAX:
            first = next(iter(self._gone))
            self._oldest = max(self._oldest, self._gone.pop(first))


def _first(created: Header) -> list[str]:
    """Whoever makes a room is in it, if they are a user; and so is the other one of a direct room."""
    peer = created.marks.get("peer")
    users = [created.author, *([peer] if isinstance(peer, str) else [])]
    return [user for user in users if kind_of(user) == USER]
