"""What starts and ends of stages make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.ordered_map import OrderedMap
from actors.tournament.numbers import Numbers
from actors.tournament.plays import play_of
from actors.tournament.stages import with_stage
from actors.tournament.state import WINDOW, StageState, Tournament
from protocol import limits
from protocol.event import Header


def _started(tournament: Tournament, header: Header) -> Tournament:
    """Nobody is looked at: where all begin follows from the seeds."""
    marks = header.marks
    seeds = tuple(cast("Sequence[int]", marks["seeds"]))
    stage = StageState(
        settings=tournament.settings.chain[0],
        seeds=seeds,
        engine=cast(int, marks["engine"]),
        draw=cast(str, marks["draw"]),
    )
    started = replace(
        tournament,
        phase="running",
        seeded=(),
        entered=len(seeds),
        checked_in=marks["checked_in"],
        pending=0,
        waitlist=OrderedMap(),
        invitations=OrderedMap(),
        timers=OrderedMap(),
        importing=bool(marks.get("importing")),
    )
    return _begun(started, stage, header)


def _import_ended(tournament: Tournament, header: Header) -> Tournament:
    """Its standings are told then."""
    stage = tournament.stages[0]
    stage = replace(stage, changed_at=header.seq, moved_at=header.seq if stage.published else 0)
    return replace(with_stage(tournament, 0, stage), importing=False)


def _stage_started(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    stage = StageState(
        settings=tournament.settings.chain[cast(int, marks["stage"]) - 1],
        numbers=Numbers(cast(int, marks["first"])),
        seeds=tuple(cast("Sequence[int]", marks["seeds"])),
        engine=cast(int, marks["engine"]),
    )
    return _begun(tournament, stage, header)


def _begun(tournament: Tournament, stage: StageState, header: Header) -> Tournament:
    """With this stage as the last one, and the timer of its window if it is a leaderboard."""
    settings, timers = stage.settings, tournament.timers
    closes_at = settings.closes_at or (header.at + settings.window_s * 1000 if settings.window_s else None)
    if closes_at is not None:
        timers = timers.insert(WINDOW, closes_at)
    stage = replace(stage, done=play_of(stage).done_first, closes_at=closes_at)
    return replace(tournament, stages=(*tournament.stages, stage), timers=timers)


def _finished(tournament: Tournament, header: Header) -> Tournament:
    """Only the first places are looked at and kept."""
    marks = header.marks
    index = cast(int, marks["stage"]) - 1
    entrants, places = (cast("Sequence[int]", marks[name]) for name in ("entrants", "places"))
    known = dict(zip(tournament.first, tournament.places, strict=True))
    known |= dict(zip(entrants, places, strict=True))
    first = {entrant: place for entrant, place in known.items() if 0 < place <= limits.PLACES_MAX}
    finished = replace(tournament.stages[index], finished=True)
    return replace(with_stage(tournament, index, finished), first=tuple(first), places=tuple(first.values()))


def _reopened(tournament: Tournament, header: Header) -> Tournament:
    """No match is looked at: those that were going are told of one after the other."""
    marks = header.marks
    index, count = cast(int, marks["stage"]) - 1, cast(int, marks["count"])
    stage = tournament.stages[index]
    moved_at = header.seq if stage.moved_at else 0
    stage = replace(
        stage, finished=False, changed_at=header.seq, moved_at=moved_at, standings=(), standings_round=0
    )
    kept = [pair for pair in zip(tournament.first, tournament.places, strict=True) if pair[1] > count]
    none = OrderedMap[int]()
    # Nothing is opened before all of an earlier one are told.
    if tournament.going.least is not None:
        tournament = replace(tournament, void=tournament.stages[-1], voiding=tournament.going)
    return replace(
        tournament,
        stages=(*tournament.stages[:index], stage),
        to_open=none,
        going=none,
        timers=none,
        void_to=max((tournament.void_to, *cast("Sequence[int]", marks.get("void", ()))[2::3])),
        first=tuple(entrant for entrant, _ in kept),
        places=tuple(place for _, place in kept),
    )


def _voided(tournament: Tournament, header: Header) -> Tournament:
    voiding = tournament.voiding.discard(str(header.marks["match"]))
    return replace(tournament, voiding=voiding, void=None if voiding.least is None else tournament.void)


def _standings_moved(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    index = cast(int, marks["stage"]) - 1
    stage = tournament.stages[index]
    told = replace(
        stage,
        changed_at=header.seq,
        told_at=stage.moved_at,
        standings_round=cast(int, marks["round"]),
        standings=tuple(cast("Sequence[int]", marks["lines"])),
    )
    return with_stage(tournament, index, told)


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.started": _started,
    "tournament.stage_finished": _finished,
    "tournament.stage_started": _stage_started,
    "tournament.import_ended": _import_ended,
    "tournament.stage_reopened": _reopened,
    "tournament.match_voided": _voided,
    "tournament.standings_moved": _standings_moved,
}
