"""Standings of a stage as they are told live: what happened, and the command that brings what was worked out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from protocol.frames import StreamCommand


class StandingLine(Struct, frozen=True, kw_only=True):
    """An entrant in the standings of their group, by the rounds that are over."""

    entrant: int
    group: int
    """From 1 on; 1 where there are no groups."""
    place: int
    """In the group."""
    points: float
    wins: int
    draws: int
    losses: int
    """Of matches, forfeits among them."""


class StandingsMoved(Struct, frozen=True, kw_only=True):
    """A round of a stage is over, or what came of one before has changed, and these are the standings.

    The mark ``lines`` holds the first VIEW_STANDINGS_MAX of them, those with the best places in their groups first, as
    seven numbers each: the entrant, the group, the place in it, the points in halves, wins, draws and losses. All of
    them, with tie-breaks, are read over HTTP.
    """

    stage: int
    """From 1 on."""
    round: int
    """The last round that counts; 0: none."""


class MoveStandings(StreamCommand, frozen=True, kw_only=True, tag="tournament.move_standings"):
    """The tournament's own: these are the standings of the stage that is being played."""

    key: int
    """The seq of the last event that changed anything that this was worked out from."""
    round: int
    lines: tuple[int, ...]
    """Both as in ``StandingsMoved``."""


EVENTS: Final[dict[str, type[Struct]]] = {"tournament.standings_moved": StandingsMoved}
_NUMBERS: Final = 7


def lines_of(flat: Sequence[int]) -> Iterator[StandingLine]:
    """The standings in a mark."""
    for at in range(0, len(flat), _NUMBERS):
        entrant, group, place, halves, wins, draws, losses = flat[at : at + _NUMBERS]
        yield StandingLine(
            entrant=entrant,
            group=group,
            place=place,
            points=halves / 2,
            wins=wins,
            draws=draws,
            losses=losses,
        )
