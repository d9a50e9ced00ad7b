"""The SDK against a real node: a gathering whose registration enters a tournament."""

from __future__ import annotations

import pytest
import trio

from gatherup.client import Event, RefusedError
from protocol.codes import Code
from tests.integration.gatherup.client.test_rooms import HANG_S, guest
from tests.integration.shared import SharedNode

pytestmark = pytest.mark.real


async def test_who_registers_is_entered(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Owner") as owner, guest(node.addresses, "Ann") as ann:
            fair = await owner.create_gathering("Fair", players_max=8)
            cup = await owner.create_tournament("Cup")
            watched = await owner.tournament(cup.id).subscribe()
            await fair.attach(cup.id)
            async for item in watched:
                if isinstance(item, Event) and item.header.type == "tournament.gathered":
                    break
            await fair.open_registration()
            await ann.gathering(fair.id).register([cup.id])
            async for item in watched:
                if isinstance(item, Event) and item.header.type == "tournament.entered":
                    assert (item.header.author, item.header.marks["user"]) == (fair.id, ann.user)
                    break
            with pytest.raises(RefusedError) as refused:
                await ann.gathering(fair.id).register()
            assert refused.value.code is Code.ALREADY_EXISTS
