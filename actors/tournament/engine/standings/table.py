"""What standings are worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

NOBODY: Final = 0

TieBreak = Literal[
    "points",
    "wins",
    "losses",
    "head_to_head",
    "buchholz",
    "buchholz_cut_1",
    "buchholz_cut_2",
    "median_buchholz",
    "esports_buchholz",
    "sonneborn_berger",
    "opponents_match_win",
    "game_difference",
    "score_difference",
    "seed",
]
Criterion = Literal[TieBreak, "score", "best_attempt", "first_reached"]
"""What orders any standings: beside tie-breaks of tables what counts of attempts, for leaderboards."""
Withdrawals = Literal["keep", "annul", "forfeit"]
"""What becomes of the results of who withdraws: what was played counts and the rest does not; nothing counts; or what
was played counts and the rest is forfeited.
"""
Kind = Literal["played", "decided", "forfeit", "double_forfeit", "bye", "half_bye", "zero_bye"]
"""As results of matches are called; a *bye* is allocated by the pairing, a *half_bye* or *zero_bye* was asked for."""


class Result(NamedTuple):
    """How a match ended, or a bye."""

    round: int
    a: int
    b: int
    """NOBODY for a bye of a."""
    winner: int
    """NOBODY for a draw, a double forfeit and a bye."""
    kind: Kind
    scores: tuple[int, ...] = ()
    """Side a and side b of each game, one after the other."""
    number: int = 0
    """Of the match, within its stage; 0 for a bye."""


class Points(Struct, frozen=True):
    """What results are worth, in half points. A loss by forfeit is worth nothing."""

    win: int = 2
    draw: int = 1
    loss: int = 0
    bye: int = 2
    """Allocated by the pairing. One that was asked for is worth a draw (*half_bye*) or nothing (*zero_bye*)."""


class Rules(Struct, frozen=True, kw_only=True):
    """How a stage is ranked."""

    tiebreaks: tuple[TieBreak, ...] = ()
    """In their order, after points and before seeds."""
    points: Points = Points()
    withdrawals: Withdrawals = "keep"
    predetermined: bool = False
    """Whether who meets whom was settled before the start, as in a round robin, and not round by round."""
    meetings: int = 1
    """How often two entrants meet at most: the legs of a round robin."""
    forfeit_games: int = 0
    """For how many games won a forfeit counts in differences; 0 for none."""

    @property
    def chain(self) -> tuple[TieBreak, ...]:
        """All that orders the stage: points first, seeds last, the rest once each."""
        ends = ("points", "seed")
        between: list[TieBreak] = [one for one in self.tiebreaks if one not in ends]
        return ("points", *dict.fromkeys(between), "seed")


class Table(Struct, frozen=True, kw_only=True):
    """A stage, or one group of it, and its results."""

    rules: Rules
    entrants: Sequence[int]
    """The best seed first."""
    results: Sequence[Result]
    """In any order. Each entrant has one in a round at most."""
    rounds_done: int = 0
    """Of so many rounds every match is done."""
    withdrawn: Mapping[int, int] = {}
    """Who has withdrawn while the stage ran, and the number of the first match that they forfeited by it: the one after
    the match that was open then, if there was one. What they forfeit from there on is what the policy is about.
    """


def counted(table: Table, *, settled: bool) -> list[Result]:
    """The results that count; with ``settled`` those of finished rounds alone."""
    return [
        result
        for result in table.results
        if (not settled or result.round <= table.rounds_done) and not _dropped(table, result)
    ]


def _dropped(table: Table, result: Result) -> bool:
    """Whether a withdrawal has taken this result away."""
    match table.rules.withdrawals:
        case "annul":
            return result.a in table.withdrawn or result.b in table.withdrawn
        case "keep" if result.kind in ("forfeit", "double_forfeit"):
            return any(
                entrant in table.withdrawn and table.withdrawn[entrant] <= result.number
                for entrant in (result.a, result.b)
                if entrant != result.winner
            )
        case _:
            return False
