"""What happened in a tournament: payloads; who and when stand in the event's header.

Marks repeat all fields but texts that people wrote (names, descriptions, notes, reasons, links) and None; scores stand
there flat, and stages and rules of rounds as JSON. A docstring names the marks that are more than that.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.ids import StreamId, UserId
from protocol.tournament import (
    EntrantStatus,
    EntrantTags,
    Entry,
    Format,
    Part,
    ResultKind,
    Scores,
    StaffRole,
    Visibility,
)
from protocol.tournament.attempts import EVENTS as ATTEMPTS
from protocol.tournament.corrections import EVENTS as CORRECTIONS
from protocol.tournament.gathered import EVENTS as GATHERED
from protocol.tournament.importing import EVENTS as IMPORTING
from protocol.tournament.ownership import EVENTS as OWNERSHIP
from protocol.tournament.picking import EVENTS as PICKING
from protocol.tournament.rounds import RoundRules
from protocol.tournament.stage import Stage
from protocol.tournament.stage_ends import EVENTS as STAGE_ENDS
from protocol.tournament.standings_moved import EVENTS as STANDINGS_MOVED
from protocol.tournament.swiss import EVENTS as SWISS
from protocol.tournament.teams import EVENTS as TEAMS


class TournamentCreated(Struct, frozen=True, kw_only=True):
    """A tournament was created as a draft: always its first event. The author owns it if it is a user, or a series has
    made it for ``owner``.

    The mark ``texts_by`` tells who has written the name, if it isn't the author.
    """

    name: str
    description: str
    game: str | None
    platform: str | None = None
    region: str | None = None
    format: Format
    third_place: bool
    reset: bool
    best_of: int
    entrants_max: int
    visibility: Visibility
    entry: Entry
    ready_s: int
    confirm_s: int
    stages: tuple[Stage, ...] = ()
    """None: one stage, which format, third_place, reset and best_of say."""
    rounds: RoundRules = ()
    team_min: int = 0
    team_max: int = 0
    substitutes: int = 0
    play_s: int = 0
    rooms: bool = False
    owner: UserId | None = None
    number: int | None = None
    """Which one it is of the series that has made it, which is the author."""
    registration_at: int | None
    check_in_at: int | None
    start_at: int | None


class TournamentChanged(Struct, frozen=True, kw_only=True):
    """Settings of the tournament were changed to those values that are not None; a time of 0 was taken away.

    The marks ``named`` and ``described`` tell that these texts changed.
    """

    name: str | None = None
    description: str | None = None
    game: str | None = None
    platform: str | None = None
    region: str | None = None
    format: Format | None = None
    third_place: bool | None = None
    reset: bool | None = None
    best_of: int | None = None
    entrants_max: int | None = None
    visibility: Visibility | None = None
    entry: Entry | None = None
    ready_s: int | None = None
    confirm_s: int | None = None
    stages: tuple[Stage, ...] | None = None
    rounds: RoundRules | None = None
    team_min: int | None = None
    team_max: int | None = None
    substitutes: int | None = None
    play_s: int | None = None
    rooms: bool | None = None
    registration_at: int | None = None
    check_in_at: int | None = None
    start_at: int | None = None


class StaffSet(Struct, frozen=True, kw_only=True):
    """A user has this role on the staff of the tournament now; None: no role."""

    user: UserId
    role: StaffRole | None = None


class RegistrationOpened(Struct, frozen=True, kw_only=True):
    """The registration of the tournament was opened."""


class CheckInOpened(Struct, frozen=True, kw_only=True):
    """The check-in of the tournament was opened."""


class TournamentStarted(Struct, frozen=True, kw_only=True):
    """The tournament has started.

    The mark ``seeds`` holds the numbers of all who take part, the best first. From these, the format and the version of
    the engine anybody can work out who meets whom. The mark ``moved`` tells which seeds were exchanged after the draw,
    so that those with a tag in common don't meet in the first round: two, the next two, and so on.
    """

    engine: int
    """The version of the rules by which the bracket was made."""
    draw: str
    """The number from which those without a seed of their own were drawn, in decimal."""
    count: int
    """How many take part."""
    checked_in: int
    """How many of those had checked in."""
    importing: bool | None = None
    """Whether rounds that were played elsewhere follow, up to ``tournament.import_ended``."""


class TournamentNotStarted(Struct, frozen=True, kw_only=True):
    """The time of the start has come, but too few were there. The time is taken away: an organiser decides."""

    count: int
    """How many could have taken part."""


class TournamentCancelled(Struct, frozen=True, kw_only=True):
    """The tournament was cancelled."""

    reason: str = ""


class TournamentFinished(Struct, frozen=True, kw_only=True):
    """The last match is done, and the tournament has finished."""

    entrants: tuple[int, ...]
    """The first ones by number, the best first; none if everybody was out."""
    places: tuple[int, ...]
    """Their places, in the same order."""


class EntrantEntered(Struct, frozen=True, kw_only=True):
    """Somebody entered the tournament, again or for the first time.

    The mark ``listens`` tells that they may watch from now on.
    """

    entrant: int
    status: EntrantStatus
    """*entered*, *waiting* or *pending*."""
    count: int
    """How many are entered now."""
    checked_in: int
    """How many of those have checked in now."""
    user: UserId | None = None
    """Of a team: its captain."""
    name: str | None = None
    """Of a team, or of somebody without an account."""
    roster: tuple[UserId, ...] = ()
    """All players of a team, the captain first."""
    seed: int | None = None
    """Of who comes after the start: their seed, the last one of the first stage."""
    missed: int | None = None
    """How many rounds of it were published before they came."""
    half_byes: int | None = None
    """How many of these are worth a draw to them."""
    tags: EntrantTags = ()


class EntrantAccepted(Struct, frozen=True, kw_only=True):
    """Staff have accepted an entrant of the tournament."""

    entrant: int
    status: EntrantStatus
    """*entered* or *waiting*."""
    count: int
    """How many are entered now."""


class EntrantPromoted(Struct, frozen=True, kw_only=True):
    """An entrant of the tournament has moved up from the waitlist."""

    entrant: int
    count: int
    """How many are entered now."""
    checked_in: int
    """How many of those have checked in now."""
    user: UserId | None = None


class EntrantLeft(Struct, frozen=True, kw_only=True):
    """An entrant isn't in the tournament any more. Who mayn't watch it any more is revoked by the header.

    Of a team that leaves before the start the mark ``freed`` holds the ids of users who aren't in it any more, or
    invited by it; ``roster`` those who stay.
    """

    entrant: int
    status: EntrantStatus
    """*left*, *removed* or *disqualified*."""
    was: EntrantStatus
    """*entered*, *waiting* or *pending*."""
    count: int
    """How many are entered now."""
    checked_in: int
    """How many of those have checked in now."""
    stage: int | None = None
    forfeits_from: int | None = None
    """While a stage with standings runs: which one, from 1 on, and the number within it of the first match that they
    forfeit by it, beside the one that they are playing.
    """
    reason: str = ""


class EntrantCheckedIn(Struct, frozen=True, kw_only=True):
    """An entrant of the tournament has checked in."""

    entrant: int
    checked_in: int
    """How many of the entered have checked in now."""
    count: int | None = None
    """How many take part now, if it was after the start."""
    seed: int | None = None
    missed: int | None = None
    half_byes: int | None = None
    """These three as in ``EntrantEntered``."""


class EntrantTagged(Struct, frozen=True, kw_only=True):
    """An entrant of the tournament has these tags now."""

    entrant: int
    tags: EntrantTags


class SeedsSet(Struct, frozen=True, kw_only=True):
    """Entrants of the tournament were seeded in this order, the best first; before the start."""

    entrants: tuple[int, ...]


class MatchOpened(Struct, frozen=True, kw_only=True):
    """A match was opened: its sides must say that they are ready, or play at once.

    The mark ``players`` holds the ids of the users who are called to it.
    """

    match: int
    part: Part
    round: int
    group: int | None = None
    """From 1 on, where there are groups."""
    a: int
    b: int
    ready_a: bool
    ready_b: bool
    """A side without an account is ready at once. If both are, the match is being played."""
    until: int | None = None
    """Until when both must be ready, Unix milliseconds."""
    latest: int | None = None
    """Until when its sides may agree to play it, Unix milliseconds; None: they can't put it off."""
    play_until: int | None = None
    """Until when somebody must report it, if it is being played, Unix milliseconds."""
    room: StreamId | None = None
    """The room in which its players and staff can talk. The mark ``seats`` holds them, ``moderators`` who may moderate
    it.
    """


