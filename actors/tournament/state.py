"""A tournament as deciding needs it: who takes part, where matches stand, timers. Bounded, and without any text."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.sparse import Sparse
from actors.staffing import Rank, Staffed
from actors.tournament.numbers import Numbers
from protocol import limits
from protocol.ids import StreamId
from protocol.tournament import (
    NOBODY,
    BestOf,
    EntrantStatus,
    Entry,
    Format,
    MatchPhase,
    Phase,
    ResultKind,
    Visibility,
)
from protocol.tournament.rounds import RoundRule
from protocol.tournament.stage import Stage

BEFORE_START: Final[frozenset[Phase]] = frozenset({"draft", "registration", "check_in"})
ASKING: Final[frozenset[EntrantStatus]] = frozenset({"pending", "waiting", "entered"})
"""Who is in, or wants to be."""
GOING: Final[frozenset[MatchPhase]] = frozenset(
    {"open", "scheduled", "picking", "playing", "reported", "disputed"}
)


class Settings(Struct, frozen=True, kw_only=True):
    """What its creator chose, and staff have changed."""

    game: str | None = None
    platform: str | None = None
    region: str | None = None
    format: Format = "single_elimination"
    third_place: bool = False
    reset: bool = True
    best_of: BestOf = 1
    stages: tuple[Stage, ...] = ()
    """None: one stage, which the four before say. Otherwise these say what the first one says."""
    entrants_max: int = limits.TOURNAMENT_ENTRANTS_MAX
    visibility: Visibility = "public"
    entry: Entry = "open"
    ready_s: int = 0
    confirm_s: int = 0
    rounds: tuple[RoundRule, ...] = ()
    team_min: int = 0
    team_max: int = 0
    substitutes: int = 0
    play_s: int = 0
    rooms: bool = False
    registration_at: Instant | None = None
    check_in_at: Instant | None = None
    start_at: Instant | None = None

    @property
    def chain(self) -> tuple[Stage, ...]:
        """Its stages, in the order in which they are played."""
        if self.stages:
            return self.stages
        only = Stage(format=self.format, best_of=self.best_of, third_place=self.third_place, reset=self.reset)
        return (only,)


class Entrant(Struct, frozen=True, array_like=True):
    """Somebody who takes part, or wanted to."""

    user: str | None
    """None for a name without an account; of a team its captain."""
    status: EntrantStatus
    checked_in: bool = False
    match: int = 0
    """The match that they were led to last; 0 as long as no match of theirs has ended. ``current_match`` tells which
    they are in now."""
    over: bool = False
    """Whether that match is done, and has led them nowhere."""
    left_in: int = 0
    """The match that they were on a side of when they left the running tournament; 0 as long as they haven't."""
    roster: tuple[str, ...] = ()
    """The players of a team, the captain first; at most TEAM_PLAYERS_MAX. Empty for who is no team."""
    invited: tuple[str, ...] = ()
    """Whom it has invited before the start; with the roster at most as many."""
    substitutions: int = 0
    """How many players have come to it after the start."""
    left_stage: int = 0
    """The stage, from 1 on, that was being played when they left the running tournament; 0 as long as they haven't."""
    forfeits_from: int = 0
    """In a stage with standings, the number within it of the first match that they forfeited by it, beside the one that
    was open then; if they had none to play, one more than there are.
    """
    half_byes: int = 0
    """How many rounds of the first stage, from its first one on, are worth a draw to them, since they came late."""
    back_in: int = 0
    """The stage, from 1 on, into which they came back after they had left; 0 if they haven't."""
    tags: tuple[str, ...] = ()
    """At most ENTRANT_TAGS_MAX."""

    @property
    def players(self) -> tuple[str, ...]:
        """Who is called to its matches."""
        return self.roster or (() if self.user is None else (self.user,))


