"""Blocks and friends: what ends what, and what two who act at once come to."""

from __future__ import annotations

import msgspec
import pytest
import trio

from protocol import limits
from protocol.inbox import Befriend, inbox_of
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.outbox.commands import LATER, CommandOutbox
from storage.postgres.people.people import PageOf
from storage.postgres.people.relations import Outcome, Relations
from tests.integration.registered import AT, registered

pytestmark = pytest.mark.real
ALL = PageOf(limit=100)
NOBODY = "user:" + "f" * 32


async def told(pool: Pool) -> list[Befriend]:
    rows = await CommandOutbox(pool).claim(100, lease_s=60)
    found = [msgspec.msgpack.decode(row.command, type=Befriend) for row in rows]
    return sorted(found, key=lambda one: one.accepted)


async def test_asking_and_accepting(pool: Pool) -> None:
    relations = Relations(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")
    for _ in range(2):
        assert await relations.befriend(ann, ben, AT) is Outcome.ASKED
    assert [one.user for one in await relations.requests(ben, ALL, sent=False)] == [ann]
    assert [one.user for one in await relations.requests(ann, ALL, sent=True)] == [ben]
    for _ in range(2):
        assert await relations.befriend(ben, ann, AT) is Outcome.FRIENDS
    assert [one.user for one in await relations.friends(ann, ALL)] == [ben]
    assert [one.user for one in await relations.friends(ben, ALL)] == [ann]
    assert await relations.requests(ben, ALL, sent=False) == []
    assert await told(pool) == [
        Befriend(client_id=LATER, stream=inbox_of(ben), by=ann),
        Befriend(client_id=LATER, stream=inbox_of(ann), by=ben, accepted=True),
    ]
    await relations.part(ann, ben)
    assert await relations.friends(ben, ALL) == []


async def test_a_request_is_declined_or_taken_back(pool: Pool) -> None:
    relations = Relations(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")
    for who, whom in ((ben, ann), (ann, ben)):
        await relations.befriend(ann, ben, AT)
        await relations.part(who, whom)
        assert await relations.requests(ben, ALL, sent=False) == []


async def test_a_block_ends_what_was_and_forbids_what_could_be(pool: Pool) -> None:
    relations = Relations(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")
    await relations.befriend(ann, ben, AT)
    await relations.befriend(ben, ann, AT)
    for _ in range(2):
        assert await relations.block(ann, ben, AT) is Outcome.DONE
    assert [one.user for one in await relations.blocks(ann, ALL)] == [ben]
    assert await relations.friends(ann, ALL) == []
    assert await relations.befriend(ben, ann, AT) is Outcome.BLOCKED
    assert await relations.befriend(ann, ben, AT) is Outcome.BLOCKING
    await relations.unblock(ann, ben)
    assert await relations.befriend(ben, ann, AT) is Outcome.ASKED
    assert await relations.block(ann, ben, AT) is Outcome.DONE
    assert await relations.requests(ann, ALL, sent=False) == []


async def test_nobody_is_asked_or_blocked_who_isnt_there(pool: Pool) -> None:
    relations = Relations(pool)
    ann, gone = await registered(pool, "ann"), await registered(pool, "gone")
    await execute(pool, "update account set deleted_at = 1, erase_at = 2 where handle = 'gone'", {})
    for other in (NOBODY, gone):
        assert await relations.befriend(ann, other, AT) is Outcome.NOBODY
        assert await relations.block(ann, other, AT) is Outcome.NOBODY


async def test_who_ask_each_other_at_once_are_friends_once(pool: Pool) -> None:
    relations = Relations(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")
    async with trio.open_nursery() as nursery:
        for who, whom in ((ann, ben), (ben, ann)) * 4:
            nursery.start_soon(relations.befriend, who, whom, AT)
    assert [one.user for one in await relations.friends(ann, ALL)] == [ben]
    assert [one.accepted for one in await told(pool)] == [False, True]


async def test_no_friendship_survives_a_block_that_crosses_it(pool: Pool) -> None:
    relations = Relations(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")
    for _ in range(10):
        await relations.befriend(ann, ben, AT)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(relations.befriend, ben, ann, AT)
            nursery.start_soon(relations.block, ann, ben, AT)
        assert await relations.friends(ann, ALL) == []
        assert await relations.requests(ben, ALL, sent=False) == []
        await relations.unblock(ann, ben)


async def test_limits_hold(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BLOCKS_MAX", 1)
    monkeypatch.setattr(limits, "FRIENDS_MAX", 1)
    monkeypatch.setattr(limits, "FRIEND_REQUESTS_MAX", 1)
    relations = Relations(pool)
    ann, ben, eve = [await registered(pool, handle) for handle in ("ann", "ben", "eve")]
    assert await relations.befriend(ann, ben, AT) is Outcome.ASKED
    assert await relations.befriend(ann, eve, AT) is Outcome.TOO_MANY  # one asks too many
    assert await relations.befriend(eve, ben, AT) is Outcome.TOO_MANY  # one is asked by too many
    assert await relations.befriend(ben, ann, AT) is Outcome.FRIENDS
    assert await relations.befriend(eve, ann, AT) is Outcome.ASKED
    assert await relations.befriend(ann, eve, AT) is Outcome.TOO_MANY
    assert await relations.block(ann, ben, AT) is Outcome.DONE
    assert await relations.block(ann, eve, AT) is Outcome.TOO_MANY


async def test_lists_go_both_ways_and_leave_out_the_deleted(pool: Pool) -> None:
    relations = Relations(pool)
    ann = await registered(pool, "ann")
    others = [await registered(pool, f"other{number}") for number in range(5)]
    for number, other in enumerate(others):
        await relations.block(ann, other, AT + number // 2)
    first = await relations.blocks(ann, PageOf(limit=2))
    edge = (first[-1].at, first[-1].user)
    rest = await relations.blocks(ann, PageOf(edge=edge, limit=10))
    assert [one.user for one in first + rest] == list(reversed(others))
    edge = (rest[-1].at, rest[-1].user)
    back = await relations.blocks(ann, PageOf(edge=edge, back=True, limit=3))
    assert [one.user for one in back] == others[1:4]
    await execute(pool, "update account set deleted_at = 1, erase_at = 2 where handle = 'other3'", {})
    assert [one.user for one in await relations.blocks(ann, ALL)] == [*others[:2:-2], *others[2::-1]]
