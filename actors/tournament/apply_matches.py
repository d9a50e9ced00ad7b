"""What the events of matches make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.tournament import apply_picking
from actors.tournament.plays import play_of
from actors.tournament.rounds_over import after_change, after_match
from actors.tournament.stages import (
    changed,
    index_of,
    match_in,
    match_of,
    seated,
    sides_of,
    stage_of,
    with_match,
    with_stage,
)
from actors.tournament.state import Match, Tournament, timer_of
from protocol import limits
from protocol.event import Header
from protocol.tournament import NOBODY, UNKNOWN, ResultKind


def _opened(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, until = cast(int, marks["match"]), cast("int | None", marks.get("until"))
    stage = stage_of(tournament, number)
    opened = replace(
        match_in(stage, number),
        phase="open" if until is not None else "playing",
        ready_a=marks["ready_a"],
        ready_b=marks["ready_b"],
        until=cast("int | None", marks.get("play_until", until)),
        latest=cast("int | None", marks.get("latest")),
    )
    key = str(number)
    again = key in tournament.to_open or key in tournament.going
    after = _with(tournament, number, opened, begun=not again)
    if play_of(stage).by_round:  # otherwise a result has led them to it
        for entrant in sides_of(opened):
            after = _moved(after, entrant, number)
    return replace(
        after,
        to_open=tournament.to_open.discard(key),
        going=tournament.going.insert(key, number),
    )


def _ready(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    number, both = cast(int, marks["match"]), marks["ready_a"] and marks["ready_b"]
    match = replace(match_of(tournament, number), ready_a=marks["ready_a"], ready_b=marks["ready_b"])
    begun = replace(match, phase="playing", until=cast("int | None", marks.get("play_until")), left=None)
    return _with(tournament, number, begun if both else match)


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
    index, done = index_of(tournament, cast(int, header.marks["match"])), cast(int, header.marks["done"])
    stage = tournament.stages[index]
    finished = stage.finished and index + 1 < len(tournament.stages)
    done = stage.done + done - tournament.matches_done
    stage = replace(stage, done=done, finished=finished, changed_at=header.seq)
    after, by_round = with_stage(tournament, index, stage), play_of(stage).by_round
    for number, match in fills_of(header):
        key = str(number)
        to_open = after.to_open.discard(key)
        after = replace(
            _with(after, number, match),
            to_open=to_open.insert(key, number) if match.phase == "due" else to_open,
            going=after.going.discard(key),
        )
        # Who goes on from a match without a game is where a later one says, or stays where they are.
        # With rounds, they are led to it when it is opened.
        for entrant in sides_of(match) if match.phase != "done" and not by_round else ():
            after = _moved(after, entrant, number)
    out = cast("Sequence[int]", header.marks.get("out", ()))
    for entrant in (*out, *(entrant for entrant, place in placed_of(header) if place)):
        after = _over(after, entrant, cast(int, header.marks["match"]))
    return after_change(_placed(after, header), index, header)


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
        held=False,
        left=None,
        proposed_by=NOBODY,
        proposed_at=None,
    )
    key = str(number)
    after = replace(
        _with(tournament, number, done, done=1),
        to_open=tournament.to_open.discard(key),
        going=tournament.going.discard(key),
    )
    for entrant in sides_of(before):
        after = _over(after, entrant, number)
    for filled, now in fills_of(header):
        after = _filled(after, filled, now)
    index = index_of(tournament, number)
    return after_match(changed(_placed(after, header), index, header), index, header)


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
    over = match.phase == "done"
    after = with_match(tournament, number, match, done=over)
    if match.phase == "due":
        after = replace(after, to_open=after.to_open.insert(str(number), number))
    for entrant in sides_of(match):
        after = _over(after, entrant, number) if over else _moved(after, entrant, number)
    return after


def _moved(tournament: Tournament, entrant: int | None, match: int, *, over: bool = False) -> Tournament:
    """This entrant, if it is one, is on a side of this match now."""
    if not entrant:
        return tournament
    moved = replace(tournament.entrants[entrant], match=match, over=over)
    return replace(tournament, entrants=tournament.entrants.replaced(entrant, moved))


def _over(tournament: Tournament, entrant: int | None, match: int) -> Tournament:
    """This match, which is done, is the last one that this entrant was led to."""
    return _moved(tournament, entrant, match, over=True)


def _placed(tournament: Tournament, header: Header) -> Tournament:
    """With those who have one of the first places now."""
    places = dict(zip(tournament.first, tournament.places, strict=True)) | dict(placed_of(header))
    first = {entrant: place for entrant, place in places.items() if 0 < place <= limits.PLACES_MAX}
    return replace(tournament, first=tuple(first), places=tuple(first.values()))


def _scores(header: Header) -> tuple[int, ...]:
    return tuple(cast("Sequence[int]", header.marks.get("scores", ())))


def _with(tournament: Tournament, number: int, match: Match, *, begun: int = 0, done: int = 0) -> Tournament:
    """This match instead of the one before, and the timer that it needs."""
    key, timers = timer_of(number), tournament.timers
    after = with_match(tournament, number, match, begun=begun, done=done)
    if match.until == timers.get(key):
        return after
    timers = timers.discard(key) if match.until is None else timers.insert(key, match.until)
    return replace(after, timers=timers)


def _one(change: Callable[[Match, Header], Match]) -> Callable[[Tournament, Header], Tournament]:
    """A change of one match and its timer, and of nothing else."""

    def changed(tournament: Tournament, header: Header) -> Tournament:
        number = cast(int, header.marks["match"])
        return _with(tournament, number, change(match_of(tournament, number), header))

    return changed


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.match_opened": _opened,
    "tournament.side_ready": _ready,
    "tournament.reported": _reported,
    "tournament.disputed": _disputed,
    "tournament.match_finished": _finished,
    "tournament.match_corrected": _corrected,
    "tournament.match_undone": _begun_anew,
    **{name: _one(change) for name, change in apply_picking.MATCHES.items()},
}
