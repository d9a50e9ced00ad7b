"""What the events of teams make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.ordered_map import OrderedMap
from actors.tournament.state import Tournament
from protocol.event import Header


def _invited(tournament: Tournament, header: Header) -> Tournament:
    number, user = cast(int, header.marks["entrant"]), cast(str, header.marks["user"])
    invitations = tournament.invitations.insert(user, number)
    return replace(_inviting(tournament, header), invitations=invitations)


def _invitation_ended(tournament: Tournament, header: Header) -> Tournament:
    user = cast(str, header.marks["user"])
    return replace(_inviting(tournament, header), invitations=tournament.invitations.discard(user))


def _inviting(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    entrant = replace(tournament.entrants[number], invited=users_in(header, "invited"))
    return replace(tournament, entrants=tournament.entrants.replaced(number, entrant))


def _roster_changed(tournament: Tournament, header: Header) -> Tournament:
    """Who has played once stays a player of this team, so that they play for no other."""
    marks = header.marks
    number, roster = cast(int, marks["entrant"]), users_in(header, "roster")
    joined, left = cast("str | None", marks.get("joined")), cast("str | None", marks.get("left"))
    users, invitations = tournament.users, tournament.invitations
    if joined is not None:
        users, invitations = users.insert(joined, number), invitations.discard(joined)
    if left is not None and not tournament.stages:
        users = users.discard(left)
    before = tournament.entrants[number]
    after = replace(
        before,
        user=roster[0],
        roster=roster,
        invited=users_in(header, "invited"),
        substitutions=before.substitutions + ("match" in marks),
    )
    entrants = tournament.entrants.replaced(number, after)
    return replace(tournament, entrants=entrants, users=users, invitations=invitations)


def users_in(header: Header, mark: str) -> tuple[str, ...]:
    """The ids of users that a mark holds."""
    return tuple(cast("Sequence[str]", header.marks.get(mark, ())))


def freed(tournament: Tournament, header: Header) -> Tournament:
    """Players of a team that has left may join others, and whom it had invited isn't."""
    free = users_in(header, "freed")
    return replace(
        tournament,
        users=_without(tournament.users, free),
        invitations=_without(tournament.invitations, free),
    )


def _without(users: OrderedMap[int], free: Sequence[str]) -> OrderedMap[int]:
    return users.discard(*free) if free else users


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.player_invited": _invited,
    "tournament.invitation_ended": _invitation_ended,
    "tournament.roster_changed": _roster_changed,
}
