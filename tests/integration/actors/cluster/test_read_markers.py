"""What was read on one node shows on another: to the user's other device, and to the other one of a direct room."""

from __future__ import annotations

import pytest

from tests.integration.actors.cluster.rig import Rig
from tests.integration.gatherup.features.rooms.test_heads import pair_of, socket

pytestmark = pytest.mark.real


async def test_marks_cross_nodes(cluster: Rig) -> None:
    first, second = [await cluster.start(f"node-{n}") for n in (1, 2)]
    await cluster.balanced()
    for node in (first, second):
        await cluster.ready(node)
    ann, ben, room, direct = await pair_of(cluster.site(first))
    async with (
        socket(first.addresses.stream, ann) as phone,
        socket(second.addresses.stream, ann) as laptop,
        socket(second.addresses.stream, ben) as bens,
    ):
        for device in (phone, laptop, bens):
            assert (await device.ask("watch_heads", rooms=[room, direct]))["t"] == "accepted"
        for text in ("one", "two", "three"):
            await ben.post(room, text)
            await ben.post(direct, text)
        for device in (phone, laptop):
            await device.stands(room, unread=3)
            await device.stands(direct, unread=3, peer_read=0)
        await phone.tell("mark_read", room=room, number=2)
        await laptop.tell("mark_read", room=direct, number=3)
        for device in (phone, laptop):
            await device.stands(room, unread=1, read=2)
            await device.stands(direct, unread=0, read=3)
        await bens.stands(direct, peer_read=3)
