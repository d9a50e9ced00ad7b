"""The wiring of a node: every part, in the order in which each needs the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from hashlib import blake2b
from socket import socket  # noqa: TID251 - a type
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio
from msgspec import Struct
from quart_trio import QuartTrio

from actors.cluster.bridge import Bridge
from actors.cluster.clock import ClusterClock
from actors.cluster.fanout import Fanout
from actors.cluster.member import Membership
from actors.cluster.ownership import Ownership
from actors.inbox.kind import InboxKind
from actors.kind import Kind
from actors.limiting.rate_limit import Rate
from actors.ports.bus import Bus
from actors.ports.log import Fence, LogUnavailableError
from actors.ports.streams import Streams
from actors.ports.time import Clock
from actors.presence import Presence
from actors.presence.last_seen import LastSeen
from actors.relay import Relay
from actors.room.invites import InviteCodes
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.session.attendance import attended
from actors.session.heads import Pace
from actors.session.logins import LoginReader
from actors.session.outbox import Outboxes
from actors.session.reads import Reads
from actors.session.registry import SessionRegistry
from actors.session.services import SessionServices
from actors.session.session import Session
from actors.session.watching import Sights
from gatherup.auth.keys import KeyRing
from gatherup.auth.tokens import AccessTokens
from gatherup.auth.verified import VerifiedTokens
from gatherup.canary import KIND, Air, Canary, CanaryKind
from gatherup.clock import SystemClock, stopwatch
from gatherup.config import Config
from gatherup.features.accounts.parts import AccountParts, access_tokens, account_parts
from gatherup.features.admin.accounts import AdminResource
from gatherup.features.inbox.items import InboxResource
from gatherup.features.integrations.keys import KeysResource
from gatherup.features.integrations.server_api import MintResource, ServerRoomsResource
from gatherup.features.integrations.webhooks import WebhooksResource
from gatherup.features.people.deletion import DeletionResource
from gatherup.features.people.erasure import Erasure
from gatherup.features.people.people import PeopleResource
from gatherup.features.people.relations import RelationsResource
from gatherup.features.rooms.heads import HeadsResource
from gatherup.features.rooms.invites import InvitesResource
from gatherup.features.rooms.members import MembersResource
from gatherup.features.rooms.messages import MessagesResource
from gatherup.features.rooms.reports import ReportsResource
from gatherup.features.rooms.room_door import RoomDoor
from gatherup.features.rooms.rooms import RoomsResource
from gatherup.gateway import Gateway, SseLane, lanes
from gatherup.hooks import HookedRouter, loaded
from gatherup.http.commands import Commands
from gatherup.http.cors import Cors
from gatherup.http.gate import Gate, Throttles
from gatherup.http.health import HealthResource
from gatherup.http.live import LiveLogins
from gatherup.http.server import create_app
from gatherup.http.throttle import Throttle
from gatherup.jobs.node import NodeJobs, webhook_key
from gatherup.owed import OwedCommands
from gatherup.randomness import SystemRandomness
from gatherup.report import node_report, report_text
from gatherup.retention import chores, sweep
from gatherup.start import joined
from gatherup.telemetry.loop_hold import LoopHold
from gatherup.telemetry.measures import NodeParts, measures_of
from gatherup.telemetry.metrics import registry_of
from protocol import limits
from protocol.codec import FULL, Subprotocol, codecs
from protocol.inbox import KIND as INBOX
from storage.postgres.accounts.logins import PostgresLogins
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.driver.pool import Pool
from storage.postgres.inbox.items import Inboxes
from storage.postgres.integrations.keys import ApiKeys
from storage.postgres.integrations.webhooks import Webhooks
from storage.postgres.outbox.owed import Owed
from storage.postgres.people.erasure import Erasures
from storage.postgres.people.last_seen import PostgresLastSeen
from storage.postgres.people.people import People
from storage.postgres.people.relations import Relations
from storage.postgres.people.sight import PostgresSight
from storage.postgres.retention import Retention
from storage.postgres.rooms.messages import Messages
from storage.postgres.rooms.people import RoomPeople
from storage.postgres.rooms.read_positions import PostgresReadPositions
from storage.postgres.rooms.reports import Reports
from storage.postgres.rooms.rooms import Rooms
from storage.postgres.streams.canary import CanaryStreams
from storage.postgres.streams.directory import RENEW_TIMEOUT_S, PostgresDirectory
from storage.postgres.streams.log import PostgresLog, quick
from storage.redis.bus import redis_bus

if TYPE_CHECKING:
    from gatherup.telemetry.traces import OtelTracer


def invite_key_of(receipt_key: bytes) -> bytes:
    """What makes the codes of invites, derived from the key that all nodes share."""
    return blake2b(key=receipt_key, person=b"invite").digest()


def kinds_of(receipt_key: bytes) -> tuple[Kind[Any], ...]:
    """Every kind of stream, with the keys they need, derived from the one that all nodes share."""
    return RoomKind(invite_key_of(receipt_key)), InboxKind(), CanaryKind()


def told_outside(kind: Kind[Any]) -> bool:
    """Whether webhooks may be told of its events: inboxes are their owners' alone, canaries nobody's."""
    return kind.name != INBOX and bool(kind.client_commands)


CLIENT_FRAMES: Final = tuple(
    dict.fromkeys((*FULL, *(f for k in kinds_of(b"") for f in (*k.client_commands, *k.client_signals))))
)
"""Whatever a client may send, which depends on no key."""

_log = structlog.stdlib.get_logger("gatherup")


class Store(Struct, frozen=True, kw_only=True):
    """PostgreSQL and Redis, as this node has them, and its place among the others."""

    clock: ClusterClock
    pool: Pool
    log: PostgresLog
    directory: PostgresDirectory
    bus: Bus | None
    fence: Fence
    tracer: OtelTracer | None


class Node(Struct, frozen=True, kw_only=True):
    """A node that is wired and not running yet."""

    parts: NodeParts
    background: tuple[Callable[[], Awaitable[None]], ...]
    """What runs beside everything else until the node ends."""
    app: QuartTrio
    listener: socket


@asynccontextmanager
async def opened(config: Config) -> AsyncGenerator[Store]:
    """Be a member of the cluster for the block. Raises StartRefusedError."""
    clock = ClusterClock(SystemClock(), skew_max_s=config.cluster.clock_skew_max_s)
    dsn, settings = config.postgres.url.reveal(), config.postgres
    async with AsyncExitStack() as stack:
        pool = Pool(quick(dsn), size_max=settings.connections_max - settings.committers, autocommit=True)
        await stack.enter_async_context(pool)
        log = PostgresLog(dsn, pool, clock, links=settings.committers)
        await stack.enter_async_context(log)
        directory = await stack.enter_async_context(
            PostgresDirectory(dsn, clock, renew_timeout_s=min(RENEW_TIMEOUT_S, config.cluster.lease_s / 2))
        )
        bus: Bus | None = None
        if config.redis.url is not None:
            connecting = redis_bus(config.redis.url.reveal(), clock, SystemRandomness())
            bus = await stack.enter_async_context(connecting)
        tracer = await stack.enter_async_context(_tracer(config, clock))
        fence = await joined(config, directory, clock)
        try:
            yield Store(
                clock=clock, pool=pool, log=log, directory=directory, bus=bus, fence=fence, tracer=tracer
            )
        finally:
            with trio.CancelScope(shield=True):
                await _leave(directory, fence)


@asynccontextmanager
async def _tracer(config: Config, clock: Clock) -> AsyncGenerator[OtelTracer | None]:
    """The tracer of this node for the block; None without an endpoint: then nothing of OpenTelemetry is loaded."""
    if config.traces.endpoint is None:
        yield None
        return
    from gatherup.telemetry.traces import traces

    async with traces(config.traces, config.node.name, clock, SystemRandomness()) as tracer:
        yield tracer


async def _leave(directory: PostgresDirectory, fence: Fence) -> None:
    """Everything of this run has ended: what it owned is anybody's."""
    try:
        await directory.leave(fence)
    except LogUnavailableError as error:
        _log.warning("the others find out by the lease that this node left", error=str(error))


