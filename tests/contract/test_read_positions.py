"""How far users have read, and how much is new: alike in memory and on PostgreSQL."""

from __future__ import annotations

import pytest

from actors.kind import LISTENERS, LISTENS_AFTER, NOBODY, Change, Delete, Update, Upsert
from actors.ports.reading import ReadMark, ReadMoved, ReadPositions
from protocol import limits
from protocol.frames import RoomHead
from storage.memory.read_positions import MemoryReadPositions
from storage.postgres.rooms.read_positions import PostgresReadPositions
from tests import single
from tests.contract.rig import MemoryRig, Owner, PostgresRig, Rig, append, new_stream
from tests.rows import room_row

ANN, BEN, CARL = ("user:" + digit * 32 for digit in "abc")


class Room:
    """A room whose rows are written as its kind would."""

    def __init__(self, rig: Rig, owner: Owner, *, access: str = "private") -> None:
        self.id = new_stream()
        self.head = self.number = 0
        self._rig = rig
        self._owner = owner
        self._access = access

    async def made(self, *members: str) -> Room:
        activated = await single.activate(
            self._rig.log, self._owner.fence, self.id, epoch=self._owner.epoch, create=True, state_version=1
        )
        assert activated is not None
        self._activation = activated.activation
        peer = members[1] if self._access == "direct" else None
        row = room_row(members[0], access=self._access, peer=peer)
        await self.happens(Upsert("room", "", row), *(Upsert(LISTENERS, user, {}) for user in members))
        return self

    async def happens(self, *changes: Change) -> int:
        """One event that changes these rows; its seq."""
        await self._rig.log.append(
            self._owner.fence,
            [append(self.id, self._activation, self.head, changes=changes)],
            wait_for_locks=True,
        )
        self.head += 1
        return self.head

    async def post(self, by: str, *mentions: str, everyone: bool = False) -> int:
        """A message; its seq."""
        self.number += 1
        row = {"number": self.number, "author": by, "body": "hello", "at": 1, "edits": []}
        more = {"mentions": list(mentions) or None, "everyone": everyone or None}
        return await self.happens(Upsert("message", str(self.head + 1), {**row, **more}))

    async def delete(self, seq: int) -> None:
        await self.happens(Update("message", str(seq), {"body": None, "deleted_at": 2}))

    def stands(
        self, *, read: int = 0, unread: int = 0, mentions: int = 0, peer_read: int | None = None
    ) -> RoomHead:
        return RoomHead(
            room=self.id,
            seq=self.head,
            number=self.number,
            read=read,
            unread=unread,
            mentions=mentions,
            peer_read=peer_read,
        )


@pytest.fixture
def positions(log_under_test: Rig) -> ReadPositions:
    if isinstance(log_under_test, MemoryRig):
        return MemoryReadPositions(log_under_test.database)
    assert isinstance(log_under_test, PostgresRig)
    return PostgresReadPositions(log_under_test.pool)


@pytest.fixture
async def owner(log_under_test: Rig) -> Owner:
    return await log_under_test.owner()


async def test_unread_is_what_is_there_and_not_ones_own(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room = await Room(log_under_test, owner).made(ANN, BEN)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands()]
    seqs = [await room.post(by) for by in (BEN, ANN, BEN, BEN, ANN, BEN)]
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=4)]
    assert await positions.counts(BEN, {room.id: 0}) == [room.stands(unread=2)]
    await room.delete(seqs[2])
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=3)]
    assert await positions.keep([ReadMark(ANN, room.id, 3)]) == [ReadMoved(ANN, room.id, 3, direct=False)]
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(read=3, unread=2)]


async def test_mentions_are_counted_among_the_unread(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room = await Room(log_under_test, owner).made(ANN, BEN)
    await room.post(BEN, ANN)
    await room.post(BEN, CARL)
    gone = await room.post(BEN, CARL, ANN)
    await room.post(BEN, everyone=True)
    await room.post(ANN, everyone=True)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=4, mentions=3)]
    await room.delete(gone)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=3, mentions=2)]
    assert await positions.counts(ANN, {room.id: 1}) == [room.stands(read=1, unread=2, mentions=1)]
    assert await positions.counts(BEN, {room.id: 0}) == [room.stands(unread=1, mentions=1)]


