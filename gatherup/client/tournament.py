"""One tournament, with a method for each of its commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypedDict, TypeVar

import msgspec
from typing_extensions import Unpack

from gatherup.client.room import Speaks
from gatherup.client.streams import Stream
from protocol.frames import Accepted, Position, StreamCommand
from protocol.tournament import BestOf, Entry, Format, Policy, StaffRole, Visibility
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from protocol.tournament.commands import (
    AcceptEntrant,
    AcceptStart,
    AddEntrants,
    AddPlayer,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
    Consequences,
    CorrectResult,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    HoldMatch,
    InvitePlayer,
    JoinTeam,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    PickGame,
    ProposeStart,
    ReinstateEntrant,
    ReleaseMatch,
    RemoveEntrant,
    RemovePlayer,
    ReportResult,
    SayReady,
    SetSeeds,
    SetStaff,
    SetTags,
    StartTournament,
    SubstitutePlayer,
    UndoResult,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from protocol.tournament.rounds import RoundRule
from protocol.tournament.stage import Stage

C = TypeVar("C", bound=StreamCommand)
Points = Sequence[tuple[int, int]]
"""The points of each game: of side a, of side b."""


class TournamentSettings(TypedDict, total=False):
    """What a tournament can be created with or changed to; ``CreateTournament`` tells what each means."""

    description: str
    game: str
    platform: str
    region: str
    format: Format
    third_place: bool
    reset: bool
    best_of: BestOf
    stages: tuple[Stage, ...]
    entrants_max: int
    visibility: Visibility
    entry: Entry
    ready_s: int
    confirm_s: int
    rounds: tuple[RoundRule, ...]
    team_min: int
    team_max: int
    substitutes: int
    play_s: int
    rooms: bool
    registration_at: int
    check_in_at: int
    start_at: int


class Correction(TypedDict, total=False):
    """How a correction is done; ``CorrectResult`` tells what each means."""

    policy: Policy
    confirm: bool
    preview: bool


class Tournament:
    """A tournament by its id; made by ``Client.tournament`` and ``create_tournament``.

    What changes it is durable when the method returns, and raises as ``Client.send`` does. Entrants and matches are
    named by their numbers within the tournament. Give the items of ``subscribe`` to a ``LiveBracket`` to know how it
    stands.
    """

    def __init__(self, client: Speaks, tournament: str) -> None:
        self.id: Final = tournament
        self._client = client

    async def subscribe(self, *, since: Position | None = None) -> Stream:
        """Follow the tournament; what the stream yields is told at ``Client.subscribe``."""
        return await self._client.subscribe(self.id, since=since)

    # --- the tournament itself -----------------------------------------------------------------------------

    async def change(self, *, name: str | None = None, **settings: Unpack[TournamentSettings]) -> Accepted:
        """Change settings; those that are left out stay as they are. A time of 0 is taken away."""
        return await self._send(ChangeTournament, name=name, **settings)

    async def set_staff(self, user: str, role: StaffRole | None) -> Accepted:
        """Give a user a role on the staff; None takes it away."""
        return await self._send(SetStaff, user=user, role=role)

    async def transfer(self, user: str) -> Accepted:
        """Give the tournament to one of its organisers, as its owner; one is an organiser then."""
        return await self._send(TransferTournament, user=user)

    async def open_registration(self) -> Accepted:
        """Open the registration; from the check-in it goes back to it."""
        return await self._send(OpenRegistration)

    async def open_check_in(self) -> Accepted:
        """Open the check-in: who hasn't checked in at the start doesn't take part."""
        return await self._send(OpenCheckIn)

    async def start(self) -> Accepted:
        """Start the tournament: seeds and format are settled, and the first matches are opened."""
        return await self._send(StartTournament)

    async def cancel(self, *, reason: str = "") -> Accepted:
        """Cancel the tournament for good."""
        return await self._send(CancelTournament, reason=reason)

    async def remove(self) -> Accepted:
        """Remove the tournament, which is a draft or over, as its owner: it is hidden, and can be restored for some
        days.
        """
        return await self._send(RemoveTournament)

    async def restore(self) -> Accepted:
        """Restore the tournament, which was removed, as its owner."""
        return await self._send(RestoreTournament)

    # --- who takes part ------------------------------------------------------------------------------------

    async def enter(self, *, name: str | None = None) -> Accepted:
        """Enter the tournament oneself; a tournament of teams with a team of this name, whose captain one is."""
        return await self._send(EnterTournament, name=name)

    async def invite_player(self, user: str) -> Accepted:
        """Invite a user to one's team, as its captain before the start."""
        return await self._send(InvitePlayer, user=user)

    async def join_team(self, entrant: int) -> Accepted:
        """Join the team that has invited one."""
        return await self._send(JoinTeam, entrant=entrant)

    async def add_player(self, entrant: int, user: str) -> Accepted:
        """Put a user on the roster of a team, as staff before the start."""
        return await self._send(AddPlayer, entrant=entrant, user=user)

    async def remove_player(self, entrant: int, user: str) -> Accepted:
        """Take a user off the roster of a team before the start, or end their invitation; it may be oneself."""
        return await self._send(RemovePlayer, entrant=entrant, user=user)

    async def substitute(
        self, match: int, player: str, substitute: str, *, entrant: int | None = None
    ) -> Accepted:
        """Let somebody else play from a match on that hasn't begun, as the captain of a team or as staff."""
        return await self._send(
            SubstitutePlayer, match=match, player=player, substitute=substitute, entrant=entrant
        )

    async def leave(self) -> Accepted:
        """Leave the tournament; after the start one's matches are forfeited."""
        return await self._send(LeaveTournament)

    async def check_in(self, *, entrant: int | None = None) -> Accepted:
        """Check oneself in, or as staff somebody else."""
        return await self._send(CheckIn, entrant=entrant)

    async def add_entrants(self, entrants: Iterable[NewEntrant]) -> Accepted:
        """Enter people as staff: all of them or none."""
        return await self._send(AddEntrants, entrants=tuple(entrants))

    async def accept(self, entrant: int) -> Accepted:
        """Accept an entrant who is pending."""
        return await self._send(AcceptEntrant, entrant=entrant)

    async def remove_entrant(self, entrant: int, *, disqualify: bool = False, reason: str = "") -> Accepted:
        """Remove an entrant, or refuse one who is pending; who is disqualified can't come back."""
        return await self._send(RemoveEntrant, entrant=entrant, disqualify=disqualify, reason=reason)

    async def set_tags(self, entrant: int, tags: Iterable[str]) -> Accepted:
        """Give an entrant these tags, as staff before the start: who has one in common is kept apart."""
        return await self._send(SetTags, entrant=entrant, tags=tuple(tags))

    async def set_seeds(self, entrants: Iterable[int]) -> Accepted:
        """Seed entrants in this order, the best first. All others come after them, drawn at the start."""
        return await self._send(SetSeeds, entrants=tuple(entrants))

    # --- matches -------------------------------------------------------------------------------------------

    async def ready(self, match: int, *, entrant: int | None = None) -> Accepted:
        """Say that one is ready to play a match, or as staff that somebody else is."""
        return await self._send(SayReady, match=match, entrant=entrant)

    async def report(self, match: int, scores: Points) -> Accepted:
        """Report the result of one's own match. The same report by the other side confirms it."""
        return await self._send(ReportResult, match=match, scores=tuple(scores))

    async def confirm(self, match: int) -> Accepted:
        """Confirm the result that the other side has reported."""
        return await self._send(ConfirmResult, match=match)

    async def dispute(self, match: int, *, note: str = "", evidence: str | None = None) -> Accepted:
        """Dispute one's own match, so that staff decide it; ``evidence`` is a link."""
        return await self._send(DisputeResult, match=match, note=note, evidence=evidence)

    async def decide(
        self, match: int, winner: int, *, draw: bool = False, scores: Points = (), note: str = ""
    ) -> Accepted:
        """Decide a match as staff, whatever its sides have said; winner 0: both forfeit, unless it is a draw."""
        return await self._send(
            DecideMatch, match=match, winner=winner, draw=draw, scores=tuple(scores), note=note
        )

    async def pick(self, match: int, step: int, choice: str, *, entrant: int | None = None) -> Accepted:
        """Do one's step of the picks and bans of a match, or as staff somebody else's: a game of the pool, or in a
        *side* step ``first`` or ``second``. Steps count from 1.
        """
        return await self._send(PickGame, match=match, step=step, choice=choice, entrant=entrant)

    async def hold(self, match: int) -> Accepted:
        """Hold a match that is open as staff: its time stands still."""
        return await self._send(HoldMatch, match=match)

    async def release(self, match: int) -> Accepted:
        """Release a match that is held: it has the time that was left."""
        return await self._send(ReleaseMatch, match=match)

    async def propose_start(self, match: int, at: int) -> Accepted:
        """Propose to the other side of one's match to play it at another time, in Unix milliseconds."""
        return await self._send(ProposeStart, match=match, at=at)

    async def accept_start(self, match: int, at: int) -> Accepted:
        """Accept the time that the other side of one's match has proposed."""
        return await self._send(AcceptStart, match=match, at=at)

    # --- corrections ---------------------------------------------------------------------------------------

    async def correct(
        self,
        match: int,
        winner: int,
        *,
        draw: bool = False,
        scores: Points = (),
        note: str = "",
        **how: Unpack[Correction],
    ) -> Consequences:
        """Correct the result of a match that is done, as staff; winner 0: both forfeit, unless it is a draw.

        Returns what follows from it.
        """
        return await self._mend(
            CorrectResult, match=match, winner=winner, draw=draw, scores=tuple(scores), note=note, **how
        )

    async def undo(self, match: int, *, confirm: bool = False, preview: bool = False) -> Consequences:
        """Take back the result of a match, as staff: it is opened again. What follows from it."""
        return await self._mend(UndoResult, match=match, confirm=confirm, preview=preview)

    async def reinstate(self, entrant: int, **how: Unpack[Correction]) -> Consequences:
        """Take back, as staff, that an entrant isn't in the running tournament any more. What follows from it."""
        return await self._mend(ReinstateEntrant, entrant=entrant, **how)

    # --- leaderboards --------------------------------------------------------------------------------------

    async def submit_attempt(self, score: int, *, entrant: int | None = None) -> Accepted:
        """Submit an attempt of one's own in the leaderboard that is being played, or as staff somebody else's."""
        return await self._send(SubmitAttempt, score=score, entrant=entrant)

    async def correct_attempt(
        self,
        entrant: int,
        attempt: int,
        score: int | None,
        *,
        stage: int | None = None,
        preview: bool = False,
    ) -> Consequences:
        """Give an attempt another score as staff, or make it void with None. What follows from it."""
        return await self._mend(
            CorrectAttempt, entrant=entrant, attempt=attempt, score=score, stage=stage, preview=preview
        )

    async def set_window(self, closes_at: int) -> Accepted:
        """Set until when the leaderboard that is being played takes attempts, in Unix milliseconds; a time that has
        passed closes it at once.
        """
        return await self._send(SetWindow, closes_at=closes_at)

    async def _mend(self, command: type[C], **fields: Any) -> Consequences:
        accepted = await self._send(command, **fields)
        return msgspec.msgpack.decode(accepted.answer or b"", type=Consequences)

    async def _send(self, command: type[C], **fields: Any) -> Accepted:
        return await self._client.send(command(client_id=self._client.new_id(), stream=self.id, **fields))
