"""The wiring of a node: every part, in the order in which each needs the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from socket import socket  # noqa: TID251 - a type
from typing import Final

import structlog
import trio
from msgspec import Struct
from quart_trio import QuartTrio

from actors.cluster.bridge import Bridge
from actors.cluster.clock import ClusterClock
from actors.cluster.fanout import Fanout
from actors.cluster.member import Membership
from actors.cluster.ownership import Ownership
from actors.domain.rate_limit import Rate
from actors.ports import Bus, Fence, LogUnavailableError
from actors.relay import Relay
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.session.outbox import Outboxes
from actors.session.registry import SessionRegistry
from actors.session.services import SessionServices
from actors.session.session import Session
from gatherup.auth.passwords import Passwords
from gatherup.auth.tokens import AccessTokens
from gatherup.canary import KIND, Air, Canary, CanaryKind
from gatherup.clock import SystemClock, stopwatch
from gatherup.config import Config
from gatherup.gateway import Gateway, lanes
from gatherup.http.accounts import AccountsResource
from gatherup.http.commands import Commands
from gatherup.http.endpoint import Gate
from gatherup.http.health import HealthResource
from gatherup.http.rooms import RoomsResource
from gatherup.http.server import create_app
from gatherup.http.throttle import Throttle
from gatherup.randomness import SystemRandomness
from gatherup.report import node_report, report_text
from gatherup.retention import sweep_receipts
from gatherup.start import joined
from gatherup.telemetry.loop_hold import LoopHold
from gatherup.telemetry.measures import NodeParts, measures_of
from gatherup.telemetry.metrics import registry_of
from protocol import limits
from protocol.codec import FULL, codecs
from storage.postgres.accounts import Accounts
from storage.postgres.canary import CanaryStreams
from storage.postgres.directory import RENEW_TIMEOUT_S, PostgresDirectory
from storage.postgres.log import PostgresLog, quick
from storage.postgres.pool import Pool
from storage.postgres.retention import Retention
from storage.postgres.rooms import Rooms
from storage.redis.bus import redis_bus

KINDS: Final = (RoomKind(), CanaryKind())
CLIENT_FRAMES: Final = tuple(
    dict.fromkeys((*FULL, *(f for k in KINDS if not k.internal for f in (*k.commands, *k.signals))))
)

_log = structlog.stdlib.get_logger("gatherup")


class Store(Struct, frozen=True, kw_only=True):
    """PostgreSQL and Redis, as this node has them, and its place among the others."""

    clock: ClusterClock
    pool: Pool
    log: PostgresLog
    directory: PostgresDirectory
    bus: Bus | None
    fence: Fence


class Node(Struct, frozen=True, kw_only=True):
    """A node that is wired and not running yet."""

    parts: NodeParts
    retention: Callable[[], Awaitable[None]]
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
        fence = await joined(config, directory, clock)
        try:
            yield Store(clock=clock, pool=pool, log=log, directory=directory, bus=bus, fence=fence)
        finally:
            with trio.CancelScope(shield=True):
                await _leave(directory, fence)


async def _leave(directory: PostgresDirectory, fence: Fence) -> None:
    """Everything of this run has ended: what it owned is anybody's."""
    try:
        await directory.leave(fence)
    except LogUnavailableError as error:
        _log.warning("the others find out by the lease that this node left", error=str(error))


def wired(config: Config, store: Store, listener: socket) -> Node:
    """Every part of a node, joined up."""
    clock, randomness = store.clock, SystemRandomness()
    tokens = AccessTokens(config.auth.token_key.key, lifetime_s=config.auth.access_token_s)
    ownership = Ownership(store.fence, clock, lease_s=config.cluster.lease_s)
    relay = Relay(store.log, clock, randomness)
    bridge = _bridge(config, store, ownership, relay)
    runtime = Runtime(
        kinds=KINDS,
        log=store.log,
        ownership=ownership,
        clock=clock,
        randomness=randomness,
        publisher=relay if bridge is None else Fanout(relay, bridge),
        peers=bridge,
        digest_key=config.runtime.receipt_key.key,
        lanes=config.postgres.committers,
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
    sessions = SessionRegistry()
    services = SessionServices(
        node=config.node.name,
        log=store.log,
        relay=relay,
        streams=runtime.router,
        tokens=tokens,
        registry=sessions,
        clock=clock,
        randomness=randomness,
    )
    outboxes = Outboxes(clock)
    gateway = Gateway(
        config.stream,
        sessions=partial(Session, services),
        outboxes=outboxes,
        lanes=lanes(codecs(CLIENT_FRAMES)),
        clock=clock,
        randomness=randomness,
        shared_port=config.node.share_ports,
    )
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
        http_answers=Counter(),
        loop_hold=LoopHold(stopwatch, hold_max_s=config.runtime.loop_hold_max_s),
        http_address=listener.getsockname()[:2],
    )
    retention = partial(sweep_receipts, Retention(store.pool), clock)
    app = _facade(config, store, parts, tokens)
    return Node(parts=parts, retention=retention, app=app, listener=listener)


def _bridge(config: Config, store: Store, ownership: Ownership, relay: Relay) -> Bridge | None:
    """None for a node without Redis, which is alone."""
    if store.bus is None or config.cluster.secret is None:
        return None
    return Bridge(
        bus=store.bus,
        log=store.log,
        ownership=ownership,
        relay=relay,
        kinds={kind.name: kind for kind in KINDS},
        clock=store.clock,
        randomness=SystemRandomness(),
        cluster=config.cluster.name,
        secret=config.cluster.secret.key,
    )


def _facade(config: Config, store: Store, parts: NodeParts, tokens: AccessTokens) -> QuartTrio:
    clock, keys_max = store.clock, config.http.addresses_max
    anonymous = Throttle(
        clock, Rate(config.http.anonymous_per_s, config.http.anonymous_burst), keys_max=keys_max
    )
    commands = Throttle(clock, Rate(limits.COMMANDS_PER_S, limits.COMMANDS_BURST), keys_max=keys_max)
    passwords = Passwords(
        hashers=config.auth.hashers,
        waiting_max=config.auth.hashes_waiting_max,
        memory_kib=config.auth.hash_memory_kib,
        passes=config.auth.hash_passes,
    )
    return create_app(
        Gate(tokens, clock, anonymous, proxy_hops=config.http.proxy_hops),
        parts.http_answers,
        AccountsResource(
            Accounts(store.pool),
            tokens,
            passwords,
            clock,
            SystemRandomness(),
            refresh_token_s=config.auth.refresh_token_s,
        ),
        RoomsResource(Rooms(store.pool), Commands(parts.runtime.router, commands)),
        HealthResource(parts.canary.readiness, registry_of(measures_of(parts))),
    )
