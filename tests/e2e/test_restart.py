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

    # What two owners happened to die with in hand is refused for good: nobody can tell it from what ended them.
    in_hand: set[str] = set()

    async def lane(guest: Guest, room: str, name: str) -> None:
        for number in range(POSTS):
            if await guest.post(room, f"{name}:{number}") is None:
                in_hand.add(f"{name}:{number}")

    async with party(installation, GUESTS) as (room, guests):
        async with trio.open_nursery() as posting:
            for g, guest in enumerate(guests):
                for n in range(LANES):
                    posting.start_soon(lane, guest, room, f"{g}.{n}")
            for _ in range(2):
                await guests[0].saw(len(guests[0].seen) + 20)
                await installation.kill()
                await installation.start()
        assert len(in_hand) <= 1  # trials are one after the other
        assert {error.code for guest in guests for error in guest.refused.values()} <= {"internal"}
        accepted = {seq: body for guest in guests for seq, body in guest.accepted.items()}
        total -= len(in_hand)
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
            assert mine == [body for number in range(POSTS) if (body := f"0.{n}:{number}") not in in_hand]
