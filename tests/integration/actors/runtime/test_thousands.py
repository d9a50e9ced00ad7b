"""What a crowd of streams costs PostgreSQL: statements are counted, not seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import trio
from msgspec.structs import replace
from typing_extensions import override

from actors.kind import tables_of
from actors.ports.cluster_view import SHARDS
from actors.room.kind import RoomKind
from actors.runtime import limits
from actors.runtime.node import Runtime
from actors.session.rights import READ_RIGHTS_PER_CALL_MAX, ReadRights
from gatherup.bench.alone import Nobody
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply
from protocol.ids import derive_client_id
from protocol.room.commands import CreateRoom, OpenDirect, PostMessage
from storage.memory.executor import MemoryExecutor
from storage.postgres.driver.pool import Lease, Lender, Pool
from storage.postgres.driver.queries import rows
from storage.postgres.streams.directory import PostgresDirectory
from storage.postgres.streams.log import PostgresLog
from tests.ownership import joined
from tests.ports import SeededRandomness, TrioClock

pytestmark = pytest.mark.real

ROOMS = 300
HANG_GUARD_S = 60


class CountingLender(Lender):
    """Each loan is one statement of the log."""

    def __init__(self, lender: Lender) -> None:
        self.loans = 0
        self._lender = lender

    @override
    def connection(self) -> Lease:
        self.loans += 1
        return self._lender.connection()


class Town:
    """A node with many rooms, each of its own user."""

    def __init__(self, lender: CountingLender, log: PostgresLog, directory: PostgresDirectory) -> None:
        self.lender = lender
        self.log = log
        self.clock = TrioClock()
        self.kind = RoomKind(bytes(32))
        self._directory = directory
        self.users = [f"user:{number:032x}" for number in range(1, ROOMS + 1)]

    async def start(self, nursery: trio.Nursery) -> Runtime:
        self.ownership = await joined(self._directory, self.clock)
        runtime = Runtime(
            kinds=[self.kind],
            log=self.log,
            ownership=self.ownership,
            clock=self.clock,
            randomness=SeededRandomness(1),
            publisher=Nobody(),
            executor=MemoryExecutor(),
            digest_key=bytes(32),
        )
        await nursery.start(runtime.run)
        return runtime

    async def ask(self, runtime: Runtime, commands: Sequence[Command]) -> tuple[list[Reply], int]:
        """All at once, each by its user: the replies, and how many statements they cost beside the commits."""
        replies: dict[int, Reply] = {}
        before = self.lender.loans

        async def one(number: int, command: Command, user: str) -> None:
            replies[number] = await runtime.router.ask(command, by=user)

        with trio.fail_after(HANG_GUARD_S):
            async with trio.open_nursery() as nursery:
                for number, (command, user) in enumerate(zip(commands, self.users, strict=True)):
                    nursery.start_soon(one, number, command, user)
        return [replies[number] for number in range(len(commands))], self.lender.loans - before

    def creations(self) -> list[CreateRoom]:
        return [CreateRoom(client_id=derive_client_id("create", user), name="hall") for user in self.users]

    def posts(self, name: str) -> list[PostMessage]:
        return [
            PostMessage(
                client_id=derive_client_id(name, user),
                stream=self.kind.stream_of(creation, by=user),
                body="hello",
            )
            for user, creation in zip(self.users, self.creations(), strict=True)
        ]


@pytest.fixture
async def town(postgres_dsn: str) -> AsyncIterator[Town]:
    clock, tables = TrioClock(), tables_of([RoomKind(bytes(32))])
    async with Pool(postgres_dsn, size_max=4, reserved=2, autocommit=True) as pool:
        lender = CountingLender(pool.first)
        async with (
            PostgresLog(postgres_dsn, lender, clock, tables) as log,
            PostgresDirectory(postgres_dsn, clock) as directory,
        ):
            yield Town(lender, log, directory)


def accepted(replies: Sequence[Reply]) -> bool:
    return all(isinstance(reply, Accepted) for reply in replies)


CALLS = ROOMS / limits.ACTIVATIONS_PER_CALL_MAX + 2 * limits.ACTIVATION_LINES
"""Activations of all rooms; the first ones of a crowd find the lines free."""


async def test_a_crowd_costs_a_few_statements(town: Town) -> None:
    async with trio.open_nursery() as nursery:
        runtime = await town.start(nursery)
        replies, statements = await town.ask(runtime, town.creations())
        assert accepted(replies)
        # Activations, and as many calls for facts: those of one batch of activations are asked together.
        assert statements <= 3 * CALLS
        replies, statements = await town.ask(runtime, town.posts("active"))
        assert accepted(replies)
        assert statements == 0, "a plain post costs its commit alone"
        # A node that was passive: checkpoints go together, and there is nothing to fold.
        before = town.lender.loans
        town.ownership.hand_over(range(SHARDS))
        assert await runtime.release(range(SHARDS), HANG_GUARD_S)
        assert town.lender.loans - before <= CALLS
        town.ownership.keep(range(SHARDS))
        before = town.lender.loans
        replies, statements = await town.ask(runtime, town.posts("passive"))
        assert accepted(replies)
        assert statements <= CALLS + 1, "and a look at what is due"
        nursery.cancel_scope.cancel()


async def test_a_node_that_died_costs_its_heir_a_few_statements(town: Town) -> None:
    async with trio.open_nursery() as nursery:
        runtime = await town.start(nursery)
        await town.ask(runtime, town.creations())
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        runtime = await town.start(nursery)
        replies, statements = await town.ask(runtime, town.posts("after"))
        assert accepted(replies)
        # Each has one event to fold, and all ask whether their command was accepted before.
        assert statements <= 3 * CALLS
        resends = [replace(post, resend=True) for post in town.posts("after")]
        replies, statements = await town.ask(runtime, resends)
        assert accepted(replies)
        assert statements <= CALLS
        nursery.cancel_scope.cancel()


async def test_rights_of_many_sessions_are_read_together(town: Town) -> None:
    async with trio.open_nursery() as nursery:
        runtime = await town.start(nursery)
        await town.ask(runtime, town.creations())
        nursery.cancel_scope.cancel()
    rights, rooms = ReadRights(town.log, town.clock), [post.stream for post in town.posts("x")[:10]]
    before = town.lender.loans
    found: dict[str, list[bool]] = {}

    async def session(user: str) -> None:
        found[user] = [access.may_listen for access in await rights.of(user, rooms)]

    async with trio.open_nursery() as nursery:
        for user in town.users:
            nursery.start_soon(session, user)
    assert town.lender.loans - before <= ROOMS * len(rooms) / READ_RIGHTS_PER_CALL_MAX + 3
    for number, user in enumerate(town.users):
        assert found[user] == [place == number for place in range(10)], "each its own, though asked together"


async def test_creations_that_are_refused_leave_no_rows(town: Town) -> None:
    async with trio.open_nursery() as nursery:
        runtime = await town.start(nursery)
        commands = [OpenDirect(client_id=derive_client_id("direct", u), user=u) for u in town.users]
        replies, _ = await town.ask(runtime, commands)
        assert all(isinstance(reply, Refused) and reply.code is Code.INVALID for reply in replies)
        with trio.fail_after(HANG_GUARD_S):
            while len(runtime.supervisor):
                await trio.lowlevel.checkpoint()
        assert await rows(town.lender, "select count(*) from stream", {}) == [(0,)]
        assert accepted((await town.ask(runtime, town.creations()))[0])
        assert await rows(town.lender, "select count(*) from stream", {}) == [(ROOMS,)]
        nursery.cancel_scope.cancel()
