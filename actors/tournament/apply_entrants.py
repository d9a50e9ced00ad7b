"""What the events of entrants make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.tournament.apply_teams import freed, users_in
from actors.tournament.rounds_over import after_change
from actors.tournament.stages import changed, current_match, with_stage
from actors.tournament.state import ASKING, Entrant, Tournament
from protocol.event import Header
from protocol.tournament import EntrantStatus


def _entered(tournament: Tournament, header: Header) -> Tournament:
    number, user = cast(int, header.marks["entrant"]), cast("str | None", header.marks.get("user"))
    # Nobody could say of a name that it is there: staff did so when they entered it.
    roster = users_in(header, "roster")
    came_back = number in tournament.entrants and tournament.entrants[number].status not in ASKING
    tags = tuple(cast("Sequence[str]", header.marks.get("tags", ())))
    came = Entrant(user, _status(header), checked_in=user is None, roster=roster, tags=tags)
    users = tournament.users
    for player in roster or ((user,) if user is not None else ()):
        users = users.insert(player, number)
    known = replace(tournament, users=users)
    if number not in tournament.entrants:
        known = replace(known, entrants=known.entrants.append(Entrant(user, "left")))
    if "seed" in header.marks:
        return _late(known, header, number, replace(came, back_in=int(came_back)))
    return _with(known, header, number, came)


def _late(tournament: Tournament, header: Header, number: int, came: Entrant) -> Tournament:
    """After the start: the last of the seeds. Who was dropped at the start isn't counted any more."""
    marks, stage = header.marks, tournament.stages[0]
    here = replace(came, checked_in=True, half_byes=cast(int, marks.get("half_byes", 0)))
    after = replace(
        tournament,
        entrants=tournament.entrants.replaced(number, here),
        entered=cast(int, marks["count"]),
        checked_in=cast(int, marks["checked_in"]),
    )
    late = replace(stage, seeds=(*stage.seeds, number), changed_at=header.seq)
    return after_change(with_stage(after, 0, late), 0, header)


def _accepted(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    return _with(tournament, header, number, replace(tournament.entrants[number], status=_status(header)))


def _promoted(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    return _with(tournament, header, number, replace(tournament.entrants[number], status="entered"))


def _left(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    gone = replace(tournament.entrants[number], status=_status(header))
    if tournament.stages:  # they stay on their sides; matches see to it
        gone = replace(
            gone,
            left_in=current_match(tournament, number),
            left_stage=len(tournament.stages),
            forfeits_from=cast(int, header.marks.get("forfeits_from", 0)),
        )
        return _ranked_anew(tournament, number, gone, header)
    gone = replace(gone, checked_in=False, roster=users_in(header, "roster"), invited=())
    return _with(freed(tournament, header), header, number, gone)


def _reinstated(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    came = replace(tournament.entrants[number], status="entered", left_in=0, back_in=len(tournament.stages))
    back = came if header.marks.get("frozen") else replace(came, left_stage=0, forfeits_from=0)
    return _ranked_anew(tournament, number, back, header)


def _ranked_anew(tournament: Tournament, number: int, entrant: Entrant, header: Header) -> Tournament:
    """This entrant instead of the one before, who may change the standings of the stage that is being played."""
    after = replace(tournament, entrants=tournament.entrants.replaced(number, entrant))
    index = len(tournament.stages) - 1
    return after_change(changed(after, index, header), index, header)


def _checked_in(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    here = replace(tournament.entrants[number], checked_in=True)
    if "seed" in header.marks:
        return _late(tournament, header, number, replace(here, status="entered"))
    return _with(tournament, header, number, here)


def _tagged(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["entrant"])
    tags = tuple(cast("Sequence[str]", header.marks.get("tags", ())))
    entrants = tournament.entrants
    return replace(tournament, entrants=entrants.replaced(number, replace(entrants[number], tags=tags)))


def _seeded(tournament: Tournament, header: Header) -> Tournament:
    return replace(tournament, seeded=header.marks.get("entrants", ()))


def _status(header: Header) -> EntrantStatus:
    return cast("EntrantStatus", header.marks["status"])


def _with(tournament: Tournament, header: Header, number: int, entrant: Entrant) -> Tournament:
    """This entrant instead of the one before, counted anew."""
    before, waitlist, key = tournament.entrants[number], tournament.waitlist, str(number)
    if entrant.status != "waiting":
        waitlist = waitlist.discard(key)
    elif before.status != "waiting":
        waitlist = waitlist.insert(key, header.seq)
    return replace(
        tournament,
        entrants=tournament.entrants.replaced(number, entrant),
        entered=tournament.entered + _is(entrant, "entered") - _is(before, "entered"),
        checked_in=tournament.checked_in + _is_here(entrant) - _is_here(before),
        pending=tournament.pending + _is(entrant, "pending") - _is(before, "pending"),
        waitlist=waitlist,
    )


def _is(entrant: Entrant, status: EntrantStatus) -> bool:
    return entrant.status == status


def _is_here(entrant: Entrant) -> bool:
    return entrant.status == "entered" and entrant.checked_in


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.entered": _entered,
    "tournament.accepted": _accepted,
    "tournament.promoted": _promoted,
    "tournament.left": _left,
    "tournament.reinstated": _reinstated,
    "tournament.checked_in": _checked_in,
    "tournament.tagged": _tagged,
    "tournament.seeded": _seeded,
}
