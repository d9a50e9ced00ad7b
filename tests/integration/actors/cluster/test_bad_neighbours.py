"""What comes from around a cluster and shouldn't: frames of strangers, full servers, a clock that is wrong."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import coredis
import httpx
import msgspec
import psycopg
import pytest
import trio
from coredis.exceptions import ResponseError
from msgspec.structs import replace
from typing_extensions import override

from actors.ports.cluster_view import Renewal
from actors.ports.log import Fence
from gatherup.client import Event, Snapshot, Stream, connect
from gatherup.clock import SystemClock
from gatherup.embedded import PostgresServer, ValkeyServer
from gatherup.start import StartRefusedError
from protocol import limits
from protocol.event import decode_header
from protocol.nodes import Beat, Forward, NodeFrame, inbox, link_key, seal, unseal
from storage.postgres.schema.migrate import migrate
from storage.postgres.streams.directory import PostgresDirectory
from tests.integration.actors.cluster.rig import CLUSTER, Rig, RunningNode, rig
from tests.integration.site import Person
from tests.tls import NO_TLS

pytestmark = [pytest.mark.real, pytest.mark.slow]
NAME = "gatherup"
KEY = link_key(bytes.fromhex(CLUSTER["GATHERUP_CLUSTER_SECRET"]), NAME)
DROPPED = "a frame from the bus was dropped"
HOUR_MS = 3_600_000
TRIES = 100


async def two(cluster: Rig) -> tuple[RunningNode, RunningNode]:
    first, second = [await cluster.start(f"node-{number}") for number in (1, 2)]
    await cluster.balanced()
    for node in (first, second):
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)
    return first, second


async def rooms_of_both(cluster: Rig, maker: Person) -> list[str]:
    """A room that each of the two nodes owns."""
    view = await cluster.view()
    found: dict[int | None, str] = {}
    while len(found) < 2:
        room = await maker.new_room()
        found.setdefault(view.shard(room).owner, room)
    return list(found.values())


async def dropped(node: RunningNode) -> dict[str, float]:
    """Frames that the node didn't take, by reason."""
    async with httpx.AsyncClient(base_url=node.addresses.http, verify=NO_TLS, trust_env=False) as http:
        text = (await http.get("/metrics")).text
    counted = re.findall(r'^gatherup_node_frames_dropped_total{reason="(\w+)"} (\S+)$', text, re.MULTILINE)
    return {reason: float(count) for reason, count in counted}


async def dropped_at_least(node: RunningNode, wanted: dict[str, float]) -> None:
    while True:
        counts = await dropped(node)
        if all(counts[reason] >= count for reason, count in wanted.items()):
            return


@asynccontextmanager
async def hearing(node: RunningNode, person: Person, rooms: list[str]) -> AsyncIterator[list[Stream]]:
    """The streams of these rooms as somebody on this node gets them."""
    for room in rooms:
        joined = await person.send("POST", f"/v1/rooms/{room}/join")
        assert joined.is_success, joined.text
    token: str = person.signed_in["access_token"]
    async with connect(node.addresses.stream, token=token) as client:
        yield [await client.subscribe(room) for room in rooms]


async def heard_to(stream: Stream, last: int) -> list[int]:
    """The seqs that come after the snapshot, up to this one: each once, in order."""
    seqs: list[int] = []
    start = 0
    async for item in stream:
        assert isinstance(item, Event | Snapshot), item
        if isinstance(item, Snapshot):
            assert not seqs
            start = item.position.seq
        else:
            seqs.append(item.position.seq)
        if item.position.seq >= last:
            break
    assert seqs == list(range(start + 1, last + 1))
    return seqs


class Stranger:
    """Somebody with the bus and nothing else: records what passes, and publishes what it likes."""

    def __init__(self, redis: coredis.Redis[bytes], ids: dict[str, int]) -> None:
        self.redis = redis
        self.inboxes = {name: inbox(NAME, number) for name, number in ids.items()}

    async def recorded(self, name: str, count: int) -> list[bytes]:
        """So many frames on their way to this node."""
        found: list[bytes] = []
        async with self.redis.pubsub(channels=[self.inboxes[name]]) as heard:
            while len(found) < count:
                message = await heard.get_message(ignore_subscribe_messages=True)
                if message is not None:
                    data = message["data"]
                    assert isinstance(data, bytes)
                    found.append(data)
        return found

    async def say(self, frames: list[tuple[str, bytes]]) -> None:
        for name, frame in frames:
            assert await self.redis.publish(self.inboxes[name], frame) >= 1


