"""The tokens of calendars."""

from __future__ import annotations

import pytest

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.calendars import Calendars, SubscriptionRow
from tests.integration.registered import AT, registered

pytestmark = pytest.mark.real
CUPS = [f"tournament:{number:032x}" for number in range(1, 5)]


async def test_a_user_has_so_many_and_one_of_each_calendar(pool: Pool) -> None:
    calendars = Calendars(pool)
    ann = await registered(pool, "calendar_ann")

    async def subscribed(tournament: str | None, digest: int) -> bool:
        return await calendars.subscribe(ann, tournament, digest=bytes([digest] * 32), at=AT, most=2)

    assert await subscribed(None, 1)
    assert await subscribed(None, 2)
    assert await subscribed(CUPS[0], 3)
    assert not await subscribed(CUPS[1], 4)
    assert await subscribed(CUPS[0], 5)
    found = [await calendars.subscription(bytes([digest] * 32)) for digest in range(1, 6)]
    assert found == [None, SubscriptionRow(ann, None), None, None, SubscriptionRow(ann, CUPS[0])]
    await calendars.unsubscribe(ann, None)
    assert await calendars.subscription(bytes([2] * 32)) is None
    assert await subscribed(CUPS[1], 6)


async def test_who_is_banned_has_no_calendar(pool: Pool) -> None:
    calendars = Calendars(pool)
    ben = await registered(pool, "calendar_ben")
    assert await calendars.subscribe(ben, None, digest=b"7" * 32, at=AT, most=2)
    assert await calendars.subscription(b"7" * 32) == SubscriptionRow(ben, None)
    banned = {"account": uuid_of(ben), "at": AT}
    await execute(pool, "update account set banned_at = %(at)s where id = %(account)s", banned)
    assert await calendars.subscription(b"7" * 32) is None
