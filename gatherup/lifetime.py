"""A node's life: it starts, serves, and lets go of everything in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import cast

import structlog
import trio

from actors.ports import FencedError
from gatherup.addresses import Addresses, addresses_of
from gatherup.app import Node, opened, wired
from gatherup.config import Config
from gatherup.garbage import relax_garbage_collection
from gatherup.http.server import serve_http
from gatherup.start import FencedOutError, StartRefusedError, bound, port_refused
from protocol import limits
from storage.postgres.directory import PostgresDirectory

_log = structlog.stdlib.get_logger("gatherup")


async def serve(config: Config, *, started: Callable[[Addresses], None] = lambda _: None) -> None:
    """Run a node until SIGINT or SIGTERM, then let it finish what it does; a second signal ends it at once.

    ``started`` is called once every part serves. Raises StartRefusedError, FencedOutError.
    """
    relax_garbage_collection()
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
    listener = bound(config.http)
    with listener:
        async with opened(config) as store:
            node = wired(config, store, listener)
            with node.parts.loop_hold.watching():
                await _run(config, node, store.directory, stop, started)


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
            raise port_refused(
                "GATHERUP_STREAM_PORT", config.stream.host, config.stream.port, error
            ) from error
        http_ended = cast(
            trio.Event,
            await nursery.start(serve_http, node.app, node.listener, config.http, http_stop.wait),
        )
        nursery.start_soon(parts.canary.run)
        nursery.start_soon(node.retention)
        lost = await nursery.start(_hold, directory, stop)
        started(addresses_of(node.listener.getsockname()[:2], parts.gateway.addresses[0]))
        await stop.wait()

        _log.info("shutting down", sessions=parts.sessions.count)
        parts.canary.stopping = True
        http_stop.set()
        await parts.gateway.drain(config.stream.goodbye_spread_s + limits.CLOSE_TIMEOUT_S)
        await http_ended.wait()
        await parts.runtime.drain(config.runtime.drain_timeout_s)
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


def _sole(error: BaseException) -> StartRefusedError | FencedOutError | None:
    """What a person is told, if a group holds that and nothing else."""
    if isinstance(error, StartRefusedError | FencedOutError):
        return error
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _sole(inner[0]) if len(inner) == 1 else None
