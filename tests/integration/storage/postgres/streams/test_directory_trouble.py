"""The directory on a PostgreSQL that hangs, restarts, or is asked many things at once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from itertools import pairwise

import pytest
import trio
from psycopg.conninfo import conninfo_to_dict

from actors.ports.cluster_view import SHARDS, ClusterView, Move
from actors.ports.directory import Directory, JoinRefusedError, NameHeldError
from actors.ports.log import Fence, FencedError, LogUnavailableError
from gatherup.embedded import PostgresServer
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.streams.directory import PostgresDirectory
from tests import single
from tests.contract.rig import PostgresRig, joining, new_stream, own_everything, postgres_rig
from tests.integration.storage.postgres.streams.cutting import Proxy

pytestmark = pytest.mark.real
HANG_GUARD_S = 120


@pytest.fixture
async def rig(postgres_dsn: str) -> AsyncIterator[PostgresRig]:
    async with postgres_rig(postgres_dsn) as rig:
        yield rig


async def test_a_server_that_hangs_is_unavailable_and_comes_back(
    postgres_server: PostgresServer, rig: PostgresRig, nursery: trio.Nursery
) -> None:
    proxy = Proxy(postgres_server.port)
    await nursery.start(proxy.run)
    database = str(conninfo_to_dict(rig.dsn)["dbname"])
    dsn = f"{postgres_server.tcp_dsn_for(database)} port={proxy.listener_port}"
    with trio.fail_after(HANG_GUARD_S):
        async with PostgresDirectory(dsn, rig.clock, renew_timeout_s=0.5) as directory:
            fence = await directory.join(joining())
            for _ in range(2):
                known = (await directory.renew(fence, hears=(), report="{}", known=None)).view
                proxy.silent = True
                # First in the middle of a call, then while connecting.
                for _ in range(2):
                    with pytest.raises(LogUnavailableError):
                        await directory.renew(fence, hears=(), report="{}", known=known)
                proxy.silent = False
            after = (await directory.renew(fence, hears=(), report="{}", known=known)).view
            # Whatever reached the server, this run is a member and its lease goes on.
            assert after.members[0].lease > known.members[0].lease
    nursery.cancel_scope.cancel()


async def test_no_server_is_unavailable(rig: PostgresRig) -> None:
    async with PostgresDirectory("host=127.0.0.1 port=1 dbname=x user=x", rig.clock) as directory:
        with pytest.raises(LogUnavailableError):
            await directory.read()
        with pytest.raises(LogUnavailableError):
            await directory.renew(Fence(1, 1), hears=(), report="{}", known=None)


async def test_a_node_of_the_release_before_does_not_say_which_keys_it_has(rig: PostgresRig) -> None:
    """It joins by the function of its release, and nodes of this one join beside it."""
    directory = rig.directory()
    await rig.admin.execute(
        "select join_cluster_v2('old', 'test', %s, 2.0, 1, true, null, null, null)", (b"s" * 32,)
    )
    await directory.join(joining("new"))
    with pytest.raises(JoinRefusedError, match="receipt key"):
        await directory.join(joining("other", receipt_digest=b"o" * 16))
    assert [member.name for member in (await directory.read()).members] == ["old", "new"]


async def test_connections_that_were_cut_while_idle_are_made_again(rig: PostgresRig) -> None:
    directory = rig.directory()
    owner = await own_everything(directory)
    await directory.renew(owner.fence, hears=(), report="{}", known=None)
    await rig.admin.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert len((await directory.renew(owner.fence, hears=(), report="{}", known=None)).view.members) == 1
    assert await directory.move(owner.fence, [Move(0, owner.epoch, None)]) == 1


async def test_an_activation_that_comes_during_a_move_is_refused(rig: PostgresRig) -> None:
    """The move holds its shard and waits for the view's turn; the activation waits for the move, and sees it."""
    directory, stream = rig.directory(), new_stream()
    owner = await own_everything(directory)
    outcome: list[str] = []

    async def activate() -> None:
        with pytest.raises(FencedError):
            await single.activate(
                rig.log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1
            )
        outcome.append("fenced")

    async def move() -> None:
        assert await directory.move(owner.fence, [Move(0, owner.epoch, None)]) == 1
        outcome.append("moved")

    with trio.fail_after(HANG_GUARD_S):
        async with (
            trio.open_nursery() as nursery,
            await TrioConnection.connect(rig.dsn) as other,
            other.transaction(),
        ):
            await other.execute("select from cluster for update")
            nursery.start_soon(move)
            await rig.waiting(1)
            nursery.start_soon(activate)
            await rig.waiting(2)
            assert outcome == []
    assert sorted(outcome) == ["fenced", "moved"]


