"""Sentinels that fail over, and a cluster whose slots move."""

from __future__ import annotations

import pytest
import trio

from storage.redis.topology import slot_of
from tests.contract.test_bus import published, until_published
from tests.integration.storage.redis.conftest import Station
from tests.integration.storage.redis.fleet import Fleet, told

pytestmark = [pytest.mark.real, pytest.mark.slow]


async def until_told(port: int, words: str, part: str) -> None:
    while part not in await told(port, *words.split()):  # noqa: ASYNC110 (another program's state)
        await trio.sleep(0.02)


async def sentinels(fleet: Fleet, primary: int, count: int = 3) -> list[int]:
    settings = (
        f"sentinel monitor main 127.0.0.1 {primary} 2",
        "sentinel down-after-milliseconds main 500",
        "sentinel failover-timeout main 3000",
    )
    ports = [await fleet.start(*settings, sentinel=True) for _ in range(count)]
    for port in ports:
        await until_told(port, "SENTINEL MASTER main", f"num-other-sentinels\r\n$1\r\n{count - 1}")
        await until_told(port, "SENTINEL MASTER main", "num-slaves\r\n$1\r\n1")
    return ports


async def test_sentinel_fail_over_takes_both_sides_along(station: Station, fleet: Fleet) -> None:
    primary = await fleet.start("repl-diskless-sync-delay 0")
    replica = await fleet.start(f"replicaof 127.0.0.1 {primary}")
    await until_told(replica, "INFO replication", "master_link_status:up")
    ports = await sentinels(fleet, primary)
    url = "redis+sentinel://127.0.0.1:1," + ",".join(f"127.0.0.1:{port}" for port in ports) + "/main/0"
    ear, bus = await station.ear(url), await station.bus(url)
    assert await bus.publish([("here", b"before")]) == [1]
    fleet.kill(primary)
    await ear.until(lambda noted: noted[-2:] == [False, True])
    assert await published(bus, ("here", b"after")) == [1]
    await ear.until(lambda noted: noted[-1] == b"after")
    await until_told(replica, "ROLE", "master")


async def test_a_planned_fail_over_leaves_nobody_at_the_old_primary(station: Station, fleet: Fleet) -> None:
    primary = await fleet.start("repl-diskless-sync-delay 0")
    replica = await fleet.start(f"replicaof 127.0.0.1 {primary}")
    await until_told(replica, "INFO replication", "master_link_status:up")
    (first, *_) = ports = await sentinels(fleet, primary)
    url = "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in ports) + "/main"
    ear, bus = await station.ear(url), await station.bus(url)
    assert await bus.publish([("here", b"before")]) == [1]
    assert await told(first, "SENTINEL", "FAILOVER", "main") == "+OK\r\n"
    await ear.until(lambda noted: noted[-2:] == [False, True])
    await until_published(bus, ("here", b"after"))
    await ear.until(lambda noted: noted[-1] == b"after")
    await until_told(primary, "PUBSUB NUMSUB here", ":0")


async def test_both_sides_leave_a_primary_that_lives_on(station: Station, fleet: Fleet) -> None:
    old, new = await fleet.start(), await fleet.start()
    sentinel = await fleet.start(f"sentinel monitor main 127.0.0.1 {old} 1", sentinel=True)
    url = f"redis+sentinel://127.0.0.1:{sentinel}/main"
    ear, bus = await station.ear(url), await station.bus(url)
    own = await station.listening(bus, "own")
    assert await bus.publish([("here", b"before")]) == [1]
    assert await told(sentinel, "SENTINEL", "REMOVE", "main") == "+OK\r\n"
    assert await told(sentinel, "SENTINEL", "MONITOR", "main", "127.0.0.1", str(new), "1") == "+OK\r\n"
    for one in (ear, own):
        await one.until(lambda noted: noted[-2:] == [False, True])
    assert await published(bus, ("here", b"after")) == [1]
    await ear.until(lambda noted: noted[-1] == b"after")
    assert "master" in await told(old, "ROLE")


async def cluster(fleet: Fleet, count: int) -> list[int]:
    ports = [await fleet.start("cluster-enabled yes", "cluster-node-timeout 2000") for _ in range(count)]
    bounds = [16384 * n // count for n in range(count + 1)]
    for number, port in enumerate(ports):
        added = await told(port, "CLUSTER", "ADDSLOTSRANGE", str(bounds[number]), str(bounds[number + 1] - 1))
        assert added == "+OK\r\n"
        assert await told(port, "CLUSTER", "MEET", "127.0.0.1", str(ports[0])) == "+OK\r\n"
    for port in ports:
        await until_told(port, "CLUSTER INFO", "cluster_state:ok")
        await until_told(port, "CLUSTER INFO", f"cluster_known_nodes:{count}")
        await until_told(port, "CLUSTER INFO", f"cluster_size:{count}")
    return ports


async def test_a_cluster_of_one(station: Station, fleet: Fleet) -> None:
    (port,) = await cluster(fleet, 1)
    url = f"redis+cluster://127.0.0.1:{port}"
    ear, bus = await station.ear(url), await station.bus(url)
    assert await bus.publish([("here", b"1"), ("there", b"2"), ("here", b"3")]) == [1, 0, 1]
    await ear.until(lambda noted: noted == [True, b"1", b"3"])


async def test_channels_spread_over_shards_and_move_with_their_slots(station: Station, fleet: Fleet) -> None:
    ports = await cluster(fleet, 3)
    url = "redis+cluster://127.0.0.1:1," + ",".join(f"127.0.0.1:{port}" for port in ports)
    channels = [f"gatherup:test:node:{n}" for n in range(9)]
    assert len({slot_of(channel) * 3 // 16384 for channel in channels}) == 3
    ears = [await station.ear(url, channel) for channel in channels]
    bus = await station.bus(url)
    frames = [(channel, b"%d" % n) for n in range(20) for channel in channels]
    assert await bus.publish(frames) == [1] * len(frames)
    for ear in ears:
        await ear.until(lambda noted: len(noted) == 21)
        assert ear.frames == [b"%d" % n for n in range(20)]
    slot = slot_of(channels[0])
    source = ports[slot * 3 // 16384]
    target = next(port for port in ports if port != source)
    identity = (await told(target, "CLUSTER", "MYID")).split("\r\n")[1]
    for port in (target, source):
        assert await told(port, "CLUSTER", "SETSLOT", str(slot), "NODE", identity) == "+OK\r\n"
    await ears[0].until(lambda noted: noted[-2:] == [False, True])
    await until_published(bus, (channels[0], b"moved"))
    await ears[0].until(lambda noted: noted[-1] == b"moved")
    await until_told(target, f"PUBSUB SHARDNUMSUB {channels[0]}", ":1")


@pytest.mark.parametrize(
    ("channel", "slot"), [("123456789", 0x31C3), ("a{123456789}b{c}", 0x31C3), ("{}", 15257)]
)
def test_slots_are_those_of_the_specification(channel: str, slot: int) -> None:
    assert slot_of(channel) == slot
