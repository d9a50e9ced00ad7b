"""The Directory port's promises, in memory and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from msgspec.structs import replace

from actors.ports.cluster_view import SHARDS, ClusterView, Member, Move, Renewal, Shard, shard_of
from actors.ports.directory import Directory, JoinRefusedError, NameHeldError
from actors.ports.log import Fence, FencedError, Verdict
from tests import single
from tests.contract.rig import Owner, Rig, append, joining, new_stream, own_everything

HANG_GUARD_S = 60
ABSENT = 999
NOBODYS = Shard(None, 0)


async def renewed(directory: Directory, fence: Fence, known: ClusterView | None = None) -> Renewal:
    return await directory.renew(fence, hears=(), report="{}", known=known)


async def member(directory: Directory, fence: Fence) -> Member:
    found = (await directory.read()).member(fence.node)
    assert found is not None
    return found


@pytest.fixture
def directory(log_under_test: Rig) -> Directory:
    return log_under_test.directory()


@pytest.fixture
def other(log_under_test: Rig) -> Directory:
    """Another node's directory, for calls at the same time."""
    return log_under_test.directory()


# --- join --------------------------------------------------------------------------------------------------------


async def test_an_empty_cluster_has_no_members_and_all_shards_are_nobodys(directory: Directory) -> None:
    assert await directory.read() == ClusterView(version=0, members=(), shards=(NOBODYS,) * SHARDS)


async def test_who_joined_is_a_member(directory: Directory) -> None:
    before = await directory.read()
    fence = await directory.join(joining("a", lease_s=1.5, protocol=3, bridged=False))
    view = await directory.read()
    assert view.version > before.version
    assert view.shards == before.shards
    (found,) = view.members
    assert found == Member(
        id=fence.node, name="a", fence=fence.number, lease=found.lease, lease_s=1.5, protocol=3, bridged=False
    )
    assert found.run == fence


async def test_members_stand_in_the_view_by_id(directory: Directory) -> None:
    fences = [await directory.join(joining(name)) for name in ("c", "a", "b")]
    members = (await directory.read()).members
    assert [m.run for m in members] == sorted(fences, key=lambda f: f.node)
    assert {m.name for m in members} == {"a", "b", "c"}


async def test_a_members_name_is_held(directory: Directory, other: Directory) -> None:
    fence = await directory.join(joining("a"))
    version = (await directory.read()).version
    with pytest.raises(NameHeldError) as caught:
        await other.join(joining("a"))
    assert caught.value.member == await member(directory, fence)
    assert (await directory.read()).version == version
    await renewed(directory, fence)  # it isn't harmed


async def test_joining_over_a_run_that_moves_no_more_ends_it(directory: Directory, other: Directory) -> None:
    old = await directory.join(joining("a"))
    await directory.move(old, [Move(3, 0, old.node), Move(4, 0, old.node)])
    await directory.drain("a")
    await directory.renew(old, hears=[7], report='{"x":1}', known=None)
    with pytest.raises(NameHeldError) as caught:
        await other.join(joining("a"))
    new = await other.join(joining("a"), over=caught.value.member)
    assert new.node == old.node  # one row a name
    assert new.number > old.number
    with pytest.raises(FencedError):
        await renewed(directory, old)
    view = await other.read()
    # What its row owns stays its own, where no activation of the earlier run counts any more.
    assert [view.shards[n] for n in (3, 4, 5)] == [Shard(new.node, 2), Shard(new.node, 2), NOBODYS]
    (found,) = view.members
    assert (found.draining, found.hears, found.report) == (False, (), "{}")


@pytest.mark.parametrize("what", ["lease", "fence"])
async def test_joining_over_a_run_that_moved_is_refused(directory: Directory, what: str) -> None:
    old = await directory.join(joining("a"))
    seen = await member(directory, old)
    if what == "lease":
        await renewed(directory, old)
        present = old
    else:
        present = await directory.join(joining("a"), over=seen)
    with pytest.raises(NameHeldError) as caught:
        await directory.join(joining("a"), over=seen)
    assert caught.value.member == await member(directory, present)
    await renewed(directory, present)