async def test_who_waits_for_a_row_holds_none_that_comes_later(rig: PostgresRig) -> None:
    """Nodes by id, then shards by id, then the cluster's row: otherwise two changes could deadlock."""
    directory = rig.directory()
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    a, b = sorted((a, b), key=lambda fence: fence.node)
    seen = (await directory.read()).members
    moves = [Move(number, 0, a.node) for number in (200, 1, 100)]
    node, shard = f"select from node where id = {b.node}", "select from shard where id in (100, 200)"
    waits: list[tuple[str, Callable[[], Awaitable[object]], list[str]]] = [
        (f"select from node where id = {a.node}", partial(directory.move, b, moves), [node, shard]),
        (f"select from node where id = {a.node}", partial(directory.declare_dead, b, seen[0], {}), [node]),
        ("select from shard where id = 1", partial(directory.move, b, moves), [shard, "select from cluster"]),
    ]
    with trio.fail_after(HANG_GUARD_S):
        for held, change, later in waits:
            async with (
                trio.open_nursery() as nursery,
                await TrioConnection.connect(rig.dsn) as other,
                other.transaction(),
            ):
                await other.execute(held.encode() + b" for update")
                nursery.start_soon(change)
                await rig.waiting(1)
                for rows in later:
                    await rig.admin.execute(rows.encode() + b" for update nowait")  # raises if one is locked
            await directory.read()


async def test_a_change_that_waits_too_long_for_a_lock_is_unavailable_and_undone(rig: PostgresRig) -> None:
    directory = rig.directory()
    owner = await own_everything(directory)
    before = await directory.read()
    async with await TrioConnection.connect(rig.dsn) as other, other.transaction():
        await other.execute("select from cluster for update")
        for call in (directory.move(owner.fence, [Move(0, owner.epoch, None)]), directory.leave(owner.fence)):
            with pytest.raises(LogUnavailableError):
                await call
        # Renewals and reads need no turn.
        await directory.renew(owner.fence, hears=(), report="{}", known=None)
    after = await directory.read()
    assert (after.version, after.shards) == (before.version, before.shards)


async def test_renewals_stay_on_their_page(rig: PostgresRig) -> None:
    directory = rig.directory()
    fence = await directory.join(joining())
    for _ in range(200):
        await directory.renew(fence, hears=range(10), report="{}" * 50, known=None)
    await rig.admin.execute("select pg_stat_force_next_flush()")
    await rig.admin.execute("vacuum node")  # no update keeps the page from it
    cursor = await rig.admin.execute("select pg_relation_size('node') / 8192")
    assert await cursor.fetchall() == [(1,)]


class Changing:
    """One node of several that join, move, drain, leave and end each other, without rest."""

    def __init__(self, directory: Directory, name: str, seed: int) -> None:
        self._directory = directory
        self._name = name
        self._chance = random.Random(seed)
        self._fence: Fence | None = None
        self._view: ClusterView | None = None
        self.views: list[ClusterView] = []
        self.ended = 0

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            try:
                await self._round()
            except FencedError:
                self._fence = None

    async def _round(self) -> None:
        if self._fence is None:
            await self._join()
            return
        renewal = await self._directory.renew(self._fence, hears=(), report="{}", known=self._view)
        self._view = view = renewal.view
        self.views.append(view)
        owners = [member.id for member in view.members]
        shards = self._chance.sample(range(SHARDS), 24)
        match self._chance.randrange(8):
            case 0:
                victim = self._chance.choice(view.members)
                next_owners = {number: self._chance.choice(owners) for number in shards}
                self.ended += await self._directory.declare_dead(self._fence, victim, next_owners)
            case 1:
                await self._directory.leave(self._fence)
            case 2:
                await self._directory.drain(self._chance.choice(view.members).name)
            case _:
                moves = [Move(n, view.shards[n].epoch, self._chance.choice([*owners, None])) for n in shards]
                await self._directory.move(self._fence, moves)

    async def _join(self) -> None:
        try:
            self._fence = await self._directory.join(joining(self._name))
        except NameHeldError as error:
            try:
                self._fence = await self._directory.join(joining(self._name), over=error.member)
            except NameHeldError:
                return


async def test_many_changes_at_once_make_one_history(rig: PostgresRig) -> None:
    """No deadlock (it would be LogUnavailableError), versions that never fall, and one view for each version."""
    # Two of each name: they throw each other out.
    nodes = [Changing(rig.directory(), f"node-{n // 2}", n) for n in range(6)]
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            for node in nodes:
                nursery.start_soon(node.run, 100)
    told: dict[int, object] = {}
    for node in nodes:
        versions = [view.version for view in node.views]
        assert len(versions) > 20
        assert versions == sorted(versions)
        for view in node.views:
            members = tuple((m.run, m.draining) for m in view.members)
            assert told.setdefault(view.version, (members, view.shards)) == (members, view.shards)
            assert {shard.owner for shard in view.shards} <= {None, *(m.id for m in view.members)}
    assert len(told) > 50
    assert sum(node.ended for node in nodes) > 5
    history = [told[version] for version in sorted(told)]
    for before, after in pairwise(history):
        pairs = zip(before[1], after[1], strict=True)  # type: ignore[index]
        assert all(a == b or a.epoch < b.epoch for a, b in pairs)
