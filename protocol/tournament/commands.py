"""What a tournament is asked for."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import CreateCommand, StreamCommand
from protocol.ids import UserId
from protocol.lookups import LookupKey
from protocol.text import Reason
from protocol.tournament import (
    At,
    AtOrNever,
    BestOf,
    ConfirmS,
    Description,
    EntrantName,
    EntrantNumber,
    EntrantsMax,
    EntrantTags,
    Entry,
    Format,
    MatchNumber,
    Name,
    Note,
    Phase,
    PlayS,
    Policy,
    ReadyS,
    Scores,
    StaffRole,
    Visibility,
)
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from protocol.tournament.gathered import COMMANDS as GATHERED
from protocol.tournament.importing import COMMANDS as IMPORTING
from protocol.tournament.making import MakeTournament
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from protocol.tournament.picking import AcceptStart, HoldMatch, PickGame, ProposeStart, ReleaseMatch
from protocol.tournament.playing import ConfirmResult, DecideMatch, DisputeResult, ReportResult, SayReady
from protocol.tournament.rounds import RoundRules
from protocol.tournament.seeding import SetSeeds, SetTags
from protocol.tournament.stage import Stages
from protocol.tournament.stage_ends import FinishStage
from protocol.tournament.standings_moved import MoveStandings
from protocol.tournament.swiss import TakeRound
from protocol.tournament.teams import (
    AddPlayer,
    InvitePlayer,
    JoinTeam,
    OtherPlayers,
    RemovePlayer,
    SubstitutePlayer,
    Substitutes,
    TeamPlayers,
)

_Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]

# --- the tournament --------------------------------------------------------------------------------------


class CreateTournament(CreateCommand, frozen=True, kw_only=True, tag="tournament.create"):
    """Create a tournament as a draft; its creator owns it. ``accepted.stream`` is the tournament's id.

    The times that are given come in this order: registration, check-in, start. What has no time waits for a command.
    """

    name: Name
    description: Description = ""
    game: LookupKey | None = None
    platform: LookupKey | None = None
    region: LookupKey | None = None
    """Keys of the lookup tables of these names; of entries that aren't retired."""
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


class ChangeTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.change"):
    """Change the settings of a tournament. A setting that is None stays as it is; a time of 0 is taken away.

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


class SetStaff(StreamCommand, frozen=True, kw_only=True, tag="tournament.set_staff"):
    """Give a user a role on the staff of a tournament, or take it away."""

    user: UserId
    role: StaffRole | None
    """None: no role any more."""


class OpenRegistration(StreamCommand, frozen=True, kw_only=True, tag="tournament.open_registration"):
    """Open the registration of a tournament; from the check-in it goes back to it."""


class OpenCheckIn(StreamCommand, frozen=True, kw_only=True, tag="tournament.open_check_in"):
    """Open the check-in of a tournament: who hasn't checked in at the start doesn't take part."""


class StartTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.start"):
    """Start a tournament: seeds and format are settled, and the first matches are opened."""


class CancelTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.cancel"):
    """Cancel a tournament for good."""

    reason: Reason = ""


# --- who takes part --------------------------------------------------------------------------------------


class EnterTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.enter"):
    """Enter a tournament whose registration is open, or late one that has started and lets one. Who has left gets their
    old number again.

    Who enters a tournament of teams enters a team, whose captain they are.
    """

    name: EntrantName | None = None
    """The name of the team."""


class LeaveTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.leave"):
    """Leave a tournament; as its captain with a team. After the start the current match is forfeited, and so is each
    later one.
    """


class CheckIn(StreamCommand, frozen=True, kw_only=True, tag="tournament.check_in"):
    """Check in to a tournament: say that one is there. Staff can check in somebody late who was dropped at the start,
    as long as they can enter people.
    """

    entrant: EntrantNumber | None = None
    """Whom staff check in; None: oneself."""


class NewEntrant(Struct, frozen=True, kw_only=True):
    """Somebody to enter: a user, or a name for somebody without an account. A team has both, or a name alone."""

    user: UserId | None = None
    """Of a team: its captain."""
    name: EntrantName | None = None
    roster: OtherPlayers = ()
    """The other players of a team."""
    tags: EntrantTags = ()


class AddEntrants(StreamCommand, frozen=True, kw_only=True, tag="tournament.add_entrants"):
    """Enter people in a tournament as staff: all of them, or none. They are accepted at once, as far as there is room.

    It can be done until the start, and in a Swiss system as long as its ``late_rounds`` let. Users who were removed, or
    have left, get their old number again.
    """

    entrants: Annotated[
        tuple[NewEntrant, ...], Meta(min_length=1, max_length=limits.ENTRANTS_PER_COMMAND_MAX)
    ]


class AcceptEntrant(StreamCommand, frozen=True, kw_only=True, tag="tournament.accept"):
    """Accept an entrant of a tournament who is pending."""

    entrant: EntrantNumber


class RemoveEntrant(StreamCommand, frozen=True, kw_only=True, tag="tournament.remove_entrant"):
    """Remove an entrant from a tournament, or refuse one who is pending. After the start they forfeit as if they had
    left.
    """

    entrant: EntrantNumber
    disqualify: bool = False
    """Whether they may not come back."""
    reason: Reason = ""


# --- corrections -----------------------------------------------------------------------------------------


class CorrectResult(StreamCommand, frozen=True, kw_only=True, tag="tournament.correct"):
    """Correct the result of a match that is done, as staff; also after the end. ``accepted.answer`` is a
    ``Consequences``. Where the same side has won, nothing else changes.
    """

    match: MatchNumber
    winner: Annotated[int, Meta(ge=0, le=limits.TOURNAMENT_ENTRIES_MAX)]
    """The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn."""
    draw: bool = False
    """That it is drawn, in a stage with draws."""
    scores: Scores = ()
    """None, or some that lead to this result."""
    note: Note = ""
    policy: Policy | None = None
    """None: that of the format, which is *reset* in elimination, *keep* in others."""
    confirm: bool = False
    """That matches which were opened may become void; else it is refused with ``confirm_needed`` if any would."""
    preview: bool = False
    """Only answer what would follow."""


class UndoResult(StreamCommand, frozen=True, kw_only=True, tag="tournament.undo"):
    """Take back the result of a match that is done, as staff: it is opened again, and what it led to is void.

    Also after the end. ``accepted.answer`` is a ``Consequences``.
    """

    match: MatchNumber
    confirm: bool = False
    """That matches which were opened may become void; else it is refused with ``confirm_needed`` if any would."""
    preview: bool = False
    """Only answer what would follow."""


class ReinstateEntrant(StreamCommand, frozen=True, kw_only=True, tag="tournament.reinstate"):
    """Take back that an entrant left, or was removed or disqualified, since the start of the tournament. The match that
    they forfeited by it is opened again. ``accepted.answer`` is a ``Consequences``.
    """

    entrant: EntrantNumber
    policy: Policy | None = None
    """None: that of the format. With *keep* the forfeit stands if matches that depend on it were opened."""
    confirm: bool = False
    """That matches which were opened may become void; else it is refused with ``confirm_needed`` if any would."""
    preview: bool = False
    """Only answer what would follow."""


class Consequences(Struct, frozen=True, kw_only=True):
    """What follows from a correction, or would follow."""

    policy: Policy
    """By which it was worked out."""
    fills: tuple[int, ...]
    """Matches that begin anew: a match, its side a, its side b; the next match, and so on. A side is the number of an
    entrant, 0 for nobody, or -1 while it isn't known. A match with nobody on a side is done.
    """
    void: tuple[int, ...]
    """Of these, matches that were opened: what was played there is void."""
    kept: tuple[int, ...]
    """Matches that stand because of the policy, though other sides would have come to them."""
    placed: tuple[int, ...]
    """Who has another place: an entrant, a place; the next one, and so on. 0: none any more."""
    phase: Phase
    """Of the tournament then."""
    stages: tuple[int, ...] = ()
    """Later stages that are void with all of their matches, as in ``StageReopened``. Who plays the stage of the result
    has no place any more.
    """


TournamentCommand = (
    CreateTournament
    | ChangeTournament
    | SetStaff
    | TransferTournament
    | OpenRegistration
    | OpenCheckIn
    | StartTournament
    | CancelTournament
    | RemoveTournament
    | RestoreTournament
    | EnterTournament
    | LeaveTournament
    | CheckIn
    | AddEntrants
    | AcceptEntrant
    | RemoveEntrant
    | SetTags
    | SetSeeds
    | SayReady
    | ReportResult
    | ConfirmResult
    | DisputeResult
    | DecideMatch
    | InvitePlayer
    | JoinTeam
    | AddPlayer
    | RemovePlayer
    | SubstitutePlayer
    | PickGame
    | HoldMatch
    | ReleaseMatch
    | ProposeStart
    | AcceptStart
    | CorrectResult
    | UndoResult
    | ReinstateEntrant
    | SubmitAttempt
    | CorrectAttempt
    | SetWindow
)
COMMANDS: Final = TournamentCommand.__args__
"""What clients may send."""
ANSWERS: Final[dict[str, type[Struct]]] = {
    str(kind.__struct_config__.tag): Consequences
    for kind in (CorrectResult, UndoResult, ReinstateEntrant, CorrectAttempt)
}
"""What ``accepted.answer`` holds, by the command's tag."""

# --- the server's own --------------------------------------------------------------------------------------


class Advance(StreamCommand, frozen=True, kw_only=True, tag="tournament.advance"):
    """The tournament's own: do what is due at this time, as much of it as one command may."""


class ErasePerson(StreamCommand, frozen=True, kw_only=True, tag="tournament.erase_person"):
    """The server's own: this user's account is gone. They leave, and of these events those that hold a text of theirs
    are emptied.

    Sent again, each time with another client_id, until no row names them.
    """

    user: UserId
    events: Annotated[tuple[_Seq, ...], Meta(max_length=limits.ERASE_SEQS_MAX)] = ()


INTERNAL: Final = (
    Advance,
    ErasePerson,
    FinishStage,
    MoveStandings,
    TakeRound,
    *GATHERED,
    *IMPORTING,
    MakeTournament,
)
