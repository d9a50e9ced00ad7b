"""What counts of the attempts of a leaderboard, and who stands where by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from actors.tournament.engine.standings.ranking import Row
from actors.tournament.engine.standings.table import Criterion

Counted = Literal["best", "sum", "last"]
ScoreTieBreak = Literal["best_attempt", "first_reached"]


class Tried(NamedTuple):
    """An attempt that counts."""

    score: int
    seq: int
    """Of the event that brought it: the order in which attempts were made."""


class Score(NamedTuple):
    """What an entrant has come to."""

    counted: int
    best: int
    """The best of their attempts."""
    reached: int
    """The seq of the attempt by which they had ``counted``."""


def score_of(attempts: Sequence[Tried], counted: Counted, *, higher: bool) -> Score | None:
    """What these attempts, in the order in which they were made, come to; None without any.

    The best was reached by the first attempt with this score, a sum by the last attempt of all.
    """
    if not attempts:
        return None
    sign = 1 if higher else -1
    best, last = max(attempts, key=lambda one: (sign * one.score, -one.seq)), attempts[-1]
    match counted:
        case "best":
            return Score(best.score, best.score, best.seq)
        case "sum":
            return Score(sum(one.score for one in attempts), best.score, last.seq)
        case "last":
            return Score(last.score, best.score, last.seq)


class Leaderboard(NamedTuple):
    """How a leaderboard is ranked."""

    tiebreaks: tuple[ScoreTieBreak, ...]
    higher: bool
    """Whether a higher score is better."""

    @property
    def chain(self) -> tuple[Criterion, ...]:
        """All that orders it."""
        score: Criterion = "score"
        return (score, *self.tiebreaks)

    def rows(self, seeds: Sequence[int], scores: Mapping[int, Score]) -> list[Row]:
        """All entrants, the best first. Who is tied after all tie-breaks shares a place and is listed by seed; who has
        no attempt comes last.
        """
        rows: list[Row] = []
        above: tuple[int, ...] | None = None
        for entrant in sorted(seeds, key=lambda one: self._key(scores.get(one))):  # stable: ties by seed
            key = self._key(score := scores.get(entrant))
            decided = None if above is None else self._decided(above, key)
            tied = above == key
            place = rows[-1].place if tied else len(rows) + 1
            rows.append(Row(place, entrant, 0, 0, 0, self._values(score), decided))
            above = key
        return rows

    def _values(self, score: Score | None) -> tuple[int | None, ...]:
        if score is None:
            return (None,) * len(self.chain)
        values = {"score": score.counted, "best_attempt": score.best, "first_reached": score.reached}
        return tuple(values[one] for one in self.chain)

    def _key(self, score: Score | None) -> tuple[int, ...]:
        """The smaller, the better; the first number is 1 for who has no attempt."""
        if score is None:
            return (1, *(0 for _ in self.chain))
        sign = -1 if self.higher else 1
        values = {
            "score": sign * score.counted,
            "best_attempt": sign * score.best,
            "first_reached": score.reached,
        }
        return (0, *(values[one] for one in self.chain))

    def _decided(self, above: tuple[int, ...], key: tuple[int, ...]) -> Criterion | None:
        """The first in which two differ; None if they don't."""
        if above[0] != key[0]:
            return "score"
        for criterion, one, other in zip(self.chain, above[1:], key[1:], strict=True):
            if one != other:
                return criterion
        return None
