"""Admins: who they are, and whom they keep out."""

from __future__ import annotations

import msgspec
import pytest

from storage.postgres.admin.admins import Admins, Banning
from storage.postgres.audit_log import AuditFilter, AuditLog
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.outbox.commands import CommandOutbox
from storage.postgres.people.people import PageOf
from tests.integration.registered import AT, registered

pytestmark = pytest.mark.real


async def acts(pool: Pool) -> list[tuple[str, str, str | None]]:
    found = await AuditLog(pool).page(AuditFilter(), before=None, after=0, limit=100)
    return [(row.act, row.by, row.on) for row in reversed(found)]


async def test_rights_are_given_and_taken_by_handle(pool: Pool) -> None:
    admins = Admins(pool)
    ann = await registered(pool, "Ann")
    assert not await admins.is_admin(ann)
    assert await admins.set_admin("nobody", admin=True) is None
    assert await admins.set_admin("ann", admin=True) == ann
    assert await admins.is_admin(ann)
    assert await admins.handles() == ["Ann"]
    assert await admins.set_admin("ann", admin=False) == ann
    assert not await admins.is_admin(ann)
    assert await acts(pool) == [("admin.granted", "system", ann), ("admin.revoked", "system", ann)]


async def test_a_ban_ends_every_login_and_is_told_once(pool: Pool) -> None:
    admins = Admins(pool)
    ann, ben = await registered(pool, "ann"), await registered(pool, "ben")

    async def ban(reason: str) -> Banning:
        return await admins.ban(ben, by=ann, reason=reason, at=AT, from_address="192.0.2.7")

    assert await ban("spam") is Banning.DONE
    assert await ban("much spam") is Banning.DONE
    (row,) = await CommandOutbox(pool).claim(10, lease_s=60)
    told = msgspec.msgpack.decode(row.command)
    assert (told["t"], told["why"], told["before"]) == ("inbox.end_logins", "banned", AT)
    live = await rows(pool, "select account from login where revoked_at is null", {})
    assert [account.hex for (account,) in live] == [ann[-32:]]
    (row,) = await admins.bans(PageOf(limit=10))
    assert (row.user, row.reason) == (ben, "much spam")
    assert {("account.banned", ann, ben), ("account.ban_changed", ann, ben)} <= set(await acts(pool))
    await admins.unban(ben, by=ann, from_address="192.0.2.7")
    await admins.unban(ben, by=ann, from_address="192.0.2.7")
    assert await admins.bans(PageOf(limit=10)) == []
    assert [act for act, *_ in await acts(pool)].count("account.unbanned") == 1


async def test_neither_admins_nor_nobody_are_banned(pool: Pool) -> None:
    admins = Admins(pool)
    ann = await registered(pool, "ann")
    await admins.set_admin("ann", admin=True)
    for user, outcome in ((ann, Banning.ADMIN), ("user:" + "f" * 32, Banning.NOBODY)):
        assert await admins.ban(user, by=ann, reason="", at=AT, from_address="::1") is outcome


async def test_a_banned_admin_has_no_rights(pool: Pool) -> None:
    admins = Admins(pool)
    ann = await registered(pool, "ann")
    await admins.ban(ann, by="system", reason="", at=AT, from_address="::1")
    await admins.set_admin("ann", admin=True)
    assert not await admins.is_admin(ann)