async def test_over_another_member_takes_no_name(directory: Directory) -> None:
    await directory.join(joining("a"))
    b = await member(directory, await directory.join(joining("b")))
    with pytest.raises(NameHeldError):
        await directory.join(joining("a"), over=b)


async def test_the_name_of_who_left_or_died_is_free_and_its_fence_goes_on(directory: Directory) -> None:
    a = await directory.join(joining("a"))
    b = await directory.join(joining("b"))
    await directory.leave(a)
    again = await directory.join(joining("a"))
    assert again.node == a.node
    assert again.number > a.number
    assert await directory.declare_dead(b, await member(directory, again), {})
    assert (await directory.join(joining("a"))).number > again.number


async def test_of_many_that_join_at_once_by_one_name_one_does(log_under_test: Rig) -> None:
    joined: list[Fence] = []
    held: list[NameHeldError] = []

    async def join(own: Directory) -> None:
        try:
            joined.append(await own.join(joining("a")))
        except NameHeldError as error:
            held.append(error)

    directories = [log_under_test.directory() for _ in range(5)]
    await directories[0].leave(await directories[0].join(joining("a")))
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            for own in directories:
                nursery.start_soon(join, own)
    assert len(joined) == 1
    assert len(held) == 4
    assert [m.run for m in (await directories[0].read()).members] == joined


DISAGREEING = {
    "wrong_cluster": {"cluster": "other"},
    "wrong_secret": {"secret_digest": b"t" * 32},
    "wrong_receipt_key": {"receipt_digest": b"x" * 16},
    "wrong_token_key": {"token_digests": (b"x" * 16,)},
    "unsupported_protocol": {"protocol": 7},
    "bus_needed": {"bridged": False},
}


@pytest.mark.parametrize("code", DISAGREEING)
async def test_who_disagrees_with_a_member_is_refused_and_changes_nothing(
    directory: Directory, code: str
) -> None:
    await directory.join(joining("a", protocol=5))
    gone = await directory.join(joining("b", protocol=5))
    await directory.leave(gone)
    before = await directory.read()
    changes = {"protocol": 5, **DISAGREEING[code]}
    for name in ("b", "c"):
        with pytest.raises(JoinRefusedError) as caught:
            await directory.join(joining(name, **changes))
        assert caught.value.code == code
        assert str(caught.value).endswith(".")
    assert await directory.read() == before


async def test_a_token_key_is_changed_node_by_node(directory: Directory) -> None:
    """The next key is accepted everywhere before a node signs with it; then the last one goes."""
    old, new = b"t" * 16, b"n" * 16
    runs = {name: await directory.join(joining(name)) for name in ("a", "b")}
    for keys in ((old, new), (new, old), (new,)):
        for name, run in list(runs.items()):
            await directory.leave(run)
            runs[name] = await directory.join(joining(name, token_digests=keys))
    for keys in ((old,), (old, new), (b"x" * 16, new)):
        with pytest.raises(JoinRefusedError) as caught:
            await directory.join(joining("c", token_digests=keys))
        assert caught.value.code == "wrong_token_key"


@pytest.mark.parametrize("protocol", [4, 5, 6])
async def test_one_version_of_the_protocol_apart_is_agreement(directory: Directory, protocol: int) -> None:
    await directory.join(joining("a", protocol=5))
    assert await directory.join(joining("b", protocol=protocol))


async def test_every_member_must_agree_on_the_protocol(directory: Directory) -> None:
    await directory.join(joining("a", protocol=5))
    await directory.join(joining("b", protocol=6))
    for protocol in (4, 7):
        with pytest.raises(JoinRefusedError, match="version"):
            await directory.join(joining("c", protocol=protocol))