def wired(config: Config, store: Store, listener: socket) -> Node:
    """Every part of a node, joined up."""
    clock, randomness = store.clock, SystemRandomness()
    tokens = access_tokens(config)
    ownership = Ownership(store.fence, clock, lease_s=config.cluster.lease_s)
    relay = Relay(store.log, clock, randomness, store.tracer)
    presence, attendance = attended(ownership, clock, relay)
    last_seen = LastSeen(PostgresLastSeen(store.pool), clock)
    attendance.left = last_seen.left
    kinds = kinds_of(config.runtime.receipt_key.key)
    bridge = _bridge(config, store, kinds, ownership, relay, presence)
    runtime = Runtime(
        kinds=kinds,
        log=store.log,
        ownership=ownership,
        clock=clock,
        randomness=randomness,
        publisher=relay if bridge is None else Fanout(relay, bridge),
        peers=bridge,
        digest_key=config.runtime.receipt_key.key,
        lanes=config.postgres.committers,
        tracer=store.tracer,
    )
    membership = Membership(
        directory=store.directory,
        ownership=ownership,
        streams=runtime,
        clock=clock,
        report=lambda: report_text(node_report(parts)),
        hears=None if bridge is None else lambda: bridge.hears,
        lease_s=config.cluster.lease_s,
    )
    hooks = loaded(config.hooks.load or ())
    router = HookedRouter(runtime.router, hooks) if hooks else runtime.router
    jobs = NodeJobs(config, store.pool, clock, randomness)
    owed = OwedCommands(Owed(store.pool), runtime.router, kinds, clock, randomness)
    sessions = SessionRegistry()
    logins = LoginReader(PostgresLogins(store.pool, clock))
    reads = Reads(PostgresReadPositions(store.pool), runtime.router, clock)
    heads = Pace(relay, reads, clock)
    sights = Sights(PostgresSight(store.pool), clock)
    services = SessionServices(
        node=config.node.name,
        log=store.log,
        relay=relay,
        streams=router,
        tokens=tokens,
        logins=logins,
        registry=sessions,
        presence=presence,
        attendance=attendance,
        sights=sights,
        reads=reads,
        heads=heads,
        clock=clock,
        randomness=randomness,
    )
    outboxes = Outboxes(clock)
    gateway = _gateway(config, services, outboxes)
    air = Air(
        router=runtime.router,
        relay=relay,
        outboxes=outboxes,
        streams=CanaryStreams(store.pool, KIND),
        clock=clock,
        randomness=randomness,
    )
    parts = NodeParts(
        runtime=runtime,
        reads=reads,
        heads=heads,
        relay=relay,
        outboxes=outboxes,
        sessions=sessions,
        gateway=gateway,
        ownership=ownership,
        membership=membership,
        bridge=bridge,
        canary=Canary(
            config.canary,
            air,
            ownership,
            audible=lambda: membership.audibility,
            hears=lambda: membership.hears,
            skew_s=lambda: clock.skewed_s,
        ),
        jobs=jobs.worker,
        owed=owed,
        presence=presence,
        attendance=attendance,
        http_answers=Counter(),
        loop_hold=LoopHold(stopwatch, hold_max_s=config.runtime.loop_hold_max_s),
        http_address=listener.getsockname()[:2],
    )
    background = (
        partial(
            sweep, chores(Retention(store.pool), clock, guest_keep_days=config.auth.guest_keep_days), clock
        ),
        owed.run,
        reads.run,
        heads.run,
        presence.run,
        sights.run,
        last_seen.run,
        jobs.run,
        Erasure(Erasures(store.pool), runtime.router, clock).run,
    )
    app = _facade(config, store, parts, tokens, logins, router)
    return Node(parts=parts, background=background, app=app, listener=listener)


