"""Which event changes which rows of teams and their players."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from actors.kind import LISTENERS, LISTENS_AFTER, Change, Delete, Update, Upsert
from actors.tournament.apply_teams import users_in
from actors.tournament.rows import ENTRANT, PLAYER, SUBSTITUTION
from protocol.event import Header


def players(header: Header, number: int, users: Sequence[str]) -> list[Change]:
    """The rows of those who are on a roster from now on."""
    return [Upsert(PLAYER, user, {"entrant": number, "role": "player"}) for user in users]


def listeners(header: Header, users: Sequence[str]) -> list[Change]:
    """The rows of those who may watch from now on, if an event says so."""
    if "listens" not in header.marks:
        return []
    return [Upsert(LISTENERS, user, {LISTENS_AFTER: None}) for user in users]


def freed(header: Header) -> list[Change]:
    """The rows of a team that has left, and of those who aren't in it any more, or invited by it."""
    if "freed" not in header.marks:
        return []
    team = _team(header, "roster", "invited")
    return [team, *(Delete(PLAYER, user) for user in users_in(header, "freed"))]


def _invited(header: Header, _: object) -> Sequence[Change]:
    user, number = cast(str, header.marks["user"]), cast(int, header.marks["entrant"])
    return Upsert(PLAYER, user, {"entrant": number, "role": "invited"}), _team(header, "invited")


def _invitation_ended(header: Header, _: object) -> Sequence[Change]:
    return Delete(PLAYER, cast(str, header.marks["user"])), _team(header, "invited")


def _roster_changed(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    number, roster = cast(int, marks["entrant"]), users_in(header, "roster")
    joined, left = cast("str | None", marks.get("joined")), cast("str | None", marks.get("left"))
    changes: list[Change] = [_team(header, "roster", "invited", user_id=roster[0])]
    if left is not None:
        changes += [Update(PLAYER, left, {"role": "out"})] if "match" in marks else [Delete(PLAYER, left)]
        changes += [Delete(LISTENERS, user) for user in header.revokes]
    if joined is not None:
        changes += [*players(header, number, (joined,)), *listeners(header, (joined,))]
    if "match" in marks:
        row = {"match": marks["match"], "entrant": number, "player": left, "substitute": joined}
        changes.append(Upsert(SUBSTITUTION, str(header.seq), cast(Any, row)))
    return changes


def _team(header: Header, *lists: str, **values: Any) -> Change:
    values |= {name: [*users_in(header, name)] for name in lists}
    return Update(ENTRANT, str(header.marks["entrant"]), values)


ROWS: Final[Mapping[str, Callable[[Header, Any], Sequence[Change]]]] = {
    "tournament.player_invited": _invited,
    "tournament.invitation_ended": _invitation_ended,
    "tournament.roster_changed": _roster_changed,
}
