"""What a stage of a tournament is like: its format, and what this lets one choose."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from protocol import limits
from protocol.tournament import AtOrNever, BestOf, Format
from protocol.tournament.attempts import AttemptsBy, Counted
from protocol.tournament.standings import StageTieBreak, Withdrawals

StagePoints = Annotated[
    float, Meta(ge=0, le=limits.STAGE_POINTS_MAX, multiple_of=0.5, description="in steps of 0.5")
]

LateByes = Literal["zero", "half"]
"""What a round is worth to who has come after it: *zero*, nothing; *half*, as much as a draw."""


class PointsRule(Struct, frozen=True, kw_only=True):
    """What matches are worth in the standings of a stage. A loss by forfeit is worth nothing."""

    win: StagePoints = 1.0
    draw: StagePoints = 0.5
    loss: StagePoints = 0.0
    bye: StagePoints | None = None
    """For who meets nobody in a round of a Swiss stage; None: as much as a win."""


class Stage(Struct, frozen=True, kw_only=True):
    """The settings of one stage. What doesn't fit its format is refused."""

    format: Format = "single_elimination"
    best_of: BestOf = 1
    third_place: bool = False
    """Whether the losers of the semi-finals play for the third place; in single elimination alone."""
    reset: bool = True
    """Whether a final that the winner of the losers' bracket wins is played again; in double elimination alone."""
    groups: Annotated[int, Meta(ge=1, le=limits.GROUPS_MAX)] = 1
    """Into how many groups the entrants are dealt; in round robin alone. So that each has two of them, there are fewer
    groups if too few have come.
    """
    legs: Annotated[int, Meta(ge=1, le=limits.LEGS_MAX)] = 1
    """How often everybody in a group meets everybody else of it; in round robin alone."""
    rounds: Annotated[int, Meta(ge=0, le=limits.SWISS_ROUNDS_MAX)] = 0
    """How many rounds are played; in Swiss alone, as all that follows up to *late_byes*. 0: as many as a knockout of
    these entrants would have, or with early exits until nobody is left to play.
    """
    sides: bool = True
    """Whether it matters who is on side a, as colours do in chess: then everybody is on both about as often."""
    rematches: bool = False
    """Whether two may meet again, or somebody have a second bye, if not everybody can be paired otherwise."""
    wins: Annotated[int, Meta(ge=0, le=limits.SWISS_ROUNDS_MAX)] = 0
    losses: Annotated[int, Meta(ge=0, le=limits.SWISS_ROUNDS_MAX)] = 0
    """Early exits: who has won, or lost, so often plays no more in this stage. Both or none; not with draws."""
    late_rounds: Annotated[int, Meta(ge=0, le=limits.SWISS_ROUNDS_MAX)] = 0
    """How many rounds may have been published when somebody still comes in; of the first stage alone, and fewer than
    ``rounds``. With 0 staff may enter people until the first one is published, and nobody else.
    """
    late_byes: LateByes = "zero"
    """What the rounds that they have missed are worth."""
    draws: bool = False
    """Whether a match may be drawn; not in elimination. Then a match has as many games as ``best_of`` says, unless a
    side has won more than half of them before, and a game may be drawn, too.
    """
    points: PointsRule = PointsRule()
    tiebreaks: Annotated[tuple[StageTieBreak, ...], Meta(max_length=limits.TIEBREAKS_MAX)] = ()
    """What decides between those who have the same points, in this order, before their seeds do. In a leaderboard who
    is tied shares a place.
    """
    withdrawals: Withdrawals = "keep"
    """These three are for stages with standings: not for elimination."""
    window_s: Annotated[int, Meta(ge=0, le=limits.LEADERBOARD_S_MAX)] = 0
    """How long a leaderboard takes attempts, from its start on; it or *closes_at*. All that follows up to *decimals* is
    for leaderboards alone.
    """
    closes_at: AtOrNever = 0
    """Until when it takes attempts."""
    attempts: Annotated[int, Meta(ge=1, le=limits.ATTEMPTS_MAX)] = 1
    """How many an entrant may make."""
    counted: Counted = "best"
    """What counts of them."""
    higher: bool = True
    """Whether a higher score is better; otherwise a lower one, as with times."""
    attempts_by: AttemptsBy = "players"
    decimals: Annotated[int, Meta(ge=0, le=limits.SCORE_DECIMALS_MAX)] = 0
    """How many digits of a score stand behind the decimal point where it is shown."""
    advance: Annotated[int, Meta(ge=0, le=limits.TOURNAMENT_ENTRANTS_MAX)] = 0
    """How many of each group go on to the next stage; 0 in the last stage, and there alone."""


Stages = Annotated[tuple[Stage, ...], Meta(max_length=limits.STAGES_MAX)]
"""In the order in which they are played."""
_decode = msgspec.json.Decoder(tuple[Stage, ...]).decode
_encode = msgspec.json.Encoder().encode


def stages_text(stages: tuple[Stage, ...]) -> str:
    """Stages as marks and rows hold them, as JSON: no text in it was written by a person."""
    return _encode(stages).decode()


def stages_of(text: str) -> tuple[Stage, ...]:
    """Stages from a mark or a row."""
    return _decode(text)
