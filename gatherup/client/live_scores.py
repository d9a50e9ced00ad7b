"""The scores of a leaderboard as a spectator knows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct


class LiveScore(Struct, frozen=True, kw_only=True):
    """What an entrant has come to. One of the bracket that HTTP answers can be decoded as it."""

    entrant: int
    counted: int
    """What counts of their attempts."""
    best: int
    """The score of their best one."""
    reached: int
    """The seq of the attempt by which they had what counts."""


class LiveScores:
    """What everybody has come to in the leaderboard that is being played."""

    def __init__(self) -> None:
        self.complete = True
        """Whether all are known."""
        self._known: dict[int, LiveScore | None] = {}
        """None for who has no attempt that counts any more."""

    @property
    def known(self) -> dict[int, LiveScore]:
        """Those that are known, by the number of the entrant."""
        return {entrant: score for entrant, score in self._known.items() if score is not None}

    def begin(self, scored: int = 0) -> None:
        """So many have a score, and nothing is known of them."""
        self.complete, self._known = not scored, {}

    def take(self, marks: Mapping[str, Any]) -> None:
        """The marks of an event that says what the attempts of an entrant come to."""
        names = ("counted", "best", "reached")
        score = {name: marks[name] for name in names if name in marks}
        self._known[marks["entrant"]] = LiveScore(entrant=marks["entrant"], **score) if score else None

    def learn(self, scores: Iterable[LiveScore]) -> None:
        """All of them as they were read. What was told already is right as it is."""
        self._known = {one.entrant: one for one in scores} | self._known
        self.complete = True