def _gateway(config: Config, services: SessionServices, outboxes: Outboxes) -> Gateway:
    """Sockets and Server-Sent Events, each connection a session."""
    spoken = codecs(CLIENT_FRAMES)
    return Gateway(
        config.stream,
        sessions=partial(Session, services),
        outboxes=outboxes,
        lanes=lanes(spoken),
        events_lane=SseLane(spoken[Subprotocol.JSON]),
        tokens=services.tokens,
        clock=services.clock,
        randomness=services.randomness,
        shared_port=config.node.share_ports,
    )


def _bridge(
    config: Config,
    store: Store,
    kinds: Sequence[Kind[Any]],
    ownership: Ownership,
    relay: Relay,
    presence: Presence,
) -> Bridge | None:
    """None for a node without Redis, which is alone."""
    if store.bus is None or config.cluster.secret is None:
        return None
    return Bridge(
        bus=store.bus,
        log=store.log,
        ownership=ownership,
        relay=relay,
        presence=presence,
        kinds={kind.name: kind for kind in kinds},
        clock=store.clock,
        randomness=SystemRandomness(),
        cluster=config.cluster.name,
        secret=config.cluster.secret.key,
    )


def _facade(
    config: Config,
    store: Store,
    parts: NodeParts,
    tokens: AccessTokens,
    logins: LoginReader,
    router: Streams,
) -> QuartTrio:
    clock, keys_max, owed = store.clock, config.http.addresses_max, parts.owed
    throttle = Throttle(clock, Rate(limits.COMMANDS_PER_S, limits.COMMANDS_BURST), keys_max=keys_max)
    throttles = Throttles(
        anonymous=Throttle(
            clock, Rate(config.http.anonymous_per_s, config.http.anonymous_burst), keys_max=keys_max
        ),
        users=Throttle(clock, Rate(limits.REQUESTS_PER_S, limits.REQUESTS_BURST), keys_max=keys_max),
        keys=Throttle(
            clock, Rate(limits.SERVER_COMMANDS_PER_S, limits.SERVER_COMMANDS_BURST), keys_max=limits.KEYS_MAX
        ),
    )
    commands = Commands(router, throttle)

    def poke() -> None:
        """Something was written that this node's tasks wait for: a letter, an owed command."""
        owed.poke()
        parts.jobs.poke()

    account = account_parts(config, store.pool, tokens, clock, SystemRandomness(), poke)
    return create_app(
        Gate(
            VerifiedTokens(tokens),
            LiveLogins(logins, clock),
            clock,
            throttles,
            keys=KeyRing(ApiKeys(store.pool), clock),
            proxy_hops=config.http.proxy_hops,
        ),
        parts.http_answers,
        Cors(config.stream.allowed_origins),
        *account.resources,
        *_room_resources(config, store, parts, commands),
        InboxResource(Inboxes(store.pool), commands),
        PeopleResource(People(store.pool), clock, throttle),
        RelationsResource(Relations(store.pool), clock, throttle, owed.poke),
        DeletionResource(Erasures(store.pool), account.passwords, clock, owed.poke),
        AdminResource(Admins(store.pool), AuditLog(store.pool), clock, owed.poke),
        *_server_resources(config, store, account, router),
        HealthResource(parts.canary.readiness, registry_of(measures_of(parts))),
        tracer=store.tracer,
    )


