"""Tournaments themselves: made, listed, changed, brought from phase to phase."""

from __future__ import annotations

from msgspec import Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import StreamId, UserId
from protocol.lookups import LookupKey
from protocol.text import Reason
from protocol.tournament import (
    At,
    AtOrNever,
    BestOf,
    ConfirmS,
    Description,
    EntrantsMax,
    EntrantStatus,
    Entry,
    Format,
    Name,
    Phase,
    PlayS,
    ReadyS,
    StaffRole,
    Visibility,
)
from protocol.tournament.rounds import RoundRules
from protocol.tournament.stage import Stages
from protocol.tournament.teams import Substitutes, TeamPlayers
from protocol.tournament.view import StaffMember


class NewTournament(CommandBody, frozen=True, kw_only=True):
    """Create a tournament as a draft.

    The times that are given come in this order: registration, check-in, start. What has no time waits for a command.
    """

    name: Name
    description: Description = ""
    game: LookupKey | None = None
    platform: LookupKey | None = None
    region: LookupKey | None = None
    """The keys of entries in the lookup tables of these names that aren't retired."""
    format: Format = "single_elimination"
    third_place: bool = False
    """Whether the losers of the semi-finals play for the third place; in single elimination alone."""
    reset: bool = True
    """Whether a final that the winner of the losers' bracket wins is played again; in double elimination alone."""
    best_of: BestOf = 1
    stages: Stages = ()
    """All stages in the order in which they are played, if it isn't one alone that these four say. They then say what
    the first stage says, whatever is given.
    """
    entrants_max: EntrantsMax = limits.TOURNAMENT_ENTRANTS_MAX
    """How many may take part; who comes later is put on the waitlist."""
    visibility: Visibility = "public"
    """Whether a tournament is for invited people alone can't be changed later."""
    entry: Entry = "open"
    """A tournament for invited people is always ``listed``."""
    ready_s: ReadyS = limits.READY_S
    """How long a side has to say that it is ready, before it forfeits; 0: matches begin at once."""
    confirm_s: ConfirmS = limits.CONFIRM_S
    """How long a side has to confirm or dispute a report, before it counts as confirmed."""
    rounds: RoundRules = ()
    """What is different from round to round; of the rules that fit a match the first one counts."""
    team_min: TeamPlayers = 0
    team_max: TeamPlayers = 0
    """How many players a team has at least and at most; 0: those who take part are no teams."""
    substitutes: Substitutes = 0
    """How often another player may come to a team after the start."""
    play_s: PlayS = 0
    """How long a match may be played before somebody reports it; then staff decide it. 0: for ever."""
    rooms: bool = False
    """Whether each match has a room in which its players and staff can talk until it is done."""
    registration_at: At | None = None
    check_in_at: At | None = None
    start_at: At | None = None


class ChangedTournament(CommandBody, frozen=True, kw_only=True):
    """Change the settings of a tournament. What is left out stays as it is; a time of 0 is taken away.

    After the start only name, description and visibility can be changed, and the three durations for later matches.
    """

    name: Name | None = None
    description: Description | None = None
    game: LookupKey | None = None
    platform: LookupKey | None = None
    region: LookupKey | None = None
    format: Format | None = None
    third_place: bool | None = None
    reset: bool | None = None
    best_of: BestOf | None = None
    stages: Stages | None = None
    """None of them: one stage again, which the four before say. As long as there are some, change these instead."""
    entrants_max: EntrantsMax | None = None
    visibility: Visibility | None = None
    entry: Entry | None = None
    ready_s: ReadyS | None = None
    confirm_s: ConfirmS | None = None
    rounds: RoundRules | None = None
    team_min: TeamPlayers | None = None
    team_max: TeamPlayers | None = None
    substitutes: Substitutes | None = None
    play_s: PlayS | None = None
    rooms: bool | None = None
    registration_at: AtOrNever | None = None
    check_in_at: AtOrNever | None = None
    start_at: AtOrNever | None = None


