"""Read positions in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from typing_extensions import override

from actors.kind import LISTENERS, LISTENS_AFTER, NOBODY, FactKey, Row
from actors.ports.reading import ReadMark, ReadMoved, ReadPositions
from protocol import limits
from protocol.frames import RoomHead
from protocol.ids import kind_of
from protocol.room import KIND
from storage.memory.database import MemoryDatabase, StoredStream
from storage.memory.faults import Faults


class MemoryReadPositions(ReadPositions):
    """The ReadPositions port on a MemoryDatabase."""

    def __init__(self, database: MemoryDatabase, faults: Faults | None = None) -> None:
        self._database = database
        self._faults = faults or Faults()

    @override
    async def keep(self, marks: Sequence[ReadMark]) -> list[ReadMoved]:
        await self._faults.before("keep")
        moved: list[ReadMoved] = []
        for mark in marks:
            room = self._room(mark.user, mark.room)
            number = 0 if room is None else min(mark.number, _last(room))
            if room is not None and number > self._read(mark.user, mark.room):
                self._database.read_positions[mark.user, mark.room] = number
                moved.append(ReadMoved(mark.user, mark.room, number, _peer(room, mark.user) is not None))
        return moved

    @override
    async def counts(self, user: str, rooms: Mapping[str, int]) -> list[RoomHead]:
        await self._faults.before("counts")
        found = ((name, self._room(user, name), read) for name, read in rooms.items())
        return [self._head(user, name, room, read) for name, room, read in found if room is not None]

    def _room(self, user: str, name: str) -> StoredStream | None:
        """The room, if the user is in it."""
        room = self._database.stream(name) if kind_of(name) == KIND else None
        if (
            room is None
            or FactKey(LISTENERS, user) not in room.rows
            or FactKey(LISTENERS, NOBODY) in room.rows
        ):
            return None
        return room

    def _read(self, user: str, room: str) -> int:
        return self._database.read_positions.get((user, room), 0)

    def _head(self, user: str, name: str, room: StoredStream, read: int) -> RoomHead:
        last, peer = _last(room), _peer(room, user)
        read = min(max(read, self._read(user, name)), last)
        after = cast("int | None", room.rows[FactKey(LISTENERS, user)].get(LISTENS_AFTER)) or 0
        newest = [row for row in _messages(room, after) if cast(int, row["number"]) > read]
        unread = [
            row
            for row in newest[: limits.UNREAD_SCANNED_MAX]
            if row["author"] != user and row["deleted_at"] is None
        ][: limits.UNREAD_MAX]
        return RoomHead(
            room=name,
            seq=room.head,
            number=last,
            read=read,
            unread=len(unread),
            mentions=sum(
                bool(row["everyone"]) or user in cast("list[str]", row["mentions"] or ()) for row in unread
            ),
            peer_read=None if peer is None else self._read(peer, name),
        )


def _messages(room: StoredStream, after: int) -> list[Row]:
    """The rows of the room's messages behind this seq, the newest first."""
    seqs = sorted((int(key.key) for key in room.rows if key.table == "message"), reverse=True)
    return [room.rows[FactKey("message", str(seq))] for seq in seqs if seq > after]


def _last(room: StoredStream) -> int:
    """The number of the room's last message."""
    return max((cast(int, row["number"]) for row in _messages(room, 0)), default=0)


def _peer(room: StoredStream, user: str) -> str | None:
    """The other one of a direct room."""
    row = room.rows.get(FactKey("room", ""))
    if row is None or row["access"] != "direct":
        return None
    return cast(str, row["peer"] if row["creator"] == user else row["creator"])
