"""Whose a stream is and who helps to run it, as far as it is the same in every kind that has staff. Pure."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from actors.kind import Facts, Instant, Refuse, block_key, person_key
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import SYSTEM, kind_of
from protocol.tournament import StaffRole


class Rank(IntEnum):
    """What somebody is on the staff; a higher rank may do all that a lower one may."""

    SPECTATOR = 0
    STREAMER = 1
    REFEREE = 2
    ORGANISER = 3
    OWNER = 4
    OPERATOR = 5
    """A game's own backend, or the server."""


_RANKS: Final[dict[StaffRole, Rank]] = {
    "streamer": Rank.STREAMER,
    "referee": Rank.REFEREE,
    "organiser": Rank.ORGANISER,
}


class Staffed(Struct, frozen=True, kw_only=True):
    """What every state with staff has."""

    owner: str | None = None
    """None in one that an operator made, or that erased people have left without organisers."""
    removed_at: Instant | None = None
    """When it was removed; None if it is there."""
    staff: dict[str, StaffRole] = {}
    """User ids, without the owner; at most TOURNAMENT_STAFF_MAX."""

    def rank(self, author: str) -> Rank:
        """What this author is on its staff."""
        if author == SYSTEM or kind_of(author) == "key":
            return Rank.OPERATOR
        if author == self.owner:
            return Rank.OWNER
        role = self.staff.get(author)
        return Rank.SPECTATOR if role is None else _RANKS[role]


S = TypeVar("S", bound=Staffed)


# --- decisions ---------------------------------------------------------------------------------------------


def unknown(facts: Facts, user: str, field: str) -> Refuse | None:
    """Why a user can't be named: there is none."""
    return (
        Refuse(Code.NOT_FOUND, "There is no such user.", field)
        if facts.get(person_key(user)) is None
        else None
    )


def no_owner(of: Staffed, user: str, *, by: str, facts: Facts) -> Refuse | None:
    """Why it can't be given to a user: the owner gives it to an organiser, an operator to anybody."""
    if user == of.owner:
        return Refuse(Code.ALREADY_EXISTS, field="user")
    if of.rank(by) is not Rank.OPERATOR and of.staff.get(user) != "organiser":
        return Refuse(Code.INVALID, "Give it to one of its organisers.", "user")
    return unknown(facts, user, "user") or _blocked(facts, user, by)


def no_role(of: Staffed, user: str, role: StaffRole | None, *, by: str, facts: Facts) -> Refuse | None:
    """Why a user can't be given a role, or have none any more."""
    if user == of.owner:
        return Refuse(Code.INVALID, "The owner is always an organiser.", "user")
    if of.staff.get(user) == role:
        return Refuse(Code.ALREADY_EXISTS, field="role")
    if role is None:
        return None
    if refusal := unknown(facts, user, "user") or _blocked(facts, user, by):
        return refusal
    if user not in of.staff and len(of.staff) >= limits.TOURNAMENT_STAFF_MAX:
        return Refuse(Code.TOO_MANY, f"People on the staff: at most {limits.TOURNAMENT_STAFF_MAX}.")
    return None


def _blocked(facts: Facts, user: str, by: str) -> Refuse | None:
    return None if facts.get(block_key(user, by)) is None else Refuse(Code.BLOCKED, field="user")


def heir(of: Staffed, user: str) -> dict[str, Mark]:
    """The mark that names the next owner, if it is the owner who is gone: the first of the organisers."""
    if user != of.owner:
        return {}
    others = (other for other, role in of.staff.items() if role == "organiser")
    return {"owner": next(others, "")}


# --- what events make of it --------------------------------------------------------------------------------


def with_role(of: S, user: str, role: StaffRole | None) -> S:
    """This user has this role."""
    others = {other: theirs for other, theirs in of.staff.items() if other != user}
    return replace(of, staff=others if role is None else {**others, user: role})


def owned(of: S, owner: str, *, organiser: str | None) -> S:
    """It is this user's, and who owned it is an organiser if named."""
    staff = {user: role for user, role in of.staff.items() if user != owner}
    return replace(of, owner=owner, staff=staff if organiser is None else {**staff, organiser: "organiser"})


def without(of: S, user: str, owner: str | None) -> S:
    """This user is gone. ``owner``: whose it is now, "" for nobody; None if it wasn't theirs."""
    staff = {other: role for other, role in of.staff.items() if other not in (user, owner)}
    return replace(of, staff=staff, owner=of.owner if owner is None else owner or None)
