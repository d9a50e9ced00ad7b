"""What a session is told of the rooms whose heads it watches, on a real relay and a memory storage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import LISTENERS, NOBODY, FactKey
from actors.ports.log import LogRow
from actors.session.read_markers import ReadMarkers
from actors.session.unread import HEARD_AT_ONCE, UnreadScheduler, UnreadWatch
from actors.session.unread_counter import UnreadCounter
from protocol import limits
from protocol.event import Header, encode_header
from protocol.frames import Heads, Read, RoomHead, Signal, Signalled
from storage.memory.read_positions import MemoryReadPositions
from tests.ports import NoStreams
from tests.rows import room_row
from tests.unit.actors.session.support import MemoryWire, World, frames, run, settle, stream_id, user_id

ME, BEN = user_id(1), user_id(2)
ROOMS = [stream_id(number) for number in range(1, 6)]
ROOM, OTHER = ROOMS[:2]


class Town(NoStreams):
    """Rooms whose rows and headers say the same, and one session that watches."""

    def __init__(self, wire: MemoryWire | None = None) -> None:
        self.world = World()
        self.read_markers = ReadMarkers(
            MemoryReadPositions(self.world.database, self.world.faults), self, self.world.clock
        )
        self.scheduler = UnreadScheduler(self.world.relay, self.read_markers, self.world.clock)
        self.wire = wire or MemoryWire()
        self.writer = self.world.open(self.wire)
        self.unread = UnreadWatch(self.scheduler, ME, self.writer)
        self.writer.on_closing = self.unread.end
        self.numbers = dict.fromkeys(ROOMS, 0)
        self.watched_at = 0
        for room in ROOMS:
            self.happen(room, "room.created")
            self.let_in(room, ME)

    def signal(self, signal: Signal, *, by: str) -> None:
        """As a router would, by way of the inbox."""
        assert isinstance(signal, Read)
        self.unread.was_read(signal.room, signal.number)

    def let_in(self, room: str, user: str) -> None:
        self.world.listen(room, user)

    def happen(self, room: str, type_: str, author: str = BEN, *, told: bool = True, **more: Any) -> int:
        stored = self.world.stored(room)
        stored.head += 1
        header = Header(stream=room, seq=stored.head, at=1, author=author, type=type_, **more)
        row = LogRow(stored.head, encode_header(header), b"\x80")
        stored.events.append(row)
        if told:
            self.world.relay.publish(room, [row])
        return stored.head

    def post(
        self, room: str = ROOM, author: str = BEN, *, mentions: tuple[str, ...] = (), told: bool = True
    ) -> int:
        self.numbers[room] += 1
        number = self.numbers[room]
        row = {
            "number": number,
            "author": author,
            "deleted_at": None,
            "everyone": None,
            "mentions": list(mentions),
        }
        key = FactKey("message", str(self.world.stored(room).head + 1))
        self.world.stored(room).rows[key] = row
        marks: dict[str, Any] = {"number": number, **({"mentions": mentions} if mentions else {})}
        return self.happen(room, "room.posted", author, marks=marks, told=told)

    def delete(self, room: str, seq: int) -> None:
        key = FactKey("message", str(seq))
        row = self.world.stored(room).rows[key]
        self.world.stored(room).rows[key] = {**row, "deleted_at": 1}
        marks: dict[str, Any] = {"message": seq, "number": row["number"], "author": row["author"]}
        self.happen(room, "room.deleted", marks=marks, erases=(seq,))

    def revoke(self, room: str, user: str = ME) -> None:
        self.world.forbid(room, user)
        self.happen(room, "room.kicked", revokes=(user,))

    def mark(self, room: str, number: int) -> None:
        """As the session does."""
        if self.read_markers.mark(ME, room, number):
            self.unread.was_read(room, number)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Town]:
        async with self.world.running(), trio.open_nursery() as nursery:
            nursery.start_soon(self.read_markers.run)
            nursery.start_soon(self.scheduler.run)
            await settle()
            yield self
            nursery.cancel_scope.cancel()

    @property
    def told(self) -> list[Heads]:
        return [frame for frame in frames(self.wire) if isinstance(frame, Heads)]

    @property
    def known(self) -> dict[str, RoomHead]:
        """What a client has that keeps the newest of each room since it last said what it watches."""
        known: dict[str, RoomHead] = {}
        for frame in self.told[self.watched_at :]:
            known.update({head.room: head for head in frame.rooms})
            for room in frame.gone:
                known.pop(room, None)
        return known

    async def truth(self, *rooms: str) -> dict[str, RoomHead]:
        return {head.room: head for head in await self.read_markers.counts(ME, rooms or ROOMS)}

    def counts(self) -> int:
        return self.world.faults.calls.count("counts")


async def pass_(seconds: float) -> None:
    await trio.sleep(seconds)
    await settle()


def test_the_first_frame_tells_of_all_rooms_the_user_is_in() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.post(mentions=(ME,))
            town.world.forbid(OTHER, ME)
            gone = ROOMS[2]
            town.world.stored(gone).rows[FactKey(LISTENERS, NOBODY)] = {}
            town.unread.watch([*ROOMS, ROOM, stream_id(77), stream_id(1, "inbox")])
            await settle()
            (first,) = town.told
            assert first.gone == ()
            assert [head.room for head in first.rooms] == [ROOM, *ROOMS[3:]]
            assert town.known == await town.truth()
            assert (first.rooms[0].unread, first.rooms[0].mentions) == (1, 1)
            assert town.counts() == 2  # the test's own one included
            await pass_(10)
            assert len(town.told) == 1
            assert set(town.world.relay.streams) == {ROOM, *ROOMS[3:]}

    run(test)


def test_a_busy_minute_is_at_most_a_frame_a_second_and_no_statement() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.unread.watch(ROOMS)
            await settle()
            for tick in range(600):
                town.post(
                    ROOMS[tick % 5], ME if tick % 3 == 0 else BEN, mentions=(ME,) if tick % 7 == 0 else ()
                )
                await pass_(0.1)
            await pass_(limits.HEADS_INTERVAL_S)
            assert 60 <= len(town.told) <= 62
            assert town.counts() == 1
            assert town.known == await town.truth()

    run(test)


def test_after_a_pause_a_change_is_told_at_once() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.unread.watch([ROOM])
            await pass_(5)
            town.post()
            await settle()
            assert town.known[ROOM].unread == 1
            assert len(town.told) == 2

    run(test)


def test_a_slow_reader_gets_what_is_true_by_then() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.unread.watch([ROOM])
            await settle()
            del town.wire.got[:]
            town.wire.room = 0
            town.writer.write(b"\0\0\0\1x")
            town.unread.watch([ROOM, OTHER])  # nothing is counted for who wouldn't be told
            for _ in range(25):
                town.post()
                await pass_(1)
            assert (town.writer.queued_bytes, town.counts()) == (5, 1)
            town.wire.room = None
            town.wire.grant(None)
            await pass_(2)
            del town.wire.got[:5]
            assert (len(town.told), town.known[ROOM].unread) == (1, 25)
            town.wire.room = 0
            town.writer.write(b"\0\0\0\1x")
            for _ in range(25):
                town.post()
                await pass_(1)
            assert (town.writer.queued_bytes, town.counts()) == (5, 2)
            del town.wire.got[:]
            town.wire.room = None
            town.wire.grant(None)
            await pass_(2)
            del town.wire.got[:5]
            assert (len(town.told), town.known[ROOM].unread) == (1, 50)

    run(test)


def test_whoever_loses_the_right_is_told_that_alone() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.unread.watch([ROOM, OTHER])
            await settle()
            town.post()
            town.revoke(ROOM)
            town.let_in(ROOM, ME)
            town.post()
            await pass_(2)
            assert [frame.gone for frame in town.told] == [(), (ROOM,)]
            assert town.told[1].rooms == ()
            town.post()
            await pass_(2)
            assert len(town.told) == 2
            assert set(town.world.relay.streams) == {OTHER}
            town.happen(OTHER, "room.removed", revokes=("*",))
            await pass_(2)
            assert town.known == {}

    run(test)


def test_what_was_read_here_and_elsewhere() -> None:
    async def test() -> None:
        async with Town().running() as town:
            for _ in range(6):
                town.post()
            town.unread.watch([ROOM])
            await settle()
            town.mark(ROOM, 6)  # all of it: nothing needs counting
            await pass_(2)
            assert (town.known[ROOM].read, town.known[ROOM].unread, town.counts()) == (6, 0, 1)
            assert len(town.told) == 2  # what comes back by the inbox is no news
            for _ in range(4):
                town.post()
            town.mark(ROOM, 8)
            await pass_(2)
            assert (town.known[ROOM].read, town.known[ROOM].unread, town.counts()) == (8, 2, 2)
            town.world.database.read_positions[ME, ROOM] = 9  # kept by another node, which tells
            town.unread.was_read(ROOM, 9)
            await pass_(2)
            assert (town.known[ROOM].read, town.known[ROOM].unread) == (9, 1)
            town.mark(ROOM, limits.SEQ_MAX)
            await pass_(4)
            assert town.known == await town.truth(ROOM)
            assert town.known[ROOM].read == 10

    run(test)


def test_the_other_one_of_a_direct_room_has_read() -> None:
    async def test() -> None:
        async with Town().running() as town:
            row = room_row(ME, access="direct", peer=BEN)
            town.world.stored(ROOM).rows[FactKey("room", "")] = row
            for _ in range(3):
                town.post(author=ME)
            town.unread.watch([ROOM])
            await settle()
            assert town.known[ROOM].peer_read == 0
            for author, type_, number in (
                (BEN, "room.typing", 9),
                (ME, "read", 3),
                (BEN, "read", 2),
                (BEN, "read", 1),
            ):
                data: dict[str, Any] = {"room": ROOM, "number": number, "user": author}
                town.world.relay.signalled(Signalled(stream=ROOM, author=author, type=type_, data=data))
            await pass_(2)
            assert town.known[ROOM].peer_read == 2

    run(test)


def test_a_storage_that_is_away_is_asked_once_a_second() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.world.faults.failing.add("counts")
            town.unread.watch(ROOMS)
            await pass_(10.5)
            assert not town.told
            assert town.counts() <= 12
            town.world.faults.failing.clear()
            town.post()
            await pass_(1)
            assert town.known == await town.truth()

    run(test)


def test_events_that_this_node_never_heard_of_are_fetched() -> None:
    async def test() -> None:
        async with Town().running() as town:
            town.unread.watch([ROOM])
            await settle()
            town.post(told=False)
            town.post(mentions=(ME,), told=False)
            town.post()
            await pass_(2)
            assert town.known == await town.truth(ROOM)
            assert town.known[ROOM].unread == 3

    run(test)


def test_other_rooms_instead_while_the_first_are_counted() -> None:
    async def test() -> None:
        async with Town().running() as town:
            gate = town.world.faults.held["counts"] = trio.Event()
            town.unread.watch([ROOM])
            await settle()
            town.unread.watch([OTHER])
            town.post(OTHER)
            gate.set()
            await pass_(2)
            assert town.known == await town.truth(OTHER)
            town.unread.watch([])
            town.post(OTHER)
            await pass_(2)
            assert town.known[OTHER].unread == 1
            assert town.world.relay.streams == ()

    run(test)


def test_whoever_loses_the_right_while_the_rooms_are_counted() -> None:
    async def test() -> None:
        async with Town().running() as town:
            # Another session watches too: the relay has the newest events of the room.
            other = UnreadWatch(town.scheduler, ME, town.world.open(MemoryWire()))
            other.watch([ROOM])
            await settle()
            gate, count = trio.Event(), town.read_markers.counts

            async def late(user: str, rooms: Sequence[str]) -> list[RoomHead]:
                found = await count(user, rooms)
                await gate.wait()
                return found

            town.read_markers.counts = late  # type: ignore[method-assign]
            town.unread.watch([ROOM, OTHER])
            await settle()
            town.revoke(ROOM)
            gate.set()
            await pass_(2)
            assert set(town.known) == {OTHER}
            assert set(town.world.relay.streams) == {OTHER}

    run(test)


def test_the_end_of_a_session_ends_its_watches() -> None:
    async def test() -> None:
        async with Town().running() as town:
            gate = town.world.faults.held["counts"] = trio.Event()
            town.unread.watch(ROOMS)
            await settle()
            town.writer.abort()
            gate.set()
            await pass_(5)
            assert town.world.relay.streams == ()
            calls = town.counts()
            await pass_(100)
            assert town.counts() == calls
            assert not town.told

    run(test)


steps = st.one_of(
    st.tuples(
        st.just("post"), st.sampled_from(ROOMS[:3]), st.sampled_from([ME, BEN]), st.booleans(), st.booleans()
    ),
    st.tuples(st.just("delete"), st.sampled_from(ROOMS[:3]), st.integers(0, 9)),
    st.tuples(st.just("mark"), st.sampled_from(ROOMS[:3]), st.integers(0, 9)),
    st.tuples(st.just("revoke"), st.sampled_from(ROOMS[:3])),
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.3, 1.0])),
    st.sampled_from([("hold",), ("release",), ("fail",), ("watch",)]),
)


async def take(town: Town, step: tuple[Any, ...], posted: dict[str, list[int]]) -> None:
    faults = town.world.faults
    match step:
        case ("post", room, author, mentioned, told):
            posted[room].append(town.post(room, author, mentions=(ME,) if mentioned else (), told=told))
        case ("delete", room, which) if posted[room]:
            town.delete(room, posted[room].pop(which % len(posted[room])))
        case ("mark", room, number):
            town.mark(room, number)
        case ("revoke", room) if FactKey(LISTENERS, ME) in town.world.stored(room).rows:
            town.revoke(room)
        case ("pass", seconds):
            await pass_(seconds)
        case ("hold",) if "counts" not in faults.held:
            faults.held["counts"] = trio.Event()
        case ("release",) if (gate := faults.held.pop("counts", None)) is not None:
            gate.set()
        case ("fail",):
            faults.failing ^= {"counts"}
        case ("watch",):
            town.watched_at = len(town.told)
            town.unread.watch(ROOMS)
        case _:
            pass


@settings(max_examples=150)
@given(taken=st.lists(steps, max_size=40))
def test_a_client_ends_up_with_the_truth_after_anything(taken: list[tuple[Any, ...]]) -> None:
    async def test() -> None:
        async with Town().running() as town:
            posted: dict[str, list[int]] = {room: [] for room in ROOMS}
            town.unread.watch(ROOMS)
            for step in taken:
                await take(town, step, posted)
            town.world.faults.failing.clear()
            if (gate := town.world.faults.held.pop("counts", None)) is not None:
                gate.set()
            for room in ROOMS:
                town.happen(room, "room.joined")  # what this node never heard of is noticed
            await pass_(20)
            assert town.known == await town.truth()

    run(test)


async def test_who_watches_a_crowded_room_takes_its_event_in_small_steps(
    autojump_clock: object, monkeypatch: Any
) -> None:
    """Publishing touches no counter; then a few sessions at a time take the event, and each is told."""
    counted: list[int] = []
    steps: list[int] = []
    happened = UnreadCounter.happened

    def counting(self: UnreadCounter, header: Header, user: str) -> None:
        counted.append(header.seq)
        happened(self, header, user)

    hear = UnreadScheduler._hear

    def step(self: UnreadScheduler) -> bool:
        before = len(counted)
        some = hear(self)
        steps.append(len(counted) - before)
        return some

    monkeypatch.setattr(UnreadCounter, "happened", counting)
    monkeypatch.setattr(UnreadScheduler, "_hear", step)
    async with Town().running() as town:
        crowd = [UnreadWatch(town.scheduler, ME, town.world.open(MemoryWire())) for _ in range(500)]
        for watch in crowd:
            watch.watch([ROOM])
        await trio.sleep(5)
        counted.clear()
        steps.clear()
        town.post()
        assert counted == []
        await trio.sleep(2)
        assert len(counted) == len(crowd)
        assert max(steps) <= HEARD_AT_ONCE
        assert all(watch._counters[ROOM].unread == 1 for watch in crowd)


async def test_what_was_relayed_counts_before_what_is_read_of_it(autojump_clock: object) -> None:
    """Nothing runs between the two: the counter stays exact, and nothing is counted anew."""
    async with Town().running() as town:
        town.unread.watch([ROOM])
        await trio.sleep(3)
        counts = town.scheduler.counts
        town.post()
        town.mark(ROOM, 1)
        await trio.sleep(3)
        assert town.told[-1].rooms[0].unread == 0
        assert town.scheduler.counts == counts


def test_what_one_count_looks_at_is_bounded() -> None:
    assert limits.UNREAD_MAX <= limits.UNREAD_SCANNED_MAX
    assert limits.HEADS_ROOMS_MAX * limits.UNREAD_SCANNED_MAX <= 40_000
