"""The tournament as a kind of stream: its pure functions, in the form the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from typing_extensions import override

from actors.creation import EVERYBODY, Creation
from actors.kind import Change, Decision, Effect, FactKey, Facts, Instant, Kind, Work
from actors.tournament import pairing, stage_ends, standings_moves
from actors.tournament.advance import due
from actors.tournament.apply import apply
from actors.tournament.context import Context
from actors.tournament.decide import decide, needed_facts
from actors.tournament.effects import effects
from actors.tournament.project import project
from actors.tournament.rounds_over import standings_wanted
from actors.tournament.rows import PLAYER, STAFF, TABLES
from actors.tournament.stages import round_due
from actors.tournament.state import Tournament
from actors.tournament.view import view
from protocol.event import Header
from protocol.frames import Command, CreateCommand
from protocol.kinds import TOURNAMENT
from protocol.tournament.commands import Advance, ErasePerson
from protocol.tournament.making import MakeTournament, made_tournament
from protocol.tournament.stage_ends import FinishStage
from protocol.tournament.standings_moved import MoveStandings
from protocol.tournament.swiss import TakeRound
from protocol.tournament.view import TournamentView


class TournamentKind(Kind[Tournament]):
    """Tournaments that run by themselves, from the registration to the last match.

    ``draw_key``, at least 16 bytes and equal on all nodes, makes the numbers of draws; ``creation`` says who may create
    one.
    """

    wire = TOURNAMENT
    state = Tournament
    state_version = 3
    tables = TABLES
    people = (PLAYER, STAFF)
    view_own = ("own", "role")

    def __init__(self, draw_key: bytes, creation: Creation = EVERYBODY) -> None:
        self._draw_key: Final = draw_key
        self._creation: Final = creation

    @override
    def stream_of(self, command: CreateCommand, *, by: str) -> str:
        if isinstance(command, MakeTournament):
            return made_tournament(by, command.start_at)
        return super().stream_of(command, by=by)

    def initial(self, stream: str) -> Tournament:
        """A tournament that isn't created yet."""
        return Tournament(tournament=stream)

    @override
    def facts(self, state: Tournament, command: Command, *, by: str) -> Sequence[FactKey]:
        return needed_facts(state, command, by)

    @override
    def decide(self, state: Tournament, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        return decide(Context(state, facts, by, now, self._draw_key, self._creation), command)

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> ErasePerson:
        return ErasePerson(client_id="", stream=stream, user=user, events=tuple(events))

    @override
    def apply(self, state: Tournament, header: Header, payload: Struct | None) -> Tournament:
        return apply(state, header)

    @override
    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        return project(header, payload)

    @override
    def effects(self, header: Header) -> Sequence[Effect]:
        return effects(header)

    def view(self, state: Tournament, user: str) -> TournamentView:
        """See ``actors.tournament.view``."""
        return view(state, user)

    @override
    def due(self, state: Tournament) -> Instant | None:
        return due(state)

    @override
    def work(self, state: Tournament) -> Work | None:
        if state.importing:
            return None
        return standings_moves.work(state) or pairing.work(state) or stage_ends.work(state)

    @override
    def worked(self, state: Tournament, key: int, result: Any) -> MoveStandings | TakeRound | FinishStage:
        if standings_wanted(state):
            return standings_moves.worked(state, key, result)
        return (pairing if round_due(state) else stage_ends).worked(state, key, result)

    def on_due(self, state: Tournament, now: Instant) -> Advance:
        """Whatever it is: one command does all that is due."""
        return Advance(client_id="", stream=state.tournament)
