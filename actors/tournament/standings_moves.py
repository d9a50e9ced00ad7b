"""Standings as they are told live: which are wanted, what they are worked out from, and what comes of them.

When a round is over its standings have moved. To rank thousands takes longer than a step of the loop may, so it is
work: see ``Kind.work``. It comes before other work at the same moment, so that the next round and the end of the stage
are worked out from an event after it, and no two works have one key.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Final

from actors.kind import Decision, Refuse, Work
from actors.tournament.context import Context, emit
from actors.tournament.flat_results import flat_half_byes, flat_result, pairs_of, results_of
from actors.tournament.plays import Published, play_for, play_of
from actors.tournament.rounds_over import standings_wanted
from actors.tournament.stages import unplayed
from actors.tournament.state import ASKING, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.tournament import NOBODY
from protocol.tournament.stage import stages_of, stages_text
from protocol.tournament.standings_moved import MoveStandings, StandingsMoved

STEP_MATCHES: Final = 128
"""Matches that are gathered before others have their turn."""
Steps = Generator[None, None, list[int]]


# --- what a stage has come to, as it is gathered for another process -----------------------------------------


def results_in(tournament: Tournament, number: int) -> Steps:
    """The matches of this stage that are done, as ``flat_result`` makes them, and byes, as ``flat_half_byes`` does."""
    stage, flat = tournament.stages[number - 1], list[int]()
    play = play_of(stage)
    for inner in range(1, len(play) + 1):
        match = stage.matches.get(inner) or unplayed(play, inner)
        if match.phase == "done":
            sides = match.a or NOBODY, match.b or NOBODY
            flat += flat_result(inner, *sides, match.winner, match.kind or "bye", match.scores)
        if not inner % STEP_MATCHES:
            yield
    if number == 1:
        for entrant in stage.seeds:
            flat += flat_half_byes(entrant, tournament.entrants[entrant].half_byes)
    return flat


def withdrawn_in(tournament: Tournament, number: int) -> list[int]:
    """Who has left while this stage was played, each with the first match of it that they forfeited by it."""
    withdrawn: list[int] = []
    for entrant in tournament.stages[number - 1].seeds:
        known = tournament.entrants[entrant]
        if known.status not in ASKING and known.left_stage == number:
            withdrawn += (entrant, known.forfeits_from)
    return withdrawn


# --- what is worked out --------------------------------------------------------------------------------------


def work(tournament: Tournament) -> Work | None:
    """The standings of the stage that is being played, if they have moved."""
    if not standings_wanted(tournament):
        return None
    return Work(tournament.stages[-1].moved_at, standing_lines, partial(_gathered, tournament))


def _gathered(
    tournament: Tournament,
) -> Generator[None, None, tuple[str, Sequence[int], Published, list[int], list[int]]]:
    """The arguments of ``standing_lines``."""
    stage, number = tournament.stages[-1], len(tournament.stages)
    flat = yield from results_in(tournament, number)
    withdrawn = withdrawn_in(tournament, number)
    return stages_text((stage.settings,)), stage.seeds, stage.published, flat, withdrawn


def standing_lines(
    stage: str,
    seeds: Sequence[int],
    published: Published,
    flat: Sequence[int],
    withdrawn: Sequence[int],
    settled: bool = True,
    most: int = limits.VIEW_STANDINGS_MAX,
) -> tuple[int, list[int]]:
    """How many rounds of a stage are over, and the first so many of its standings as ``StandingsMoved`` has them.

    Takes what ``stage_table`` takes, without a group.
    """
    (settings,) = stages_of(stage)
    play = play_for(settings, seeds, published)
    round_, groups = play.tables(results_of(flat), pairs_of(withdrawn), settled=settled)
    rows = [(row.place, group, row) for group, rows in enumerate(groups, 1) for row in rows]
    rows.sort(key=lambda one: one[:2])
    lines: list[int] = []
    for place, group, row in rows[:most]:
        points = row.values[0]
        assert points is not None  # everybody has points
        lines += (row.entrant, group, place, points, row.wins, row.draws, row.losses)
    return round_, lines


# --- what comes of it ----------------------------------------------------------------------------------------


def worked(tournament: Tournament, key: int, result: tuple[int, Sequence[int]]) -> MoveStandings:
    """The command that brings it."""
    round_, lines = result
    return MoveStandings(
        client_id="", stream=tournament.tournament, key=key, round=round_, lines=tuple(lines)
    )


def tell(context: Context, command: MoveStandings) -> Decision:
    """They are told, unless they have moved again meanwhile."""
    tournament = context.tournament
    if not standings_wanted(tournament) or tournament.stages[-1].moved_at != command.key:
        return Refuse(Code.WRONG_PHASE, "What this was worked out from has changed.", "key")
    told = StandingsMoved(stage=len(tournament.stages), round=command.round)
    return emit(told, marks={"lines": command.lines})
