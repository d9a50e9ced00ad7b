"""A leaderboard as a stage plays it: nobody meets anybody, and everybody is ranked by the score of their attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.tournament.engine.by_round import ByRound
from actors.tournament.engine.leaderboard import Leaderboard, Score
from actors.tournament.engine.play import Part, Ranked, Spot
from actors.tournament.engine.progress import NOBODY, Sides
from actors.tournament.engine.standings.explaining import Comparison, Explanation
from actors.tournament.engine.standings.ranking import Row
from actors.tournament.engine.standings.table import Criterion, Result


class LeaderboardPlay(ByRound, frozen=True):
    """See ``Play``. It has no matches."""

    rules: Leaderboard
    seeds: Sequence[int]
    scores: Sequence[Sequence[int]] = ()
    """What everybody has come to who has an attempt: the entrant, then the numbers of a ``Score``. Whoever asks for
    anything but standings leaves it out.
    """

    @property
    def groups(self) -> int:
        """See ``Play``."""
        return 1

    def __len__(self) -> int:
        return 0

    def spot(self, number: int) -> Spot:
        """See ``Play``."""
        raise IndexError(number)

    def first_sides(self, number: int) -> Sides:
        """See ``Play``."""
        raise IndexError(number)

    def numbers(
        self, part: Part | None = None, round_: int | None = None, group: int | None = None
    ) -> Sequence[int]:
        """See ``Play``."""
        return ()

    def rounds(self) -> Sequence[tuple[Part, int]]:
        """See ``Play``."""
        return ()

    def waits_for(self, number: int) -> int:
        """See ``Play``."""
        raise IndexError(number)

    def next_match(self, seed: int, begun: int) -> int:
        """See ``Play``."""
        return NOBODY

    def ranked(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> list[Ranked]:
        """See ``Play``. Who has no attempt doesn't go on."""
        scores = self._scores()
        return [
            Ranked(row.entrant, 1, row.place, out=row.entrant not in scores)
            for row in self.rules.rows(self.seeds, scores)
        ]

    def standings(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], group: int, *, settled: bool
    ) -> tuple[Sequence[Criterion], list[Row]]:
        """See ``Play``. There are no rounds: all attempts count in both reads."""
        return self.rules.chain, self.rules.rows(self.seeds, self._scores())

    def tables(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], *, settled: bool
    ) -> tuple[int, list[list[Row]]]:
        """See ``Play``. There are no rounds."""
        return 0, [self.rules.rows(self.seeds, self._scores())]

    def explained(
        self,
        results: Sequence[Result],
        withdrawn: Mapping[int, int],
        group: int,
        entrant: int,
        *,
        settled: bool,
    ) -> Explanation | None:
        """See ``Play``. Who shares their place is passed over."""
        rows = self.rules.rows(self.seeds, self._scores())
        at = next((at for at, row in enumerate(rows) if row.entrant == entrant), None)
        if at is None:
            return None
        own = rows[at]
        above = next((row for row in reversed(rows[:at]) if row.place < own.place), None)
        below = next((row for row in rows[at:] if row.place > own.place), None)
        first = next(row for row in rows if row.place == own.place)
        return Explanation(
            self.rules.chain,
            own,
            None if above is None else Comparison(above, first.decided or "score"),
            None if below is None else Comparison(below, below.decided or "score"),
            (),
        )

    def _scores(self) -> dict[int, Score]:
        return {entrant: Score(*numbers) for entrant, *numbers in self.scores}
