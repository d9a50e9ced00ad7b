"""The wiring of a node: every part, in the order in which each needs the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from socket import socket  # noqa: TID251 - a type

import trio
from msgspec import Struct
from quart_trio import QuartTrio

from actors.domain.rate_limit import Rate
from actors.ports import Fence
from actors.relay import Relay
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.session.outbox import Outboxes
from actors.session.registry import SessionRegistry
from actors.session.services import SessionServices
from actors.session.session import Session
from gatherup import canary
from gatherup.auth.passwords import Passwords
from gatherup.auth.tokens import AccessTokens
from gatherup.canary import Canary, CanaryKind
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
from gatherup.retention import sweep_receipts
from gatherup.start import claim
from gatherup.telemetry.loop_hold import LoopHold
from gatherup.telemetry.measures import NodeParts, measures_of
from gatherup.telemetry.metrics import registry_of
from protocol import limits
from protocol.codec import codecs
from storage.postgres.accounts import Accounts
from storage.postgres.canary import CanaryStreams
from storage.postgres.directory import PostgresDirectory
from storage.postgres.log import PostgresLog, quick
from storage.postgres.pool import Pool
from storage.postgres.retention import Retention
from storage.postgres.rooms import Rooms


class Store(Struct, frozen=True, kw_only=True):
    """PostgreSQL, as this node has it."""

    pool: Pool
    log: PostgresLog
    directory: PostgresDirectory
    fence: Fence


class Node(Struct, frozen=True, kw_only=True):
    """A node that is wired and not running yet."""

    parts: NodeParts
    retention: Callable[[], Awaitable[None]]
    app: QuartTrio
    listener: socket


@asynccontextmanager
async def opened(config: Config) -> AsyncGenerator[Store]:
    """PostgreSQL for the block, claimed for this node. Raises StartRefusedError."""
    clock = SystemClock()
    dsn, settings = config.postgres.url.reveal(), config.postgres
    directory = PostgresDirectory(dsn, clock)
    async with (
        Pool(quick(dsn), size_max=settings.connections_max - settings.committers, autocommit=True) as pool,
        PostgresLog(dsn, pool, clock, links=settings.committers) as log,
    ):
        fence = await claim(directory, config.node.name)
        try:
            yield Store(pool=pool, log=log, directory=directory, fence=fence)
        finally:
            with trio.CancelScope(shield=True):
                await directory.aclose()


def wired(config: Config, store: Store, listener: socket) -> Node:
    """Every part of a node, joined up."""
    clock, randomness = SystemClock(), SystemRandomness()
    tokens = AccessTokens(config.auth.token_key.key, lifetime_s=config.auth.access_token_s)
    relay = Relay(store.log, clock, randomness)
    runtime = Runtime(
        kinds=(RoomKind(), CanaryKind()),
        log=store.log,
        fence=store.fence,
        clock=clock,
        randomness=randomness,
        publish=relay.publish,
        signalled=relay.signalled,
        digest_key=config.runtime.receipt_key.key,
        lanes=config.postgres.committers,
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
        lanes=lanes(codecs()),
        clock=clock,
        randomness=randomness,
    )
    streams = CanaryStreams(store.pool, canary.KIND)
    bird = Canary(config.canary, runtime.router, relay, outboxes, streams, clock, randomness)
    parts = NodeParts(
        runtime=runtime,
        relay=relay,
        outboxes=outboxes,
        sessions=sessions,
        gateway=gateway,
        canary=bird,
        http_answers=Counter(),
        loop_hold=LoopHold(stopwatch, hold_max_s=config.runtime.loop_hold_max_s),
    )
    retention = partial(sweep_receipts, Retention(store.pool), clock)
    app = _facade(config, store, parts, tokens)
    return Node(parts=parts, retention=retention, app=app, listener=listener)


def _facade(config: Config, store: Store, parts: NodeParts, tokens: AccessTokens) -> QuartTrio:
    clock, keys_max = SystemClock(), config.http.addresses_max
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
        HealthResource(parts.canary.why_unready, registry_of(measures_of(parts))),
    )