class Match(Struct, frozen=True, array_like=True):
    """Where a match stands."""

    a: int | None = None
    b: int | None = None
    """The entrants on its sides; 0 for nobody, None while it isn't known."""
    phase: MatchPhase = "waiting"
    ready_a: bool = False
    ready_b: bool = False
    until: Instant | None = None
    """When its phase ends by itself."""
    reporter: int = NOBODY
    """The entrant who has reported ``scores``."""
    scores: tuple[int, ...] = ()
    """Side a and side b of each game, one after the other."""
    winner: int = NOBODY
    kind: ResultKind | None = None
    picks: tuple[int, ...] = ()
    """What was chosen in the steps of its picks and bans."""
    held: bool = False
    """Whether staff hold it."""
    left: int | None = None
    """While they do: how much time its phase has left, in milliseconds; None if it doesn't end by itself."""
    latest: Instant | None = None
    """Until when its sides may agree to play it; None if they can't put it off."""
    proposed_by: int = NOBODY
    """The entrant who has proposed to play it at ``proposed_at``."""
    proposed_at: Instant | None = None

    @property
    def known(self) -> bool:
        """Whether both sides are entrants."""
        return bool(self.a and self.b)

    @property
    def drawn(self) -> bool:
        """Whether it has ended without a winner, though it was played."""
        return not self.winner and self.kind in ("played", "decided")

    def other(self, entrant: int) -> int:
        """The other one of its two entrants."""
        return (self.b if entrant == self.a else self.a) or NOBODY


class Attempt(Struct, frozen=True, array_like=True, gc=False):
    """An attempt of a leaderboard."""

    score: int | None
    """None: it is void."""
    seq: int
    """Of the event that brought it."""


Attempts = tuple[Attempt, ...]
"""Those of an entrant, by number; at most ATTEMPTS_MAX."""


class StageState(Struct, frozen=True, kw_only=True):
    """A stage that has started."""

    settings: Stage
    numbers: Numbers = Numbers()
    """Of its matches."""
    seeds: tuple[int, ...]
    """The entrants who play it, the best first."""
    engine: int
    """The version of the engine by which it is played."""
    draw: str = ""
    """The number that a draw of its seeds was made from, in decimal; empty if none was drawn."""
    matches: Sparse[Match] = Sparse()
    """By their number within the stage those to which something has happened since it has started; ``match_of`` knows
    all.
    """
    begun: int = 0
    """How many of the matches that were due from the start on have been opened."""
    done: int = 0
    """How many matches are done."""
    published: tuple[tuple[int, ...], ...] = ()
    """Of a Swiss stage the pairs of each round, as ``swiss.published`` has them."""
    pairing_ended_at: int = 0
    """The seq of the event that says that no more rounds are paired. It holds until something changes after it."""
    closes_at: Instant | None = None
    """Until when a leaderboard takes attempts; None in other formats."""
    closed: bool = False
    """Whether it takes none any more."""
    attempts: Sparse[Attempts] = Sparse()
    """Those of each entrant who has made any."""
    scored: int = 0
    """How many of these have one that isn't void."""
    finished: bool = False
    """Whether it has ended with standings."""
    changed_at: int = 0
    """The seq of the last event that may have changed these."""
    moved_at: int = 0
    """The seq of the last event by which a round was over, or which changed what came of those that are; 0: none is."""
    told_at: int = 0
    """What this was when ``standings`` were told; 0: they weren't."""
    standings_round: int = 0
    """The last round that counts in them."""
    standings: tuple[int, ...] = ()
    """The first of them, as the mark ``lines`` of ``StandingsMoved`` has them."""

    @property
    def first(self) -> int:
        """The number of its first match."""
        return self.numbers.first


