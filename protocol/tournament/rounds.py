"""What can be different from round to round: how many games, which ones, and how long there is to play them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from protocol import limits
from protocol.lookups import KEY_PATTERN
from protocol.tournament import BestOf, Part, StageNumber

PoolGame = Annotated[
    str,
    Meta(
        max_length=limits.POOL_GAME_CHARS_MAX,
        pattern=KEY_PATTERN,
        description="a word for a map, a mode or the like",
    ),
]
PickStep = Literal["ban a", "ban b", "pick a", "pick b", "side a", "side b", "decider"]
"""What is done by which side of a match. *ban*: this game isn't played. *pick*: it is. *side*: where this side begins
in the game before. *decider*: nobody chooses; one of the games that are left is played.
"""
Begins = Literal["first", "second"]
"""What is chosen in a *side* step."""
BEGINS: Final[tuple[Begins, ...]] = ("first", "second")


class PickBan(Struct, frozen=True, kw_only=True):
    """Before a match its sides pick and ban the games that they play."""

    pool: Annotated[tuple[PoolGame, ...], Meta(min_length=1, max_length=limits.POOL_GAMES_MAX)]
    """The games there are, each once; at least as many as a match may have."""
    steps: Annotated[tuple[PickStep, ...], Meta(max_length=limits.PICK_STEPS_MAX)] = ()
    """They choose as many games as a match may have. None: as is usual for best of one, three, five and so on."""
    step_s: Annotated[int, Meta(ge=1, le=limits.PICK_S_MAX)] = limits.PICK_S
    """How long a side has for a step, before lots choose for it."""


class RoundRule(Struct, frozen=True, kw_only=True):
    """What holds for matches of a round. Of the rules that fit a match the first one counts."""

    stage: StageNumber | None = None
    """None: whichever."""
    part: Part | None = None
    """None: whichever."""
    round: Annotated[int, Meta(ge=1, le=limits.TOURNAMENT_ENTRANTS_MAX)] | None = None
    """None: whichever."""
    best_of: BestOf | None = None
    """None: that of the stage."""
    picks: PickBan | None = None
    """None: nothing is picked or banned."""
    window_s: Annotated[int, Meta(ge=0, le=limits.WINDOW_S_MAX)] = 0
    """So long after a match was opened its sides may agree to play it; 0: they can't put it off."""


RoundRules = Annotated[tuple[RoundRule, ...], Meta(max_length=limits.ROUND_RULES_MAX)]
_decode = msgspec.json.Decoder(tuple[RoundRule, ...]).decode
_encode = msgspec.json.Encoder().encode


def rules_text(rules: tuple[RoundRule, ...]) -> str:
    """Rules as marks and rows hold them, as JSON: no text in it was written by a person."""
    return _encode(rules).decode()


def rules_of(text: str) -> tuple[RoundRule, ...]:
    """Rules from a mark or a row."""
    return _decode(text)