class SideReady(Struct, frozen=True, kw_only=True):
    """A side of a match is ready; once both are, the match is being played."""

    match: int
    entrant: int
    ready_a: bool
    ready_b: bool
    play_until: int | None = None
    """Until when somebody must report it, if it is being played, Unix milliseconds."""


class ResultReported(Struct, frozen=True, kw_only=True):
    """A side has reported the result of a match."""

    match: int
    entrant: int
    winner: int
    scores: Scores
    until: int
    """When it counts as confirmed, Unix milliseconds."""


class ResultDisputed(Struct, frozen=True, kw_only=True):
    """A side has disputed a match, or reported something else than the other side, or nobody has reported it in time:
    staff decide it.

    The mark ``staff`` holds the ids of the users who are called to decide it.
    """

    match: int
    entrant: int
    """0: nobody, its time to be played has passed."""
    scores: Scores = ()
    """What this side has reported itself."""
    note: str = ""
    evidence: str | None = None


class MatchFinished(Struct, frozen=True, kw_only=True):
    """A match is done."""

    match: int
    winner: int
    """The number of an entrant; 0 for nobody."""
    loser: int
    """The number of an entrant; 0 for nobody, or for both."""
    kind: ResultKind
    scores: Scores = ()
    note: str = ""
    fills: tuple[int, ...] = ()
    """What follows for other matches: a match, its side a, its side b; the next match, and so on. A side is the number
    of an entrant, 0 for nobody, or -1 while it isn't known. A match with nobody on a side is done, too, but for those
    that ``later`` names.
    """
    later: tuple[int, ...] = ()
    """Of these, matches with nobody on a side that aren't done yet, where much follows: each has its own event soon."""
    placed: tuple[int, ...] = ()
    """Who plays no more, and their place: an entrant, a place; the next one, and so on."""


