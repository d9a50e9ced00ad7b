"""The SDK against a real node: a series that makes a tournament while somebody watches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import trio

from gatherup.client import Event, Snapshot
from protocol.series.events import SeriesTournamentMade
from protocol.series.recurrence import Recurrence
from protocol.series.view import SeriesView
from tests.integration.gatherup.client.test_rooms import HANG_S, guest
from tests.integration.shared import SharedNode

pytestmark = pytest.mark.real


async def test_a_watcher_sees_the_next_tournament(node: SharedNode) -> None:
    start = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Owner") as owner:
            weekly = await owner.create_series("Weekly", points=(3, 1))
            watched = await weekly.subscribe()
            rule = Recurrence(rrule="FREQ=WEEKLY", timezone="UTC", start=start)
            await weekly.change(recurrence=rule, create_s=2 * 86_400)
            shown: SeriesView | None = None
            async for item in watched:
                match item:
                    case Snapshot(view=SeriesView() as view):
                        shown = view
                    case Event(payload=SeriesTournamentMade(number=number, count=count)):
                        assert (number, count) == (1, 1)
                        break
            assert shown is not None and shown.points == (3, 1) and shown.role == "organiser"
