"""What a format says of a stage whose seeds are known. Streams, rows and readers know formats by this alone.

Matches of a stage are numbered from 1 in the order of play, whatever its format. Entrants are positive numbers, 0 is
nobody, and a side is None as long as nobody knows who comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol

from actors.tournament.engine.correction import Correction
from actors.tournament.engine.elimination import Slot
from actors.tournament.engine.progress import Outcome, Sides
from actors.tournament.engine.standings.explaining import Explanation
from actors.tournament.engine.standings.ranking import Row
from actors.tournament.engine.standings.table import Criterion, Result

Part = Literal["winners", "losers", "final", "reset", "third", "group", "swiss"]


class Spot(NamedTuple):
    """Where in its stage a match is."""

    part: Part
    round: int
    """From 1 on, within its part."""
    group: int = 0
    """From 1 on; 0 where there are no groups."""


class Ranked(NamedTuple):
    """How an entrant has come out of a stage."""

    entrant: int
    group: int
    """From 1 on; 1 where there are no groups."""
    place: int
    """In their group. Those who went out of a bracket in the same round share it."""
    out: bool = False
    """Whether they can't go on, whatever their place."""


class Play(Protocol):
    """A stage as its format plays it. Nothing here changes: what has happened is kept by who asks."""

    by_round: ClassVar[bool]
    """Whether all matches of a round are due once all before are done. Otherwise a match is due as soon as both its
    sides are known."""

    @property
    def groups(self) -> int:
        """Into how many groups its entrants are dealt; 1 where there are none."""
        ...

    def __len__(self) -> int:
        """How many matches there are; in a format that pairs round by round, so far."""
        ...

    def spot(self, number: int) -> Spot:
        """Where this match, which is one of them, is."""
        ...

    def leads(self, number: int) -> tuple[Slot | None, Slot | None]:
        """Where its winner and its loser go; None: nowhere."""
        ...

    def first_sides(self, number: int) -> Sides:
        """Who is on its sides when the stage begins and byes are over, as far as it is known."""
        ...

    def numbers(
        self, part: Part | None = None, round_: int | None = None, group: int | None = None
    ) -> Sequence[int]:
        """The matches of this part, round and group, by number; None: of each."""
        ...

    def rounds(self) -> Sequence[tuple[Part, int]]:
        """The rounds of all parts, in the order in which they are numbered."""
        ...

    @property
    def done_first(self) -> int:
        """How many matches are over with the byes."""
        ...

    @property
    def due_first(self) -> int:
        """How many matches can be played without that anybody goes on from another one."""
        ...

    def nth_due(self, count: int) -> int:
        """The number of one of those, which count from 0 in the order in which they are opened."""
        ...

    def waits_for(self, number: int) -> int:
        """All matches before this number are done before this match is opened."""
        ...

    def next_match(self, seed: int, begun: int) -> int:
        """The match that this seed plays next if no result leads them to it, when so many of the first due matches were
        opened; 0 if there is none. Who was led to a match isn't asked for, unless rounds are played one by one.
        """
        ...

    def outcome(
        self, sides: Callable[[int], Sides], match: int, winner: int | None, *, most: int | None = None
    ) -> Outcome:
        """What follows when this side wins the match; None: neither. See ``progress.outcome``."""
        ...

    def correct(self, sides: Callable[[int], Sides], match: int, winner: int | None) -> Correction:
        """What follows when a match that is done was won by this side instead. See ``correction.correct``."""
        ...

    def take_back(self, sides: Callable[[int], Sides], match: int) -> Correction:
        """What follows when a match that is done is to be played again. See ``correction.take_back``."""
        ...

    def ranked(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> list[Ranked]:
        """All who have played, the best first, when all matches are done: ``results`` are those of the matches by
        number. The winners of all groups come first, then the seconds, and so on. ``withdrawn`` as in ``Table``.
        """
        ...

    def standings(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], group: int, *, settled: bool
    ) -> tuple[Sequence[Criterion], list[Row]]:
        """What orders a group, points first, and its rows by the results so far, the best first. None where the matches
        alone give places. With ``settled`` only rounds count of which all matches are done.
        """
        ...

    def tables(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], *, settled: bool
    ) -> tuple[int, list[list[Row]]]:
        """Of how many rounds all matches are done; and the rows of each group, the best first, as ``standings`` has
        them. None where the matches alone give places.
        """
        ...

    def explained(
        self,
        results: Sequence[Result],
        withdrawn: Mapping[int, int],
        group: int,
        entrant: int,
        *,
        settled: bool,
    ) -> Explanation | None:
        """Why an entrant has their place in ``standings`` of the same; None if they have none."""
        ...
