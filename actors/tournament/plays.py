"""The formats of stages: what each lets one choose, and how it is played. Nobody else asks which one a stage has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from actors.tournament.engine.elimination import double, single
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.groups import GroupTable
from actors.tournament.engine.next_stage import (
    Qualified,
    Seeding,
    seed_bracket,
    seed_groups,
    seed_table,
)
from actors.tournament.engine.play import Play
from actors.tournament.engine.round_robin_play import RoundRobinPlay
from actors.tournament.engine.standings.table import Points, Rules
from actors.tournament.state import StageState
from protocol import limits
from protocol.tournament import Format, Policy
from protocol.tournament.stage import Stage

Met = Callable[[int, int], bool]
"""Whether two entrants have met in the stage before."""


class FormatRules(Struct, frozen=True, kw_only=True):
    """A format."""

    play: Callable[[Stage, Sequence[int]], Play]
    """How a stage with these settings is played by these, the best first."""
    settings: frozenset[str]
    """What of a stage's settings it uses."""
    policy: Policy
    """By which results are corrected if nobody says another."""
    standings: bool
    """Whether it ends with standings, and not with its last match."""
    seeding: Callable[[Stage, Sequence[Qualified], Met], Seeding]
    """How those are seeded who come from the stage before."""
    least: Callable[[Stage], int] = lambda _: limits.TOURNAMENT_ENTRANTS_MIN
    """How many it takes to play a stage with all that was chosen."""
    too_many: Callable[[Stage, int], str | None] = lambda _, __: None
    """Why so many can't play it, as a sentence."""


def _bracket_seeds(_: Stage, qualified: Sequence[Qualified], met: Met) -> Seeding:
    return seed_bracket(qualified, met)


def _group_seeds(stage: Stage, qualified: Sequence[Qualified], _: Met) -> Seeding:
    groups = _groups_of(stage, len(qualified))
    return seed_groups(qualified, groups) if groups > 1 else seed_table(qualified)


def _groups_of(stage: Stage, entrants: int) -> int:
    """Two in each group, though fewer have come than there is room for."""
    return min(stage.groups, max(1, entrants // 2))


def _single(stage: Stage, seeds: Sequence[int]) -> Play:
    return EliminationPlay(single(len(seeds), third_place=stage.third_place), seeds)


def _double(stage: Stage, seeds: Sequence[int]) -> Play:
    return EliminationPlay(double(len(seeds), reset=stage.reset), seeds)


def _round_robin(stage: Stage, seeds: Sequence[int]) -> Play:
    groups = _groups_of(stage, len(seeds))
    return RoundRobinPlay(groups, seeds, _ranking(stage, meetings=stage.legs))


def _ranking(stage: Stage, *, meetings: int) -> Rules:
    points = stage.points
    win, draw, loss = (int(2 * value) for value in (points.win, points.draw, points.loss))
    return Rules(
        tiebreaks=stage.tiebreaks,
        points=Points(win=win, draw=draw, loss=loss),
        withdrawals=stage.withdrawals,
        predetermined=True,
        meetings=meetings,
    )


def _no_room(stage: Stage, entrants: int) -> str | None:
    if entrants > (room := stage.groups * limits.GROUP_ENTRANTS_MAX):
        return f"There is room for {room} in {stage.groups} groups, not for {entrants}."
    if (matches := len(GroupTable(entrants, stage.groups, stage.legs))) > limits.STAGE_MATCHES_MAX:
        return f"{matches} matches are more than {limits.STAGE_MATCHES_MAX}."
    return None


_ANY: Final = frozenset({"format", "best_of", "advance"})
_RANKED: Final = _ANY | {"draws", "points", "tiebreaks", "withdrawals"}
FORMATS: Final[Mapping[Format, FormatRules]] = {
    "single_elimination": FormatRules(
        play=_single,
        settings=_ANY | {"third_place"},
        policy="reset",
        standings=False,
        seeding=_bracket_seeds,
    ),
    "double_elimination": FormatRules(
        play=_double,
        settings=_ANY | {"reset"},
        policy="reset",
        standings=False,
        seeding=_bracket_seeds,
    ),
    "round_robin": FormatRules(
        play=_round_robin,
        settings=_RANKED | {"groups", "legs"},
        policy="keep",
        standings=True,
        seeding=_group_seeds,
        least=lambda stage: 2 * stage.groups,
        too_many=_no_room,
    ),
}


def play_for(stage: Stage, seeds: Sequence[int]) -> Play:
    """How a stage with these settings is played by these, the best first."""
    return FORMATS[stage.format].play(stage, seeds)


def play_of(stage: StageState) -> Play:
    """How a stage that has started is played."""
    return play_for(stage.settings, stage.seeds)
