"""Two and three nodes that are one GatherUp: join, share, forward, drain, take over."""

from __future__ import annotations

import pytest
import trio

from gatherup.start import FencedOutError, StartRefusedError
from protocol.nodes import NODE_PROTOCOL
from tests.integration.actors.cluster.rig import SHORT_LEASE, Rig

pytestmark = pytest.mark.real


async def test_a_person_on_one_node_uses_rooms_of_all(cluster: Rig) -> None:
    first, second, third = [await cluster.start(f"node-{n}") for n in (1, 2, 3)]
    await cluster.balanced()
    for node in (first, second, third):
        await cluster.ready(node)
    ann, ben = await cluster.site(first).guest("Ann"), await cluster.site(third).guest("Ben")
    for number in range(12):  # each is somewhere
        room = await ann.new_room(name=f"Room {number}")
        joined = await ben.send("POST", f"/v1/rooms/{room}/join")
        assert joined.is_success, joined.text
        posted = [await ann.post(room, "one"), await ben.post(room, "two"), await ann.post(room, "three")]
        assert posted == list(range(posted[0], posted[0] + 3))


async def test_a_drained_node_hands_over_and_ends_well(cluster: Rig) -> None:
    first, second = [await cluster.start(f"node-{n}") for n in (1, 2)]
    await cluster.balanced()
    ann = await cluster.site(second).guest("Ann")
    rooms = [await ann.new_room() for _ in range(8)]
    assert await cluster.directory.drain("node-1")
    await first.ended.wait()
    assert first.error is None
    del cluster.nodes["node-1"]
    view = await cluster.balanced()
    assert [member.name for member in view.members] == ["node-2"]
    for room in rooms:
        await ann.post(room, "still here")
    await cluster.ready(second)


async def test_a_killed_node_s_streams_are_taken_over(cluster: Rig) -> None:
    first, second = [await cluster.start(f"node-{n}", **SHORT_LEASE) for n in (1, 2)]
    await cluster.balanced()
    ann = await cluster.site(second).guest("Ann")
    rooms = [await ann.new_room() for _ in range(8)]
    member = (await cluster.view()).members[0]
    assert member.name == "node-1"
    second_member = (await cluster.view()).members[1]
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _declare() -> None:  # as a peer does that saw the lease stand still
            while member := (await cluster.view()).member(first_id):
                next_owners = dict.fromkeys((await cluster.view()).owned_by(first_id), second_member.id)
                if await cluster.directory.declare_dead(second_member.run, member, next_owners):
                    return

        first_id = member.id
    await first.ended.wait()
    assert isinstance(first.error, FencedOutError)
    assert "over" in str(first.error)
    del cluster.nodes["node-1"]
    for room in rooms:
        await ann.post(room, "still here")
    again = await cluster.start("node-1", **SHORT_LEASE)
    await cluster.balanced()
    await cluster.ready(again)


async def test_a_running_name_is_refused_and_the_runner_unharmed(cluster: Rig) -> None:
    first = await cluster.start("node-1", **SHORT_LEASE)
    await cluster.ready(first)
    refused = await cluster.begin("node-1")
    assert isinstance(refused.error, StartRefusedError)
    assert str(refused.error).startswith("node_name_taken: ")
    assert "GATHERUP_NODE_NAME" in str(refused.error)
    await cluster.ready(first)
    assert len((await cluster.balanced()).owned_by(1)) == 256


@pytest.mark.parametrize(
    ("changes", "code", "setting"),
    [
        ({"GATHERUP_CLUSTER_NAME": "other"}, "wrong_cluster", "GATHERUP_CLUSTER_NAME"),
        ({"GATHERUP_CLUSTER_SECRET": "dd" * 32}, "wrong_secret", "GATHERUP_CLUSTER_SECRET"),
        ({"REDIS_URL": ""}, "bus_needed", "REDIS_URL"),
    ],
)
async def test_a_misfit_is_refused_and_harms_nobody(
    cluster: Rig, changes: dict[str, str], code: str, setting: str
) -> None:
    first = await cluster.start("node-1")
    await cluster.ready(first)
    before = await cluster.view()
    refused = await cluster.begin("node-2", **changes)
    assert isinstance(refused.error, StartRefusedError)
    assert str(refused.error).startswith(f"{code}: ")
    assert setting in str(refused.error)
    after = await cluster.view()
    assert (after.version, after.shards) == (before.version, before.shards)
    await cluster.ready(first)


async def test_releases_two_versions_apart_are_refused_and_one_apart_work_together(
    cluster: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await cluster.start("node-1")
    await cluster.ready(first)
    monkeypatch.setattr("gatherup.start.NODE_PROTOCOL", NODE_PROTOCOL + 2)
    refused = await cluster.begin("node-2")
    assert isinstance(refused.error, StartRefusedError)
    assert str(refused.error).startswith("unsupported_protocol: ")
    assert [member.name for member in (await cluster.view()).members] == ["node-1"]
    monkeypatch.setattr("gatherup.start.NODE_PROTOCOL", NODE_PROTOCOL + 1)
    second = await cluster.start("node-2")
    view = await cluster.balanced()
    assert [member.protocol for member in view.members] == [NODE_PROTOCOL, NODE_PROTOCOL + 1]
    ann = await cluster.site(second).guest("Ann")
    for _ in range(8):
        await ann.post(await ann.new_room(), "read by both")
    for node in (first, second):
        await cluster.ready(node)
