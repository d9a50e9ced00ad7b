"""A room as deciding needs it: who is in and what they are, timers and counters. Bounded, and without any text."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct

from actors.kind import Instant
from actors.ordered_map import OrderedMap
from actors.room.permissions import Rank
from protocol.ids import SYSTEM, StreamId, kind_of
from protocol.room import Access

_Until = TypeVar("_Until", Instant, Instant | None)


class Invite(Struct, frozen=True):
    """An invite for whoever has its code."""

    expires_at: Instant
    uses: int | None
    """How many may use it in all; None for any number."""
    used: int = 0

    def good(self, now: Instant) -> bool:
        """Whether it lets anybody in."""
        return now < self.expires_at and (self.uses is None or self.used < self.uses)


class Room(Struct, frozen=True, kw_only=True):
    """The state of one room. Never changed in place, and what grows with its members is never copied."""

    room: StreamId
    created: bool = False
    """False only before the first event."""
    access: Access = "private"
    host: StreamId | None = None
    """The stream to which it belongs, which seats people in it."""
    operated: bool = False
    """Made by an operator: nobody becomes its owner but by their command."""
    owner: str | None = None
    """One of ``members``; None while there are none, and in rooms that are direct or operated."""
    moderators: tuple[str, ...] = ()
    """Members, never the owner; at most ROOM_MODERATORS_MAX."""
    named_at: int = 0
    """The seq of the event that gave the room its name."""
    topic_at: int = 0
    """The seq of the event that gave the room its topic; 0 before the first."""
    members: OrderedMap[int] = OrderedMap()
    """User id to the seq of their joining; at most ROOM_MEMBERS_MAX."""
    readable_after: OrderedMap[int] = OrderedMap()
    """Of members who may not read everything: they may read events after this seq."""
    messages: int = 0
    """How many were ever posted; the number of the last one."""
    history: bool = True
    """Whether who joins may read what was before."""
    slow_mode_s: int = 0
    posted_at: OrderedMap[Instant] = OrderedMap()
    """When members posted last, while there is slow mode; at most ROOM_MEMBERS_MAX. Entries older than that mean
    nothing: each post takes a few of them out."""
    muted: OrderedMap[Instant] = OrderedMap()
    """Until when users may only listen; at most ROOM_MUTES_MAX. They outlive membership. Those whose time is over mean
    nothing: each mute takes a few of them out."""
    banned: OrderedMap[Instant | None] = OrderedMap()
    """Until when users are kept out, None for ever; at most ROOM_BANS_MAX. Otherwise as ``muted``."""
    invited: OrderedMap[int] = OrderedMap()
    """User id to the seq of their invitation, of those who haven't joined; at most ROOM_INVITED_MAX."""
    invites: dict[int, Invite] = {}
    """Those by code, by number; at most ROOM_INVITES_MAX that are good."""
    invites_made: int = 0
    """How many there ever were; the number of the last one."""
    pinned: tuple[int, ...] = ()
    """Seqs of messages, in the order of pinning; at most ROOM_PINS_MAX."""
    filtered: bool = False
    """Whether there is anything in the filter."""
    archived: bool = False
    removed_at: Instant | None = None

    def rank(self, author: str) -> Rank:
        """What this author is here. To the two of a direct room a game's backend is a stranger like any other."""
        if author in self.members:
            if author == self.owner:
                return Rank.OWNER
            return Rank.MODERATOR if author in self.moderators else Rank.MEMBER
        backend = kind_of(author) == "key" and self.access != "direct"
        return Rank.OPERATOR if backend or author == SYSTEM else Rank.STRANGER

    def peer(self, user: str) -> str | None:
        """The other one of a direct room."""
        return (
            next((other for other in self.members if other != user), None)
            if self.access == "direct"
            else None
        )

    def muted_until(self, user: str, now: Instant) -> Instant | None:
        """Until when this user may only listen; None if they may speak."""
        until = self.muted.get(user, 0)
        return until if until > now else None

    def is_banned(self, user: str, now: Instant) -> bool:
        """Whether this user is kept out."""
        return user in self.banned and not is_over(self.banned[user], now)

    def next_owner(self, leaving: str) -> str | None:
        """Who owns the room once its owner leaves: of the moderators, or else of all, who has been in it longest."""
        if self.operated:
            return None
        moderators = [user for user in self.moderators if user != leaving]
        if moderators:
            return min(moderators, key=self.members.__getitem__)
        return next((user for user in self.members if user != leaving), None)


def is_over(until: Instant | None, now: Instant) -> bool:
    """Whether this time, None for ever, is over."""
    return until is not None and until <= now


def is_full(of: OrderedMap[_Until], user: str, most: int, now: Instant) -> bool:
    """Whether there is no room for this user: so many others are in it, and the time of none of them is over."""
    least = of.least
    return len(of) - (user in of) >= most and least is not None and not is_over(of[least], now)
