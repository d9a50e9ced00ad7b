"""The room as a kind of stream: its pure functions, in the form the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from typing_extensions import override

from actors.kind import Change, Decision, Effect, FactKey, Facts, Instant, Kind, Texts
from actors.room.apply import apply
from actors.room.context import Context
from actors.room.decide import decide, needed_facts
from actors.room.effects import effects
from actors.room.invites import InviteCodes
from actors.room.project import project
from actors.room.rows import INVITED, MESSAGE, TABLES
from actors.room.state import Room
from actors.room.view import view
from protocol.event import Header
from protocol.frames import Command, CreateCommand, Read, Signal
from protocol.ids import derive_stream
from protocol.kinds import ROOM
from protocol.room import KIND
from protocol.room.commands import EraseUser, OpenDirect
from protocol.room.hosting import HostRoom, hosted_room
from protocol.room.view import RoomView


class RoomKind(Kind[Room]):
    """Chat rooms: members of several ranks, messages that can be edited and erased, and all that goes with it.

    ``invite_key``, at least 16 bytes and equal on all nodes, makes the codes of invites.
    """

    wire = ROOM
    state = Room
    tables = TABLES
    texts = (Texts(MESSAGE, author="author", text="body"),)
    people = (INVITED,)
    view_own = ("role", "muted_until", "readable_after")

    def __init__(self, invite_key: bytes) -> None:
        self._codes: Final = InviteCodes(invite_key)

    def stream_of(self, command: CreateCommand, *, by: str) -> str:
        """Two people have one direct room, whoever of them opens it, and a match has one."""
        if isinstance(command, OpenDirect):
            return direct_room(by, command.user)
        if isinstance(command, HostRoom):
            return hosted_room(by, command.number)
        return super().stream_of(command, by=by)

    def initial(self, stream: str) -> Room:
        """A room that isn't created yet."""
        return Room(room=stream)

    @override
    def facts(self, state: Room, command: Command, *, by: str) -> Sequence[FactKey]:
        return needed_facts(state, command, by=by)

    @override
    def decide(self, state: Room, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        return decide(Context(state, facts, by, now, self._codes, state.rank(by)), command)

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> EraseUser:
        return EraseUser(client_id="", stream=stream, user=user, events=tuple(events))

    @override
    def apply(self, state: Room, header: Header, payload: Struct | None) -> Room:
        return apply(state, header)

    @override
    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        return project(header, payload)

    @override
    def effects(self, header: Header) -> Sequence[Effect]:
        return effects(header)

    def view(self, state: Room, user: str) -> RoomView:
        """See ``actors.room.view``."""
        return view(state, user)

    def may_signal(self, state: Room, signal: Signal, *, by: str, now: Instant) -> bool:
        """Members may, unless they are muted or nobody may speak here now.

        How far they have read is for the other one of a direct room alone.
        """
        if isinstance(signal, Read):
            return state.access == "direct" and by in state.members and signal.number <= state.messages
        speaking = not state.archived and state.removed_at is None
        return speaking and by in state.members and state.muted_until(by, now) is None


def direct_room(one: str, other: str) -> str:
    """The id of the direct room of these two users."""
    return derive_stream(KIND, "direct", f"{min(one, other)} {max(one, other)}")
