"""What is kept of ratings, and how long."""

from __future__ import annotations

from typing import Final

from gatherup.keeps import Keep

RATINGS: Final = Keep(
    what="ratings",
    tables=("rating_game", "rating_match", "rating_player", "rating_step", "rated_tournament"),
    until="Kept for ever, by ids: what somebody has won by a result stays theirs.",
)