class Tournament(Staffed, frozen=True, kw_only=True):
    """The state of one tournament. Never changed in place, and what grows with its entrants isn't copied, but for the
    seeds by what sets them.
    """

    tournament: StreamId
    seq: int = 0
    at: Instant = 0
    """Both of its last event."""
    phase: Phase | None = None
    """None only before the first event."""
    gathering: StreamId | None = None
    """The gathering that it is a competition of, which alone says who enters."""
    named_at: int = 0
    """The seq of the event that gave it its name."""
    described_at: int = 0
    """The seq of the event that gave it its description."""
    settings: Settings = Settings()
    entrants: Numbered[Entrant] = Numbered()
    """At most TOURNAMENT_ENTRIES_MAX."""
    users: OrderedMap[int] = OrderedMap()
    """User id to the number of their entrant, for all players of a team."""
    invitations: OrderedMap[int] = OrderedMap()
    """User id to the number of the team that has invited them, before the start; nobody of ``users`` is in a team."""
    entered: int = 0
    """How many entrants are *entered*; since the start, how many took part."""
    checked_in: int = 0
    """How many of those have checked in."""
    pending: int = 0
    """How many entrants are *pending*."""
    waitlist: OrderedMap[int] = OrderedMap()
    """The numbers of entrants who are *waiting*, as texts, to the seq at which they came; the first moves up first."""
    seeded: tuple[int, ...] = ()
    """Before the start: the entrants who were seeded, the best first."""
    stages: tuple[StageState, ...] = ()
    """Those that have started; the last one is being played."""
    to_open: OrderedMap[int] = OrderedMap()
    """The other matches that are *due*: their numbers as texts, in the order of the numbers."""
    going: OrderedMap[int] = OrderedMap()
    """The matches that were opened and aren't done, likewise."""
    void: StageState | None = None
    """A stage that was being played and is void, until the players of its matches are told."""
    voiding: OrderedMap[int] = OrderedMap()
    """The matches of it that were going and whose players weren't told, likewise."""
    void_to: int = 0
    """The last number that a void match has; 0 if none was void."""
    importing: bool = False
    """Whether rounds that were played elsewhere come: it does nothing by itself."""
    closing: OrderedMap[int] = OrderedMap()
    """Of one that was cancelled: the matches that were going, whose rooms are still to be closed."""
    timers: OrderedMap[Instant] = OrderedMap()
    """When something happens by itself: ``registration``, ``check_in``, ``start``, ``window`` for the end of that of a
    leaderboard, and ``m`` with a match's number.
    """
    first: tuple[int, ...] = ()
    """Entrants who have one of the first PLACES_MAX places, in the order in which they got it."""
    places: tuple[int, ...] = ()
    """Their places."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Entrants, the best first: before the start those who were seeded, then all who take part."""
        return self.stages[0].seeds if self.stages else self.seeded

    @property
    def matches_done(self) -> int:
        """How many matches are done."""
        return sum(stage.done for stage in self.stages)

    def number_of(self, user: str) -> int | None:
        """The number of the entrant who this user is or was, or on whose roster they are."""
        number = self.users.get(user)
        if number is None:
            return None
        roster = self.entrants[number].roster
        return number if not roster or user in roster else None

    def entrant_of(self, user: str) -> Entrant | None:
        """The entrant who this user is or was, or for whom they play or have played."""
        number = self.users.get(user)
        return None if number is None else self.entrants[number]

    def watches(self, user: str) -> bool:
        """Whether this user may watch it."""
        open_ = self.settings.visibility != "invited"
        return open_ or self.rank(user) > Rank.SPECTATOR or self.invites(user)

    def invites(self, user: str) -> bool:
        """Whether this user may watch it as an entrant, though not everybody may: they are in, or want to be, or have
        taken part.
        """
        number = self.users.get(user)
        if number is None:
            return False
        return self.entrants[number].status in ASKING or (bool(self.stages) and number in self.seeds)

    @property
    def has_room(self) -> bool:
        """Whether one more may take part."""
        return self.entered < self.settings.entrants_max


WINDOW: Final = "window"
"""The key of the window of a leaderboard in ``timers``."""


def timer_of(match: int) -> str:
    """The key of a match in ``timers``."""
    return f"m{match}"
