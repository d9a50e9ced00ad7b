"""Erasing people: room by room, again and again until nothing is left, and never for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
import trio

from actors.inbox.kind import InboxKind
from actors.kind import Instant
from actors.refusals import refused
from actors.room.kind import RoomKind
from gatherup.features.people.erasure import LEASE_S, Erasure
from protocol.codes import Code
from protocol.frames import Accepted, Command, Reply
from protocol.limits import ERASE_SEQS_MAX
from protocol.room.commands import EraseUser
from storage.postgres.driver.errors import LinkUnusable
from storage.postgres.people.erasure import Eraser
from tests.ports import NoStreams

ANN = "user:" + "a" * 32
ROOM, OTHER = "room:" + "1" * 32, "room:" + "2" * 32


class Rows:
    """What stands in the tables: rooms with what one wrote there."""

    def __init__(self, rooms: dict[str, list[int]], *, due: int = 1) -> None:
        self.left = {room: list(seqs) for room, seqs in rooms.items()}
        self.due = due
        self.claimable: float | None = None
        self.settled: list[str] = []
        self.failing = False

    async def forget_due(self, at: Instant, erasers: Iterable[Eraser]) -> bool:
        await trio.lowlevel.checkpoint()
        if self.failing:
            self.failing = False
            raise LinkUnusable("away")
        if self.due == 0:
            return False
        self.due, self.claimable = self.due - 1, 0.0
        return True

    async def claim(self, *, lease_s: float) -> str | None:
        if self.claimable is None or self.claimable > trio.current_time():
            return None
        self.claimable = trio.current_time() + lease_s
        return ANN

    async def streams(self, user: str, *, after: str | None, limit: int) -> Sequence[str]:
        return [room for room in sorted(self.left) if room > (after or "")][:limit]

    async def written(self, user: str, stream: str, *, limit: int) -> Sequence[int]:
        return self.left.get(stream, [])[:limit]

    async def settle(self, user: str) -> None:
        self.settled.append(user)
        self.claimable = None


class Rooms(NoStreams):
    """The rooms' actors: each command takes effect once."""

    def __init__(self, rows: Rows, answer: Callable[[EraseUser, int], Reply | None] | None = None) -> None:
        self.asked: list[EraseUser] = []
        self._accepted: set[str] = set()
        self._rows = rows
        self._answer = answer or (lambda *_: None)

    async def ask(self, command: Command, *, by: str) -> Reply:
        assert isinstance(command, EraseUser)
        assert by == "system"
        await trio.lowlevel.checkpoint()
        self.asked.append(command)
        if (answer := self._answer(command, len(self.asked))) is not None:
            return answer
        left = self._rows.left[command.stream]
        if command.client_id not in self._accepted:
            self._accepted.add(command.client_id)
            self._rows.left[command.stream] = [seq for seq in left if seq not in command.events]
            if not command.events and not self._rows.left[command.stream]:
                del self._rows.left[command.stream]
        return Accepted(client_id=command.client_id, stream=command.stream)


def erasure(rows: Rows, rooms: Rooms) -> Erasure:
    return Erasure(rows, [], rows, [RoomKind(bytes(16)), InboxKind()], rooms)


async def test_every_room_is_emptied_in_bounded_steps(autojump_clock: object) -> None:
    rows = Rows({ROOM: list(range(1, 300)), OTHER: []})
    rooms = Rooms(rows)
    assert await erasure(rows, rooms).erase_due(0, 100) == 2
    assert rows.settled == [ANN]
    assert not rows.left
    assert [len(command.events) for command in rooms.asked] == [ERASE_SEQS_MAX, ERASE_SEQS_MAX, 43, 0, 0]
    assert {command.user for command in rooms.asked} == {ANN}


async def test_what_a_room_cant_take_now_is_taken_up_again(autojump_clock: object) -> None:
    rows = Rows({ROOM: [1, 2], OTHER: [5]})
    rooms = Rooms(rows, lambda _, number: refused(Code.UNAVAILABLE) if number == 3 else None)
    parts = erasure(rows, rooms)
    assert await parts.erase_due(0, 100) == 2
    assert rows.settled == []
    assert await parts.erase_due(0, 100) == 0
    await trio.sleep(LEASE_S)
    assert await parts.erase_due(0, 100) == 1
    assert rows.settled == [ANN]
    assert not rows.left


async def test_a_room_that_erases_nothing_isnt_asked_for_ever(autojump_clock: object) -> None:
    rows = Rows({ROOM: [1]})
    rooms = Rooms(rows, lambda command, _: Accepted(client_id=command.client_id))
    assert await erasure(rows, rooms).erase_due(0, 100) == 2
    assert len(rooms.asked) == 1
    assert rows.settled == []


async def test_an_outage_of_the_database_is_its_jobs_trouble(autojump_clock: object) -> None:
    rows = Rows({ROOM: [1]})
    rows.failing = True
    parts = erasure(rows, Rooms(rows))
    with pytest.raises(LinkUnusable):
        await parts.erase_due(0, 100)
    assert await parts.erase_due(0, 100) == 2
    assert rows.settled == [ANN]


async def test_it_takes_no_more_steps_than_it_is_given(autojump_clock: object) -> None:
    rows = Rows({ROOM: [1]}, due=3)
    assert await erasure(rows, Rooms(rows)).erase_due(0, 2) == 2
    assert (rows.due, rows.settled) == (1, [])


async def test_a_kind_that_keeps_nothing_isnt_asked(autojump_clock: object) -> None:
    rows = Rows({"inbox:" + "1" * 32: [], ROOM: [1]})
    rooms = Rooms(rows)
    assert await erasure(rows, rooms).erase_due(0, 100) == 2
    assert {command.stream for command in rooms.asked} == {ROOM}
    assert rows.settled == [ANN]


async def test_what_is_written_meanwhile_isnt_missed(autojump_clock: object) -> None:
    rows = Rows({ROOM: [1]})

    def joins_another(command: EraseUser, number: int) -> None:
        if number == 1:
            rows.left["room:" + "0" * 32] = [7]

    rooms = Rooms(rows, joins_another)
    parts = erasure(rows, rooms)
    await parts.erase_due(0, 100)
    await trio.sleep(LEASE_S)
    await parts.erase_due(0, 100)
    assert {command.stream for command in rooms.asked} == {ROOM, "room:" + "0" * 32}
    assert rows.settled == [ANN]
