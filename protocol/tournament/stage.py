"""What a stage of a tournament is like: its format, and what a format lets choose."""

from __future__ import annotations

from msgspec import Struct

from protocol.tournament import BestOf, Format


class Stage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of one stage."""

    format: Format = "single_elimination"
    best_of: BestOf = 1
    third_place: bool = False
    """Whether the losers of the semi-finals play for the third place; in single elimination alone."""
    reset: bool = True
    """Whether a final that the winner of the losers' bracket wins is played again; in double elimination alone."""