async def test_positions_go_forward_alone_and_no_further_than_the_last_message(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room = await Room(log_under_test, owner).made(ANN, BEN)
    assert await positions.keep([ReadMark(ANN, room.id, 1)]) == []  # there is no message yet
    for _ in range(3):
        await room.post(BEN)
    assert await positions.keep([ReadMark(ANN, room.id, 2)]) == [ReadMoved(ANN, room.id, 2, direct=False)]
    for number in (2, 1, 0):
        assert await positions.keep([ReadMark(ANN, room.id, number)]) == []
    assert await positions.counts(ANN, {room.id: 1}) == [room.stands(read=2, unread=1)]
    beyond = ReadMark(ANN, room.id, limits.SEQ_MAX)
    assert await positions.counts(ANN, {room.id: limits.SEQ_MAX}) == [room.stands(read=3)]
    assert await positions.keep([beyond]) == [ReadMoved(ANN, room.id, 3, direct=False)]
    await room.post(BEN)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(read=3, unread=1)]


async def test_only_who_is_in_the_room_counts_and_marks(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room, other = [await Room(log_under_test, owner).made(ANN, BEN) for _ in range(2)]
    missing = new_stream()
    for each in (room, other):
        await each.post(BEN)
    asked = {missing: 0, other.id: 0, room.id: 0, room.id.replace("room:", "inbox:"): 0}
    assert await positions.counts(ANN, asked) == [other.stands(unread=1), room.stands(unread=1)]
    assert await positions.counts(CARL, asked) == []
    assert await positions.counts(ANN, {}) == []
    marks = [ReadMark(CARL, room.id, 1), ReadMark(ANN, missing, 1), ReadMark(ANN, other.id, 1)]
    assert await positions.keep(marks) == [ReadMoved(ANN, other.id, 1, direct=False)]
    assert await positions.keep([]) == []

    await room.happens(Delete(LISTENERS, ANN))
    assert await positions.counts(ANN, asked) == [other.stands(read=1)]
    assert await positions.keep([ReadMark(ANN, room.id, 1)]) == []
    await room.happens(Upsert(LISTENERS, ANN, {}))
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=1)]
    await room.happens(Upsert(LISTENERS, NOBODY, {}))  # removed
    assert await positions.counts(ANN, {room.id: 0}) == []
    assert await positions.keep([ReadMark(ANN, room.id, 1)]) == []
    await log_under_test.soft_delete(other.id)
    assert await positions.counts(ANN, {other.id: 0}) == []


async def test_what_was_before_who_may_not_read_it_is_not_unread(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room = await Room(log_under_test, owner).made(ANN)
    for _ in range(3):
        await room.post(ANN)
    await room.happens(Upsert(LISTENERS, BEN, {LISTENS_AFTER: room.head}))
    assert await positions.counts(BEN, {room.id: 0}) == [room.stands()]
    await room.post(ANN, BEN)
    assert await positions.counts(BEN, {room.id: 0}) == [room.stands(unread=1, mentions=1)]


async def test_a_direct_room_tells_how_far_the_other_has_read(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    room = await Room(log_under_test, owner, access="direct").made(ANN, BEN)
    await room.post(ANN)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(peer_read=0)]
    assert await positions.keep([ReadMark(BEN, room.id, 1)]) == [ReadMoved(BEN, room.id, 1, direct=True)]
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(peer_read=1)]
    assert await positions.counts(BEN, {room.id: 0}) == [room.stands(read=1, peer_read=0)]


async def test_counting_ends_at_its_limits(
    log_under_test: Rig, positions: ReadPositions, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNREAD_MAX", 3)
    monkeypatch.setattr(limits, "UNREAD_SCANNED_MAX", 5)
    room = await Room(log_under_test, owner).made(ANN, BEN)
    for by in (BEN, BEN, BEN, BEN):
        await room.post(by, ANN)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=3, mentions=3)]
    for _ in range(4):
        await room.post(ANN)
    assert await positions.counts(ANN, {room.id: 0}) == [room.stands(unread=1, mentions=1)]


async def test_many_users_and_rooms_at_once(
    log_under_test: Rig, positions: ReadPositions, owner: Owner
) -> None:
    rooms = [await Room(log_under_test, owner).made(ANN, BEN) for _ in range(8)]
    for room in rooms:
        await room.post(ANN)
        await room.post(BEN)
    marks = [ReadMark(user, room.id, 1 + i % 2) for i, room in enumerate(rooms) for user in (ANN, BEN)]
    moved = await positions.keep(marks)
    assert sorted((m.user, m.room, m.number) for m in moved) == sorted(
        (m.user, m.room, m.number) for m in marks
    )
    assert await positions.counts(ANN, {room.id: 0 for room in rooms}) == [
        room.stands(read=1 + i % 2, unread=1 - i % 2) for i, room in enumerate(rooms)
    ]
