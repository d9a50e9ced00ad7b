"""The work that an event costs in a room of many: it doesn't grow with the members."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from msgspec.structs import replace

from actors.kind import Accept
from actors.ordered_map import OrderedMap
from actors.room.kind import RoomKind
from actors.room.state import Room
from protocol import limits
from protocol.event import Header
from protocol.frames import Command
from protocol.room.commands import (
    BanUser,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    PostMessage,
    UnbanUser,
)
from storage.memory.people import MemoryPeople
from tests.unit.actors.room.talk import ANN, BOB, ID, ROOM

KIND = RoomKind(bytes(32))
NOW = 2_000_000
SIZES = (10, 100, 1000, limits.ROOM_MEMBERS_MAX)
STEPS_MAX = 10_000
"""Of the interpreter. Walks and copies of those of a full room took up to 230,000."""
BYTES_MAX = 15_000
"""At once. A copy of one of the maps of a full room takes 260,000."""


def crowd(size: int) -> Room:
    """A room of so many: all posted, as many are muted and banned, all those times are over. ANN owns it, and BOB is
    in it, who wasn't heard of before."""
    users = [f"user:{number:032x}" for number in range(1000, 1000 + size - 2)]
    others = [f"user:{number:032x}" for number in range(10_000, 10_000 + size)]
    return Room(
        room=ROOM,
        created=True,
        access="public",
        owner=ANN,
        members=OrderedMap({user: at for at, user in enumerate((ANN, *users, BOB), 1)}),
        readable_after=OrderedMap({user: at for at, user in enumerate(users, 1)}),
        history=False,
        slow_mode_s=60,
        posted_at=OrderedMap({user: 1000 + at for at, user in enumerate(users)}),
        muted=OrderedMap(dict.fromkeys(others, 1000)),
        banned=OrderedMap(dict.fromkeys(others, 1000)),
        invited=OrderedMap(dict.fromkeys(others[: limits.ROOM_INVITED_MAX - 1], 5)),
    )


HERE: dict[str, Any] = {"client_id": ID, "stream": ROOM}
NEW = "user:" + "e" * 32
EVENTS: dict[str, tuple[Callable[[Room], Room], Command, str]] = {
    "a post in slow mode": (lambda room: room, PostMessage(**HERE, body="hello"), BOB),
    "a post": (lambda room: _with(room, slow_mode_s=0), PostMessage(**HERE, body="hello"), BOB),
    "a join": (
        lambda room: _with(room, members=room.members.discard(BOB)),
        JoinRoom(**HERE),
        NEW,
    ),
    "a leave": (lambda room: room, LeaveRoom(**HERE), BOB),
    "the owner leaves": (lambda room: room, LeaveRoom(**HERE), ANN),
    "a kick": (lambda room: room, KickMember(**HERE, user=BOB), ANN),
    "a mute": (lambda room: room, MuteMember(**HERE, user=BOB, for_s=60), ANN),
    "a ban": (lambda room: room, BanUser(**HERE, user=BOB), ANN),
    "the end of a ban": (
        lambda room: _with(room, banned=room.banned.insert(NEW, None)),
        UnbanUser(**HERE, user=NEW),
        ANN,
    ),
    "an invitation": (lambda room: room, InviteUser(**HERE, user=NEW), ANN),
}


def _with(room: Room, **changes: Any) -> Room:
    return replace(room, **changes)


def run(room: Room, command: Command, by: str) -> Room:
    """Decide and apply, as a cell does."""
    people = MemoryPeople()
    people.add(NEW, "new")
    facts = {key: people.get(key) for key in KIND.facts(room, command, by=by)}
    decision = KIND.decide(room, facts, command, by=by, now=NOW)
    assert isinstance(decision, Accept), decision
    for seq, emit in enumerate(decision.events, 100_000):
        header = Header(
            stream=ROOM,
            seq=seq,
            at=NOW,
            author=by,
            type=next(t for t, p in KIND.wire.events.items() if p is type(emit.payload)),
            revokes=emit.revokes,
            erases=emit.erases,
            marks=dict(emit.marks),
        )
        room = KIND.apply(room, header, emit.payload)
    return room


def steps_of(work: Callable[[], object]) -> int:
    """How many instructions of the interpreter this takes."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


def bytes_of(work: Callable[[], object]) -> int:
    """How many bytes this needs at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", EVENTS)
def test_no_event_costs_more_where_there_are_more_members(what: str) -> None:
    prepare, command, by = EVENTS[what]
    rooms = [prepare(crowd(size)) for size in SIZES]
    for room in rooms:
        run(room, command, by)  # what is imported and cached with the first
    steps = [steps_of(lambda room=room: run(room, command, by)) for room in rooms]
    memory = [bytes_of(lambda room=room: run(room, command, by)) for room in rooms]
    assert max(steps) <= STEPS_MAX
    assert max(memory) <= BYTES_MAX
    # Five times the members are one more step down a tree.
    assert steps[-1] <= 1.5 * steps[-2]
