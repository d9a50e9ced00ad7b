"""Why entrants of a stage have their seeds, groups and places."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, Cursor, Limit
from protocol.http.tournaments.entrants import StandingValue
from protocol.http.tournaments.explained import ExplainedPlace
from protocol.tournament import StageNumber
from protocol.tournament.standings import Criterion, StandingsRead

SeedReason = Literal["start", "went_on"]
"""Why somebody has a seed. *start*: by the seeding and the draw at the start of the tournament. *went_on*: by their
place in the stage before.
"""
ExchangeReason = Literal["same_group", "rematch", "same_tag"]
"""Why two have exchanged seeds. *same_group*: those who come from one group are kept apart. *rematch*: two who have met
would have met again in the first round. *same_tag*: at the start, those with a tag in common are kept apart there.
"""


class SeedingQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which seeds to explain."""

    stage: StageNumber | None = None
    """None: of the stage that was started last."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class ExplainedExchange(Answer, frozen=True, kw_only=True):
    """Two have exchanged seeds."""

    seed: int
    """What this entrant had before."""
    now: int
    """The seed of theirs after it."""
    entrant: int
    """The number of the other one, who had that seed before."""
    why: ExchangeReason
    group: int
    """Of the stage before: whose entrants are kept apart; 0 at the start, and so is the next."""
    parts: int
    """In which of so many parts of the bracket, or groups, they are kept apart: 2 for halves, and so on."""
    kept_apart: list[int]
    """For *rematch*, the two who would have met again; otherwise empty."""
    sentence: str
    """The same for people, in English."""


class ExplainedSeed(Answer, frozen=True, kw_only=True):
    """Why somebody has their seed in a stage, and is in their group."""

    seed: int
    entrant: int
    why: SeedReason
    group: int | None
    """Into which group of the stage the snake deals this seed; None where there are no groups."""
    from_group: int | None
    """The group of the stage before that they come from; None in the first stage."""
    from_place: int | None
    """Their number among those who have gone on from it; None in the first stage."""
    exchanges: list[ExplainedExchange]
    """What has changed their seed afterwards, in order."""
    sentence: str
    """All of it for people, in English."""


class ExplainedSeeding(Answer, frozen=True, kw_only=True):
    """Why the entrants of a stage have their seeds, the best first."""

    stage: int
    seeds: list[ExplainedSeed]
    position: Position
    """Where in the tournament's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class EntrantQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an entrant to explain."""

    stage: StageNumber | None = None
    """None: the stage that was started last."""
    read: Annotated[StandingsRead, Meta(description="Which results count for the place.")] = "live"


class LeagueRow(Answer, frozen=True, kw_only=True):
    """What somebody has in the matches among those who are tied."""

    entrant: int
    points: float


class ExplainedComparison(Answer, frozen=True, kw_only=True):
    """Somebody beside the one above or below them."""

    entrant: int
    """The number of the other one."""
    place: int
    """Theirs."""
    tiebreak: Criterion
    """What puts them apart: the first in which they differ."""
    value: float | None
    """What the entrant who is explained has in it."""
    other_value: float | None
    """What the other one has."""
    league: list[LeagueRow]
    """For *head_to_head*: what those who are tied have in the matches among them, the most first; otherwise empty."""
    sentence: str
    """The same for people, in English."""


class ExplainedRound(Answer, frozen=True, kw_only=True):
    """What a round brings to a tie-break that is made of rounds."""

    tiebreak: Criterion
    round: int
    opponent: int
    """0: a round that wasn't played, for which an opponent with as many points as one's own stands."""
    value: float
    counts: bool
    """Whether it isn't cut."""


class ExplainedStanding(Answer, frozen=True, kw_only=True):
    """Why somebody has their place in the standings of their group."""

    place: int
    group: int
    values: list[StandingValue]
    """Points, then each tie-break in its order, and the seed."""
    above: ExplainedComparison | None
    """None for the first."""
    below: ExplainedComparison | None
    """None for the last."""
    rounds: list[ExplainedRound]
    sentence: str
    """Why they are behind the one above, for people, in English."""


class ExplainedEntrant(Answer, frozen=True, kw_only=True):
    """Why somebody has their seed, group and place in a stage."""

    entrant: int
    stage: int
    seed: ExplainedSeed
    standing: ExplainedStanding | None
    """None in a bracket, where matches give places."""
    out: ExplainedPlace | None
    """In a bracket, their place and the match that gave it; None while they play."""
    position: Position
    """Where in the tournament's log this was read."""
