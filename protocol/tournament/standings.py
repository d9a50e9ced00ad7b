"""Standings on the wire: the words for tie-breaks and for what becomes of results when somebody withdraws."""

from __future__ import annotations

from typing import Final, Literal

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
"""What orders standings. *points* come first and *seed* last, in any list. docs/tournaments.md has their formulas."""
TIE_BREAKS: Final[tuple[TieBreak, ...]] = TieBreak.__args__
Withdrawals = Literal["keep", "annul", "forfeit"]
"""What becomes of the results of who withdraws while a stage runs. *keep*: what was played counts, and the rest is as
if never paired. *annul*: nothing of theirs counts. *forfeit*: what was played counts, and they forfeit the rest.
"""
StandingsRead = Literal["live", "settled"]
"""Which results count. *live*: all there are. *settled*: those of rounds of which every match is done."""
