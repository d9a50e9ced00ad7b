"""The gathering as a kind of stream: its pure functions, in the form the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from typing_extensions import override

from actors.creation import EVERYBODY, Creation
from actors.gathering.advance import due
from actors.gathering.apply import apply
from actors.gathering.context import Context
from actors.gathering.decide import decide, needed_facts
from actors.gathering.effects import effects
from actors.gathering.project import project
from actors.gathering.rows import PLAYER, STAFF, TABLES
from actors.gathering.state import Gathering
from actors.gathering.view import view
from actors.kind import Change, Decision, Effect, FactKey, Facts, Instant, Kind
from protocol.event import Header
from protocol.frames import Command
from protocol.gathering.commands import AdvanceGathering, EraseGatheringPerson
from protocol.gathering.view import GatheringView
from protocol.kinds import GATHERING


class GatheringKind(Kind[Gathering]):
    """Gatherings, whose registrations become entries of their competitions. ``creation`` says who may create one."""

    wire = GATHERING
    state = Gathering
    tables = TABLES
    people = (PLAYER, STAFF)
    view_own = ("own", "role")

    def __init__(self, creation: Creation = EVERYBODY) -> None:
        self._creation: Final = creation

    def initial(self, stream: str) -> Gathering:
        """A gathering that isn't created yet."""
        return Gathering(gathering=stream)

    @override
    def facts(self, state: Gathering, command: Command, *, by: str) -> Sequence[FactKey]:
        return needed_facts(command, by)

    @override
    def decide(self, state: Gathering, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        return decide(Context(state, facts, by, now, self._creation), command)

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> EraseGatheringPerson:
        return EraseGatheringPerson(client_id="", stream=stream, user=user, events=tuple(events))

    @override
    def apply(self, state: Gathering, header: Header, payload: Struct | None) -> Gathering:
        return apply(state, header)

    @override
    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        return project(header, payload)

    @override
    def effects(self, header: Header) -> Sequence[Effect]:
        return effects(header)

    def view(self, state: Gathering, user: str) -> GatheringView:
        """See ``actors.gathering.view``."""
        return view(state, user)

    @override
    def due(self, state: Gathering) -> Instant | None:
        return due(state)

    def on_due(self, state: Gathering, now: Instant) -> AdvanceGathering:
        """It goes on to the phase whose time has come."""
        return AdvanceGathering(client_id="", stream=state.gathering)