async def test_who_is_alone_without_a_bus_stays_alone(directory: Directory) -> None:
    await directory.join(joining("a", bridged=False))
    with pytest.raises(JoinRefusedError) as caught:
        await directory.join(joining("b"))
    assert caught.value.code == "bus_needed"


async def test_who_is_alone_sets_cluster_and_secret_anew(directory: Directory) -> None:
    old = await directory.join(joining("a"))
    await directory.leave(old)
    changes = {"cluster": "new", "secret_digest": b"n" * 32, "protocol": 9}
    first = await directory.join(joining("a", **changes))
    with pytest.raises(JoinRefusedError):
        await directory.join(joining("b"))
    assert await directory.join(joining("b", **changes))
    assert len((await directory.read()).members) == 2
    # Its own earlier run is no other member.
    await directory.leave((await member(directory, first)).run)


# --- renew -------------------------------------------------------------------------------------------------------


async def test_a_renewal_moves_the_lease_and_brings_the_view(directory: Directory, other: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    before = await directory.read()
    renewal = await directory.renew(a, hears=[b.node, 2**40], report='{"käse": "🙂"}', known=None)
    mine, theirs = renewal.view.members
    assert mine == replace(
        before.members[0], lease=mine.lease, hears=(b.node, 2**40), report='{"käse": "🙂"}'
    )
    assert mine.lease != before.members[0].lease
    assert theirs == before.members[1]
    assert renewal.view == await other.read()
    assert (renewal.view.version, renewal.view.shards) == (before.version, before.shards)


async def test_leases_never_repeat(directory: Directory) -> None:
    fence = await directory.join(joining("a"))
    leases = [(await member(directory, fence)).lease]
    leases += [(await renewed(directory, fence)).view.members[0].lease for _ in range(20)]
    assert leases == sorted(set(leases))


async def test_shards_are_read_only_if_the_version_changed(directory: Directory) -> None:
    fence = await directory.join(joining("a"))
    known = (await renewed(directory, fence)).view
    assert (await renewed(directory, fence, known)).view.shards is known.shards
    # What is known is taken at its word, as long as the version is the same.
    marked = replace(known, shards=(Shard(ABSENT, 9),) * SHARDS)
    assert (await renewed(directory, fence, marked)).view.shards == marked.shards
    await directory.move(fence, [Move(5, 0, fence.node)])
    view = (await renewed(directory, fence, marked)).view
    assert view.version > known.version
    assert view.owned_by(fence.node) == [5]
    assert view == await directory.read()


async def test_a_renewal_tells_the_databases_time(directory: Directory) -> None:
    fence = await directory.join(joining("a"))
    first, second = await renewed(directory, fence), await renewed(directory, fence)
    assert second.now >= first.now > 1_600_000_000_000


async def test_only_the_present_run_of_a_member_renews(directory: Directory) -> None:
    fence = await directory.join(joining("a"))
    for stranger in (Fence(fence.node, fence.number + 1), Fence(ABSENT, 1)):
        with pytest.raises(FencedError):
            await renewed(directory, stranger)
    await directory.leave(fence)
    for number in (fence.number, fence.number + 1):
        with pytest.raises(FencedError):
            await renewed(directory, Fence(fence.node, number))


async def test_a_renewal_waits_for_no_append(log_under_test: Rig, directory: Directory) -> None:
    """The append holds its node's row until its stream's row is free."""
    owner, stream, write, verdicts = await writing(log_under_test, directory)
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery, log_under_test.held(stream):
            nursery.start_soon(write)
            await log_under_test.waiting(1)
            leases = [(await renewed(directory, owner.fence)).view.members[0].lease for _ in range(3)]
            assert len(set(leases)) == 3
            assert await directory.drain("node")
            assert verdicts == []
    assert verdicts == [Verdict.ACCEPTED]


# --- move --------------------------------------------------------------------------------------------------------


async def test_shards_of_nobody_and_own_ones_are_given_away(directory: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    before = (await directory.read()).version
    assert await directory.move(a, [Move(1, 0, a.node), Move(2, 0, b.node), Move(255, 0, a.node)]) == 3
    view = await directory.read()
    assert view.version > before
    assert [view.shards[n] for n in (0, 1, 2, 255)] == [
        NOBODYS,
        Shard(a.node, 1),
        Shard(b.node, 1),
        Shard(a.node, 1),
    ]
    assert await directory.move(a, [Move(1, 1, b.node), Move(255, 1, None)]) == 2
    view = await directory.read()
    assert (view.shards[1], view.shards[255]) == (Shard(b.node, 2), Shard(None, 2))


async def test_each_move_is_judged_by_itself(directory: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    c = await directory.join(joining("c"))
    assert await directory.move(b, [Move(9, 0, b.node)]) == 1
    await directory.drain("b")
    await directory.leave(c)
    before = await directory.read()
    refused = [
        Move(1, 7, a.node),  # not at this epoch
        Move(9, 1, a.node),  # somebody else's
        Move(2, 0, b.node),  # to who is draining
        Move(3, 0, c.node),  # to who is gone
        Move(4, 0, ABSENT),  # to nobody known
    ]
    assert await directory.move(a, refused) == 0
    assert await directory.read() == before  # and the version stays
    assert await directory.move(a, []) == 0
    assert await directory.move(a, [*refused, Move(10, 0, a.node)]) == 1
    assert (await directory.read()).owned_by(a.node) == [10]
    # Who is draining gives away what it has.
    assert await directory.move(b, [Move(9, 1, a.node)]) == 1


async def test_who_is_over_moves_nothing(directory: Directory) -> None:
    a = await directory.join(joining("a"))
    await directory.leave(a)
    before = await directory.read()
    with pytest.raises(FencedError):
        await directory.move(a, [Move(1, 0, None)])
    assert await directory.read() == before


async def test_of_two_that_take_a_shard_one_gets_it(directory: Directory, other: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    moved: dict[Fence, int] = {}

    async def take(own: Directory, fence: Fence, shards: range) -> None:
        moved[fence] = await own.move(fence, [Move(n, 0, fence.node) for n in shards])

    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, directory, a, range(SHARDS))
            nursery.start_soon(take, other, b, range(SHARDS - 1, -1, -1))
    view = await directory.read()
    assert sorted(moved.values()) == [0, SHARDS]
    assert {fence: len(view.owned_by(fence.node)) for fence in moved} == moved


# --- declare dead ------------------------------------------------------------------------------------------------


async def test_the_dead_ones_shards_go_to_their_heirs(directory: Directory) -> None:
    a, b, c, d = [await directory.join(joining(name)) for name in "abcd"]
    await directory.move(b, [Move(n, 0, b.node) for n in range(6)])
    await directory.move(c, [Move(9, 0, c.node)])
    await directory.drain("d")
    next_owners = {0: a.node, 1: c.node, 2: d.node, 3: ABSENT, 4: b.node, 9: a.node}
    before = await directory.read()
    assert await directory.declare_dead(a, await member(directory, b), next_owners)
    view = await directory.read()
    assert view.version > before.version
    assert [m.run for m in view.members] == [a, c, d]
    assert [view.shards[n] for n in range(7)] == [
        Shard(a.node, 2),
        Shard(c.node, 2),
        Shard(None, 2),  # draining
        Shard(None, 2),  # unknown
        Shard(None, 2),  # the dead one itself
        Shard(None, 2),  # no next owner
        NOBODYS,
    ]
    assert view.shards[9] == Shard(c.node, 1)  # never the dead one's
    for call in (
        renewed(directory, b),
        directory.move(b, []),
        directory.declare_dead(b, view.members[0], {}),
    ):
        with pytest.raises(FencedError):
            await call
    await directory.leave(b)  # nothing
    assert await directory.read() == view


async def test_who_renewed_or_joined_again_is_not_dead(directory: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    seen = await member(directory, b)
    await renewed(directory, b)
    assert not await directory.declare_dead(a, seen, {})
    again = await directory.join(joining("b"), over=await member(directory, b))
    assert not await directory.declare_dead(a, seen, {})
    view = await directory.read()
    assert [m.run for m in view.members] == [a, again]
    assert await directory.declare_dead(a, view.members[1], {})
    assert not await directory.declare_dead(a, view.members[1], {})
    assert not await directory.declare_dead(a, replace(view.members[1], id=ABSENT), {})


async def test_of_two_that_declare_each_other_dead_one_lives(directory: Directory, other: Directory) -> None:
    for _ in range(10):
        a, b = await directory.join(joining("a")), await other.join(joining("b"))
        await directory.move(
            a, [Move(n, s.epoch, a.node) for n, s in enumerate((await directory.read()).shards)]
        )
        seen = await directory.read()
        ended: list[Fence] = []
        alive: list[Fence] = []

        async def declare(
            own: Directory, me: Fence, victim: Member, alive: list[Fence], ended: list[Fence]
        ) -> None:
            try:
                next_owners = dict.fromkeys(range(SHARDS), me.node)
                assert await own.declare_dead(me, victim, next_owners)
                alive.append(me)
            except FencedError:
                ended.append(me)

        with trio.fail_after(HANG_GUARD_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(declare, directory, a, seen.members[1], alive, ended)
                nursery.start_soon(declare, other, b, seen.members[0], alive, ended)
        assert {*alive, *ended} == {a, b}
        (survivor,) = alive
        view = await directory.read()
        assert [m.run for m in view.members] == [survivor]
        assert len(view.owned_by(survivor.node)) == SHARDS
        await directory.leave(survivor)


# --- drain and leave ---------------------------------------------------------------------------------------------


async def test_draining_is_seen_once(directory: Directory) -> None:
    a = await directory.join(joining("a"))
    before = await directory.read()
    assert not await directory.drain("nobody")
    assert await directory.read() == before
    assert await directory.drain("a")
    view = await directory.read()
    assert view.version > before.version
    assert (await member(directory, a)).draining
    assert await directory.drain("a")
    assert await directory.read() == view
    assert (await renewed(directory, a)).view.members[0].draining  # it is a member still
    await directory.leave(a)
    assert not await directory.drain("a")


async def test_who_has_no_streams_owns_nothing_and_can_be_asked_to_leave(
    directory: Directory, other: Directory
) -> None:
    """It drains from the start, which is all that nodes of the release before need to know."""
    first = await directory.join(joining("a"))
    await directory.move(first, [Move(n, 0, first.node) for n in range(4)])
    api = await other.join(joining("api", streams=False))
    found = await member(directory, api)
    assert (found.draining, found.leaving) == (True, False)
    shard = (await directory.read()).shards[0]
    assert await directory.move(first, [Move(0, shard.epoch, api.node)]) == 0
    assert await other.move(api, [Move(9, 0, api.node)]) == 0
    dead = await member(directory, first)
    assert await other.declare_dead(api, dead, {0: api.node})
    assert (await directory.read()).owned_by(api.node) == []
    version = (await directory.read()).version
    assert await directory.drain("api")
    assert (await member(directory, api)).leaving
    assert (await directory.read()).version > version


async def test_a_node_that_gives_up_its_role_gives_up_its_shards(
    directory: Directory, other: Directory
) -> None:
    first = await directory.join(joining("a"))
    await directory.move(first, [Move(n, 0, first.node) for n in range(4)])
    seen = await member(directory, first)
    again = await other.join(joining("a", streams=False), over=seen)
    view = await directory.read()
    assert view.owned_by(again.node) == []
    assert all(shard.epoch >= 2 for shard in view.shards[:4])
    seen = await member(directory, again)
    last = await other.join(joining("a"), over=seen)
    found = await member(directory, last)
    assert (found.draining, found.leaving) == (False, False)
    assert await other.move(last, [Move(0, view.shards[0].epoch, last.node)]) == 1


async def test_what_a_leaving_node_still_owns_is_nobodys(directory: Directory) -> None:
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))
    await directory.move(a, [Move(1, 0, a.node), Move(2, 0, b.node)])
    before = await directory.read()
    await directory.leave(a)
    view = await directory.read()
    assert view.version > before.version
    assert [m.run for m in view.members] == [b]
    assert view.shards[1:4] == (Shard(None, 2), Shard(b.node, 1), NOBODYS)
    await directory.leave(a)
    await directory.leave(Fence(b.node, b.number + 1))
    await directory.leave(Fence(ABSENT, 1))
    assert await directory.read() == view


# --- the fence ---------------------------------------------------------------------------------------------------


async def writing(
    rig: Rig, directory: Directory
) -> tuple[Owner, str, Callable[[], Awaitable[None]], list[Verdict]]:
    """A node that owns everything, and a write to a stream of its that tells its verdict."""
    owner = await own_everything(directory)
    stream = new_stream()
    made = await single.activate(
        rig.log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1
    )
    assert made is not None
    verdicts: list[Verdict] = []

    async def write() -> None:
        call = [append(stream, made.activation, 0)]
        verdicts.extend(await rig.log.append(owner.fence, call, wait_for_locks=True))

    return owner, stream, write, verdicts


async def _declare_dead(directory: Directory, fence: Fence) -> None:
    observer = await directory.join(joining("observer"))
    assert await directory.declare_dead(observer, await member(directory, fence), {})


async def _join_again(directory: Directory, fence: Fence) -> None:
    await directory.join(joining("node"), over=await member(directory, fence))


async def _leave(directory: Directory, fence: Fence) -> None:
    await directory.leave(fence)


ENDS = {"declared dead": _declare_dead, "joined again": _join_again, "left": _leave}


@pytest.mark.parametrize("how", ENDS)
async def test_a_run_that_is_over_writes_nothing(log_under_test: Rig, directory: Directory, how: str) -> None:
    log = log_under_test.log
    owner, stream, write, verdicts = await writing(log_under_test, directory)
    await write()
    assert verdicts == [Verdict.ACCEPTED]
    await ENDS[how](directory, owner.fence)
    one = append(stream, 1, 1)
    for wait in (False, True):
        assert await log.append(owner.fence, [one], wait_for_locks=wait) == [Verdict.FENCED]
    for epoch in (owner.epoch, (await directory.read()).shard(stream).epoch):
        with pytest.raises(FencedError):
            await single.activate(log, owner.fence, stream, epoch=epoch, create=False, state_version=1)
    assert not await single.checkpoint(log, owner.fence, stream, 1, 1, 1, b"s")
    assert len(await single.read(log, stream, 0, 10)) == 1


@pytest.mark.parametrize("how", ENDS)
async def test_ending_a_run_waits_for_what_it_is_writing(
    log_under_test: Rig, directory: Directory, other: Directory, how: str
) -> None:
    owner, stream, write, verdicts = await writing(log_under_test, directory)
    ended: list[bool] = []

    async def end() -> None:
        await ENDS[how](other, owner.fence)
        ended.append(True)

    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery, log_under_test.held(stream):
            nursery.start_soon(write)
            await log_under_test.waiting(1)
            nursery.start_soon(end)
            await log_under_test.waiting(2)
            assert not ended
    assert ended
    assert verdicts == [Verdict.ACCEPTED]
    assert len(await single.read(log_under_test.log, stream, 0, 10)) == 1


async def test_only_the_shards_owner_activates_at_its_present_epoch(
    log_under_test: Rig, directory: Directory
) -> None:
    log, stream = log_under_test.log, new_stream(shard=77)
    assert shard_of(stream) == 77
    a, b = await directory.join(joining("a")), await directory.join(joining("b"))

    async def activate(fence: Fence, epoch: int) -> bool:
        try:
            made = await single.activate(log, fence, stream, epoch=epoch, create=True, state_version=1)
        except FencedError:
            return False
        assert made is not None
        return True

    async def who() -> set[tuple[Fence, int]]:
        asked = [(fence, epoch) for fence in (a, b) for epoch in range(5)]
        return {(fence, epoch) for fence, epoch in asked if await activate(fence, epoch)}

    assert await who() == set()
    await directory.move(a, [Move(77, 0, a.node), Move(78, 0, b.node)])
    assert await who() == {(a, 1)}
    await directory.move(a, [Move(77, 1, b.node)])
    assert await who() == {(b, 2)}
    await directory.move(b, [Move(77, 2, None)])
    assert await who() == set()


async def test_a_stream_that_was_activated_writes_on_until_the_next_activation(
    log_under_test: Rig, directory: Directory
) -> None:
    """A move by itself fences nobody: the next owner's activation does."""
    log = log_under_test.log
    owner, stream, write, verdicts = await writing(log_under_test, directory)
    b = await directory.join(joining("b"))
    await directory.move(owner.fence, [Move(shard_of(stream), owner.epoch, b.node)])
    await write()
    assert verdicts == [Verdict.ACCEPTED]
    made = await single.activate(log, b, stream, epoch=owner.epoch + 1, create=False, state_version=1)
    assert made is not None
    assert made.head == 1
    call = [append(stream, made.activation - 1, 1)]
    assert await log.append(owner.fence, call, wait_for_locks=True) == [Verdict.FENCED]


async def test_a_move_waits_for_an_activation_under_way(
    log_under_test: Rig, directory: Directory, other: Directory
) -> None:
    owner, stream, _, _ = await writing(log_under_test, directory)
    log = log_under_test.log
    b = await directory.join(joining("b"))
    done: list[str] = []

    async def activate() -> None:
        made = await single.activate(
            log, owner.fence, stream, epoch=owner.epoch, create=False, state_version=1
        )
        assert made is not None
        done.append("activated")

    async def move() -> None:
        assert await other.move(owner.fence, [Move(shard_of(stream), owner.epoch, b.node)]) == 1
        done.append("moved")

    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery, log_under_test.held(stream):
            nursery.start_soon(activate)
            await log_under_test.waiting(1)
            nursery.start_soon(move)
            await log_under_test.waiting(2)
            assert done == []
            # Another shard's move doesn't wait.
            assert await directory.move(owner.fence, [Move(255, owner.epoch, b.node)]) == 1
    # Both ran; the move had to wait for the activation's end, whichever task went on first.
    assert sorted(done) == ["activated", "moved"]
    with pytest.raises(FencedError):
        await single.activate(log, owner.fence, stream, epoch=owner.epoch, create=False, state_version=1)


async def test_an_activation_and_a_move_at_once_never_leave_two_owners(
    log_under_test: Rig, directory: Directory, other: Directory
) -> None:
    """Whichever comes first: what the old owner activated is fenced by what the new one activates after the move."""
    log = log_under_test.log
    owner = await own_everything(directory)
    b = await directory.join(joining("b"))
    for number in range(30):
        stream = new_stream(shard=number)
        old: list[int] = []

        async def activate(stream: str, old: list[int]) -> None:
            try:
                made = await single.activate(
                    log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1
                )
            except FencedError:
                return
            assert made is not None
            old.append(made.activation)

        async def move(number: int) -> None:
            assert await other.move(owner.fence, [Move(number, owner.epoch, b.node)]) == 1

        with trio.fail_after(HANG_GUARD_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(activate, stream, old)
                nursery.start_soon(move, number)
        made = await single.activate(log, b, stream, epoch=owner.epoch + 1, create=True, state_version=1)
        assert made is not None
        assert [made.activation] == [activation + 1 for activation in old] or old == []
        for activation in old:
            call = [append(stream, activation, 0)]
            assert await log.append(owner.fence, call, wait_for_locks=True) == [Verdict.FENCED]
