"""What the snapshot of a tournament shows."""

from __future__ import annotations

from msgspec import Struct

from protocol.ids import StreamId, UserId
from protocol.tournament import (
    EntrantStatus,
    Entry,
    Format,
    MatchPhase,
    Part,
    Phase,
    ResultKind,
    Scores,
    StaffRole,
    Visibility,
)
from protocol.tournament.rounds import RoundRules
from protocol.tournament.stage import Stage
from protocol.tournament.standings_moved import StandingLine


class StaffMember(Struct, frozen=True, kw_only=True):
    """A user on the staff of a tournament."""

    user: UserId
    role: StaffRole


class MatchView(Struct, frozen=True, kw_only=True):
    """A match of a tournament that both of its sides have reached."""

    match: int
    part: Part
    round: int
    group: int | None = None
    """From 1 on; None where there are no groups."""
    phase: MatchPhase
    a: int
    b: int
    """The numbers of the entrants on its two sides; 0 for nobody."""
    user_a: UserId | None
    user_b: UserId | None
    """None for somebody without an account; of a team its captain."""
    ready_a: bool
    ready_b: bool
    until: int | None
    """When its phase ends by itself, Unix milliseconds."""
    reported_by: int
    """The number of the entrant who has reported the scores; 0 if nobody has."""
    scores: Scores
    winner: int
    kind: ResultKind | None
    """None until it is done."""
    picks: tuple[int, ...] = ()
    """What was chosen in the steps of its picks and bans so far: the place of a game in the pool, from 1; in a *side*
    step 1 for *first* and 2 for *second*.
    """
    held: bool = False
    """Whether staff hold it."""
    latest: int | None = None
    """Until when its sides may agree to play it, Unix milliseconds; None: they can't put it off."""
    proposed_by: int = 0
    """The number of the entrant who has proposed another time for it; 0 if nobody has."""
    proposed_at: int | None = None
    """That time, Unix milliseconds."""
    room: StreamId | None = None
    """The room in which its players and staff can talk; None if it has none, or wasn't opened yet."""


class OwnEntry(Struct, frozen=True, kw_only=True):
    """What the one who asks is in a tournament."""

    entrant: int
    status: EntrantStatus
    checked_in: bool
    match: MatchView | None
    """The match that they play now, or wait for once both sides are known."""
    roster: tuple[UserId, ...] = ()
    """All players of their team, the captain first."""
    invited: tuple[UserId, ...] = ()
    """Whom their team has invited; before the start."""
    attempts: tuple[int | None, ...] = ()
    """The scores of their attempts in the leaderboard that was started last, in the order in which they were made; None
    for one that is void.
    """
    attempts_left: int = 0
    """How many they may still make while it takes attempts; 0 if they don't play it."""


class StageView(Struct, frozen=True, kw_only=True):
    """The stage of a tournament that was started last."""

    stage: int
    """From 1 on."""
    format: Format
    entrants: int
    """How many play it."""
    groups: int
    """Into how many groups they are dealt; 1 where there are none."""
    matches: int
    """How many it has; of a Swiss stage, so far."""
    matches_done: int
    round: int | None
    """The latest round of which a match was opened; None if none was, and in a bracket."""
    rounds: int | None
    """How many there will be at most; None in a bracket."""
    standings: tuple[StandingLine, ...]
    """The first VIEW_STANDINGS_MAX, those with the best places in their groups first; none until a round is over, and
    in a bracket.
    """
    standings_round: int
    """The last round that counts in them."""
    closes_at: int | None = None
    """Until when a leaderboard takes attempts, Unix milliseconds; None in other formats."""
    scored: int = 0
    """How many have an attempt that counts in it."""


class TournamentView(Struct, frozen=True, kw_only=True):
    """The state of a tournament: no texts; those, entrants and all matches are requests of their own."""

    tournament: StreamId
    phase: Phase
    owner: UserId | None
    staff: list[StaffMember]
    """All who have a role, beside the owner."""
    game: str | None
    platform: str | None
    region: str | None
    format: Format
    third_place: bool
    reset: bool
    best_of: int
    stages: tuple[Stage, ...] = ()
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
    registration_at: int | None
    check_in_at: int | None
    start_at: int | None
    entered: int
    """How many are entered; after the start, how many take part."""
    checked_in: int
    waiting: int
    """How many are on the waitlist."""
    pending: int
    """How many wait until staff accept them."""
    matches: int
    """How many there are in all; 0 before the start."""
    matches_done: int
    current: list[MatchView]
    """The first VIEW_MATCHES_MAX of those that are open and not done."""
    entrants: list[int]
    """Once it has finished: the first ones by number, the best first."""
    places: list[int]
    """Their places, in the same order."""
    stage: StageView | None = None
    """None before the start."""
    own: OwnEntry | None
    """None if the one who asks has never entered."""
    role: StaffRole | None
    """The role of the one who asks; the owner is an organiser."""
