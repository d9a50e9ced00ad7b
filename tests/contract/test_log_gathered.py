"""What the Log port promises of calls for many streams at once, in memory and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import trio

from actors.kind import HANDLE, LISTENERS, FactKey, Upsert
from actors.ports.cluster_view import Move
from actors.ports.log import Activation, Checkpoint, Fence, NotActivated, Page, Verdict, Wanted
from tests.contract.rig import Owner, Rig, append, new_stream, receipt, row

ACCEPTED = Verdict.ACCEPTED
FENCED, ABSENT, BUSY = NotActivated.FENCED, NotActivated.ABSENT, NotActivated.BUSY
USER, OTHER = "user:" + "1" * 32, "user:" + "2" * 32


@dataclass
class Node:
    """A node that owns everything."""

    rig: Rig
    owner: Owner

    @property
    def fence(self) -> Fence:
        return self.owner.fence

    def wanted(self, stream: str, *, create: bool = True, epoch: int = 0, version: int = 1) -> Wanted:
        return Wanted(stream=stream, epoch=epoch or self.owner.epoch, create=create, state_version=version)

    async def activate(self, *wanted: Wanted, wait: bool = False) -> list[Activation | NotActivated]:
        return await self.rig.log.activate(self.fence, wanted, wait_for_locks=wait)

    async def open(self, *streams: str) -> list[int]:
        found = await self.activate(*map(self.wanted, streams))
        return [one.activation for one in found if isinstance(one, Activation)]

    async def write(self, stream: str, activation: int, head: int, count: int = 1, /, **more: object) -> None:
        (verdict,) = await self.rig.log.append(
            self.fence, [append(stream, activation, head, count, **more)], wait_for_locks=True
        )
        assert verdict is ACCEPTED


@pytest.fixture
async def node(log_under_test: Rig) -> Node:
    return Node(log_under_test, await log_under_test.owner())


def streams(count: int) -> list[str]:
    """In many shards, and not in their order."""
    return [new_stream(shard=(n * 37) % 256) for n in range(count)]


# --- activation --------------------------------------------------------------------------------------------------


async def test_many_streams_are_activated_in_one_call_each_judged_for_itself(node: Node) -> None:
    there, gone, busy, foreign = streams(4)
    (a, _, c) = await node.open(there, gone, busy)
    await node.write(there, a, 0, 3, at=70, effects_seq=2)
    await node.rig.soft_delete(gone)
    made, absent, wrong = streams(3)
    foreign = "tournament" + there[there.index(":") :]
    async with node.rig.held(busy):
        found = await node.activate(
            node.wanted(made),
            node.wanted(busy),
            node.wanted(absent, create=False),
            node.wanted(wrong, epoch=node.owner.epoch + 1),
            node.wanted(there, create=False),
            node.wanted(gone),
        )
    first, second, third, fourth, fifth, sixth = found
    assert isinstance(first, Activation) and (first.head, first.checkpoint) == (0, None)
    assert (second, third, fourth, sixth) == (BUSY, ABSENT, FENCED, ABSENT)
    assert isinstance(fifth, Activation) and fifth.activation == a + 1
    assert (fifth.head, fifth.last_at, fifth.effects_seq) == (3, 70, 2)
    assert await node.activate(node.wanted(wrong, create=False)) == [ABSENT], "what is fenced makes nothing"
    assert await node.activate(node.wanted(foreign)) == [ABSENT]
    (again,) = await node.activate(node.wanted(busy))
    assert isinstance(again, Activation) and again.activation == c + 1, "what was busy is as it was"


async def test_no_streams_are_no_activations(node: Node) -> None:
    assert await node.activate() == []


async def test_a_stream_stands_in_one_call_once(node: Node) -> None:
    stream = new_stream()
    with pytest.raises(ValueError):
        await node.activate(node.wanted(stream), node.wanted(stream))


async def test_a_run_that_is_over_activates_none_of_them(node: Node) -> None:
    await node.rig.owner("other")
    assert await node.activate(*map(node.wanted, streams(3))) == [FENCED] * 3


async def test_shards_of_others_are_fenced_beside_own_ones(node: Node) -> None:
    mine, theirs = new_stream(shard=3), new_stream(shard=4)
    other = await node.rig.directory().join(_joining())
    directory = node.rig.directory()
    assert await directory.move(node.fence, [Move(4, node.owner.epoch, other.node)]) == 1
    found = await node.activate(node.wanted(theirs), node.wanted(mine))
    assert found[0] is FENCED
    assert isinstance(found[1], Activation)


def _joining():
    from tests.contract.rig import joining

    return joining("other")


async def test_who_waits_for_locks_waits_for_each(node: Node) -> None:
    held, free = streams(2)
    (a, b) = await node.open(held, free)
    found: list[Activation | NotActivated] = []

    async def activate() -> None:
        found.extend(await node.activate(node.wanted(held), node.wanted(free), wait=True))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(held):
            nursery.start_soon(activate)
            await node.rig.waiting(1)
            assert found == []
    assert [one.activation for one in found if isinstance(one, Activation)] == [a + 1, b + 1]


async def test_each_gets_the_checkpoint_of_its_own_version(node: Node) -> None:
    names = streams(3)
    opened = await node.open(*names)
    for name, activation in zip(names, opened, strict=True):
        await node.write(name, activation, 0, 2)
    kept = [
        Checkpoint(stream=name, activation=activation, seq=2, version=1 + n % 2, state=b"%d" % n)
        for n, (name, activation) in enumerate(zip(names, opened, strict=True))
    ]
    assert await node.rig.log.checkpoint(node.fence, kept) == [True] * 3
    found = await node.activate(*(node.wanted(name, version=1) for name in names))
    states = [(one.checkpoint, one.checkpoint_seq) for one in found if isinstance(one, Activation)]
    assert states == [(b"0", 2), (None, 0), (b"2", 2)]


async def test_a_crowd_of_activations_and_appends_at_once_ends(node: Node) -> None:
    """None of them waits for another that waits for it."""
    names = streams(40)
    await node.open(*names)

    async def activate(order: Sequence[str]) -> None:
        for _ in range(5):
            await node.activate(*map(node.wanted, order))

    async def write(order: Sequence[str]) -> None:
        for _ in range(5):
            await node.rig.log.append(node.fence, [append(name, 1, 0) for name in order], wait_for_locks=True)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for order in (names, names[::-1], sorted(names)):
                nursery.start_soon(activate, order)
                nursery.start_soon(write, order)


# --- streams that stay empty -------------------------------------------------------------------------------------


async def test_an_empty_stream_is_forgotten_and_made_again_with_larger_activations(node: Node) -> None:
    stream = new_stream()
    (first,) = await node.open(stream)
    await node.rig.log.discard(node.fence, [(stream, first)])
    assert await node.activate(node.wanted(stream, create=False)) == [ABSENT]
    (again,) = await node.open(stream)
    assert again > first + 1000
    late = [append(stream, first, 0)]
    assert await node.rig.log.append(node.fence, late, wait_for_locks=True) == [Verdict.FENCED]


@pytest.mark.parametrize("what", ["events", "receipts", "wake_at"])
async def test_a_stream_that_holds_anything_is_not_forgotten(node: Node, what: str) -> None:
    stream = new_stream()
    (activation,) = await node.open(stream)
    empty: dict[str, object] = {"receipts": ()}
    more = {"events": {}, "receipts": {"receipts": (receipt(1),)}, "wake_at": {"wake_at": 5}}[what]
    await node.write(stream, activation, 0, 1 if what == "events" else 0, **{**empty, **more})
    await node.rig.log.discard(node.fence, [(stream, activation)])
    assert isinstance((await node.activate(node.wanted(stream, create=False)))[0], Activation)


async def test_a_stream_is_forgotten_by_its_newest_activation_alone(node: Node) -> None:
    stream = new_stream()
    (first,) = await node.open(stream)
    (second,) = await node.open(stream)
    await node.rig.log.discard(node.fence, [(stream, first)])
    other = await node.rig.owner("other")
    await node.rig.log.discard(node.fence, [(stream, second)])
    (found,) = await node.rig.log.activate(
        other.fence,
        [Wanted(stream=stream, epoch=other.epoch, create=False, state_version=1)],
        wait_for_locks=True,
    )
    assert isinstance(found, Activation) and found.activation == second + 1


# --- reading -----------------------------------------------------------------------------------------------------


async def test_pages_of_many_streams(node: Node) -> None:
    one, other, empty = streams(3)
    (a, b, _) = await node.open(one, other, empty)
    await node.write(one, a, 0, 4)
    await node.write(other, b, 0, 2)
    foreign = "tournament" + one[one.index(":") :]
    pages = [
        Page(other, 0, 9),
        Page(one, 1, 2),
        Page(empty, 0, 9),
        Page(new_stream(), 0, 9),
        Page(foreign, 0, 9),
        Page(one, 3, 9),
    ]
    assert await node.rig.log.read(pages) == [
        [row(1), row(2)],
        [row(2), row(3)],
        [],
        [],
        [],
        [row(4)],
    ]
    assert await node.rig.log.read([]) == []


async def test_receipts_of_many_streams_stay_apart(node: Node) -> None:
    one, other = streams(2)
    (a, b) = await node.open(one, other)
    mine, theirs = receipt(1), receipt(1)
    await node.write(one, a, 0, receipts=(mine,))
    await node.write(other, b, 0, receipts=(theirs,))
    keys = [(mine.author, mine.client_id), (theirs.author, theirs.client_id)]
    questions = [(other, keys), (one, keys), (new_stream(), keys), (one, []), (one, keys[1:])]
    assert await node.rig.log.receipts(questions) == [[theirs], [mine], [], [], []]
    assert await node.rig.log.receipts([]) == []


async def test_facts_of_many_streams_stay_apart_and_shared_ones_are_everybodys(node: Node) -> None:
    one, other = streams(2)
    (a, b) = await node.open(one, other)
    await node.rig.person(USER, "Ann")
    await node.write(one, a, 0, changes=(Upsert(LISTENERS, USER, {}), Upsert("notes", "k", {"n": 1})))
    await node.write(other, b, 0, changes=(Upsert(LISTENERS, OTHER, {}), Upsert("notes", "k", {"n": 2})))
    note, listener = FactKey("notes", "k"), FactKey(LISTENERS, USER)
    handle, nobody = FactKey(HANDLE, "ann"), FactKey(HANDLE, "bob")
    found = await node.rig.log.facts(
        [(other, [note, listener]), (one, [listener, handle, note]), (one, []), (other, [nobody, handle])]
    )
    ann = {"user": USER}
    assert [facts[note] for facts in found[:2]] == [{"n": 2}, {"n": 1}]
    assert found[0][listener] is None and found[1][listener] is not None
    assert found[1][handle] == ann and found[2] == {} and found[3] == {nobody: None, handle: ann}


async def test_checkpoints_of_many_streams_each_by_its_own_activation(node: Node) -> None:
    one, other, third = streams(3)
    (a, b, _) = await node.open(one, other, third)
    (c,) = await node.open(third)

    def state(stream: str, activation: int) -> Checkpoint:
        return Checkpoint(stream=stream, activation=activation, seq=0, version=1, state=stream.encode())

    kept = [state(third, c - 1), state(one, a), state(new_stream(), 1), state(other, b)]
    assert await node.rig.log.checkpoint(node.fence, kept) == [False, True, False, True]
    found = await node.activate(*map(node.wanted, (one, other, third)))
    assert [one.checkpoint for one in found if isinstance(one, Activation)] == [
        one.encode(),
        other.encode(),
        None,
    ]
    await node.rig.owner("other")
    assert await node.rig.log.checkpoint(node.fence, [state(one, a + 1)]) == [False]
    assert await node.rig.log.checkpoint(node.fence, []) == []


async def test_due_streams_after_one_that_is_known(node: Node) -> None:
    names = sorted(new_stream(shard=shard) for shard in (1, 1, 2, 2, 3))
    opened = await node.open(*names)
    for name, activation, wake_at in zip(names, opened, (20, 20, 20, 10, 30), strict=True):
        await node.write(name, activation, 0, wake_at=wake_at)
    log, shards = node.rig.log, range(256)
    whole = [(names[3], 10), (names[0], 20), (names[1], 20), (names[2], 20), (names[4], 30)]
    assert await log.due(shards, 30, 10) == whole
    for place, (name, at) in enumerate(whole):
        assert await log.due(shards, 30, 2, after=(at, name)) == whole[place + 1 : place + 3]
    assert await log.due([2], 29, 10, after=(20, names[1])) == [(names[2], 20)]
