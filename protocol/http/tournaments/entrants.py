"""Who takes part in a tournament."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import UserId
from protocol.text import Reason
from protocol.tournament import EntrantNumber, EntrantStatus, EntrantTags, StageNumber
from protocol.tournament.commands import NewEntrant
from protocol.tournament.standings import Criterion, StandingsRead


class CheckedIn(CommandBody, frozen=True, kw_only=True):
    """Check in to a tournament."""

    entrant: EntrantNumber | None = None
    """Whom staff check in; None: oneself."""


class NewEntrants(CommandBody, frozen=True, kw_only=True):
    """Enter people in a tournament as staff: all of them, or none."""

    entrants: Annotated[
        tuple[NewEntrant, ...], Meta(min_length=1, max_length=limits.ENTRANTS_PER_COMMAND_MAX)
    ]


class Removal(CommandBody, frozen=True, kw_only=True):
    """Remove an entrant from a tournament, or refuse one who is pending."""

    disqualify: bool = False
    """Whether they may not come back."""
    reason: Reason = ""


class NewTags(CommandBody, frozen=True, kw_only=True):
    """The tags of an entrant."""

    tags: EntrantTags


class NewSeeds(CommandBody, frozen=True, kw_only=True):
    """The order in which entrants are seeded. All others come after them, drawn at the start."""

    entrants: Annotated[tuple[EntrantNumber, ...], Meta(max_length=limits.TOURNAMENT_ENTRANTS_MAX)]
    """Their numbers, the best first."""


class EntrantsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entrants to list."""

    status: EntrantStatus | None = None
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class TournamentEntrant(Answer, frozen=True, kw_only=True):
    """Somebody who takes part in a tournament, or wanted to."""

    entrant: int
    """Their number within the tournament."""
    user: UserId | None
    """None for somebody without an account; of a team its captain."""
    name: str | None
    """Of a team, or of somebody without an account; None when it was erased."""
    roster: list[UserId]
    """The players of a team, the captain first."""
    invited: list[UserId]
    """Whom it has invited; none since the start."""
    status: EntrantStatus
    checked_in: bool
    seed: int | None
    """Their seed, 1 for the best; None for who doesn't take part, and before the start for who wasn't seeded."""
    place: int | None
    """Their place, once they play no more."""
    reason: str | None
    """Why staff removed them."""
    half_byes: int = 0
    """How many rounds of a Swiss stage, from the first one on, are worth a draw to them, since they came late."""
    tags: tuple[str, ...] = ()


class EntrantPage(Answer, frozen=True, kw_only=True):
    """Entrants, by number."""

    entrants: list[TournamentEntrant]
    position: Position
    """Where in the tournament's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class StandingsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which standings, and which part of them."""

    stage: StageNumber | None = None
    """The standings of this stage, which isn't one of elimination; None: the places in the tournament."""
    group: Annotated[int, Meta(ge=1, le=limits.GROUPS_MAX)] = 1
    """Of a stage: of which group."""
    read: StandingsRead = "live"
    """Of a stage: which results count."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class StandingValue(Answer, frozen=True, kw_only=True):
    """What an entrant has in one of the things that order standings."""

    tiebreak: Criterion
    value: float | None
    """None for *head_to_head* with nobody to compare with."""


class Standing(Answer, frozen=True, kw_only=True):
    """The place of an entrant."""

    place: int
    """Several have the same one who went out in the same round. In the standings of a stage, everybody of a group has
    their own.
    """
    entrant: int
    """Their number within the tournament."""
    user: UserId | None
    """None for somebody without an account."""
    name: str | None
    """Of somebody without an account; None when it was erased."""
    wins: int | None = None
    draws: int | None = None
    losses: int | None = None
    """Matches of the stage, forfeits among them; these and the next two in the standings of a stage alone."""
    values: tuple[StandingValue, ...] = ()
    """Points, then each tie-break in its order, and the seed."""
    decided: Criterion | None = None
    """Which of these put them behind the one above; None for the first."""


class Standings(Answer, frozen=True, kw_only=True):
    """The places of those who play no more, or of a group of a stage, the best first."""

    standings: list[Standing]
    final: bool
    """Whether the tournament, or the stage that was asked for, has finished: everybody has their place."""
    position: Position
    """Where in the tournament's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""
