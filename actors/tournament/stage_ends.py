"""How a stage ends: what is worked out off the loop when all of its matches are done, and what comes of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence, Set
from functools import partial
from itertools import groupby
from typing import Final, cast

from actors.kind import Decision, Refuse, Work
from actors.tournament.context import Context, Course
from actors.tournament.engine.play import Ranked
from actors.tournament.engine.standings.table import Kind, Result
from actors.tournament.matches import end
from actors.tournament.plays import play_for, play_of
from actors.tournament.stages import match_of, standings_due
from actors.tournament.state import ASKING, Tournament
from protocol.codes import Code
from protocol.tournament import NOBODY, ResultKind
from protocol.tournament.stage import Stage, stages_of, stages_text
from protocol.tournament.stage_ends import FinishStage, StageFinished

STEP_MATCHES: Final = 128
"""Matches that are gathered before others have their turn."""
_KINDS: Final[tuple[ResultKind, ...]] = ("played", "decided", "forfeit", "double_forfeit", "bye")
_OUTDATED: Final = "What this was worked out from has changed."


# --- what is worked out ------------------------------------------------------------------------------------


def work(tournament: Tournament) -> Work | None:
    """The end of the stage that is being played, once all of its matches are done."""
    if not standings_due(tournament):
        return None
    return Work(tournament.stages[-1].changed_at, stage_end, partial(_gathered, tournament))


def _gathered(
    tournament: Tournament,
) -> Generator[None, None, tuple[str, Sequence[int], list[int], list[int]]]:
    """The arguments of ``stage_end``."""
    stage = tournament.stages[-1]
    flat: list[int] = []
    for number in range(1, len(play_of(stage)) + 1):
        match = match_of(tournament, number + stage.before)
        kind = _KINDS.index(match.kind or "bye")
        flat += (match.a or NOBODY, match.b or NOBODY, match.winner, kind, len(match.scores), *match.scores)
        if not number % STEP_MATCHES:
            yield
    left: list[int] = []
    for entrant in stage.seeds:
        known = tournament.entrants[entrant]
        if known.left_stage == len(tournament.stages) and known.status not in ASKING:
            left += (entrant, known.forfeits_from)
    return stages_text((stage.settings,)), stage.seeds, flat, left


def stage_end(
    stage: str, seeds: Sequence[int], flat: Sequence[int], left: Sequence[int]
) -> tuple[list[int], list[int]]:
    """The entrants of a stage, the best first, and their places in the tournament; 0 for who goes on.

    Takes the stage as JSON; of each match in turn side a, side b, the winner, the kind, how many scores, and these; and
    the entrants who have left while the stage ran, each with the first match that they forfeited by it.
    """
    (settings,) = stages_of(stage)
    withdrawn = dict(zip(left[::2], left[1::2], strict=True))
    order = play_for(settings, seeds).ranked(_results_of(flat), withdrawn)
    on = {one.entrant for one in _going(settings, order, withdrawn.keys())}
    places = _places([one for one in order if one.entrant not in on], 1 + len(on))
    return [one.entrant for one in order], [places.get(one.entrant, NOBODY) for one in order]


def _results_of(flat: Sequence[int]) -> list[Result]:
    found: list[Result] = []
    at = 0
    while at < len(flat):
        a, b, winner, kind, count = flat[at : at + 5]
        at += 5 + count
        scores = tuple(flat[at - count : at])
        found.append(Result(0, a, b, winner, cast(Kind, _KINDS[kind]), scores, len(found) + 1))
    return found


def _going(stage: Stage, order: Sequence[Ranked], left: Set[int]) -> list[Ranked]:
    """The best of each group who are still there."""
    found: list[Ranked] = []
    counts: dict[int, int] = {}
    for one in order:
        if one.entrant not in left and counts.get(one.group, 0) < stage.advance:
            counts[one.group] = counts.get(one.group, 0) + 1
            found.append(one)
    return found


def _places(out: Sequence[Ranked], first: int) -> dict[int, int]:
    """The places from this one on of those who don't go on: who has the same place in another group shares it."""
    places: dict[int, int] = {}
    for _, same in groupby(out, key=lambda one: one.place):
        shared = first + len(places)
        places |= {one.entrant: shared for one in same}
    return places


# --- what comes of it --------------------------------------------------------------------------------------


def worked(tournament: Tournament, key: int, result: tuple[Sequence[int], Sequence[int]]) -> FinishStage:
    """The command that brings it."""
    entrants, places = result
    return FinishStage(
        client_id="", stream=tournament.tournament, key=key, entrants=tuple(entrants), places=tuple(places)
    )


def finish(context: Context, command: FinishStage) -> Decision:
    """The stage ends, and with the last one the tournament, unless something has changed meanwhile."""
    tournament = context.tournament
    if not standings_due(tournament) or tournament.stages[-1].changed_at != command.key:
        return Refuse(Code.STALE, _OUTDATED, "key")
    course = Course(context)
    finished = StageFinished(stage=len(tournament.stages), advance=command.places.count(NOBODY))
    course.add(finished, marks={"entrants": command.entrants, "places": command.places})
    end(course)
    return course.accept()
