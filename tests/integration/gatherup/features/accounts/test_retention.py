"""What accounts leave behind goes after its time."""

from __future__ import annotations

import pytest

from gatherup.features.accounts.keeps import account_keeps
from storage.postgres.driver.pool import Pool
from tests.integration.gatherup.features.accounts.conftest import SIGN_IN, Desk
from tests.integration.keeping import base_of, swept
from tests.integration.site import settings

pytestmark = pytest.mark.real
DAYS_S = 86_400


async def sweep(desk: Desk) -> None:
    """All was swept once."""
    async with Pool(desk.dsn, autocommit=True) as pool:
        config = settings(desk.dsn, GATHERUP_AUTH_GUEST_KEEP_DAYS="60")
        await swept(account_keeps(base_of(config, pool, desk.clock)), desk.clock)


async def test_old_rows_go_and_guests_that_never_came_back(desk: Desk) -> None:
    guest, stays = await desk.guest(), await desk.guest()
    ann = await desk.registered(email="ann@example.org")
    await desk.post("/v1/login", **{**SIGN_IN, "password": "wrong"})
    await sweep(desk)
    assert desk.rows("select count(*) from login") == [(3,)]

    for _ in range(2):
        desk.clock.ahead_s += 29 * DAYS_S
        refreshed = await desk.post("/v1/refresh", refresh_token=stays.signed_in["refresh_token"])
        stays = desk.someone(refreshed.json())
        await sweep(desk)
    assert desk.rows("select count(*) from login") == [(1,)]
    assert desk.rows("select count(*) from attempt") == [(0,)]
    assert desk.rows("select count(*) from mailed_token") == [(0,)]
    assert desk.rows("select count(*) from account where deleted_at is not null") == [(0,)]

    desk.clock.ahead_s += 3 * DAYS_S
    await sweep(desk)
    gone = desk.rows("select 'user:' || replace(id::text, '-', '') from account where erase_at is not null")
    assert gone == [(guest.signed_in["user"],)]
    assert (await desk.post("/v1/login", **SIGN_IN)).json()["user"] == ann.signed_in["user"]
    assert (
        await desk.post("/v1/login/device", device_secret=guest.signed_in["device_secret"])
    ).status_code == 401
