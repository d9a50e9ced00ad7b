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
ScoreTieBreak = Literal["best_attempt", "first_reached"]
"""What orders a leaderboard behind the score that counts. *best_attempt*: the best single one. *first_reached*: who had
it first.
"""
SCORE_TIE_BREAKS: Final[tuple[ScoreTieBreak, ...]] = ScoreTieBreak.__args__
StageTieBreak = Literal[TieBreak, ScoreTieBreak]
"""What a stage can name: one with matches a *TieBreak*, a leaderboard a *ScoreTieBreak*."""
Criterion = Literal[StageTieBreak, "score"]
"""What orders the standings of any stage; the *score* that counts comes first in a leaderboard."""
Withdrawals = Literal["keep", "annul", "forfeit"]
"""What becomes of the results of who withdraws while a stage runs. *keep*: what was played counts, and the rest is as
if never paired. *annul*: nothing of theirs counts. *forfeit*: what was played counts, and they forfeit the rest.
"""
StandingsRead = Literal["live", "settled"]
"""Which results count. *live*: all there are. *settled*: those of rounds of which every match is done."""