def bad_frames(genuine: list[bytes], runs: dict[str, tuple[int, int]]) -> dict[str, list[tuple[str, bytes]]]:
    """For each reason frames that aren't to be taken; the genuine ones were on their way to node-2."""
    first, second = runs["node-1"], runs["node-2"]
    attack = Forward(1, "room:" + "0" * 32, 1, "system", msgspec.Raw(b"\xc0"))
    frame = NodeFrame(first, second, 1_000_000, 1, (attack,))
    flipped = genuine[-1][:-1] + bytes((genuine[-1][-1] ^ 1,))
    return {
        "seal": [
            ("node-2", seal(frame, link_key(b"guess" * 7, NAME))),
            ("node-2", seal(frame, link_key(bytes.fromhex(CLUSTER["GATHERUP_CLUSTER_SECRET"]), "other"))),
            ("node-2", flipped),
            ("node-2", genuine[0][:40]),
            ("node-2", b"gu\x01" + b"\x00" * 4_000_000),
        ],
        "version": [("node-1", b""), ("node-1", b"gu\x63" + genuine[0][3:]), ("node-2", b"\xff" * 1000)],
        "replay": [("node-2", data) for data in genuine],
        "foreign": [
            *(("node-1", data) for data in genuine),
            ("node-2", seal(NodeFrame((77, 1), second, 1, 1, (Beat(),)), KEY)),
            ("node-2", seal(NodeFrame((first[0], first[1] + 1), second, 1, 1, (Beat(),)), KEY)),
            ("node-2", seal(NodeFrame(first, (second[0], second[1] - 1), 1_000_000, 1, (attack,)), KEY)),
        ],
    }


async def test_frames_of_strangers_change_nothing(cluster: Rig, caplog: pytest.LogCaptureFixture) -> None:
    first, second = await two(cluster)
    ann, ben = await cluster.site(first).guest("Ann"), await cluster.site(second).guest("Ben")
    rooms = await rooms_of_both(cluster, ann)
    members = (await cluster.view()).members
    runs = {member.name: (member.id, member.fence) for member in members}
    last = dict.fromkeys(rooms, 0)
    enough = trio.Event()

    async def post_until_enough() -> None:
        while not enough.is_set():
            for room in rooms:
                last[room] = await ann.post(room, "still here")
            await trio.sleep(2.1 / limits.COMMANDS_PER_S)  # as fast as one may

    async with (
        hearing(second, ben, rooms) as streams,
        coredis.Redis.from_url(cluster.redis or "") as redis,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(post_until_enough)
        stranger = Stranger(redis, {name: run[0] for name, run in runs.items()})
        genuine = await stranger.recorded("node-2", 20)
        assert all(unseal(frame, KEY).sender == runs["node-1"] for frame in genuine)
        before = {name: await dropped(node) for name, node in cluster.nodes.items()}
        caplog.clear()
        started = time.monotonic()
        said = bad_frames(genuine, runs)
        for _ in range(20):
            for frames in said.values():
                await stranger.say(frames)
        for name, node in cluster.nodes.items():
            wanted = {
                reason: before[name][reason] + 20 * sum(to == name for to, _ in frames)
                for reason, frames in said.items()
            }
            await dropped_at_least(node, wanted)
            assert (await dropped(node)).items() >= wanted.items()
        took_s = time.monotonic() - started
        lines = [record for record in caplog.records if record.getMessage() == DROPPED]
        assert lines
        assert len(lines) <= 2 * len(said) * (took_s + 1)  # of each node, for each reason, one a second
        enough.set()
        for stream in streams:
            assert await heard_to(stream, last[stream.id])
    for node in (first, second):
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)
    after = (await cluster.view()).members
    assert {member.name: (member.id, member.fence) for member in after} == runs


async def fill(redis: coredis.Redis[bytes]) -> None:
    """More than a megabyte."""
    for number in range(100):
        await redis.set(f"filling-{number}", b"x" * 100_000)


async def test_a_redis_without_memory_carries_on(postgres_dsn: str, server_dir: Path) -> None:
    full = {"maxmemory": "1mb", "maxmemory-policy": "noeviction"}
    server = ValkeyServer(server_dir / "valkey-full", settings=full)
    server.start()
    try:
        async with rig(postgres_dsn, server.url) as cluster:
            async with coredis.Redis.from_url(server.url) as redis:
                with pytest.raises(ResponseError, match="used memory > 'maxmemory'"):
                    await fill(redis)
            first, second = await two(cluster)
            ann, ben = await cluster.site(first).guest(), await cluster.site(second).guest()
            rooms = await rooms_of_both(cluster, ann)
            async with hearing(second, ben, rooms) as streams:
                for stream in streams:
                    seq = [await ann.post(stream.id, "no room") for _ in range(5)][-1]
                    assert len(await heard_to(stream, seq)) == 5
    finally:
        server.close()


def hold_all(dsn: str, held: list[psycopg.Connection]) -> None:
    while True:
        held.append(psycopg.connect(dsn))


@contextmanager
def all_connections(dsn: str) -> Iterator[int]:
    """Hold every connection that the server still gives, for the block."""
    held: list[psycopg.Connection] = []
    try:
        with pytest.raises(psycopg.OperationalError, match=r"too many clients|connection slots"):
            hold_all(dsn, held)
        yield len(held)
    finally:
        for connection in held:
            connection.close()


