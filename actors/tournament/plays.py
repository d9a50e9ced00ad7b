"""The formats of stages: what each lets one choose, and how it is played. Nobody else asks which one a stage has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from msgspec import Struct

from actors.tournament.engine.elimination import double, single
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.groups import GroupTable, place_of
from actors.tournament.engine.leaderboard import Leaderboard
from actors.tournament.engine.leaderboard_play import LeaderboardPlay
from actors.tournament.engine.next_stage import (
    Qualified,
    Seeding,
    seed_bracket,
    seed_groups,
    seed_table,
)
from actors.tournament.engine.play import Play
from actors.tournament.engine.round_robin_play import RoundRobinPlay
from actors.tournament.engine.standings.table import Points, Rules, TieBreak
from actors.tournament.engine.swiss_play import SwissPlay
from actors.tournament.engine.tags import Meets
from actors.tournament.state import StageState
from protocol import limits
from protocol.tournament import Format, Policy
from protocol.tournament.stage import Stage
from protocol.tournament.standings import SCORE_TIE_BREAKS, TIE_BREAKS, ScoreTieBreak, StageTieBreak

Met = Callable[[int, int], bool]
"""Whether two entrants have met in the stage before."""
Published = Sequence[Sequence[int]]
"""The pairs of each published round, as ``engine.swiss.published`` has them; of a leaderboard that is to be ranked, its
scores, as ``LeaderboardPlay`` has them.
"""


class FormatRules(Struct, frozen=True, kw_only=True):
    """A format."""

    play: Callable[[Stage, Sequence[int], Published], Play]
    """How a stage with these settings is played by these, the best first, with the rounds that were published."""
    settings: frozenset[str]
    """What of a stage's settings it uses."""
    policy: Policy
    """By which results are corrected if nobody says another."""
    standings: bool
    """Whether it ends with standings, and not with its last match."""
    seeding: Callable[[Stage, Sequence[Qualified], Met], Seeding]
    """How those are seeded who come from the stage before."""
    attempts: bool = False
    """Whether it is played by attempts while a window is open, and not by matches."""
    tiebreaks: frozenset[StageTieBreak] = frozenset(TIE_BREAKS)
    """What it can be ranked by."""
    least: Callable[[Stage], int] = lambda _: limits.TOURNAMENT_ENTRANTS_MIN
    """How many it takes to play a stage with all that was chosen."""
    unfit: Callable[[Stage], str | None] = lambda _: None
    """Why its settings don't go together, as a sentence."""
    rounds: Callable[[Stage, int], int] = lambda _, __: 0
    """How many rounds of so many are published one after the other; 0: all follows from the seeds."""
    too_many: Callable[[Stage, int], str | None] = lambda _, __: None
    """Why so many can't play it, as a sentence."""
    meets: Callable[[Stage, int], Meets] = lambda _, __: lambda _: ()
    """Whom each seed of so many may meet in the first round; nobody if anybody might be."""


def _bracket_meets(_: Stage, entrants: int) -> Meets:
    pairs = (1 << (entrants - 1).bit_length()) + 1
    return lambda seed: (pairs - seed,) if pairs - seed <= entrants else ()


def _half_meets(_: Stage, entrants: int) -> Meets:
    half = entrants // 2
    return lambda seed: (seed + half,) if seed <= half else (seed - half,) if seed <= 2 * half else ()


def _group_meets(stage: Stage, entrants: int) -> Meets:
    groups = groups_of(stage, entrants)
    if groups == 1:
        return lambda _: ()
    members: dict[int, list[int]] = {}
    for seed in range(1, entrants + 1):
        members.setdefault(place_of(groups, seed).group, []).append(seed)
    return lambda seed: [other for other in members[place_of(groups, seed).group] if other != seed]


def _bracket_seeds(_: Stage, qualified: Sequence[Qualified], met: Met) -> Seeding:
    return seed_bracket(qualified, met)


def _group_seeds(stage: Stage, qualified: Sequence[Qualified], _: Met) -> Seeding:
    groups = groups_of(stage, len(qualified))
    return seed_groups(qualified, groups) if groups > 1 else seed_table(qualified)


