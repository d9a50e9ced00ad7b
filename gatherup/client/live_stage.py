"""The stage of a tournament that was started last, as a spectator sees it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from gatherup.client.live_match import LiveMatch
from protocol.tournament import MatchPhase, Part
from protocol.tournament.standings_moved import StandingLine, lines_of
from protocol.tournament.view import StageView

_TO_COME: Final[frozenset[MatchPhase]] = frozenset({"waiting", "due"})
_BY_ROUND: Final[frozenset[Part]] = frozenset({"group", "swiss"})
"""Parts whose rounds are played one after the other."""


class LiveStage:
    """Its round and its standings, which are right from the first snapshot on."""

    def __init__(self, shown: StageView | None = None) -> None:
        self.number = 0 if shown is None else shown.stage
        """From 1 on; 0 before the start."""
        self.round = None if shown is None else shown.round
        """The latest round of which a match was opened; None if none was, and in a bracket."""
        self.standings: tuple[StandingLine, ...] = () if shown is None else shown.standings
        """The first VIEW_STANDINGS_MAX, those with the best places in their groups first; none until a round is over,
        and in a bracket."""
        self.standings_round = 0 if shown is None else shown.standings_round
        """The last round that counts in them."""

    def begin(self, number: int) -> None:
        """This stage starts."""
        self.number, self.round = number, None
        self.standings, self.standings_round = (), 0

    def opened(self, part: Part, round_: int) -> None:
        """A match of this round is opened."""
        if part in _BY_ROUND:
            self.round = max(self.round or 0, round_)

    def learned(self, matches: Iterable[LiveMatch]) -> None:
        """All matches of the stage are known."""
        for match in matches:
            if match.part is not None and match.round is not None and match.phase not in _TO_COME:
                self.opened(match.part, match.round)

    def moved(self, marks: Mapping[str, Any]) -> None:
        """Standings have moved, as the marks of the event say."""
        self.standings = tuple(lines_of(cast("Sequence[int]", marks["lines"])))
        self.standings_round = marks["round"]
