"""What holds for a match by the rules of its round."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.kind import Instant, Refuse
from actors.tournament.engine.picks import preset, unfit
from actors.tournament.stages import index_of, spot_of
from actors.tournament.state import Settings, Tournament
from protocol.codes import Code
from protocol.tournament.rounds import PickBan, RoundRule


class Terms(Struct, frozen=True):
    """What a match is played by."""

    best_of: int
    window_s: int = 0
    """So long after it was opened its sides may agree to play it."""
    picks: PickBan | None = None
    steps: tuple[str, ...] = ()
    """Of its picks and bans."""


def terms_of(tournament: Tournament, number: int) -> Terms:
    """By what a match of a tournament that has started is played."""
    index = index_of(tournament, number)
    best_of = tournament.stages[index].settings.best_of
    if not tournament.settings.rounds:
        return Terms(best_of)
    spot = spot_of(tournament, number)
    return terms_in(tournament.settings.rounds, best_of, index + 1, spot.part, spot.round)


def terms_in(rules: Sequence[RoundRule], best_of: int, stage: int, part: str, round_: int) -> Terms:
    """By what a match of this round of a stage is played, if nothing else is said of it of so many games."""
    for rule in rules:
        if rule.stage in (None, stage) and rule.part in (None, part) and rule.round in (None, round_):
            games = rule.best_of or best_of
            return Terms(games, rule.window_s, rule.picks, _steps(rule, games))
    return Terms(best_of)


def _steps(rule: RoundRule, best_of: int) -> tuple[str, ...]:
    if rule.picks is None:
        return ()
    return rule.picks.steps or preset(best_of, len(rule.picks.pool))


def play_until(tournament: Tournament, number: int, now: Instant) -> Instant | None:
    """Until when a match must be reported whose sides are ready now; None: for ever, or they pick and ban first."""
    return None if terms_of(tournament, number).steps else played_until(tournament, now)


def played_until(tournament: Tournament, now: Instant) -> Instant | None:
    """Until when a match must be reported that is being played from now on; None: for ever."""
    play_s = tournament.settings.play_s
    return now + play_s * 1000 if play_s else None


def unfit_rules(settings: Settings) -> Refuse | None:
    """Why no tournament can have these rules."""
    games = [stage.best_of for stage in settings.chain]
    for number, rule in enumerate(settings.rounds, 1):
        if rule.stage is not None and rule.stage > len(games):
            return Refuse(Code.INVALID, f"Rule {number}: There is no stage {rule.stage}.", "rounds")
        concerned = games if rule.stage is None else [games[rule.stage - 1]]
        for best_of in sorted({rule.best_of} if rule.best_of else {*concerned}):
            if why := None if rule.picks is None else _unfit_picks(rule.picks, best_of):
                return Refuse(Code.INVALID, f"Rule {number}: {why}", "rounds")
    return None


def _unfit_picks(picks: PickBan, best_of: int) -> str | None:
    pool = len(picks.pool)
    if len({*picks.pool}) != pool:
        return "Name each game of the pool once."
    if pool < best_of:
        return f"The pool has {pool} games for best of {best_of}."
    return unfit(picks.steps or preset(best_of, pool), pool, best_of)
