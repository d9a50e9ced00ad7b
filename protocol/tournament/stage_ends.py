"""How stages of a tournament end: what happened, and the command that brings what was worked out."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.frames import StreamCommand


class StageFinished(Struct, frozen=True, kw_only=True):
    """All matches of a stage are done, and its standings are settled.

    The mark ``entrants`` holds all who have played it, the best first: the winners of all groups, then the seconds, and
    so on. The mark ``places`` holds their places in the tournament, in the same order; 0 for who goes on.
    """

    stage: int
    """From 1 on."""
    advance: int
    """How many go on."""


class StageStarted(Struct, frozen=True, kw_only=True):
    """Another stage than the first has started.

    The mark ``seeds`` holds the numbers of all who play it, the best first. From these, its format and the version of
    the engine anybody can work out who meets whom.
    """

    stage: int
    """From 2 on."""
    first: int
    """The number of its first match; those of its others follow."""
    engine: int
    """The version of the rules by which it is played."""
    count: int
    """How many play it."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.stage_finished": StageFinished,
    "tournament.stage_started": StageStarted,
}


class FinishStage(StreamCommand, frozen=True, kw_only=True, tag="tournament.finish_stage"):
    """The tournament's own: all matches of the stage are done, and this is what it has come to."""

    key: int
    """The seq of the last event that changed anything that this was worked out from."""
    entrants: tuple[int, ...]
    """All who have played it, the best first."""
    places: tuple[int, ...]
    """Their places in the tournament, in the same order; 0 for who goes on."""
    seeds: tuple[int, ...]
    """Who goes on, in the order of their seeds in the next stage; none if the tournament ends with this one."""
