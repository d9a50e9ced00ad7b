"""The audit log: written with its act, only ever added to, read both ways."""

from __future__ import annotations

import pytest

from storage.postgres.audit_log import AuditFilter, AuditLog, erase_addresses, record
from storage.postgres.driver.errors import StatementFailed
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent

pytestmark = pytest.mark.real
ANN, BEN = "user:" + "a" * 32, "user:" + "b" * 32


async def noted(pool: Pool, act: str, *, by: str = ANN, on: str | None = BEN) -> None:
    async with lent(pool, transaction=True) as connection:
        await record(
            connection,
            act,
            by=by,
            on=on,
            from_address="192.0.2.7",
            before={"admin": False},
            after={"admin": True, "times": 2, "why": None},
        )


async def test_an_entry_says_who_what_on_whom_from_where_and_what_changed(pool: Pool) -> None:
    await noted(pool, "admin.granted")
    (row,) = await AuditLog(pool).page(AuditFilter(), before=None, after=None, limit=10)
    assert (row.act, row.by, row.on, row.from_address) == ("admin.granted", ANN, BEN, "192.0.2.7")
    assert (row.before, row.after) == ({"admin": False}, {"admin": True, "times": 2, "why": None})


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set act = 'x.y'",
        "update audit_log set act = 'x.y', address = null",
        "update audit_log set address = '192.0.2.8'",
        "update audit_log set before = null, address = null",
        "truncate audit_log",
    ],
)
async def test_nothing_in_it_can_be_changed(pool: Pool, statement: str) -> None:
    await noted(pool, "admin.granted")
    with pytest.raises(StatementFailed, match="only ever added to"):
        await execute(pool, statement, {})
    assert len(await AuditLog(pool).page(AuditFilter(), before=None, after=None, limit=10)) == 1


async def test_only_what_is_old_may_be_deleted(pool: Pool) -> None:
    await noted(pool, "admin.granted")
    with pytest.raises(StatementFailed, match="younger than 90 days"):
        await execute(pool, "delete from audit_log", {})
    assert len(await AuditLog(pool).page(AuditFilter(), before=None, after=None, limit=10)) == 1


async def test_addresses_end_with_the_account_whose_they_are(pool: Pool) -> None:
    await noted(pool, "login.ended", by=ANN)
    await noted(pool, "sign_in.failed", by="system", on=ANN)
    await noted(pool, "account.banned", by=BEN, on=ANN)
    await noted(pool, "sign_in.failed", by="system", on=BEN)
    async with lent(pool, transaction=True) as connection:
        await erase_addresses(connection, ANN)
    found = await AuditLog(pool).page(AuditFilter(), before=None, after=0, limit=10)
    assert [row.from_address for row in found[::-1]] == [None, None, "192.0.2.7", "192.0.2.7"]
    assert [row.act for row in found[::-1]] == [
        "login.ended",
        "sign_in.failed",
        "account.banned",
        "sign_in.failed",
    ]


async def test_an_act_that_fails_leaves_no_entry(pool: Pool) -> None:
    async def act() -> None:
        async with lent(pool, transaction=True) as connection:
            await record(connection, "admin.granted", by=ANN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act()
    assert await AuditLog(pool).page(AuditFilter(), before=None, after=None, limit=10) == []


async def test_pages_go_both_ways_and_are_filtered(pool: Pool) -> None:
    for number in range(6):
        await noted(pool, "account.banned" if number % 2 else "admin.granted", by=BEN if number > 3 else ANN)
    log, every = AuditLog(pool), AuditFilter()
    newest = await log.page(every, before=None, after=None, limit=2)
    older = await log.page(every, before=newest[-1].id, after=None, limit=10)
    ids = [row.id for row in newest + older]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 6
    newer = await log.page(every, before=None, after=older[-1].id, limit=3)
    assert [row.id for row in newer] == ids[2:5]
    assert len(await log.page(AuditFilter(act="account.banned"), before=None, after=None, limit=10)) == 3
    both = AuditFilter(act="account.banned", by=BEN, on=BEN)
    assert len(await log.page(both, before=None, after=None, limit=10)) == 1
    assert await log.page(AuditFilter(on=ANN), before=None, after=None, limit=10) == []
