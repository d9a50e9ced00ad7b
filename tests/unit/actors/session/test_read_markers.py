"""Read positions on their way to the storage, and what is told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest
import trio

from actors.kind import FactKey
from actors.ports.reading import ReadMark, ReadMoved
from actors.session import read_markers as read_markers_module
from actors.session.read_markers import ReadMarkers
from protocol import limits
from protocol.frames import Read, Signal
from protocol.inbox import inbox_of
from storage.memory.read_positions import MemoryReadPositions
from tests.ports import NoStreams
from tests.rows import room_row
from tests.unit.actors.session.support import World, run, settle, stream_id, user_id

ROOM, OTHER = stream_id(1), stream_id(2)
ANN, BEN = user_id(1), user_id(2)


class Positions(MemoryReadPositions):
    """Remembers what it was asked to keep."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, world.faults)
        self.kept: list[list[ReadMark]] = []

    async def keep(self, marks: Sequence[ReadMark]) -> list[ReadMoved]:
        moved = await super().keep(marks)
        self.kept.append(list(marks))
        return moved


class Town(NoStreams):
    def __init__(self) -> None:
        self.world = World()
        self.positions = Positions(self.world)
        self.signals: list[tuple[Read, str]] = []
        self.read_markers = ReadMarkers(self.positions, self, self.world.clock)
        for room, access in ((ROOM, "private"), (OTHER, "direct")):
            self.world.listen(room, ANN)
            self.world.listen(room, BEN)
            row = room_row(ANN, access=access, peer=BEN)
            self.world.stored(room).rows[FactKey("room", "")] = row
            for number in range(1, 6):
                self.post(room, number)

    def signal(self, signal: Signal, *, by: str) -> None:
        self.signals.append((cast(Read, signal), by))

    def post(self, room: str, number: int) -> None:
        seq = self.world.write(room, marks={"number": number}).seq
        row = {"number": number, "author": BEN, "deleted_at": None, "everyone": None, "mentions": None}
        self.world.stored(room).rows[FactKey("message", str(seq))] = row

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.read_markers.run)
            await settle()
            yield
            nursery.cancel_scope.cancel()

    @property
    def kept(self) -> dict[tuple[str, str], int]:
        return self.world.database.read_positions


async def pass_(seconds: float) -> None:
    await trio.sleep(seconds)
    await settle()


def test_the_furthest_mark_of_each_room_is_kept_together_and_told_then() -> None:
    async def test() -> None:
        town = Town()
        async with town.running():
            for user, room, number in ((ANN, ROOM, 3), (ANN, ROOM, 2), (BEN, OTHER, 4), (ANN, OTHER, 1)):
                assert town.read_markers.mark(user, room, number)
            await pass_(limits.READ_FLUSH_S / 2)
            assert not town.kept
            assert not town.signals
            await pass_(limits.READ_FLUSH_S / 2)
            assert town.kept == {(ANN, ROOM): 3, (ANN, OTHER): 1, (BEN, OTHER): 4}
            (once,) = town.positions.kept
            assert len(once) == 3
        told = {(s.stream, s.room, s.number, s.user, by) for s, by in town.signals}
        assert told == {
            (inbox_of(ANN), ROOM, 3, ANN, ANN),
            (inbox_of(ANN), OTHER, 1, ANN, ANN),
            (OTHER, OTHER, 1, ANN, ANN),
            (inbox_of(BEN), OTHER, 4, BEN, BEN),
            (OTHER, OTHER, 4, BEN, BEN),
        }

    run(test)


def test_what_did_not_move_is_not_told() -> None:
    async def test() -> None:
        town = Town()
        async with town.running():
            town.read_markers.mark(ANN, ROOM, 3)
            await pass_(2)
            town.world.forbid(OTHER, ANN)
            for room, number in ((ROOM, 2), (OTHER, 5), (stream_id(9), 1)):
                town.read_markers.mark(ANN, room, number)
            await pass_(2)
        assert town.kept == {(ANN, ROOM): 3}
        assert len(town.signals) == 1

    run(test)


def test_an_idle_node_asks_for_nothing() -> None:
    async def test() -> None:
        town = Town()
        async with town.running():
            await pass_(3600)
            assert town.world.faults.calls == []
            town.read_markers.mark(ANN, ROOM, 1)
            await pass_(3600)
            assert town.world.faults.calls == ["keep"]

    run(test)


def test_counting_sees_what_waits() -> None:
    async def test() -> None:
        town = Town()
        town.read_markers.mark(ANN, ROOM, 3)
        here, there = await town.read_markers.counts(ANN, [ROOM, OTHER])
        assert (here.read, here.unread, there.read, there.unread) == (3, 2, 0, 5)
        (bens,) = await town.read_markers.counts(BEN, [ROOM])
        assert bens.read == 0

    run(test)


def test_a_storage_that_is_away_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        town = Town()
        town.world.faults.failing.add("keep")
        async with town.running():
            town.read_markers.mark(ANN, ROOM, 2)
            await pass_(5)
            town.read_markers.mark(ANN, ROOM, 4)
            assert len(caplog.messages) == 1  # of many tries
            town.world.faults.failing.clear()
            await pass_(limits.READ_FLUSH_S)
            assert town.kept == {(ANN, ROOM): 4}
            assert [signal.number for signal, _ in town.signals] == [4]

    run(test)


def test_a_mark_made_while_its_room_is_being_kept_is_kept_next() -> None:
    async def test() -> None:
        town = Town()
        gate = town.world.faults.held["keep"] = trio.Event()
        async with town.running():
            town.read_markers.mark(ANN, ROOM, 2)
            await pass_(limits.READ_FLUSH_S)
            town.read_markers.mark(ANN, ROOM, 5)
            gate.set()
            await pass_(0)
            assert town.kept == {(ANN, ROOM): 2}
            await pass_(limits.READ_FLUSH_S)
            assert town.kept == {(ANN, ROOM): 5}

    run(test)


def test_a_last_flush_keeps_everything_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_markers_module, "KEPT_AT_ONCE", 3)

    async def test() -> None:
        town = Town()
        for user in (ANN, BEN):
            for room in (ROOM, OTHER):
                town.read_markers.mark(user, room, 5)
        assert await town.read_markers.flush()
        assert len(town.kept) == 4
        assert [len(batch) for batch in town.positions.kept] == [3, 1]
        assert await town.read_markers.flush()
        assert len(town.positions.kept) == 2
        town.world.faults.failing.add("keep")
        town.read_markers.mark(ANN, ROOM, 6)
        assert not await town.read_markers.flush()

    run(test)


def test_a_bounded_number_of_marks_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READ_WAITING_MAX", 2)

    async def test() -> None:
        town = Town()
        assert town.read_markers.mark(ANN, ROOM, 1)
        assert town.read_markers.mark(BEN, ROOM, 1)
        assert not town.read_markers.mark(ANN, OTHER, 1)
        assert town.read_markers.dropped == 1
        assert town.read_markers.mark(ANN, ROOM, 2)  # takes no more room
        await town.read_markers.flush()
        assert town.kept == {(ANN, ROOM): 2, (BEN, ROOM): 1}
        assert town.read_markers.mark(ANN, OTHER, 1)

    run(test)
