"""``gatherup watch`` goes on where it was when the node is killed under it, and says each thing once."""

from __future__ import annotations

import pytest
import trio

from gatherup.client import LiveBracket, connect
from protocol.tournament.commands import NewEntrant
from tests.e2e.installation import Installation
from tests.e2e.watching import watching
from tests.integration.gatherup.client.test_tournaments import until

pytestmark = [pytest.mark.real, pytest.mark.slow]
PATIENCE_S = 60


async def test_a_spectator_stays_through_a_killed_node(installation: Installation) -> None:
    with trio.fail_after(PATIENCE_S):
        token = await installation.guest("Owner")
        async with connect(installation.stream_url, token=token) as owner:
            cup = await owner.create_tournament("Cup", ready_s=0)
            async with watching(installation, cup.id) as seen:
                live, stream = LiveBracket(), await cup.subscribe()
                await cup.add_entrants([NewEntrant(name=name) for name in ("Ann", "Ben", "Cay", "Dan")])
                await cup.set_seeds([1, 2, 3, 4])
                await cup.start()
                await until(stream, live, lambda live: live.matches.keys() == {1, 2})
                await cup.decide(1, 1)
                await installation.kill()
                await installation.start()
                await cup.decide(2, 3)
                await until(
                    stream, live, lambda live: 3 in live.matches and live.matches[3].phase == "playing"
                )
                await cup.decide(3, 3)
    assert [line for line in seen if "wins" in line] == [
        "match 1, winners 1: Ann against Dan, Ann wins",
        "match 2, winners 1: Ben against Cay, Cay wins",
        "match 3, final 1: Ann against Cay, Cay wins",
    ]
    assert seen[-5:] == ["the tournament has finished", "1. Cay", "2. Ann", "3. Ben", "3. Dan"]
    assert sum(line.startswith("! Disconnected: ") for line in seen) >= 1
