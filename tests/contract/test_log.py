"""The Log port's promises, sentence by sentence, in memory and on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import pytest
import trio

from actors.kind import (
    BLOCK,
    COMPETITION,
    EVERYONE,
    FRIENDS,
    HANDLE,
    LISTENERS,
    LISTENS_AFTER,
    MEMBERSHIPS,
    NOBODY,
    ORGANISED,
    OWNED,
    PERSON,
    SHARED_FACTS,
    TEXTS_OF_SERIES,
    Delete,
    FactKey,
    Job,
    Update,
    Upsert,
    pair,
)
from actors.ports.log import (
    Activation,
    Append,
    Fence,
    FencedError,
    JobRow,
    LogConflictError,
    LogDataError,
    LogRow,
    ReadAccess,
    Verdict,
)
from protocol.handles import folded
from tests import single
from tests.contract.rig import Rig, append, new_stream, receipt, row
from tests.rows import room_row

USER, OTHER = "user:" + "1" * 32, "user:" + "2" * 32
SHARDS = range(256)
SERIES: dict[str, Any] = {
    "visibility": "public",
    "settings": "{}",
    "create_s": 60,
    "registration_s": 0,
    "check_in_s": 0,
    "best": 0,
    "phase": "running",
    "created_at": 1,
}
"""The row of a series."""
ACCEPTED, FENCED, BEHIND = Verdict.ACCEPTED, Verdict.FENCED, Verdict.BEHIND
DUPLICATE, BUSY = Verdict.DUPLICATE, Verdict.BUSY


@dataclass
class Node:
    """A node that owns everything, with shorthands."""

    rig: Rig
    fence: Fence
    epoch: int

    @classmethod
    async def owning(cls, rig: Rig, name: str = "node") -> Node:
        owner = await rig.owner(name)
        return cls(rig, owner.fence, owner.epoch)

    async def opened(self, stream: str | None = None) -> tuple[str, int]:
        """A stream and its activation."""
        stream = stream or new_stream()
        return stream, (await self.activated(stream)).activation

    async def activated(self, stream: str, *, version: int = 1) -> Activation:
        found = await single.activate(
            self.rig.log, self.fence, stream, epoch=self.epoch, create=True, state_version=version
        )
        assert found is not None
        return found

    async def append(self, *appends: Append, wait: bool = False) -> list[Verdict]:
        return await self.rig.log.append(self.fence, appends, wait_for_locks=wait)

    async def one(self, one: Append, *, wait: bool = False) -> Verdict:
        (verdict,) = await self.append(one, wait=wait)
        return verdict

    async def read(self, stream: str) -> list[LogRow]:
        return await single.read(self.rig.log, stream, 0, 1000)


@pytest.fixture
async def node(log_under_test: Rig) -> Node:
    return await Node.owning(log_under_test)


# --- activation --------------------------------------------------------------------------------------------------


async def test_a_stream_that_isnt_there_is_none(node: Node) -> None:
    assert (
        await single.activate(
            node.rig.log, node.fence, new_stream(), epoch=node.epoch, create=False, state_version=1
        )
        is None
    )


async def test_create_makes_an_empty_stream(node: Node) -> None:
    stream = new_stream()
    made = await node.activated(stream)
    assert made == Activation(
        activation=made.activation, head=0, last_at=0, effects_seq=0, checkpoint=None, checkpoint_seq=0
    )
    assert (
        await single.activate(
            node.rig.log, node.fence, stream, epoch=node.epoch, create=False, state_version=1
        )
        is not None
    )


async def test_each_activation_is_larger_and_finds_what_was_written(node: Node) -> None:
    stream, first = await node.opened()
    assert await node.one(append(stream, first, 0, 2, at=77, effects_seq=1)) is ACCEPTED
    second = await node.activated(stream)
    assert second.activation > first
    assert (second.head, second.last_at, second.effects_seq) == (2, 77, 1)


async def test_an_activation_fences_every_earlier_one(node: Node) -> None:
    stream, first = await node.opened()
    _, second = await node.opened(stream)
    assert await node.one(append(stream, first, 0)) is FENCED
    assert await node.one(append(stream, first, 0), wait=True) is FENCED
    assert await node.one(append(stream, second, 0)) is ACCEPTED


async def test_a_fenced_node_can_activate_and_append_nothing(node: Node) -> None:
    stream, activation = await node.opened()
    later = await Node.owning(node.rig, "other")
    with pytest.raises(FencedError):
        await node.activated(stream)
    with pytest.raises(FencedError):
        await node.activated(new_stream())
    busy, absent = new_stream(), new_stream()
    await later.opened(busy)
    async with node.rig.held(busy):
        calls = append(stream, activation, 0), append(busy, 1, 0), append(absent, 1, 0)
        assert await node.append(*calls) == [FENCED] * 3
        assert await node.append(*calls, wait=True) == [FENCED] * 3
    assert await node.read(stream) == []


async def test_another_run_of_the_same_node_fences_the_one_before(node: Node) -> None:
    stream, activation = await node.opened()
    later = await Node.owning(node.rig)
    assert later.fence != node.fence
    assert await node.one(append(stream, activation, 0)) is FENCED
    assert await later.one(append(stream, activation, 0)) is ACCEPTED


async def test_a_stream_of_another_kind_is_absent(node: Node) -> None:
    stream, _ = await node.opened()
    foreign = "tournament" + stream[stream.index(":") :]
    for create in (False, True):
        assert (
            await single.activate(
                node.rig.log, node.fence, foreign, epoch=node.epoch, create=create, state_version=1
            )
            is None
        )
    assert await node.rig.log.read_access([(foreign, USER)]) == [ReadAccess(False, False, 1, 0)]


async def test_a_soft_deleted_stream_is_absent(node: Node) -> None:
    stream, activation = await node.opened()
    mine = receipt(1)
    listener = Upsert(LISTENERS, USER, {})
    written = append(stream, activation, 0, receipts=(mine,), changes=(listener,), wake_at=5)
    assert await node.one(written) is ACCEPTED
    await node.rig.soft_delete(stream)
    log = node.rig.log
    assert (
        await single.activate(log, node.fence, stream, epoch=node.epoch, create=True, state_version=1) is None
    )
    assert await node.append(append(stream, activation, 1)) == [FENCED]
    assert await node.append(append(stream, activation, 1), wait=True) == [FENCED]
    assert await node.read(stream) == []
    assert await single.receipts(log, stream, [(mine.author, mine.client_id)]) == []
    assert await single.facts(log, stream, [FactKey(LISTENERS, USER)]) == {FactKey(LISTENERS, USER): None}
    assert await log.read_access([(stream, USER)]) == [ReadAccess(False, False, 1, 0)]
    assert await log.due(SHARDS, 10, 10) == []
    assert not await single.checkpoint(log, node.fence, stream, activation, 1, 1, b"s")


async def test_activation_waits_for_an_earlier_transaction(node: Node) -> None:
    stream, first = await node.opened()
    found: list[int] = []

    async def activate() -> None:
        found.append((await node.activated(stream)).activation)

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(stream):
            nursery.start_soon(activate)
            await node.rig.waiting(1)
            assert found == []
    assert found == [first + 1]


async def test_activation_defeats_an_append_that_waits_behind_it(node: Node) -> None:
    stream, first = await node.opened()
    verdicts: list[Verdict] = []

    async def write() -> None:
        verdicts.append(await node.one(append(stream, first, 0), wait=True))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(stream):
            nursery.start_soon(node.activated, stream)
            await node.rig.waiting(1)
            nursery.start_soon(write)
            await node.rig.waiting(2)
    # Both waited; whichever came first, the log is what the last activation says it is.
    found = await node.activated(stream)
    assert found.head == (1 if verdicts == [ACCEPTED] else 0)
    assert [e.seq for e in await node.read(stream)] == list(range(1, found.head + 1))
    assert await node.one(append(stream, first, found.head), wait=True) is FENCED


# --- append: acceptance ------------------------------------------------------------------------------------------


async def test_what_is_accepted_can_be_read(node: Node) -> None:
    stream, activation = await node.opened()
    assert await node.one(append(stream, activation, 0, 3)) is ACCEPTED
    assert await node.one(append(stream, activation, 3, 2)) is ACCEPTED
    assert await node.read(stream) == [row(seq) for seq in (1, 2, 3, 4, 5)]
    assert await single.read(node.rig.log, stream, 1, 3) == [row(2), row(3), row(4)]
    assert await single.read(node.rig.log, stream, 5, 3) == []
    assert await single.read(node.rig.log, new_stream(), 0, 3) == []


async def test_trouble_of_some_streams_leaves_fifty_healthy_ones_alone(node: Node) -> None:
    healthy = [await node.opened() for _ in range(50)]
    fenced, old = await node.opened()
    await node.activated(fenced)
    behind, b = await node.opened()
    double, d = await node.opened()
    again = receipt(1)
    assert await node.one(append(double, d, 0, receipts=(again,))) is ACCEPTED
    busy, y = await node.opened()
    trouble = {
        0: (append(fenced, old, 0), FENCED),
        7: (append(behind, b, 4), BEHIND),
        20: (append(double, d, 1, receipts=(again,)), DUPLICATE),
        33: (append(busy, y, 0), BUSY),
        54: (append(new_stream(), 1, 0), FENCED),
    }
    good = iter([append(stream, activation, 0, 2) for stream, activation in healthy])
    batch = [trouble[i][0] if i in trouble else next(good) for i in range(55)]
    async with node.rig.held(busy):
        verdicts = await node.append(*batch)
    assert verdicts == [trouble[i][1] if i in trouble else ACCEPTED for i in range(55)]
    for stream, _ in healthy:
        assert await node.read(stream) == [row(1), row(2)]
    assert [len(await node.read(stream)) for stream in (fenced, behind, double, busy)] == [0, 0, 1, 0]


async def test_the_order_of_checks_is_fence_activation_receipts_head(node: Node) -> None:
    stream, old = await node.opened()
    mine = receipt(1)
    assert await node.one(append(stream, old, 0, receipts=(mine,))) is ACCEPTED
    _, new = await node.opened(stream)
    for head in (0, 1, 9):
        assert await node.one(append(stream, old, head, receipts=(mine,))) is FENCED
        assert await node.one(append(stream, new, head, receipts=(mine,))) is DUPLICATE
    assert await node.one(append(stream, new, 9)) is BEHIND
    assert await node.one(append(stream, new, 0)) is BEHIND
    assert await node.one(append(stream, new, 1)) is ACCEPTED


async def test_a_refused_append_writes_nothing(node: Node) -> None:
    stream, activation = await node.opened()
    mine = receipt(1)
    assert await node.one(append(stream, activation, 0, receipts=(mine,), wake_at=5)) is ACCEPTED
    other = receipt(2)
    refused = append(
        stream,
        activation,
        1,
        at=9_999,
        receipts=(mine, other),
        erases=(1,),
        changes=(Upsert(LISTENERS, USER, {}), Upsert("notes", "k", {"a": 1})),
        jobs=(JobRow(2, 0, Job("mail", {})),),
        wake_at=1,
        effects_seq=1,
    )
    assert await node.one(refused) is DUPLICATE
    assert await node.one(refused, wait=True) is DUPLICATE
    log = node.rig.log
    assert await node.read(stream) == [row(1)]
    assert await single.receipts(log, stream, [(other.author, other.client_id)]) == []
    keys = [FactKey(LISTENERS, USER), FactKey("notes", "k")]
    assert await single.facts(log, stream, keys) == dict.fromkeys(keys)
    assert await node.rig.jobs(stream) == []
    assert await log.due(SHARDS, 10, 10) == [(stream, 5)]
    found = await node.activated(stream)
    assert (found.head, found.last_at, found.effects_seq) == (1, 1000, 0)


async def test_many_receipts_of_one_stream_are_one_duplicate(node: Node) -> None:
    stream, activation = await node.opened()
    mine = tuple(receipt(n) for n in (1, 2, 3))
    assert await node.one(append(stream, activation, 0, 3, receipts=mine)) is ACCEPTED
    assert await node.one(append(stream, activation, 3, 3, receipts=mine)) is DUPLICATE


async def test_the_same_client_id_of_another_author_or_stream_is_no_duplicate(node: Node) -> None:
    stream, activation = await node.opened()
    mine = receipt(1)
    assert await node.one(append(stream, activation, 0, receipts=(mine,))) is ACCEPTED
    theirs = receipt(2, client_id=mine.client_id, author=OTHER)
    assert await node.one(append(stream, activation, 1, receipts=(theirs,))) is ACCEPTED
    elsewhere, a = await node.opened()
    assert await node.one(append(elsewhere, a, 0, receipts=(mine,))) is ACCEPTED


async def test_a_stream_stands_in_one_call_once(node: Node) -> None:
    stream, activation = await node.opened()
    with pytest.raises(ValueError):
        await node.append(append(stream, activation, 0), append(stream, activation, 1))


async def test_an_empty_call_is_nothing(node: Node) -> None:
    assert await node.append() == []


async def test_empty_appends_move_what_is_always_written(node: Node) -> None:
    stream, activation = await node.opened()
    assert await node.one(append(stream, activation, 0, 2)) is ACCEPTED
    only = receipt(3)
    mine = msgspec.structs.replace(only, last_seq=2, answer=b"\xc3")
    empty = append(stream, activation, 2, 0, receipts=(mine,), wake_at=5_000, effects_seq=2, at=1_000)
    assert await node.one(empty) is ACCEPTED
    log = node.rig.log
    assert await log.due(SHARDS, 5_000, 10) == [(stream, 5_000)]
    assert await single.receipts(log, stream, [(mine.author, mine.client_id)]) == [mine]
    assert (await node.activated(stream)).effects_seq == 2
    _, newest = await node.opened(stream)
    assert await node.one(append(stream, newest, 2, 0, wake_at=None, effects_seq=1)) is ACCEPTED
    assert await log.due(SHARDS, 5_000, 10) == []
    found = await node.activated(stream)
    assert (found.head, found.effects_seq) == (2, 1)


async def test_last_at_never_falls(node: Node) -> None:
    stream, activation = await node.opened()
    assert await node.one(append(stream, activation, 0, at=50)) is ACCEPTED
    assert await node.one(append(stream, activation, 1, 0, at=20)) is ACCEPTED
    assert (await node.activated(stream)).last_at == 50


# --- append: locks -----------------------------------------------------------------------------------------------


async def test_a_held_row_is_busy_only_for_who_does_not_wait(node: Node) -> None:
    stream, activation = await node.opened()
    verdicts: list[Verdict] = []

    async def write() -> None:
        verdicts.append(await node.one(append(stream, activation, 0), wait=True))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(stream):
            assert await node.one(append(stream, activation, 0)) is BUSY
            nursery.start_soon(write)
            await node.rig.waiting(1)
            assert verdicts == []
    assert verdicts == [ACCEPTED]


async def test_who_waited_is_judged_on_the_newest_row(node: Node) -> None:
    """An append and its repeat wait for one lock: the second sees the receipt of the first."""
    stream, activation = await node.opened()
    healthy, h = await node.opened()
    mine = receipt(1)
    verdicts: list[list[Verdict]] = []

    async def write(*appends: Append) -> None:
        verdicts.append(await node.append(*appends, wait=True))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(stream):
            nursery.start_soon(write, append(stream, activation, 0, receipts=(mine,)))
            await node.rig.waiting(1)
            nursery.start_soon(write, append(healthy, h, 0), append(stream, activation, 0, receipts=(mine,)))
            await node.rig.waiting(2)
    assert sorted(of_call[-1].name for of_call in verdicts) == ["ACCEPTED", "DUPLICATE"]
    assert len(await node.read(stream)) == 1
    assert len(await node.read(healthy)) == 1


async def test_who_waits_for_a_row_holds_none_with_a_larger_id(node: Node) -> None:
    """Rows are locked in id order, whatever the order of the call: otherwise two calls could deadlock."""
    opened = [await node.opened() for _ in range(3)]
    (first, _), *others = opened
    verdicts: list[Verdict] = []

    async def write() -> None:
        verdicts.extend(await node.append(*[append(s, a, 0) for s, a in reversed(opened)], wait=True))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, node.rig.held(first):
            nursery.start_soon(write)
            await node.rig.waiting(1)
            assert await node.append(*[append(s, a, 0) for s, a in others]) == [ACCEPTED] * 2
    assert verdicts == [BEHIND, BEHIND, ACCEPTED]


async def test_a_lock_that_is_not_given_up_is_a_conflict(node: Node) -> None:
    stream, activation = await node.opened()
    healthy, h = await node.opened()
    async with node.rig.held(stream):
        with pytest.raises(LogConflictError):
            await node.append(append(healthy, h, 0), append(stream, activation, 0), wait=True)
    assert await node.read(healthy) == []
    assert await node.append(append(healthy, h, 0), append(stream, activation, 0)) == [ACCEPTED] * 2


# --- append: data ------------------------------------------------------------------------------------------------


async def test_payloads_of_64_kib_and_any_bytes(node: Node) -> None:
    stream, activation = await node.opened()
    big = bytes(range(256)) * 256
    events = (LogRow(1, b"\0\xff", big), LogRow(2, b"", b""), LogRow(3, "ü🙂".encode(), None))
    assert await node.one(append(stream, activation, 0, 3, events=events)) is ACCEPTED
    assert await node.read(stream) == list(events)


async def test_unicode_in_rows_receipts_and_jobs(node: Node) -> None:
    stream, activation = await node.opened()
    text = "ü 🙂 \u202e ' \" \\ %s $1 {} \x01"
    changes = (
        Upsert("notes", text, {text: text}),
        Upsert("message", "1", {"number": 1, "author": text, "body": text, "at": 1, "edits": []}),
    )
    mine = receipt(1, author=text)
    job = Job("mail", {text: text})
    one = append(stream, activation, 0, changes=changes, receipts=(mine,), jobs=(JobRow(1, 0, job),))
    assert await node.one(one) is ACCEPTED
    facts = await single.facts(node.rig.log, stream, [FactKey("notes", text), FactKey("message", "1")])
    assert facts[FactKey("notes", text)] == {text: text}
    assert (facts[FactKey("message", "1")] or {})["body"] == text
    assert await single.receipts(node.rig.log, stream, [(text, mine.client_id)]) == [mine]
    assert await node.rig.jobs(stream) == [(1, 0, job)]


GOOD_MESSAGE = {"number": 1, "author": USER, "body": "b", "at": 1, "edits": []}
NESTED: Any = {"b": 1}
NO_NUMBER: Any = float("nan")
UNSTORABLE = {
    "U+0000 in a column": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"body": "a\0b"}),)},
    "U+0000 in a key": {"changes": (Upsert(LISTENERS, "a\0", {}),)},
    "U+0000 in a value": {"changes": (Upsert("notes", "k", {"a": "\0"}),)},
    "U+0000 in a value's name": {"changes": (Upsert("notes", "k", {"\0": 1}),)},
    "U+0000 in a job": {"jobs": (JobRow(1, 0, Job("mail", {"to": ["\0"]})),)},
    "U+0000 in an author": {"receipts": (receipt(1, author="\0"),)},
    "half a surrogate pair": {"changes": (Upsert("notes", "k", {"a": "\ud800"}),)},
    "half a surrogate pair in a table's name": {"changes": (Delete("\ud800", "k"),)},
    "a value of values": {"changes": (Upsert("notes", "k", {"a": NESTED}),)},
    "a value that is no number": {"changes": (Upsert("notes", "k", {"a": NO_NUMBER}),)},
    "a job's value that is no number": {"jobs": (JobRow(1, 0, Job("mail", {"a": NO_NUMBER})),)},
    "an integer too large in a job": {"jobs": (JobRow(1, 0, Job("mail", {"n": 2**63})),)},
    "two changes of one row": {"changes": (Upsert("notes", "k", {}), Update("notes", "k", {"a": 1}))},
    "a boolean for an integer": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"number": True}),)},
    "an integer too large": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"number": 2**63}),)},
    "a text for an integer": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"number": "1"}),)},
    "an integer for a text": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"body": 1}),)},
    "a required column missing": {"changes": (Upsert("message", "1", {"number": 1}),)},
    "an unknown column": {"changes": (Upsert("message", "1", GOOD_MESSAGE | {"colour": 1}),)},
    "a key that is no seq": {"changes": (Upsert("message", "x", GOOD_MESSAGE),)},
    "a seq with two spellings": {"changes": (Delete("message", "01"),)},
    "one client_id twice": {"receipts": (receipt(1, client_id="0" * 8 + "-0000-0000-0000-" + "0" * 12),) * 2},
    "seqs with a hole": {"events": (row(2),)},
    "a time that is no number": {"wake_at": "soon"},
    "a time of more than 64 bits": {"wake_at": 2**63},
}


@pytest.mark.parametrize("what", UNSTORABLE)
async def test_what_cant_be_stored_fails_the_whole_call(node: Node, what: str) -> None:
    stream, activation = await node.opened()
    healthy, h = await node.opened()
    poison = append(stream, activation, 0, **UNSTORABLE[what])
    for appends in ([append(healthy, h, 0), poison], [poison, append(healthy, h, 0)]):
        with pytest.raises(LogDataError):
            await node.append(*appends)
    assert await node.read(healthy) == []
    assert await node.read(stream) == []
    assert await node.one(append(healthy, h, 0)) is ACCEPTED
    assert await node.one(append(stream, activation, 0)) is ACCEPTED


async def test_erasing_empties_payloads_and_keeps_headers(node: Node) -> None:
    stream, activation = await node.opened()
    assert await node.one(append(stream, activation, 0, 3)) is ACCEPTED
    # 3 of the first append, 4 of the very same; 99 isn't there.
    assert await node.one(append(stream, activation, 3, 2, erases=(2, 4, 99))) is ACCEPTED
    assert await node.read(stream) == [row(1), row(2, None), row(3), row(4, None), row(5)]
    assert await node.one(append(stream, activation, 5, 0, erases=(1, 2))) is ACCEPTED
    assert [e.payload is None for e in await node.read(stream)] == [True, True, False, True, False]


async def test_erasing_touches_no_other_stream(node: Node) -> None:
    one, a = await node.opened()
    other, b = await node.opened()
    verdicts = await node.append(append(one, a, 0), append(other, b, 0, erases=(1,)))
    assert verdicts == [ACCEPTED] * 2
    assert await node.read(one) == [row(1)]
    assert await node.read(other) == [row(1, None)]


async def test_a_jobs_cause_writes_it_once(node: Node) -> None:
    stream, activation = await node.opened()
    first, second = Job("mail", {"to": USER, "n": 1}), Job("push", {"on": True, "list": [1, 2], "no": None})
    jobs = (JobRow(1, 0, first), JobRow(1, 1, second))
    assert await node.one(append(stream, activation, 0, jobs=jobs)) is ACCEPTED
    assert await node.one(append(stream, activation, 1, 0, jobs=(*jobs, JobRow(2, 0, first)))) is ACCEPTED
    assert await node.rig.jobs(stream) == [(1, 0, first), (1, 1, second), (2, 0, first)]


# --- projections and facts ---------------------------------------------------------------------------------------

ROOM = room_row(USER, name="Hall", created_at=5)
MESSAGE = {
    "number": 3,
    "author": USER,
    "body": "hello",
    "at": 7,
    "edited_at": 8,
    "deleted_at": None,
    "edits": [4, 2**40],
    "reply_to": 2,
    "thread": 1,
    "mentions": [USER, OTHER],
    "everyone": True,
    "reactions": 2,
}
UNANSWERED = {"reply_to": None, "thread": None, "mentions": None, "everyone": None, "reactions": None}
REACTION = {"message": 12, "author": USER, "reaction": "🎉", "at": 9}
COUNT = {"message": 12, "reaction": "🎉", "count": 1}
ROWS = {
    "listener": (FactKey(LISTENERS, USER), {LISTENS_AFTER: None}, {LISTENS_AFTER: 2**40}),
    "room": (
        FactKey("room", ""),
        ROOM,
        ROOM | {"name": None, "topic": "Chess", "access": "direct", "peer": OTHER, "deleted_at": 9},
    ),
    "message": (
        FactKey("message", "12"),
        MESSAGE,
        MESSAGE | {"body": None, "edits": [], "deleted_at": 9} | UNANSWERED,
    ),
    "reaction": (FactKey("reaction", f"12 {USER} 🎉"), REACTION, REACTION | {"at": 10}),
    "reaction_count": (FactKey("reaction_count", "12 🎉"), COUNT, COUNT | {"count": 2**33}),
    "generic": (FactKey("notes", "k"), {"a": 1, "b": [1, 2], "c": None}, {"d": ["x"], "e": False}),
}


@pytest.mark.parametrize("table", ROWS)
async def test_rows_are_written_replaced_whole_and_deleted(node: Node, table: str) -> None:
    key, first, second = ROWS[table]
    stream, activation = await node.opened()
    neighbour, n = await node.opened()
    log = node.rig.log

    async def write(head: int, change: Upsert | Delete) -> object:
        assert await node.one(append(stream, activation, head, changes=(change,))) is ACCEPTED
        return (await single.facts(log, stream, [key]))[key]

    assert await single.facts(log, stream, [key]) == {key: None}
    assert await node.one(append(neighbour, n, 0, changes=(Upsert(key.table, key.key, first),))) is ACCEPTED
    assert await write(0, Upsert(key.table, key.key, first)) == first
    assert await write(1, Upsert(key.table, key.key, second)) == second
    assert await write(2, Delete(key.table, key.key)) is None
    assert await write(3, Delete(key.table, key.key)) is None
    assert await write(4, Upsert(key.table, key.key, first)) == first
    assert await single.facts(log, neighbour, [key]) == {key: first}


async def test_columns_that_a_change_does_not_name_are_null(node: Node) -> None:
    stream, activation = await node.opened()
    key = FactKey("message", "1")
    required = {"number": 1, "author": USER, "at": 1, "edits": []}
    full = append(stream, activation, 0, changes=(Upsert("message", "1", MESSAGE),))
    assert await node.one(full) is ACCEPTED
    assert (
        await node.one(append(stream, activation, 1, changes=(Upsert("message", "1", required),))) is ACCEPTED
    )
    nothing = {"body": None, "edited_at": None, "deleted_at": None, **UNANSWERED}
    assert await single.facts(node.rig.log, stream, [key]) == {key: required | nothing}


UPDATES = {
    "listener": {LISTENS_AFTER: 7},
    "room": {"name": None, "topic": "x", "archived_at": 3, "history": False},
    "message": {"body": None, "edits": [], "mentions": [OTHER], "everyone": False, "number": 9},
    "reaction": {"at": 11},
    "reaction_count": {"count": 8},
    "generic": {"a": None, "d": ["x"]},
}


@pytest.mark.parametrize("table", UPDATES)
async def test_an_update_changes_the_columns_it_names_and_makes_no_row(node: Node, table: str) -> None:
    key, first, _ = ROWS[table]
    stream, activation = await node.opened()
    neighbour, n = await node.opened()
    whole, update = Upsert(key.table, key.key, first), Update(key.table, key.key, UPDATES[table])
    log = node.rig.log
    assert await node.one(append(neighbour, n, 0, changes=(whole,))) is ACCEPTED
    assert await node.one(append(stream, activation, 0, changes=(update,))) is ACCEPTED
    assert await single.facts(log, stream, [key]) == {key: None}
    assert await node.one(append(stream, activation, 1, changes=(whole,))) is ACCEPTED
    assert await node.one(append(stream, activation, 2, changes=(update,))) is ACCEPTED
    assert await single.facts(log, stream, [key]) == {key: {**first, **UPDATES[table]}}
    assert await single.facts(log, neighbour, [key]) == {key: first}


async def test_updates_of_a_refused_stream_change_nothing(node: Node) -> None:
    stream, activation = await node.opened()
    changes = tuple(Upsert(key.table, key.key, first) for key, first, _ in ROWS.values())
    assert await node.one(append(stream, activation, 0, changes=changes)) is ACCEPTED
    updates = tuple(Update(ROWS[t][0].table, ROWS[t][0].key, values) for t, values in UPDATES.items())
    assert await node.one(append(stream, activation, 0, changes=updates)) is BEHIND
    keys = [key for key, _, _ in ROWS.values()]
    assert await single.facts(node.rig.log, stream, keys) == {key: first for key, first, _ in ROWS.values()}


@pytest.mark.parametrize("table", sorted(SHARED_FACTS))
@pytest.mark.parametrize("change", [Upsert, Update])
async def test_nothing_is_projected_into_shared_facts(node: Node, table: str, change: type) -> None:
    stream, activation = await node.opened()
    with pytest.raises(LogDataError):
        await node.append(append(stream, activation, 0, changes=(change(table, USER, {}),)))


async def test_an_update_of_no_column_is_refused(node: Node) -> None:
    stream, activation = await node.opened()
    for update in (Update("room", "", {"nmae": "x"}), Update("message", "1", {"number": None})):
        with pytest.raises(LogDataError):
            await node.append(append(stream, activation, 0, changes=(update,)))


async def test_all_tables_in_one_call_and_all_facts_answered(node: Node) -> None:
    one, a = await node.opened()
    other, b = await node.opened()
    changes = tuple(Upsert(key.table, key.key, first) for key, first, _ in ROWS.values())
    verdicts = await node.append(append(one, a, 0, changes=changes), append(other, b, 0, changes=changes))
    assert verdicts == [ACCEPTED] * 2
    keys = [key for key, _, _ in ROWS.values()]
    missing = [FactKey("message", "13"), FactKey("message", "x"), FactKey("notes", "l"), FactKey("none", "")]
    facts = await single.facts(node.rig.log, other, [*keys, *missing])
    assert facts == {key: first for key, first, _ in ROWS.values()} | dict.fromkeys(missing)
    assert await single.facts(node.rig.log, other, []) == {}


# --- read access ------------------------------------------------------------------------------------------------


async def test_standings_in_the_order_asked(node: Node) -> None:
    mine, a = await node.opened()
    public, b = await node.opened()
    empty, _ = await node.opened()
    absent = new_stream()
    listeners = (Upsert(LISTENERS, USER, {LISTENS_AFTER: 2}),)
    everyone = (Upsert(LISTENERS, EVERYONE, {}),)
    calls = append(mine, a, 0, 3, changes=listeners), append(public, b, 0, changes=everyone)
    assert await node.append(*calls) == [ACCEPTED] * 2
    await node.rig.set_incarnation(7)
    questions = [(public, OTHER), (mine, USER), (absent, USER), (mine, OTHER), (empty, USER), (mine, USER)]
    assert await node.rig.log.read_access(questions) == [
        ReadAccess(True, True, 7, 1),
        ReadAccess(True, True, 7, 3, 2),
        ReadAccess(False, False, 7, 0),
        ReadAccess(True, False, 7, 3),
        ReadAccess(True, False, 7, 0),
        ReadAccess(True, True, 7, 3, 2),
    ]
    assert await node.rig.log.read_access([]) == []


async def test_of_two_rights_the_wider_one_holds(node: Node) -> None:
    stream, activation = await node.opened()
    everyone, own = (
        Upsert(LISTENERS, EVERYONE, {LISTENS_AFTER: 5}),
        Upsert(LISTENERS, USER, {LISTENS_AFTER: 3}),
    )
    assert await node.one(append(stream, activation, 0, changes=(everyone, own))) is ACCEPTED
    log = node.rig.log
    assert [s.readable_after for s in await log.read_access([(stream, USER), (stream, OTHER)])] == [3, 5]
    assert await node.one(append(stream, activation, 1, changes=(Upsert(LISTENERS, USER, {}),))) is ACCEPTED
    assert [s.readable_after for s in await log.read_access([(stream, USER), (stream, OTHER)])] == [0, 5]


async def test_nobody_may_listen_while_it_says_so(node: Node) -> None:
    stream, activation = await node.opened()
    rows = (
        Upsert(LISTENERS, EVERYONE, {}),
        Upsert(LISTENERS, USER, {LISTENS_AFTER: 4}),
        Upsert(LISTENERS, NOBODY, {}),
    )
    assert await node.one(append(stream, activation, 0, changes=rows)) is ACCEPTED
    log, questions = node.rig.log, [(stream, USER), (stream, OTHER), (stream, NOBODY)]
    assert await log.read_access(questions) == [ReadAccess(True, False, 1, 1)] * 3
    assert await node.one(append(stream, activation, 1, changes=(Delete(LISTENERS, NOBODY),))) is ACCEPTED
    assert [s.may_listen for s in await log.read_access(questions)] == [True, True, True]


# --- shared facts ------------------------------------------------------------------------------------------------

_people = count(1)


def new_user() -> str:
    return f"user:{next(_people):032x}"


async def test_people_by_id_and_by_handle(node: Node) -> None:
    rig, stream = node.rig, new_stream()
    ann, guest, nobody = new_user(), new_user(), new_user()
    handle = f"Straße{ann[-6:]}"
    await rig.person(ann, handle, direct_from="friends", invites_from="nobody")
    await rig.person(guest, None)
    keys = [FactKey(PERSON, user) for user in (ann, guest, nobody)]
    keys += [FactKey(PERSON, "no user"), FactKey(HANDLE, folded(handle)), FactKey(HANDLE, handle)]
    assert await single.facts(rig.log, stream, keys) == {
        FactKey(PERSON, ann): {"handle": handle, "direct_from": "friends", "invites_from": "nobody"},
        FactKey(PERSON, guest): {"handle": None, "direct_from": "everyone", "invites_from": "everyone"},
        FactKey(PERSON, nobody): None,
        FactKey(PERSON, "no user"): None,
        FactKey(HANDLE, folded(handle)): {"user": ann},
        FactKey(HANDLE, handle): None,
    }


async def test_blocks_have_a_direction_and_friendship_has_none(node: Node) -> None:
    rig, (ann, bob) = node.rig, (new_user(), new_user())
    await rig.person(ann, None)
    await rig.person(bob, None)
    await rig.block(bob, ann)
    await rig.befriend(bob, ann)
    keys = [FactKey(table, pair(*both)) for table in (BLOCK, FRIENDS) for both in ((ann, bob), (bob, ann))]
    keys += [FactKey(BLOCK, pair(ann, ann)), FactKey(BLOCK, ann), FactKey(FRIENDS, "x y")]
    assert await single.facts(rig.log, new_stream(), keys) == dict(
        zip(keys, [None, {}, {}, {}, None, None, None], strict=True)
    )


async def test_memberships_are_counted_over_all_streams(node: Node) -> None:
    user, key = new_user(), FactKey(MEMBERSHIPS, new_user())
    mine = FactKey(MEMBERSHIPS, user)
    assert await single.facts(node.rig.log, new_stream(), [mine, key]) == {
        mine: {"count": 0},
        key: {"count": 0},
    }
    for number in (1, 2):
        stream, activation = await node.opened()
        assert (
            await node.one(append(stream, activation, 0, changes=(Upsert(LISTENERS, user, {}),))) is ACCEPTED
        )
        assert await single.facts(node.rig.log, stream, [mine]) == {mine: {"count": number}}


async def test_what_somebody_has_created_and_owns_is_told(node: Node) -> None:
    ann, bob, nobody = new_user(), new_user(), new_user()
    for user in (ann, bob):
        await node.rig.person(user, None)
    keys = [FactKey(ORGANISED, user) for user in (ann, bob, nobody)]
    chosen: dict[str, Any] = {
        "format": "single_elimination",
        "third_place": False,
        "reset": True,
        "best_of": 1,
    }
    chosen |= {"entrants_max": 2, "visibility": "public", "entry": "open", "ready_s": 0, "confirm_s": 1}
    made = [(ann, "draft", None), (ann, "finished", None), (ann, "cancelled", 5), (ann, "draft", 5)]
    for at, (owner, phase, deleted_at) in enumerate([*made, (bob, "running", None)]):
        stream, activation = await node.opened(new_stream("tournament"))
        row = {"owner": owner, "phase": phase, "deleted_at": deleted_at, "created_by": ann, "created_at": at}
        changes = (Upsert("tournament", "", {**chosen, **row}),)
        assert await node.one(append(stream, activation, 0, changes=changes)) is ACCEPTED
    gatherings = [(ann, "registration", None), (ann, "closed", None), (bob, "draft", 5)]
    for at, (owner, phase, deleted_at) in enumerate(gatherings, 5):
        stream, activation = await node.opened(new_stream("gathering"))
        row = {"owner": owner, "phase": phase, "deleted_at": deleted_at, "created_by": ann, "created_at": at}
        changes = (Upsert("gathering", "", {"players_max": 2, "visibility": "public", **row}),)
        assert await node.one(append(stream, activation, 0, changes=changes)) is ACCEPTED
    for phase, deleted_at in (("running", None), ("cancelled", None), ("running", 5)):
        stream, activation = await node.opened(new_stream("series"))
        row = {**SERIES, "owner": ann, "phase": phase, "deleted_at": deleted_at}
        changes = (Upsert("series", "", row),)
        assert await node.one(append(stream, activation, 0, changes=changes)) is ACCEPTED
    assert await single.facts(node.rig.log, new_stream(), keys) == {
        keys[0]: {"verified": False, "unfinished": 2, "created": [7, 6, 5, 4, 3, 2, 1, 0], "series": 1},
        keys[1]: {"verified": False, "unfinished": 1, "created": [], "series": 0},
        keys[2]: None,
    }


async def test_a_tournament_tells_whether_it_can_be_a_competition(node: Node) -> None:
    ann, bob, gathering = new_user(), new_user(), new_stream("gathering")
    chosen: dict[str, Any] = {"format": "swiss", "third_place": False, "reset": True, "best_of": 1}
    chosen |= {"entrants_max": 2, "visibility": "public", "entry": "open", "ready_s": 0, "confirm_s": 1}
    chosen |= {"owner": ann, "phase": "draft", "created_at": 1}
    entrant = {"status": "left", "checked_in": False, "entered_at": 1}
    others: list[tuple[dict[str, Any], bool]] = [
        ({}, False),
        ({"gathering": gathering, "phase": "running"}, True),
        ({"team_max": 2}, False),
        ({"visibility": "invited"}, False),
        ({"deleted_at": 5}, False),
    ]
    made: list[str] = []
    for changed, entered in others:
        stream, activation = await node.opened(new_stream("tournament"))
        staff = Upsert("tournament_staff", ann, {"role": "organiser", "since": 1})
        referee = Upsert("tournament_staff", bob, {"role": "referee", "since": 1})
        changes = (Upsert("tournament", "", {**chosen, **changed}), staff, referee)
        changes = (*changes, Upsert("tournament_entrant", "1", entrant)) if entered else changes
        assert await node.one(append(stream, activation, 0, changes=changes)) is ACCEPTED
        made.append(stream)
    fit = {"organises": True, "phase": "draft", "gathering": None, "fit": True}
    joined = {"organises": True, "phase": "running", "gathering": gathering, "fit": False}
    wanted: dict[FactKey, Any] = {
        FactKey(COMPETITION, pair(stream, ann)): known
        for stream, known in zip(
            made, [fit, joined, fit | {"fit": False}, fit | {"fit": False}, None], strict=True
        )
    }
    wanted |= {
        FactKey(COMPETITION, pair(made[0], bob)): fit | {"organises": False},
        FactKey(COMPETITION, pair(new_stream("tournament"), ann)): None,
        FactKey(COMPETITION, pair(gathering, ann)): None,
    }
    assert await single.facts(node.rig.log, new_stream(), [*wanted]) == wanted


async def test_whose_a_tournament_is_and_what_a_series_is_called_is_told(node: Node) -> None:
    streams = {
        name: await node.opened(new_stream(kind))
        for name, kind in (("cup", "tournament"), ("gone", "tournament"), ("weekly", "series"))
    }
    cup: dict[str, Any] = {
        "format": "swiss",
        "third_place": False,
        "reset": True,
        "best_of": 1,
        "entrants_max": 2,
        "visibility": "unlisted",
        "entry": "open",
        "ready_s": 0,
        "confirm_s": 1,
        "phase": "draft",
        "created_at": 1,
    }
    rows = {
        "cup": Upsert("tournament", "", {**cup, "owner": USER}),
        "gone": Upsert("tournament", "", {**cup, "deleted_at": 5}),
        "weekly": Upsert(
            "series", "", {**SERIES, "name": "Weekly", "named_by": USER, "described_by": "system"}
        ),
    }
    for name, (stream, activation) in streams.items():
        assert await node.one(append(stream, activation, 0, changes=(rows[name],))) is ACCEPTED
    ids = {name: stream for name, (stream, _) in streams.items()}
    asked = {
        FactKey(OWNED, ids["cup"]): {"owner": USER, "visibility": "unlisted"},
        FactKey(OWNED, ids["gone"]): None,
        FactKey(OWNED, ids["weekly"]): None,
        FactKey(OWNED, "no stream"): None,
        FactKey(TEXTS_OF_SERIES, ids["cup"]): None,
        FactKey(TEXTS_OF_SERIES, ids["weekly"]): {
            "name": "Weekly",
            "named_by": USER,
            "description": None,
            "described_by": "system",
        },
    }
    assert await single.facts(node.rig.log, new_stream(), list(asked)) == asked


async def test_a_right_that_was_taken_away_is_gone(node: Node) -> None:
    stream, activation = await node.opened()
    await node.append(append(stream, activation, 0, changes=(Upsert(LISTENERS, USER, {}),)))
    await node.append(append(stream, activation, 1, changes=(Delete(LISTENERS, USER),)))
    assert await node.rig.log.read_access([(stream, USER)]) == [ReadAccess(True, False, 1, 2)]


# --- receipts, due, checkpoints ----------------------------------------------------------------------------------


async def test_receipts_that_exist_are_returned_whole(node: Node) -> None:
    stream, activation = await node.opened()
    mine = msgspec.structs.replace(receipt(1), last_seq=2, answer=b"\x80", digest=bytes(range(16)))
    theirs = receipt(3)
    assert await node.one(append(stream, activation, 0, 3, receipts=(mine, theirs))) is ACCEPTED
    absent = (mine.author, "0" * 8 + "-0000-0000-0000-" + "1" * 12)
    keys = [(r.author, r.client_id) for r in (mine, theirs, mine)]
    found = await single.receipts(node.rig.log, stream, [absent, *keys])
    assert sorted(found, key=lambda r: r.first_seq) == [mine, theirs]
    assert await single.receipts(node.rig.log, new_stream(), keys) == []
    assert await single.receipts(node.rig.log, stream, []) == []


async def test_due_streams_earliest_first(node: Node) -> None:
    wakes = [30, 10, None, 20, 40]
    streams = [await node.opened() for _ in wakes]
    calls = [append(s, a, 0, wake_at=wake) for (s, a), wake in zip(streams, wakes, strict=True)]
    assert await node.append(*calls) == [ACCEPTED] * 5
    names = [stream for stream, _ in streams]
    log = node.rig.log
    assert await log.due(SHARDS, 9, 10) == []
    assert await log.due(SHARDS, 30, 10) == [(names[1], 10), (names[3], 20), (names[0], 30)]
    assert await log.due(SHARDS, 30, 2) == [(names[1], 10), (names[3], 20)]


async def test_due_streams_of_some_shards(node: Node) -> None:
    names = [new_stream(shard=shard) for shard in (255, 7, 8, 7)]
    for wake_at, name in enumerate(names, 10):
        _, activation = await node.opened(name)
        assert await node.one(append(name, activation, 0, wake_at=wake_at)) is ACCEPTED
    log = node.rig.log
    assert await log.due([], 99, 10) == []
    assert await log.due([0, 9], 99, 10) == []
    assert await log.due([7], 12, 10) == [(names[1], 11)]
    assert await log.due([7, 255], 99, 10) == [(names[0], 10), (names[1], 11), (names[3], 13)]
    assert await log.due([255, 8, 7], 99, 3) == [(names[0], 10), (names[1], 11), (names[2], 12)]


async def test_heads_in_the_order_asked(node: Node) -> None:
    (one, a), (other, b), (empty, _), (gone, d) = [await node.opened() for _ in range(4)]
    calls = append(one, a, 0, 3), append(other, b, 0, 2), append(gone, d, 0)
    assert await node.append(*calls) == [ACCEPTED] * 3
    await node.rig.soft_delete(gone)
    foreign = "tournament" + one[one.index(":") :]
    asked = [other, new_stream(), one, foreign, empty, gone, other]
    assert await node.rig.log.heads(asked) == [2, 0, 3, 0, 0, 0, 2]
    assert await node.rig.log.heads([]) == []


async def test_a_checkpoint_of_the_version_asked_for(node: Node) -> None:
    stream, activation = await node.opened()
    assert await node.one(append(stream, activation, 0, 5)) is ACCEPTED
    log = node.rig.log

    async def keep(seq: int, version: int, state: bytes) -> bool:
        return await single.checkpoint(log, node.fence, stream, activation, seq, version, state)

    assert await keep(3, 1, b"old")
    assert await keep(5, 1, b"new")
    assert await keep(4, 1, b"late")  # an older one that arrives later replaces nothing
    assert await keep(2, 2, b"other \0 version")
    found = await node.activated(stream, version=1)
    assert (found.checkpoint, found.checkpoint_seq) == (b"new", 5)
    found = await node.activated(stream, version=2)
    assert (found.checkpoint, found.checkpoint_seq) == (b"other \0 version", 2)
    found = await node.activated(stream, version=3)
    assert (found.checkpoint, found.checkpoint_seq) == (None, 0)


async def test_a_fenced_owner_keeps_no_checkpoint(node: Node) -> None:
    stream, first = await node.opened()
    log = node.rig.log
    _, second = await node.opened(stream)
    assert not await single.checkpoint(log, node.fence, stream, first, 0, 1, b"s")
    assert not await single.checkpoint(log, node.fence, new_stream(), 1, 0, 1, b"s")
    later = await node.rig.owner("other")
    assert not await single.checkpoint(log, node.fence, stream, second, 0, 1, b"s")
    assert await single.checkpoint(log, later.fence, stream, second, 0, 1, b"s")
