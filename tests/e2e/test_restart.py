"""kill -9 in a burst of posts: what was accepted is there, once, in order, for everyone who comes back."""

from __future__ import annotations

import pytest
import trio

from gatherup.client import Offline, Online
from tests.e2e.installation import Installation
from tests.e2e.party import Guest, party

pytestmark = [pytest.mark.real, pytest.mark.slow]

GUESTS, LANES, POSTS = 3, 4, 12


async def test_kill_in_a_burst(installation: Installation) -> None:
    total = GUESTS * LANES * POSTS

    async def lane(guest: Guest, room: str, name: str) -> None:
        for number in range(POSTS):
            assert await guest.post(room, f"{name}:{number}") is not None

    async with party(installation, GUESTS) as (room, guests):
        async with trio.open_nursery() as posting:
            for g, guest in enumerate(guests):
                for n in range(LANES):
                    posting.start_soon(lane, guest, room, f"{g}.{n}")
            for _ in range(2):
                await guests[0].saw(len(guests[0].seen) + 20)
                await installation.kill()
                await installation.start()
        assert not any(guest.refused for guest in guests)
        accepted = {seq: body for guest in guests for seq, body in guest.accepted.items()}
        assert len(accepted) == total
        for guest in guests:
            await guest.saw(total)
            guest.check_order()
            assert guest.seen == accepted
            # Whoever is still on the way back at the second kill comes back once for both.
            assert [type(s) for s in guest.statuses].count(Online) in (2, 3)
            assert any(isinstance(s, Offline) for s in guest.statuses)
        for n in range(LANES):
            mine = [b for b in guests[1].seen.values() if b.startswith(f"0.{n}:")]
            assert mine == [f"0.{n}:{number}" for number in range(POSTS)]