async def served(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer of a node that lives on few connections: while all of them are busy it says, come again."""
    for _ in range(TRIES):
        answer = await ask()
        if answer.status_code != 503:
            assert answer.is_success, answer.text
            return answer
        assert answer.json()["retry"]
    raise AssertionError(f"it was refused {TRIES} times")


async def test_a_postgres_without_connections_refuses_a_start_and_harms_no_node(
    server_dir: Path, valkey_url: str
) -> None:
    server = PostgresServer(server_dir / "postgres-full", settings={"max_connections": "40", "fsync": "off"})
    server.start()
    try:
        dsn = server.dsn_for("full")
        migrate(dsn)
        async with rig(dsn, valkey_url) as cluster:
            first, second = await two(cluster)
            ann = await cluster.site(first).guest()
            rooms = await rooms_of_both(cluster, ann)
            before = await cluster.view()
            with all_connections(dsn) as held:
                assert held > 0
                refused = await cluster.begin("node-3")
                assert isinstance(refused.error, StartRefusedError)
                assert re.fullmatch(
                    r"The database can't be reached: .*(too many clients|connection slots).*",
                    str(refused.error),
                )
                for room in rooms:
                    path = f"/v1/rooms/{room}/messages"
                    answers = [await served(partial(ann.send, "POST", path, body="here")) for _ in range(10)]
                    posted = [answer.json()["seq"] for answer in answers]
                    assert posted == list(range(posted[0], posted[0] + 10))
                await served(partial(ann.http.get, "/v1/me"))
                for node in (first, second):
                    await cluster.ready(node)
                assert (await cluster.view()).shards == before.shards
            third = await cluster.start("node-3")
            await cluster.balanced()
            await cluster.ready(third)
    finally:
        server.close()


class AnHourFast(SystemClock):
    """The clock of a machine that nobody set."""

    @override
    def now(self) -> int:
        return super().now() + HOUR_MS


def written_at(dsn: str, room: str) -> list[int]:
    """The times of a room's events."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select header from event where stream_id = %s order by seq", (room.partition(":")[2],)
        )
        return [decode_header(header).at for (header,) in found]


def database_now(dsn: str) -> int:
    """In milliseconds."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint"
        ).fetchone()
        assert row is not None
        return row[0]


async def test_a_node_whose_clock_is_an_hour_fast_writes_the_database_s_time(
    cluster: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("gatherup.store.SystemClock", AnHourFast)
        wrong = await cluster.start("node-1")
    right = await cluster.start("node-2")
    await cluster.balanced()
    begun = database_now(cluster.dsn)
    ann, ben = await cluster.site(wrong).guest(), await cluster.site(right).guest()
    rooms = await rooms_of_both(cluster, ann)
    async with hearing(right, ben, rooms) as streams:
        for stream in streams:
            await ben.post(stream.id, "from the right node")
            seq = await ann.post(stream.id, "from the wrong one")
            await heard_to(stream, seq)
    ended = database_now(cluster.dsn)
    for room in rooms:
        times = written_at(cluster.dsn, room)
        assert times == sorted(times)
        # What a renewal's round trip leaves open is far less than what the clock is wrong by.
        assert all(begun - HOUR_MS / 60 < at < ended + HOUR_MS / 60 for at in times)
    ann.http.base_url = right.addresses.http  # a token of the wrong node is as good on the right one
    assert (await ann.http.get("/v1/me")).status_code == 200
    for node in (wrong, right):
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)


async def test_a_jump_of_the_database_s_clock_is_not_followed_and_makes_unready(
    cluster: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    jumps: dict[int, int] = {}
    renew = PostgresDirectory.renew

    async def jumped(self: PostgresDirectory, fence: Fence, **told: Any) -> Renewal:
        renewal = await renew(self, fence, **told)
        return replace(renewal, now=renewal.now + jumps.get(fence.node, 0))

    monkeypatch.setattr(PostgresDirectory, "renew", jumped)
    first, second = await two(cluster)
    ann = await cluster.site(first).guest()
    rooms = await rooms_of_both(cluster, ann)
    before = await cluster.view()
    jumps[before.members[0].id] = HOUR_MS
    answer = await cluster.health(first, lambda a: a.status_code == 503)
    assert "clock jumped by 3600" in answer.json()["reason"]
    for room in rooms:
        await ann.post(room, "at the same time as ever")
    ended = database_now(cluster.dsn)
    assert all(at < ended + HOUR_MS / 60 for room in rooms for at in written_at(cluster.dsn, room))
    await cluster.ready(second)
    assert (await cluster.view()).shards == before.shards  # unready moves no shard
    jumps.clear()
    await cluster.health(first, lambda a: a.status_code == 200 and a.json()["degraded"] is None)
