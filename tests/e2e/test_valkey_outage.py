"""Valkey dies: nothing that was accepted is lost, sockets stay, and also a node that starts meanwhile serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from gatherup.client import Online
from gatherup.embedded import ValkeyServer
from tests.e2e.installation import HANG_S, Installation
from tests.e2e.party import Guest, party

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def own_valkey(server_dir: Path) -> Iterator[ValkeyServer]:
    """A Valkey that this test may kill."""
    server = ValkeyServer(server_dir / "outage-valkey")
    server.start()
    yield server
    server.close()


async def test_valkey_killed_under_load(postgres_dsn: str, own_valkey: ValkeyServer) -> None:
    async def load(guest: Guest, room: str, name: str, posts: int) -> None:
        for number in range(posts):
            assert await guest.post(room, f"{name}:{number}") is not None

    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            installation = Installation(nursery, postgres_dsn, own_valkey.url)
            await installation.start()
            async with party(installation, 2) as (room, guests):
                async with trio.open_nursery() as posting:
                    for g, guest in enumerate(guests):
                        posting.start_soon(load, guest, room, str(g), 20)
                    await guests[0].saw(10)
                    await trio.to_thread.run_sync(own_valkey.kill)
                for guest in guests:
                    await guest.saw(40)
                    assert [type(s) for s in guest.statuses] == [Online], "the socket stayed"
                await installation.kill()
                await installation.start()
                await load(guests[0], room, "after", 5)
                accepted = {seq: body for guest in guests for seq, body in guest.accepted.items()}
                for guest in guests:
                    await guest.saw(45)
                    guest.check_order()
                    assert guest.seen == accepted
            await installation.kill()
