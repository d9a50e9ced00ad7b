"""Inboxes in the runtime: they exist when they are needed, and nobody makes another's by asking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from actors.inbox.kind import InboxKind
from actors.kind import tables_of
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from gatherup.canary import CanaryKind
from protocol.codes import Code
from protocol.frames import Accepted, Refused
from protocol.ids import SYSTEM, derive_client_id
from protocol.inbox import EndLogins, InboxView, Mention, ReadInbox, inbox_of
from protocol.kinds import INBOX
from protocol.room.commands import CreateRoom, InviteUser, JoinRoom, PostMessage
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.log import MemoryLog
from tests.declared import CLIENT_FRAMES
from tests.ownership import joined
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import Published

ANN, BEN, CID = (f"user:{digit * 32}" for digit in "abc")


class World:
    """One runtime of rooms and inboxes."""

    def __init__(self, runtime: Runtime, database: MemoryDatabase) -> None:
        self.ask = runtime.router.ask
        self.view = runtime.router.view
        self.database = database
        self._ids = 0

    def new_id(self) -> str:
        self._ids += 1
        return derive_client_id("test", str(self._ids))

    def items(self, user: str) -> list[tuple[str, bool]]:
        """Of each item: its author's stream kind and whether it is an answer."""
        stored = self.database.stream(inbox_of(user))
        rows = (
            [] if stored is None else [row for key, row in stored.rows.items() if key.table == "inbox_item"]
        )
        return [(str(row["type"]), bool(row.get("reply"))) for row in rows]


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    clock, database = TrioClock(), MemoryDatabase()
    ownership = await joined(MemoryDirectory(database, clock), clock)
    kinds = [RoomKind(bytes(32)), InboxKind()]
    runtime = Runtime(
        kinds=kinds,
        log=MemoryLog(database, clock, tables=tables_of(kinds)),
        ownership=ownership,
        clock=clock,
        randomness=SeededRandomness(1),
        publisher=Published(),
        executor=MemoryExecutor(),
        digest_key=b"k" * 32,
    )
    for user, handle in ((ANN, "ann"), (BEN, "ben"), (CID, "cid")):
        database.people.add(user, handle)
    async with trio.open_nursery() as nursery:
        await nursery.start(runtime.run)
        yield World(runtime, database)
        nursery.cancel_scope.cancel()


async def test_an_inbox_is_there_when_its_owner_looks(autojump_clock):
    async with world() as it:
        found = await it.view(inbox_of(ANN), user=ANN)
        assert not isinstance(found, Refused)
        assert (found.head, found.view) == (0, InboxView(user=ANN, unread=0, read_up_to=0))
        read = await it.ask(ReadInbox(client_id=it.new_id(), stream=inbox_of(BEN), up_to=3), by=BEN)
        assert isinstance(read, Accepted)
        assert read.events == 0


async def test_nobody_makes_or_reads_another_s(autojump_clock):
    async with world() as it:
        for command in (
            ReadInbox(client_id=it.new_id(), stream=inbox_of(BEN), up_to=3),
            EndLogins(client_id=it.new_id(), stream=inbox_of(BEN)),
            EndLogins(client_id=it.new_id(), stream=inbox_of(ANN)),
            Mention(
                client_id=it.new_id(),
                stream=inbox_of(BEN),
                room="room:" + "1" * 32,
                message=1,
                number=1,
                by=ANN,
            ),
        ):
            reply = await it.ask(command, by=ANN)
            assert isinstance(reply, Refused)
            assert reply.code is Code.NOT_FOUND
        assert it.database.streams == {}
        assert isinstance(
            await it.ask(EndLogins(client_id=it.new_id(), stream=inbox_of(BEN)), by=SYSTEM), Accepted
        )


async def test_what_rooms_owe_comes_once_and_not_from_the_blocked(autojump_clock):
    async with world() as it:
        made = await it.ask(CreateRoom(client_id=it.new_id(), name="hall"), by=ANN)
        assert isinstance(made, Accepted)
        assert made.stream is not None
        room = made.stream
        for user in (BEN, CID):
            joined_ = await it.ask(JoinRoom(client_id=it.new_id(), stream=room), by=user)
            assert isinstance(joined_, Accepted), joined_
        it.database.people.block(CID, BEN)
        said = PostMessage(client_id=it.new_id(), stream=room, body="@ann @cid @ben look")
        first = await it.ask(said, by=BEN)
        assert await it.ask(said, by=BEN) == first
        assert isinstance(first, Accepted)
        assert first.seq is not None
        answer = PostMessage(client_id=it.new_id(), stream=room, body="@ben what?", reply_to=first.seq)
        assert isinstance(await it.ask(answer, by=ANN), Accepted)
        invited = await it.ask(InviteUser(client_id=it.new_id(), stream=room, user=BEN), by=ANN)
        assert isinstance(invited, Refused)  # is in already
        await trio.sleep(5)
        assert it.items(ANN) == [("inbox.mentioned", False)]
        assert it.items(BEN) == [("inbox.mentioned", True)]
        assert it.items(CID) == []


def test_clients_can_t_say_what_is_the_server_s():
    assert set(INBOX.commands) <= set(CLIENT_FRAMES)
    assert not {*INBOX.internal, *CanaryKind.wire.all_commands} & set(CLIENT_FRAMES)
    assert INBOX.commands == (ReadInbox,)
    assert CanaryKind.wire.commands == ()
