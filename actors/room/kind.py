"""The room as a kind of stream: its pure functions, in the form the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from actors.kind import Change, Decision, FactKey, Facts, Instant, Kind
from actors.room.apply import apply
from actors.room.decide import RoomCommand, decide, needed_facts
from actors.room.project import project
from actors.room.state import Room
from protocol import room as wire
from protocol.event import Header
from protocol.frames import Command, Signal
from protocol.room import RoomView


class RoomKind(Kind[Room]):
    """Chat rooms: members, an owner, messages that can be edited and erased."""

    name = wire.KIND
    state = Room
    commands = wire.COMMANDS
    events = wire.EVENTS
    signals = wire.SIGNALS

    def initial(self, stream: str) -> Room:
        """A room that isn't created yet."""
        return Room(room=stream)

    def facts(self, state: Room, command: Command) -> Sequence[FactKey]:
        """The message an edit or a delete is about."""
        return needed_facts(cast(RoomCommand, command))

    def decide(self, state: Room, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        """See ``actors.room.decide``."""
        return decide(state, facts, cast(RoomCommand, command), by=by, now=now)

    def apply(self, state: Room, header: Header, payload: Struct | None) -> Room:
        """See ``actors.room.apply``."""
        return apply(state, header)

    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        """See ``actors.room.project``."""
        return project(header, payload)

    def view(self, state: Room, user: str) -> RoomView:
        """The members in the order of their joining; equal for everybody."""
        return RoomView(
            room=state.room,
            owner=state.owner,
            public=state.public,
            members=sorted(state.members, key=state.members.__getitem__),
            messages=state.messages,
        )

    def may_signal(self, state: Room, signal: Signal, *, by: str) -> bool:
        """Members may."""
        return by in state.members
