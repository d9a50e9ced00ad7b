"""What the start and the events of matches make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.tournament.bracket import bracket_of
from actors.tournament.engine.progress import seat
from actors.tournament.state import ASKING, Entrant, Match, Tournament, timer_of
from protocol import limits
from protocol.event import Header
from protocol.tournament import NOBODY, ResultKind

UNKNOWN: Final = -1
"""In ``fills``: a side that isn't known yet."""


def _started(tournament: Tournament, header: Header) -> Tournament:
    """Everybody is seated: the one event that looks at all entrants and all matches."""
    marks = header.marks
    seeds = tuple(cast("Sequence[int]", marks["seeds"]))
    started = replace(
        tournament,
        phase="running",
        seeds=seeds,
        engine=marks["engine"],
        draw=marks["draw"],
        entered=len(seeds),
        pending=0,
        waitlist=OrderedMap(),
        timers=OrderedMap(),
    )
    bracket = bracket_of(started)
    matches = [seated(*sides) for sides in seat(bracket, seeds)]
    at = {
        entrant: number
        for number, match in enumerate(matches, 1)
        if match.phase != "done"
        for entrant in (match.a, match.b)
        if entrant
    }
    entrants = [_settled(entrant, at.get(n, 0)) for n, entrant in enumerate(tournament.entrants, 1)]
    due = {str(n): n for n, match in enumerate(matches, 1) if match.phase == "due"}
    return replace(
        started,
        entrants=Numbered(entrants),
        checked_in=sum(entrant.status == "entered" and entrant.checked_in for entrant in entrants),
        matches=Numbered(matches),
        matches_done=sum(match.phase == "done" for match in matches),
        to_open=OrderedMap(due),
    )


def _settled(entrant: Entrant, match: int) -> Entrant:
    """As the start leaves them: on a side of a match, or dropped."""
    if match:
        return Entrant(entrant.user, "entered", entrant.checked_in, match)
    return replace(entrant, status="dropped") if entrant.status in ASKING else entrant


def seated(a: int | None, b: int | None) -> Match:
    """A match between these."""
    if a is None or b is None:
        return Match(a, b)
    if a and b:
        return Match(a, b, "due")
    return Match(a, b, "done", winner=a or b, kind="bye")


def _opened(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, until = cast(int, marks["match"]), cast("int | None", marks.get("until"))
    opened = replace(
        tournament.matches[number],
        phase="open" if until is not None else "playing",
        ready_a=marks["ready_a"],
        ready_b=marks["ready_b"],
        until=until,
    )
    key = str(number)
    return replace(
        _with(tournament, number, opened),
        to_open=tournament.to_open.discard(key),
        going=tournament.going.insert(key, number),
    )


def _ready(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, both = cast(int, marks["match"]), marks["ready_a"] and marks["ready_b"]
    match = replace(tournament.matches[number], ready_a=marks["ready_a"], ready_b=marks["ready_b"])
    return _with(tournament, number, replace(match, phase="playing", until=None) if both else match)


def _reported(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number = cast(int, marks["match"])
    reported = replace(
        tournament.matches[number],
        phase="reported",
        until=marks["until"],
        reporter=marks["entrant"],
        scores=_scores(header),
    )
    return _with(tournament, number, reported)


def _disputed(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["match"])
    return _with(tournament, number, replace(tournament.matches[number], phase="disputed", until=None))


def _finished(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number = cast(int, marks["match"])
    before = tournament.matches[number]
    done = replace(
        before,
        phase="done",
        until=None,
        scores=_scores(header),
        winner=marks["winner"],
        kind=cast(ResultKind, marks["kind"]),
    )
    key = str(number)
    after = replace(
        _with(tournament, number, done),
        matches_done=tournament.matches_done + 1,
        to_open=tournament.to_open.discard(key),
        going=tournament.going.discard(key),
    )
    for entrant in (before.a, before.b):
        after = _moved(after, entrant, NOBODY)
    for filled, a, b in fills_of(header):
        after = _filled(after, filled, a, b)
    return _placed(after, header)


def fills_of(header: Header) -> Iterator[tuple[int, int | None, int | None]]:
    """The matches whose sides an event changes, each with both its sides; None while one isn't known."""
    flat = cast("Sequence[int]", header.marks.get("fills", ()))
    sides = [None if side == UNKNOWN else side for side in flat]
    return zip(flat[::3], sides[1::3], sides[2::3], strict=True)


def placed_of(header: Header) -> Iterator[tuple[int, int]]:
    """The entrants who have a place with an event, each with the place."""
    flat = cast("Sequence[int]", header.marks.get("placed", ()))
    return zip(flat[::2], flat[1::2], strict=True)


def _filled(tournament: Tournament, number: int, a: int | None, b: int | None) -> Tournament:
    match = seated(a, b)
    after = replace(tournament, matches=tournament.matches.replaced(number, match))
    if match.phase == "done":
        after = replace(after, matches_done=after.matches_done + 1)
    elif match.phase == "due":
        after = replace(after, to_open=after.to_open.insert(str(number), number))
    for entrant in (a, b):
        after = _moved(after, entrant, NOBODY if match.phase == "done" else number)
    return after


def _moved(tournament: Tournament, entrant: int | None, match: int) -> Tournament:
    """This entrant, if it is one, is on a side of this match now."""
    if not entrant:
        return tournament
    moved = replace(tournament.entrants[entrant], match=match)
    return replace(tournament, entrants=tournament.entrants.replaced(entrant, moved))


def _placed(tournament: Tournament, header: Header) -> Tournament:
    """With those who have one of the first places now."""
    first = [(entrant, place) for entrant, place in placed_of(header) if place <= limits.PLACES_MAX]
    return replace(
        tournament,
        first=(*tournament.first, *(entrant for entrant, _ in first)),
        places=(*tournament.places, *(place for _, place in first)),
    )


def _scores(header: Header) -> tuple[int, ...]:
    return tuple(cast("Sequence[int]", header.marks.get("scores", ())))


def _with(tournament: Tournament, number: int, match: Match) -> Tournament:
    """This match instead of the one before, and the timer that it needs."""
    key, timers = timer_of(number), tournament.timers
    timers = timers.discard(key) if match.until is None else timers.insert(key, match.until)
    return replace(tournament, matches=tournament.matches.replaced(number, match), timers=timers)


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.started": _started,
    "tournament.match_opened": _opened,
    "tournament.side_ready": _ready,
    "tournament.reported": _reported,
    "tournament.disputed": _disputed,
    "tournament.match_finished": _finished,
}