def _server_resources(
    config: Config, store: Store, account: AccountParts, router: Streams
) -> tuple[object, ...]:
    """What games' own backends do over HTTP, and the keys with which they do it."""
    clock, pool, randomness = store.clock, store.pool, SystemRandomness()
    rate = Rate(limits.SERVER_COMMANDS_PER_S, limits.SERVER_COMMANDS_BURST)
    commands = Commands(router, Throttle(clock, rate, keys_max=limits.KEYS_MAX))
    keys = ApiKeys(pool)
    return (
        KeysResource(keys, Admins(pool), clock, randomness),
        ServerRoomsResource(commands, router, keys, People(pool)),
        MintResource(account.accounts, account.admission, keys, clock),
        WebhooksResource(
            Webhooks(pool),
            clock,
            randomness,
            key=webhook_key(config.runtime.receipt_key.key),
            types=[name for kind in kinds_of(b"") if told_outside(kind) for name in kind.events],
            allow_private=config.webhooks.allow_private,
        ),
    )


def _room_resources(config: Config, store: Store, parts: NodeParts, commands: Commands) -> tuple[object, ...]:
    """Everything about rooms over HTTP."""
    clock, pool = store.clock, store.pool
    rooms, people, messages = Rooms(pool), RoomPeople(pool), Messages(pool)
    door = RoomDoor(rooms, parts.runtime.router)
    codes = InviteCodes(invite_key_of(config.runtime.receipt_key.key))
    looks = Rate(limits.INVITE_LOOKS_PER_S, limits.INVITE_LOOKS_BURST)
    signals = Rate(limits.SIGNALS_PER_S, limits.SIGNALS_BURST)
    throttle = partial(Throttle, clock, keys_max=config.http.addresses_max)
    return (
        HeadsResource(parts.reads, PostgresReadPositions(pool), throttle(signals)),
        RoomsResource(rooms, door, commands, clock),
        MembersResource(people, door, commands, clock),
        MessagesResource(messages, door, commands),
        InvitesResource(people, door, commands, codes, throttle(looks), clock),
        ReportsResource(Reports(pool), messages, door, Admins(pool), throttle(signals), clock),
    )
