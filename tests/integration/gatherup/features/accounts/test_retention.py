"""What accounts leave behind goes after its time."""

from __future__ import annotations

import pytest

from actors.ports.jobs import TakenJob
from gatherup.chores import QUEUE, cleanup_queue
from gatherup.features.accounts.chores import account_chores
from storage.postgres.accounts.retention import Retention
from storage.postgres.driver.pool import Pool
from tests.integration.gatherup.features.accounts.conftest import SIGN_IN, Desk

pytestmark = pytest.mark.real
DAYS_S = 86_400


async def swept(desk: Desk) -> None:
    """Every chore was done once."""
    async with Pool(desk.dsn, autocommit=True) as pool:
        chores = account_chores(Retention(pool), desk.clock, guest_keep_days=60)
        for chore in chores:
            arguments = {"kind": chore.what}
            job = TakenJob(id=1, queue=QUEUE, arguments=arguments, attempts=1, created_at=0)
            await cleanup_queue(chores, desk.clock).handle(job)


async def test_old_rows_go_and_guests_that_never_came_back(desk: Desk) -> None:
    guest, stays = await desk.guest(), await desk.guest()
    ann = await desk.registered(email="ann@example.org")
    await desk.post("/v1/login", **{**SIGN_IN, "password": "wrong"})
    await swept(desk)
    assert desk.rows("select count(*) from login") == [(3,)]

    for _ in range(2):
        desk.clock.ahead_s += 29 * DAYS_S
        refreshed = await desk.post("/v1/refresh", refresh_token=stays.signed_in["refresh_token"])
        stays = desk.someone(refreshed.json())
        await swept(desk)
    assert desk.rows("select count(*) from login") == [(1,)]
    assert desk.rows("select count(*) from attempt") == [(0,)]
    assert desk.rows("select count(*) from mailed_token") == [(0,)]
    assert desk.rows("select count(*) from account where deleted_at is not null") == [(0,)]

    desk.clock.ahead_s += 3 * DAYS_S
    await swept(desk)
    gone = desk.rows("select 'user:' || replace(id::text, '-', '') from account where erase_at is not null")
    assert gone == [(guest.signed_in["user"],)]
    assert (await desk.post("/v1/login", **SIGN_IN)).json()["user"] == ann.signed_in["user"]
    assert (
        await desk.post("/v1/login/device", device_secret=guest.signed_in["device_secret"])
    ).status_code == 401
