"""One command as the decisions see it: the room, who asks, when, and the facts. Refusals that several share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from actors.kind import (
    FRIENDS,
    MEMBERSHIPS,
    Accept,
    Emit,
    FactKey,
    Facts,
    Instant,
    Refuse,
    Row,
    block_key,
    pair,
    person_key,
)
from actors.room.invites import InviteCodes
from actors.room.permissions import Permission, Rank, outranks, permits
from actors.room.rows import message_key
from actors.room.state import Room
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark

NO_MESSAGE: Final = "There is no such message."


class Context(Struct, frozen=True):
    """What a decision may look at."""

    room: Room
    facts: Facts
    by: str
    now: Instant
    codes: InviteCodes
    rank: Rank
    """What the one who asks is in the room."""

    def may(self, permission: Permission) -> bool:
        """Whether the one who asks has this permission."""
        return permits(self.room.access, self.rank, permission)

    def message(self, seq: int, field: str = "message") -> Row | Refuse:
        """The row of a message that is there and that the one who asks may read."""
        row = self.facts.get(message_key(seq))
        hidden = seq <= self.room.readable_after.get(self.by, 0)
        if row is None or row["deleted_at"] is not None or hidden:
            return Refuse(Code.NOT_FOUND, NO_MESSAGE, field)
        return row

    def cannot_act_on(self, user: str) -> Refuse | None:
        """Why the one who asks can't do something to this member."""
        if user == self.by:
            return Refuse(Code.INVALID, "You can't do this to yourself.", "user")
        if user not in self.room.members:
            return Refuse(Code.NOT_FOUND, "This user isn't in the room.", "user")
        if not outranks(self.rank, self.room.rank(user)):
            return Refuse(Code.FORBIDDEN, "You need a higher rank than this user.")
        return None

    def blocked(self, other: str) -> Refuse | None:
        """Why the one who asks can't reach this user: one of the two has blocked the other."""
        if self.facts.get(block_key(other, self.by)) is not None:
            return Refuse(Code.BLOCKED)
        if self.facts.get(block_key(self.by, other)) is not None:
            return Refuse(Code.BLOCKED, "You have blocked this person.")
        return None

    def unwanted(self, user: str, setting: str) -> Refuse | None:
        """Why the one who asks can't reach out to this user: there is none, or they don't want it."""
        person = self.facts.get(person_key(user))
        if person is None:
            return Refuse(Code.NOT_FOUND, "There is no such user.", "user")
        if self.rank is Rank.OPERATOR:
            return None
        friends = self.facts.get(friends_key(self.by, user)) is not None
        wanted = person[setting] == "everyone" or (person[setting] == "friends" and friends)
        return self.blocked(user) or (None if wanted else Refuse(Code.BLOCKED))

    def too_many_rooms(self) -> Refuse | None:
        """Why the one who asks can't be in one more room."""
        held = self.facts.get(memberships_key(self.by))
        if (
            held is not None
            and isinstance(count := held["count"], int)
            and count >= limits.ROOMS_PER_USER_MAX
        ):
            return Refuse(Code.TOO_MANY, f"You can be in at most {limits.ROOMS_PER_USER_MAX} rooms.")
        return None


def friends_key(one: str, other: str) -> FactKey:
    """Whether the two are friends."""
    return FactKey(FRIENDS, pair(min(one, other), max(one, other)))


def memberships_key(user: str) -> FactKey:
    """In how many rooms the user is."""
    return FactKey(MEMBERSHIPS, user)


def person_keys(by: str, user: str) -> tuple[FactKey, ...]:
    """What ``Context.unwanted`` looks at."""
    return person_key(user), friends_key(by, user), block_key(user, by), block_key(by, user)


def emit(
    payload: Struct,
    *,
    revokes: tuple[str, ...] = (),
    erases: tuple[int, ...] = (),
    marks: Mapping[str, Mark] | None = None,
    answer: Struct | None = None,
) -> Accept:
    """The command takes effect as this one event."""
    return Accept((Emit(payload, revokes=revokes, erases=erases, marks=marks or {}),), answer)


def too_many(what: str, most: int, field: str | None = None) -> Refuse:
    """A limit is reached."""
    return Refuse(Code.TOO_MANY, f"{what}: at most {most}.", field)


def owner_after(room: Room, leaving: str) -> dict[str, Mark]:
    """The mark that names the next owner, if it is the owner who leaves."""
    return {"owner": room.next_owner(leaving) or ""} if leaving == room.owner else {}
