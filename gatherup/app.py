"""The wiring of a node: every part, in the order in which each needs the one before."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from socket import socket  # noqa: TID251 - a type
from typing import Final, cast

import structlog
import trio
from msgspec import Struct
from quart_trio import QuartTrio

from actors.domain.rate_limit import Rate
from actors.ports import AnotherNodeIsRunningError, Fence, FencedError, LogUnavailableError
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
from gatherup.clock import SystemClock
from gatherup.config import Config
from gatherup.gateway import STREAM_PATH, Gateway, GatewayOptions, lanes
from gatherup.http.accounts import AccountsResource
from gatherup.http.commands import Commands
from gatherup.http.endpoint import Gate
from gatherup.http.health import HealthResource
from gatherup.http.rooms import RoomsResource
from gatherup.http.server import bind, create_app, serve_http
from gatherup.http.throttle import Throttle
from gatherup.randomness import SystemRandomness
from gatherup.telemetry.measures import NodeParts, measures_of
from gatherup.telemetry.metrics import registry_of
from protocol import limits
from protocol.codec import codecs
from storage.postgres.accounts import Accounts
from storage.postgres.canary import CanaryStreams
from storage.postgres.directory import PostgresDirectory
from storage.postgres.log import PostgresLog, quick
from storage.postgres.pool import Pool
from storage.postgres.rooms import Rooms

UNDEFINED_FUNCTION: Final = "42883"

_log = structlog.stdlib.get_logger("gatherup")


class StartRefusedError(Exception):
    """The node can't start; the message is a sentence for a person."""


class FencedOutError(Exception):
    """Another node took over while this one ran."""


class Addresses(Struct, frozen=True, kw_only=True):
    """Where a node serves."""

    http: str
    stream: str


class Store(Struct, frozen=True, kw_only=True):
    """PostgreSQL, as this node has it."""

    pool: Pool
    log: PostgresLog
    directory: PostgresDirectory
    fence: Fence


class Node(Struct, frozen=True, kw_only=True):
    """A node that is wired and not running yet."""

    parts: NodeParts
    app: QuartTrio
    listener: socket


async def serve(config: Config, *, started: Callable[[Addresses], None] = lambda _: None) -> None:
    """Run a node until SIGINT or SIGTERM, then let it finish what it does; a second signal ends it at once.

    ``started`` is called once every part serves. Raises StartRefusedError, FencedOutError.
    """
    stop = trio.Event()
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_await_signals, stop, nursery.cancel_scope.cancel)
            await run_node(config, stop, started)
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if (known := _sole(group)) is not None:
            raise known from None
        raise


async def run_node(config: Config, stop: trio.Event, started: Callable[[Addresses], None]) -> None:
    """Run a node until ``stop`` is set or the claim is lost. Raises as ``serve``, possibly in a group."""
    listener = _bound(config)
    with listener:
        async with _opened(config) as store:
            node = _wired(config, store, listener)
            await _run(config, node, store.directory, stop, started)


# --- the parts -------------------------------------------------------------------------------------------


@asynccontextmanager
async def _opened(config: Config) -> AsyncGenerator[Store]:
    clock = SystemClock()
    dsn, settings = config.postgres.url.reveal(), config.postgres
    directory = PostgresDirectory(dsn, clock)
    async with (
        Pool(quick(dsn), size_max=settings.connections_max - settings.committers, autocommit=True) as pool,
        PostgresLog(dsn, pool, clock, links=settings.committers) as log,
    ):
        fence = await _claim(directory, config.node.name)
        try:
            yield Store(pool=pool, log=log, directory=directory, fence=fence)
        finally:
            with trio.CancelScope(shield=True):
                await directory.aclose()


def _wired(config: Config, store: Store, listener: socket) -> Node:
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
        GatewayOptions(
            host=config.stream.host,
            port=config.stream.port,
            goodbye_spread_s=config.stream.goodbye_spread_s,
        ),
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
    )
    return Node(parts=parts, app=_facade(config, store, parts, tokens), listener=listener)


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


# --- its life --------------------------------------------------------------------------------------------


async def _run(
    config: Config,
    node: Node,
    directory: PostgresDirectory,
    stop: trio.Event,
    started: Callable[[Addresses], None],
) -> None:
    parts = node.parts
    http_stop = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(parts.relay.run)
        await nursery.start(parts.runtime.run)
        await nursery.start(parts.outboxes.run)
        try:
            await nursery.start(parts.gateway.run)
        except OSError as error:
            raise _refused("GATHERUP_STREAM_PORT", config.stream.host, config.stream.port, error) from error
        http_ended = cast(
            trio.Event,
            await nursery.start(serve_http, node.app, node.listener, config.http, http_stop.wait),
        )
        nursery.start_soon(parts.canary.run)
        lost = await nursery.start(_hold, directory, stop)
        started(_addresses(node.listener.getsockname(), parts.gateway.addresses[0]))
        await stop.wait()

        _log.info("shutting down", sessions=parts.sessions.count)
        parts.canary.stopping = True
        http_stop.set()
        await parts.gateway.drain(config.stream.goodbye_spread_s + limits.CLOSE_TIMEOUT_S)
        await http_ended.wait()
        await parts.runtime.drain()
        nursery.cancel_scope.cancel()
    if lost.is_set():
        raise FencedOutError("Another node took this node's place; this one has stopped.")


async def _hold(
    directory: PostgresDirectory,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[trio.Event] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Keep the claim. When it is lost, set the event it started with, and ``stop``."""
    lost = trio.Event()
    task_status.started(lost)
    try:
        await directory.hold()
    except FencedError:
        lost.set()
        stop.set()


async def _await_signals(
    stop: trio.Event,
    end: Callable[[], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            if stop.is_set():
                end()
            stop.set()


async def _claim(directory: PostgresDirectory, name: str) -> Fence:
    try:
        return await directory.claim(name)
    except AnotherNodeIsRunningError:
        raise StartRefusedError(
            "another_node_is_running: another node serves this database; stop it first."
        ) from None
    except LogUnavailableError as error:
        if getattr(error.__cause__, "sqlstate", None) == UNDEFINED_FUNCTION:
            raise StartRefusedError("The database lacks GatherUp's schema: run `gatherup migrate`.") from None
        raise StartRefusedError(f"The database can't be reached: {_one_line(error)}") from error


def _bound(config: Config) -> socket:
    try:
        return bind(config.http.host, config.http.port)
    except OSError as error:
        raise _refused("GATHERUP_HTTP_PORT", config.http.host, config.http.port, error) from error


def _refused(variable: str, host: str, port: int, error: OSError) -> StartRefusedError:
    reason = _one_line(error.strerror or error)
    return StartRefusedError(f"{host} port {port} can't be listened on: {reason}. {variable} names another.")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _addresses(http: tuple[str, int], stream: tuple[str, int]) -> Addresses:
    return Addresses(http=f"http://{_host(http)}", stream=f"ws://{_host(stream)}{STREAM_PATH}")


def _host(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _sole(error: BaseException) -> StartRefusedError | FencedOutError | None:
    """What a person is told, if a group holds that and nothing else."""
    if isinstance(error, StartRefusedError | FencedOutError):
        return error
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _sole(inner[0]) if len(inner) == 1 else None
