"""Webhooks from the commit of an event to a receiver, through PostgreSQL and real sockets."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from actors.ports.log import Append, Fence, LogRow, Verdict
from gatherup.config import Webhooks as Settings
from gatherup.features.integrations.delivery import WEBHOOK_AT_ONCE, WebhookDelivery, webhook_client
from gatherup.features.integrations.signing import ForgedWebhookError, derived_secret, verify
from gatherup.jobs.worker import JobWorker
from gatherup.randomness import SystemRandomness
from gatherup.wakeup import Wakeup
from protocol.event import Header, encode_header, encode_payload
from protocol.room.events import MemberJoined, MessagePosted, RoomCreated
from storage.postgres.driver.queries import lent, rows
from storage.postgres.integrations.webhooks import WebhookRow, Webhooks, announce
from storage.postgres.outbox.jobs import Jobs
from tests import single
from tests.contract.rig import PostgresRig, append, new_stream, own_everything, postgres_rig
from tests.integration.gatherup.features.integrations.receiver import Receiver, receiver
from tests.ports import EPOCH_MS, TrioClock

pytestmark = pytest.mark.real

KEY = b"k" * 32
HOOK = "ab" * 16
ANN = "user:" + "1" * 32
HANG_S = 60
BY: dict[str, Any] = {"by": "key:" + "2" * 32, "address": "127.0.0.1"}


class World:
    def __init__(self, rig: PostgresRig, fence: Fence, epoch: int, receiver: Receiver) -> None:
        self.rig = rig
        self.fence = fence
        self.epoch = epoch
        self.receiver = receiver
        self.jobs = Jobs(rig.pool)
        self.webhooks = Webhooks(rig.pool)
        self.clock = TrioClock()

    async def hook(self, *types: str, webhook: str = HOOK) -> None:
        await self.webhooks.add(webhook, self.receiver.url, types, at=EPOCH_MS, most=20, **BY)

    async def room(self, *payloads: tuple[str, msgspec.Struct], stream: str | None = None) -> str:
        """A room with these events, by Ann."""
        stream = stream or new_stream()
        found = await single.activate(
            self.rig.log, self.fence, stream, epoch=self.epoch, create=True, state_version=1
        )
        assert found is not None
        events = tuple(
            LogRow(
                found.head + n,
                encode_header(
                    Header(
                        stream=stream,
                        seq=found.head + n,
                        at=EPOCH_MS,
                        author=ANN,
                        type=name,
                        marks={"number": 1},
                    )
                ),
                encode_payload(payload),
            )
            for n, (name, payload) in enumerate(payloads, 1)
        )
        one: Append = append(stream, found.activation, found.head, 0, events=events)
        assert await self.rig.log.append(self.fence, [one], wait_for_locks=False) == [Verdict.ACCEPTED]
        return stream

    async def row(self) -> WebhookRow:
        found = await self.webhooks.get(HOOK)
        assert found is not None
        return found

    @asynccontextmanager
    async def working(self, **changes: Any) -> AsyncGenerator[JobWorker]:
        """A worker that delivers, for the block."""
        async with webhook_client() as client, trio.open_nursery() as nursery:
            delivery = WebhookDelivery(
                self.webhooks,
                client,
                Settings(**{"allow_private": True, **changes}),
                self.clock,
                SystemRandomness(),
                key=KEY,
            )
            worker = JobWorker(self.jobs, [delivery.queue()], self.clock, SystemRandomness(), Wakeup())
            nursery.start_soon(worker.run)
            yield worker
            nursery.cancel_scope.cancel()

    async def come_due(self, worker: JobWorker) -> None:
        """As if every back-off were over."""
        async with lent(self.rig.pool) as connection:
            await connection.execute("update job set next_attempt_at = now()")
            await connection.execute("update webhook set resume_at = null")
        worker.wakeup.wake()


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    with trio.fail_after(HANG_S):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await trio.lowlevel.checkpoint()


@pytest.fixture
async def world(postgres_dsn: str) -> AsyncGenerator[World]:
    async with postgres_rig(postgres_dsn) as rig, receiver() as it:
        owner = await own_everything(rig.directory())
        yield World(rig, owner.fence, owner.epoch, it)


POSTED = ("room.posted", MessagePosted(body="hello"))
JOINED = ("room.joined", MemberJoined())


async def test_without_a_webhook_events_write_no_job(world: World) -> None:
    await world.room(POSTED, JOINED)
    assert await world.jobs.counts() == {}
    await world.hook("room.posted")
    await world.webhooks.change(HOOK, url=None, types=None, active=False, **BY)
    await world.room(POSTED)
    assert await world.jobs.counts() == {}


async def test_a_refused_append_owes_nothing_though_its_neighbour_does(world: World) -> None:
    await world.hook("room.posted")
    stream, other = await world.room(POSTED), new_stream()
    one, two = [
        await single.activate(world.rig.log, world.fence, s, epoch=world.epoch, create=True, state_version=1)
        for s in (stream, other)
    ]
    assert one is not None
    assert two is not None
    header = encode_header(Header(stream=stream, seq=1, at=EPOCH_MS, author=ANN, type="room.posted"))
    event = LogRow(1, header, encode_payload(MessagePosted(body="x")))
    appends = [
        append(stream, one.activation, 0, 0, events=(event,)),  # its head is 1
        append(other, two.activation, 0, 0, events=(event,)),
    ]
    verdicts = await world.rig.log.append(world.fence, appends, wait_for_locks=False)
    assert verdicts == [Verdict.BEHIND, Verdict.ACCEPTED]
    assert (await world.jobs.counts())[
        "webhook"
    ].waiting == 2  # the room's first message, and the neighbour's


async def test_a_chosen_event_is_told_once_signed_and_whole(world: World) -> None:
    await world.hook("room.posted")
    stream = await world.room(JOINED, POSTED, JOINED)
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "done"] == 1)
    assert await world.jobs.counts() == {}
    (got,) = world.receiver.received
    secret = derived_secret(KEY, HOOK, 1)
    now_s = world.clock.now() / 1000
    message = verify(secret, got.headers, got.body, now_s=now_s)
    key = stream.removeprefix("room:")
    assert message == {
        "id": f"{HOOK}-{key}-2",
        "type": "room.posted",
        "at": EPOCH_MS,
        "stream": stream,
        "seq": 2,
        "author": ANN,
        "marks": {"number": 1},
        "data": {"body": "hello"},
    }
    assert got.path == "/in?game=1"
    assert got.headers["webhook-id"] == message["id"]
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(ForgedWebhookError):
        verify(derived_secret(KEY, HOOK, 2), got.headers, got.body, now_s=now_s)
    (told,) = await world.webhooks.deliveries(HOOK, before=None, limit=10)
    assert (told.message, told.status, told.attempt, told.error) == (message["id"], 204, 1, None)


async def test_each_webhook_is_told_what_it_chose(world: World) -> None:
    other = "cd" * 16
    await world.hook("room.posted", "account.created")
    await world.hook("room.joined", "room.posted", webhook=other)
    await world.room(POSTED, JOINED)
    async with lent(world.rig.pool, transaction=True) as connection:
        await announce(connection, "account.created", {"user": ANN}, at=EPOCH_MS)
        await announce(connection, "account.erased", {"user": ANN}, at=EPOCH_MS)
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "done"] == 4)
    bodies = [msgspec.json.decode(got.body) for got in world.receiver.received]
    told = sorted((body["id"].partition("-")[0], body["type"]) for body in bodies)
    assert told == [
        (HOOK, "account.created"),
        (HOOK, "room.posted"),
        (other, "room.joined"),
        (other, "room.posted"),
    ]
    (created,) = [body for body in bodies if body["type"] == "account.created"]
    assert created == {
        "id": created["id"],
        "type": "account.created",
        "at": EPOCH_MS,
        "data": {"user": ANN},
    }


async def test_a_failure_is_told_again_with_the_same_id_until_it_is_taken(world: World) -> None:
    await world.hook("room.posted")
    await world.room(POSTED)
    world.receiver.answer = b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno"
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == 1)
        row = await world.row()
        assert (row.failures, row.last_error) == (1, "The receiver refuses (500).")
        assert row.failing_since is not None
        assert row.resume_at is not None
        assert row.resume_at > world.clock.now()
        world.receiver.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        await world.come_due(worker)
        await until(lambda: worker.outcomes["webhook", "done"] == 1)
    first, second = world.receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    row = await world.row()
    assert (row.failures, row.failing_since, row.resume_at, row.active) == (0, None, None, True)
    told = await world.webhooks.deliveries(HOOK, before=None, limit=10)
    assert [(one.attempt, one.status) for one in told] == [(2, 200), (1, 500)]


async def test_who_fails_is_left_alone_for_a_while(world: World) -> None:
    await world.hook("room.posted")
    await world.room(POSTED)
    world.receiver.answer = b"HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n"
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == 1)
        await world.room(POSTED)
        worker.wakeup.wake()
        await until(lambda: worker.outcomes["webhook", "not_now"] >= 1)
    assert len(world.receiver.received) == 1


async def test_many_failures_at_once_count_as_one(world: World) -> None:
    await world.hook("room.posted")
    await world.room(*[POSTED] * WEBHOOK_AT_ONCE)
    world.receiver.answer = b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == WEBHOOK_AT_ONCE)
    assert (await world.row()).failures == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n", "redirects"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "refuses (404)"),
        (b"what?\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
)
async def test_what_counts_as_a_failure(world: World, answer: bytes, says: str) -> None:
    await world.hook("room.posted")
    await world.room(POSTED)
    world.receiver.answer = answer
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == 1)
    assert says in ((await world.row()).last_error or "")
    assert len(world.receiver.received) == 1


async def test_a_silent_receiver_and_one_without_an_end_hold_nothing_up(world: World) -> None:
    await world.hook("room.posted")
    await world.room(POSTED)
    world.receiver.hangs = True
    async with world.working(timeout_s=0.2) as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == 1)
        assert "didn't answer" in ((await world.row()).last_error or "")
        world.receiver.hangs, world.receiver.floods = False, True
        world.receiver.answer = b"HTTP/1.1 200 OK\r\n\r\n"
        await world.come_due(worker)
        await until(lambda: worker.outcomes["webhook", "done"] == 1)


async def test_private_addresses_are_refused_unless_allowed(world: World) -> None:
    await world.hook("room.posted")
    await world.room(POSTED)
    async with world.working(allow_private=False) as worker:
        await until(lambda: worker.outcomes["webhook", "failed"] == 1)
    assert world.receiver.received == []
    assert "https://" in ((await world.row()).last_error or "")


async def test_long_failure_and_gone_disable_it_and_drop_what_waits(world: World) -> None:
    await world.hook("room.posted")
    await world.room(POSTED, POSTED)
    world.receiver.answer = b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"
    async with world.working() as worker:
        await until(lambda: sum(worker.outcomes.values()) == 2)
        assert not (await world.row()).active
        await world.come_due(worker)
        await until(lambda: worker.outcomes["webhook", "over"] >= 1)
        told = len(world.receiver.received)
        assert await world.webhooks.change(HOOK, url=None, types=None, active=True, **BY)
        assert (await world.row()).failures == 0
        async with lent(world.rig.pool) as connection:
            await connection.execute("delete from job")
            await connection.execute("update webhook set failing_since = 1, failures = 9")
        world.receiver.answer = b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"
        await world.room(POSTED)
        worker.wakeup.wake()
        await until(lambda: len(world.receiver.received) > told)

        async def disabled() -> bool:
            return not (await world.row()).active

        await until(disabled)
    acts = await rows(world.rig.pool, "select act, actor from audit_log order by id", {})
    assert [act for act, by in acts if by == "system"] == ["webhook.disable"] * 2


async def test_an_erased_body_isnt_told_and_a_direct_rooms_event_never(world: World) -> None:
    await world.hook("room.posted", "room.created")
    stream = await world.room(POSTED)
    direct = await world.room(("room.created", RoomCreated(name="", access="direct")))
    async with lent(world.rig.pool) as connection:
        await connection.execute(
            "update event set payload = null where seq = 1 and stream_id = %s", (stream[5:],)
        )
        await connection.execute(
            "insert into room (stream_id, access, history, slow_mode_s, creator, created_at)"
            " values (%s, 'direct', true, 0, %s, 1)",
            (direct[5:], ANN),
        )
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "done"] == 2)
    (got,) = world.receiver.received
    body = msgspec.json.decode(got.body)
    assert body["stream"] == stream
    assert "data" not in body


async def test_a_rotated_secret_and_the_former_one_are_both_good_for_a_day(world: World) -> None:
    await world.hook("room.posted")
    assert await world.webhooks.rotate(HOOK, at=world.clock.now(), **BY) == 2
    await world.room(POSTED)
    async with world.working() as worker:
        await until(lambda: worker.outcomes["webhook", "done"] == 1)
        async with lent(world.rig.pool) as connection:
            await connection.execute("update webhook set rotated_at = 1")
        await world.room(POSTED)
        worker.wakeup.wake()
        await until(lambda: worker.outcomes["webhook", "done"] == 2)
    now_s = world.clock.now() / 1000
    first, second = world.receiver.received
    for version in (1, 2):
        assert verify(derived_secret(KEY, HOOK, version), first.headers, first.body, now_s=now_s)
    assert verify(derived_secret(KEY, HOOK, 2), second.headers, second.body, now_s=now_s)
    with pytest.raises(ForgedWebhookError):
        verify(derived_secret(KEY, HOOK, 1), second.headers, second.body, now_s=now_s)


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name shows, which is its own authority, and who trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begins = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "certificate.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, secret)
    return server, ssl.create_default_context(cafile=chain)


@pytest.mark.parametrize(("host", "status"), [("hook.test", 204), ("other.test", None)])
async def test_the_certificate_must_be_the_hosts_though_the_address_is_dialled(
    world: World, tmp_path: Path, host: str, status: int | None
) -> None:
    server, client = certificate(tmp_path, "hook.test")

    async def lookup(name: str, port: int) -> Sequence[str]:
        assert name == host
        return ["127.0.0.1"]

    async with receiver(server) as it, webhook_client(client) as http:
        url = it.url.replace("http://127.0.0.1", f"https://{host}")
        await world.webhooks.add(HOOK, url, ["room.posted"], at=EPOCH_MS, most=20, **BY)
        await world.room(POSTED)
        settings = Settings(allow_private=True)
        delivery = WebhookDelivery(
            world.webhooks, http, settings, world.clock, SystemRandomness(), key=KEY, lookup=lookup
        )
        worker = JobWorker(world.jobs, [delivery.queue()], world.clock, SystemRandomness(), Wakeup())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.run)
            await until(lambda: sum(worker.outcomes.values()) == 1)
            nursery.cancel_scope.cancel()
    (told,) = await world.webhooks.deliveries(HOOK, before=None, limit=10)
    assert told.status == status, told
    assert len(it.received) == (0 if status is None else 1)
    if it.received:
        assert it.received[0].headers["host"].startswith("hook.test:")
