"""What the start and the events of matches make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.ordered_map import OrderedMap
from actors.tournament.bracket import bracket_of, match_of, seated, sides_of
from actors.tournament.engine.beginning import done_first
from actors.tournament.state import Match, Tournament, timer_of
from protocol import limits
from protocol.event import Header
from protocol.tournament import NOBODY, UNKNOWN, ResultKind


def _started(tournament: Tournament, header: Header) -> Tournament:
    """Nobody is looked at: where all begin follows from the seeds."""
    marks = header.marks
    seeds = tuple(cast("Sequence[int]", marks["seeds"]))
    started = replace(
        tournament,
        phase="running",
        seeds=seeds,
        engine=marks["engine"],
        draw=marks["draw"],
        entered=len(seeds),
        checked_in=marks["checked_in"],
        pending=0,
        waitlist=OrderedMap(),
        timers=OrderedMap(),
    )
    return replace(started, matches_done=done_first(bracket_of(started), len(seeds)))


def _opened(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, until = cast(int, marks["match"]), cast("int | None", marks.get("until"))
    opened = replace(
        match_of(tournament, number),
        phase="open" if until is not None else "playing",
        ready_a=marks["ready_a"],
        ready_b=marks["ready_b"],
        until=until,
    )
    key = str(number)
    return replace(
        _with(tournament, number, opened),
        to_open=tournament.to_open.discard(key),
        begun=tournament.begun + (key not in tournament.to_open),
        going=tournament.going.insert(key, number),
    )


def _ready(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, both = cast(int, marks["match"]), marks["ready_a"] and marks["ready_b"]
    match = replace(match_of(tournament, number), ready_a=marks["ready_a"], ready_b=marks["ready_b"])
    return _with(tournament, number, replace(match, phase="playing", until=None) if both else match)


def _reported(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number = cast(int, marks["match"])
    reported = replace(
        match_of(tournament, number),
        phase="reported",
        until=marks["until"],
        reporter=marks["entrant"],
        scores=_scores(header),
    )
    return _with(tournament, number, reported)


def _corrected(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number = cast(int, marks["match"])
    done = replace(
        match_of(tournament, number),
        scores=_scores(header),
        winner=marks["winner"],
        kind=cast(ResultKind, marks["kind"]),
    )
    return _begun_anew(_with(tournament, number, done), header)


def _begun_anew(tournament: Tournament, header: Header) -> Tournament:
    """With the matches that begin anew by a correction, and the places that it gives and takes."""
    after = replace(tournament, matches_done=header.marks["done"])
    for number, match in fills_of(header):
        key = str(number)
        to_open = after.to_open.discard(key)
        after = replace(
            _with(after, number, match),
            to_open=to_open.insert(key, number) if match.phase == "due" else to_open,
            going=after.going.discard(key),
        )
        # Who goes on from a match without a game is where a later one says, or stays where they are.
        for entrant in sides_of(match) if match.phase != "done" else ():
            after = _moved(after, entrant, number)
    for entrant, place in placed_of(header):
        after = _moved(after, entrant, NOBODY) if place else after
    return _placed(after, header)


def _disputed(tournament: Tournament, header: Header) -> Tournament:
    number = cast(int, header.marks["match"])
    return _with(tournament, number, replace(match_of(tournament, number), phase="disputed", until=None))


def _finished(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number = cast(int, marks["match"])
    before = match_of(tournament, number)
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
    for filled, now in fills_of(header):
        after = _filled(after, filled, now)
    return _placed(after, header)


def fills_for(changed: Iterable[tuple[int, int | None, int | None]]) -> tuple[int, ...]:
    """Matches with both their sides, as ``fills`` holds them."""
    return tuple(UNKNOWN if part is None else part for match in changed for part in match)


def fills_of(header: Header) -> Iterator[tuple[int, Match]]:
    """The matches whose sides an event changes, as they are with it."""
    flat = cast("Sequence[int]", header.marks.get("fills", ()))
    later = cast("Sequence[int]", header.marks.get("later", ()))
    sides = [None if side == UNKNOWN else side for side in flat]
    for number, a, b in zip(flat[::3], sides[1::3], sides[2::3], strict=True):
        yield number, seated(a, b, later=number in later)


def placed_of(header: Header) -> Iterator[tuple[int, int]]:
    """The entrants who have a place with an event, each with the place."""
    flat = cast("Sequence[int]", header.marks.get("placed", ()))
    return zip(flat[::2], flat[1::2], strict=True)


def _filled(tournament: Tournament, number: int, match: Match) -> Tournament:
    after = replace(tournament, matches=tournament.matches.insert(number, match))
    if match.phase == "done":
        after = replace(after, matches_done=after.matches_done + 1)
    elif match.phase == "due":
        after = replace(after, to_open=after.to_open.insert(str(number), number))
    for entrant in (match.a, match.b):
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
    places = dict(zip(tournament.first, tournament.places, strict=True)) | dict(placed_of(header))
    first = {entrant: place for entrant, place in places.items() if 0 < place <= limits.PLACES_MAX}
    return replace(tournament, first=tuple(first), places=tuple(first.values()))


def _scores(header: Header) -> tuple[int, ...]:
    return tuple(cast("Sequence[int]", header.marks.get("scores", ())))


def _with(tournament: Tournament, number: int, match: Match) -> Tournament:
    """This match instead of the one before, and the timer that it needs."""
    key, timers = timer_of(number), tournament.timers
    if match.until != timers.get(key):
        timers = timers.discard(key) if match.until is None else timers.insert(key, match.until)
    return replace(tournament, matches=tournament.matches.insert(number, match), timers=timers)


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.started": _started,
    "tournament.match_opened": _opened,
    "tournament.side_ready": _ready,
    "tournament.reported": _reported,
    "tournament.disputed": _disputed,
    "tournament.match_finished": _finished,
    "tournament.match_corrected": _corrected,
    "tournament.match_undone": _begun_anew,
}
