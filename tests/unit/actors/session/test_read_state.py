"""What a session does with marks and with the wish to watch heads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from actors.inbox.kind import InboxKind
from actors.ordered_map import OrderedMap
from actors.room.kind import RoomKind
from actors.session.read_state import ReadState
from protocol import limits
from protocol.codec import FULL
from protocol.codes import Code
from protocol.frames import Accepted, MarkRead, Read, Refused, Signalled, WatchHeads
from protocol.inbox import inbox_of
from protocol.kinds import KINDS
from tests.unit.actors.session.support import client_id, run
from tests.unit.actors.session.test_unread import BEN, ME, ROOM, Town, pass_


class Device:
    """One session's part in it."""

    def __init__(self, town: Town) -> None:
        services = SimpleNamespace(
            read_markers=town.read_markers, unread=town.scheduler, clock=town.world.clock
        )
        subscriber = SimpleNamespace(user=ME, writer=town.writer)
        self.read_state = ReadState(cast(Any, services), cast(Any, subscriber))
        town.unread = cast(Any, SimpleNamespace(was_read=self.was_read))

    def was_read(self, room: str, number: int) -> None:
        data: dict[str, Any] = {"room": room, "number": number, "user": ME}
        self.read_state.signalled(Signalled(stream=inbox_of(ME), author=ME, type="read", data=data))

    def watch(self, *rooms: str, n: int = 1) -> Accepted | Refused:
        return self.read_state.watch(WatchHeads(client_id=client_id(n), rooms=rooms))


def test_a_mark_is_kept_and_shows_in_the_heads_at_once() -> None:
    async def test() -> None:
        async with Town().running() as town:
            device = Device(town)
            for _ in range(3):
                town.post()
            assert device.watch(ROOM) == Accepted(client_id=client_id(1))
            device.read_state.mark(MarkRead(room=ROOM, number=3))
            await pass_(0)
            assert town.known[ROOM].read == 3
            assert not town.world.database.read_positions
            await pass_(2)
            assert town.world.database.read_positions == {(ME, ROOM): 3}

    run(test)


def test_another_device_s_mark_shows_too() -> None:
    async def test() -> None:
        async with Town().running() as town:
            device = Device(town)
            for _ in range(3):
                town.post()
            device.was_read(ROOM, 1)  # of no matter before anything is watched
            device.watch(ROOM)
            await pass_(0)
            town.world.database.read_positions[ME, ROOM] = 2
            device.was_read(ROOM, 2)
            await pass_(2)
            assert (town.known[ROOM].read, town.known[ROOM].unread) == (2, 1)
            device.read_state.end()
            device.read_state.end()
            assert town.world.relay.streams == ()

    run(test)


def test_too_many_marks_are_dropped_and_other_streams_have_none() -> None:
    async def test() -> None:
        async with Town().running() as town:
            device = Device(town)
            for _ in range(50):
                town.post()
            device.read_state.mark(MarkRead(room=inbox_of(ME), number=1))
            assert town.read_markers.waiting == 0
            for number in range(1, 50):
                device.read_state.mark(MarkRead(room=ROOM, number=number))
            await pass_(2)
            assert town.world.database.read_positions == {(ME, ROOM): int(limits.SIGNALS_BURST)}

    run(test)


def test_watching_ever_other_rooms_is_refused_for_a_while() -> None:
    async def test() -> None:
        async with Town().running() as town:
            device = Device(town)
            answers = [device.watch(ROOM, n=n) for n in range(int(limits.HEADS_WATCHES_BURST) + 1)]
            assert all(isinstance(answer, Accepted) for answer in answers[:-1])
            last = answers[-1]
            assert isinstance(last, Refused)
            assert (last.code, last.client_id) == (Code.RATE_LIMITED, client_id(len(answers) - 1))
            assert last.retry_after_s is not None
            await pass_(last.retry_after_s)
            assert isinstance(device.watch(ROOM), Accepted)

    run(test)


def test_who_may_be_told_what_was_read() -> None:
    assert Read not in FULL
    for kind in KINDS:
        assert Read not in kind.signals

    inbox = InboxKind()
    signal = Read(stream=inbox_of(ME), room=ROOM, number=1, user=ME)
    assert inbox.may_signal(inbox.initial(inbox_of(ME)), signal, by=ME, now=1)
    assert not inbox.may_signal(inbox.initial(inbox_of(ME)), signal, by=BEN, now=1)

    kind = RoomKind(bytes(32))
    for access, number, by, may in (
        ("direct", 2, ME, True),
        ("direct", 3, ME, False),
        ("direct", 2, BEN, False),
        ("private", 2, ME, False),
    ):
        room = type(kind.initial(ROOM))(
            room=ROOM, created=True, access=cast(Any, access), members=OrderedMap({ME: 1}), messages=2
        )
        assert (
            kind.may_signal(room, Read(stream=ROOM, room=ROOM, number=number, user=by), by=by, now=1) is may
        )