def _table_seeds(_: Stage, qualified: Sequence[Qualified], __: Met) -> Seeding:
    return seed_table(qualified)


def groups_of(stage: Stage, entrants: int) -> int:
    """Into how many groups so many are dealt: two in each, though fewer have come than there is room for."""
    return min(stage.groups, max(1, entrants // 2))


def _single(stage: Stage, seeds: Sequence[int], _: Published) -> Play:
    return EliminationPlay(single(len(seeds), third_place=stage.third_place), seeds)


def _double(stage: Stage, seeds: Sequence[int], _: Published) -> Play:
    return EliminationPlay(double(len(seeds), reset=stage.reset), seeds)


def _round_robin(stage: Stage, seeds: Sequence[int], _: Published) -> Play:
    rules = Rules(
        tiebreaks=_table_tiebreaks(stage),
        points=points_of(stage),
        withdrawals=stage.withdrawals,
        predetermined=True,
        meetings=stage.legs,
    )
    return RoundRobinPlay(groups_of(stage, len(seeds)), seeds, rules)


def _swiss(stage: Stage, seeds: Sequence[int], published: Published) -> Play:
    tiebreaks = _table_tiebreaks(stage) or (EXIT_TIEBREAKS if stage.wins else SWISS_TIEBREAKS)
    return SwissPlay(published, seeds, Rules(tiebreaks=tiebreaks, points=points_of(stage)))


def _table_tiebreaks(stage: Stage) -> tuple[TieBreak, ...]:
    """``FormatRules.tiebreaks`` has let no others in."""
    return cast("tuple[TieBreak, ...]", stage.tiebreaks)


def _leaderboard(stage: Stage, seeds: Sequence[int], scores: Published) -> Play:
    tiebreaks = cast("tuple[ScoreTieBreak, ...]", stage.tiebreaks)
    return LeaderboardPlay(Leaderboard(tiebreaks, stage.higher), seeds, scores)


def points_of(stage: Stage) -> Points:
    """What matches of a stage are worth, in half points."""
    points = stage.points
    bye = points.win if points.bye is None else points.bye
    return Points(*(int(2 * value) for value in (points.win, points.draw, points.loss, bye)))


def _unfit_leaderboard(stage: Stage) -> str | None:
    if bool(stage.window_s) is bool(stage.closes_at):
        return "window_s or closes_at must say when it closes, and not both."
    return None


def _too_many_attempts(stage: Stage, entrants: int) -> str | None:
    if (attempts := entrants * stage.attempts) > limits.STAGE_ATTEMPTS_MAX:
        return f"{attempts} attempts are more than {limits.STAGE_ATTEMPTS_MAX}."
    return None


def _unfit_swiss(stage: Stage) -> str | None:
    if bool(stage.wins) is not bool(stage.losses):
        return "wins and losses are given both or neither."
    if stage.wins and stage.draws:
        return "draws don't go with early exits, since a draw is neither a win nor a loss."
    if stage.points.win <= stage.points.loss:
        return "points of a win must be more than those of a loss."
    return _unfit_late(stage)


def _unfit_late(stage: Stage) -> str | None:
    if stage.late_rounds and stage.late_rounds >= stage.rounds:
        return "late_rounds must be fewer than rounds."
    if stage.late_byes == "half" and not stage.late_rounds:
        return "late_byes are without late_rounds."
    if stage.late_byes == "half" and stage.wins:
        return "late_byes of half a point don't go with early exits."
    return None


def _swiss_rounds(stage: Stage, entrants: int) -> int:
    knockout = (entrants - 1).bit_length()
    return stage.rounds or (limits.SWISS_ROUNDS_MAX if stage.wins else knockout)


def _too_many_for_swiss(stage: Stage, entrants: int) -> str | None:
    rounds = min(
        _swiss_rounds(stage, entrants), stage.wins + stage.losses - 1 if stage.wins else limits.SEQ_MAX
    )
    if (matches := entrants // 2 * rounds) > limits.STAGE_MATCHES_MAX:
        return f"{matches} matches are more than {limits.STAGE_MATCHES_MAX}."
    return None


def _no_room(stage: Stage, entrants: int) -> str | None:
    if entrants > (room := stage.groups * limits.GROUP_ENTRANTS_MAX):
        return f"There is room for {room} in {stage.groups} groups, not for {entrants}."
    if (matches := len(GroupTable(entrants, stage.groups, stage.legs))) > limits.STAGE_MATCHES_MAX:
        return f"{matches} matches are more than {limits.STAGE_MATCHES_MAX}."
    return None


SWISS_TIEBREAKS: Final[tuple[TieBreak, ...]] = ("buchholz_cut_1", "buchholz", "sonneborn_berger")
EXIT_TIEBREAKS: Final[tuple[TieBreak, ...]] = ("losses", "esports_buchholz")
"""Those of a Swiss stage that names none, without and with early exits."""
_ANY: Final = frozenset({"format", "best_of", "advance"})
_RANKED: Final = _ANY | {"draws", "points", "tiebreaks"}
FORMATS: Final[Mapping[Format, FormatRules]] = {
    "single_elimination": FormatRules(
        play=_single,
        settings=_ANY | {"third_place"},
        policy="reset",
        standings=False,
        meets=_bracket_meets,
        seeding=_bracket_seeds,
    ),
    "double_elimination": FormatRules(
        play=_double,
        settings=_ANY | {"reset"},
        policy="reset",
        standings=False,
        meets=_bracket_meets,
        seeding=_bracket_seeds,
    ),
    "round_robin": FormatRules(
        play=_round_robin,
        settings=_RANKED | {"groups", "legs", "withdrawals"},
        policy="keep",
        standings=True,
        meets=_group_meets,
        seeding=_group_seeds,
        least=lambda stage: 2 * stage.groups,
        unfit=lambda stage: None if stage.points.bye is None else "points are without a bye.",
        too_many=_no_room,
    ),
    "swiss": FormatRules(
        play=_swiss,
        settings=_RANKED | {"rounds", "sides", "rematches", "wins", "losses", "late_rounds", "late_byes"},
        policy="keep",
        standings=True,
        seeding=_table_seeds,
        unfit=_unfit_swiss,
        meets=_half_meets,
        rounds=_swiss_rounds,
        too_many=_too_many_for_swiss,
    ),
    "leaderboard": FormatRules(
        play=_leaderboard,
        settings=frozenset(
            {
                "format",
                "advance",
                "tiebreaks",
                "window_s",
                "closes_at",
                "attempts",
                "counted",
                "higher",
                "attempts_by",
                "decimals",
            }
        ),
        policy="keep",
        standings=True,
        seeding=_table_seeds,
        attempts=True,
        tiebreaks=frozenset(SCORE_TIE_BREAKS),
        unfit=_unfit_leaderboard,
        too_many=_too_many_attempts,
    ),
}


def play_for(stage: Stage, seeds: Sequence[int], published: Published = ()) -> Play:
    """How a stage with these settings is played by these, the best first, with the rounds that were published."""
    return FORMATS[stage.format].play(stage, seeds, published)


def play_of(stage: StageState) -> Play:
    """How a stage that has started is played."""
    return play_for(stage.settings, stage.seeds, stage.published)


def rounds_of(stage: StageState) -> int | None:
    """How many rounds a stage has at most; None where they aren't played one after the other."""
    play = play_of(stage)
    if not play.by_round:
        return None
    return FORMATS[stage.settings.format].rounds(stage.settings, len(stage.seeds)) or len(play.rounds())


def more_rounds(stage: StageState) -> bool:
    """Whether rounds of a stage are still to be published."""
    rounds = FORMATS[stage.settings.format].rounds(stage.settings, len(stage.seeds))
    ended = bool(stage.pairing_ended_at) and stage.pairing_ended_at == stage.changed_at
    return len(stage.published) < rounds and not ended