class PersonErased(Struct, frozen=True, kw_only=True):
    """A user's account was erased, and so were their texts in the events at the header's ``erases``.

    Marks: ``name``, ``description`` and ``reason`` if the tournament's is gone; ``names`` and ``reasons``: entrants
    whose name, or reason of removal, is gone; ``disputes`` and ``decisions``: matches whose note on that is gone;
    ``owner`` if the owner was erased: who owns the tournament now, "" for nobody.
    """

    user: UserId


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.created": TournamentCreated,
    "tournament.changed": TournamentChanged,
    "tournament.staff_set": StaffSet,
    "tournament.registration_opened": RegistrationOpened,
    "tournament.check_in_opened": CheckInOpened,
    "tournament.started": TournamentStarted,
    "tournament.not_started": TournamentNotStarted,
    "tournament.cancelled": TournamentCancelled,
    "tournament.finished": TournamentFinished,
    "tournament.entered": EntrantEntered,
    "tournament.accepted": EntrantAccepted,
    "tournament.promoted": EntrantPromoted,
    "tournament.left": EntrantLeft,
    "tournament.checked_in": EntrantCheckedIn,
    "tournament.tagged": EntrantTagged,
    "tournament.seeded": SeedsSet,
    "tournament.match_opened": MatchOpened,
    "tournament.side_ready": SideReady,
    "tournament.reported": ResultReported,
    "tournament.disputed": ResultDisputed,
    "tournament.match_finished": MatchFinished,
    "tournament.person_erased": PersonErased,
    **ATTEMPTS,
    **CORRECTIONS,
    **GATHERED,
    **OWNERSHIP,
    **PICKING,
    **STAGE_ENDS,
    **IMPORTING,
    **STANDINGS_MOVED,
    **SWISS,
    **TEAMS,
}
