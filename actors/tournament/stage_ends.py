"""How a stage ends: what is worked out off the loop when all of its matches are done, and what comes of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence, Set
from functools import partial
from itertools import groupby
from typing import Final

from actors.kind import Decision, Refuse, Work
from actors.tournament.attempts import scores_of, takes_attempts
from actors.tournament.context import Context, Course
from actors.tournament.engine.next_stage import Qualified
from actors.tournament.engine.play import Ranked
from actors.tournament.engine.standings.table import Result
from actors.tournament.flat_results import pairs_of, results_of
from actors.tournament.matches import end
from actors.tournament.plays import Published, play_for
from actors.tournament.stage_seeds import seeded
from actors.tournament.stages import ENGINE, last_number, standings_due
from actors.tournament.standings_moves import results_in, withdrawn_in
from actors.tournament.state import ASKING, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.tournament import NOBODY
from protocol.tournament.stage import Stage, stages_of, stages_text
from protocol.tournament.stage_ends import FinishStage, StageFinished, StageStarted

_OUTDATED: Final = "What this was worked out from has changed."


# --- what is worked out ------------------------------------------------------------------------------------


def work(tournament: Tournament) -> Work | None:
    """The end of the stage that is being played, once all of its matches are done."""
    if not standings_due(tournament):
        return None
    return Work(tournament.stages[-1].changed_at, stage_end, partial(_gathered, tournament))


def _gathered(
    tournament: Tournament,
) -> Generator[None, None, tuple[str, Sequence[int], Published, list[int], list[int], list[int]]]:
    """The arguments of ``stage_end``."""
    stage, number = tournament.stages[-1], len(tournament.stages)
    flat = yield from results_in(tournament, number)
    published = stage.published
    if takes_attempts(stage):
        published = yield from scores_of(stage)
    gone = [entrant for entrant in stage.seeds if tournament.entrants[entrant].status not in ASKING]
    withdrawn = withdrawn_in(tournament, number)
    chain = tournament.settings.chain[number - 1 : number + 1]
    return stages_text(chain), stage.seeds, published, flat, withdrawn, gone


def stage_end(
    stages: str,
    seeds: Sequence[int],
    published: Published,
    flat: Sequence[int],
    withdrawn: Sequence[int],
    gone: Sequence[int],
) -> tuple[list[int], list[int], list[int]]:
    """The entrants of a stage, the best first; their places in the tournament, 0 for who goes on; and the seeds of the
    next stage, none if there is none or fewer than two could play it.

    Takes the stage and the next one as JSON; the rounds that were published; the results as ``flat_result`` makes them,
    and byes as ``flat_half_byes`` does; the entrants who have left while the stage ran, each with the first match that
    they forfeited by it; and all who aren't there any more.
    """
    stage, *following = stages_of(stages)
    results = results_of(flat)
    order = play_for(stage, seeds, published).ranked(results, pairs_of(withdrawn))
    seeds_after = _seeded(following[0], _qualified(stage, order, {*gone}), results) if following else ()
    on = {*seeds_after}
    places = _places([one for one in order if one.entrant not in on], 1 + len(on))
    return [one.entrant for one in order], [places.get(one.entrant, NOBODY) for one in order], [*seeds_after]


def _qualified(stage: Stage, order: Sequence[Ranked], gone: Set[int]) -> list[Qualified]:
    """The best of each group who are still there, each with their place among these."""
    found: list[Qualified] = []
    counts: dict[int, int] = {}
    for entrant, group, _, out in order:
        place = counts.get(group, 0) + 1
        if place <= stage.advance and entrant not in gone and not out:
            counts[group] = place
            found.append(Qualified(entrant, group, place))
    return found


def _seeded(following: Stage, qualified: Sequence[Qualified], results: Sequence[Result]) -> Sequence[int]:
    """Who plays the next stage, the best seed first."""
    if len(qualified) < limits.TOURNAMENT_ENTRANTS_MIN:
        return ()
    met = {frozenset((one.a, one.b)) for one in results}
    return seeded(following, qualified, lambda one, other: frozenset((one, other)) in met).order


def _places(out: Sequence[Ranked], first: int) -> dict[int, int]:
    """The places from this one on of those who don't go on: who has the same place in another group shares it."""
    places: dict[int, int] = {}
    for _, same in groupby(out, key=lambda one: one.place):
        shared = first + len(places)
        places |= {one.entrant: shared for one in same}
    return places


# --- what comes of it --------------------------------------------------------------------------------------


def worked(
    tournament: Tournament, key: int, result: tuple[Sequence[int], Sequence[int], Sequence[int]]
) -> FinishStage:
    """The command that brings it."""
    entrants, places, seeds = map(tuple, result)
    return FinishStage(
        client_id="", stream=tournament.tournament, key=key, entrants=entrants, places=places, seeds=seeds
    )


def finish(context: Context, command: FinishStage) -> Decision:
    """The stage ends, and the next one starts or the tournament ends, unless something has changed meanwhile."""
    tournament = context.tournament
    if not standings_due(tournament) or tournament.stages[-1].changed_at != command.key:
        return Refuse(Code.WRONG_PHASE, _OUTDATED, "key")
    course, number, seeds = Course(context), len(tournament.stages), command.seeds
    course.add(
        StageFinished(stage=number, advance=len(seeds)),
        marks={"entrants": command.entrants, "places": command.places},
    )
    if seeds:
        first = last_number(tournament) + 1
        started = StageStarted(stage=number + 1, first=first, engine=ENGINE, count=len(seeds))
        course.add(started, marks={"seeds": seeds})
    else:
        end(course)
    return course.accept()