class Cancellation(CommandBody, frozen=True, kw_only=True):
    """Cancel a tournament for good."""

    reason: Reason = ""


class NewStaffRole(CommandBody, frozen=True, kw_only=True):
    """Give a user a role on the staff of a tournament, or take it away."""

    user: UserId
    role: StaffRole | None
    """None: no role any more."""


class NewOwner(CommandBody, frozen=True, kw_only=True):
    """Say whose a tournament is from now on."""

    user: UserId


class RemovedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which removed tournaments to list."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class TournamentsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tournaments to list: public ones, the newest first, of which all of this is true."""

    mine: bool = False
    """Those that one owns, is on the staff of or has entered, public or not."""
    upcoming: bool = False
    """Those that haven't started and have a time to start, the next one first."""
    removed: bool = False
    """Those that one owns and has removed, which can still be restored."""
    phase: Phase | None = None
    game: LookupKey | None = None
    region: LookupKey | None = None
    owner: UserId | None = None
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class TournamentSummary(Answer, frozen=True, kw_only=True):
    """A tournament in a list."""

    tournament: StreamId
    name: str | None
    """None when it was erased."""
    game: LookupKey | None
    platform: LookupKey | None
    region: LookupKey | None
    format: Format
    visibility: Visibility
    entry: Entry
    phase: Phase
    owner: UserId | None
    created_at: int
    """Unix time in milliseconds."""
    registration_at: int | None
    check_in_at: int | None
    start_at: int | None
    """When these are due, Unix time in milliseconds."""
    entered: int
    """How many are entered; after the start, how many take part."""
    entrants_max: int
    gathering: StreamId | None = None
    """The gathering that it is a competition of."""
    restorable_until: int | None = None
    """Of a removed tournament: until when it can be restored, Unix time in milliseconds."""


class TournamentPage(Answer, frozen=True, kw_only=True):
    """Tournaments, the newest first; ``upcoming`` ones by their start."""

    tournaments: list[TournamentSummary]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class OwnPlace(Answer, frozen=True, kw_only=True):
    """What the one who asks is in a tournament."""

    entrant: int
    """Their number."""
    status: EntrantStatus
    checked_in: bool


class TournamentDetail(Answer, frozen=True, kw_only=True):
    """One tournament in detail."""

    tournament: StreamId
    name: str | None
    """None when it was erased."""
    description: str
    game: LookupKey | None
    platform: LookupKey | None
    region: LookupKey | None
    format: Format
    third_place: bool
    reset: bool
    best_of: BestOf
    stages: Stages
    """All of them, in the order in which they are played; none: one, which the four before say."""
    entrants_max: int
    visibility: Visibility
    entry: Entry
    ready_s: int
    confirm_s: int
    rounds: RoundRules
    team_min: int
    team_max: int
    substitutes: int
    play_s: int = 0
    rooms: bool = False
    gathering: StreamId | None = None
    """The gathering that it is a competition of: one enters it by registering there."""
    phase: Phase
    owner: UserId | None
    created_at: int
    """Unix time in milliseconds."""
    registration_at: int | None
    check_in_at: int | None
    start_at: int | None
    """When these are due, Unix time in milliseconds."""
    entered: int
    """How many are entered; after the start, how many take part."""
    started_at: int | None
    ended_at: int | None
    """When it has started, and when it has finished or was cancelled, Unix time in milliseconds."""
    reason: str | None
    """Why it was cancelled."""
    staff: list[StaffMember]
    """All who have a role, beside the owner."""
    own: OwnPlace | None
    """What the one who asks is in it; None if they have never entered."""
    role: StaffRole | None
    """The role of the one who asks; the owner is an organiser."""
    draw: str | None
    """The number from which those without a seed of their own were drawn, in decimal; None before the start."""
    position: Position
    """Where in the tournament's log this was read: apply the events after it, and what they change is right."""
