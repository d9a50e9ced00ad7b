"""A node's life: it starts, serves, and lets go of everything in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final, cast

import structlog
import trio

from actors.ports.log import FencedError
from actors.ports.time import Clock
from gatherup.addresses import Addresses, addresses_of
from gatherup.app import Node, wired
from gatherup.clock import SystemClock
from gatherup.config import Config
from gatherup.garbage import relax_garbage_collection
from gatherup.http.server import serve_http
from gatherup.start import FencedOutError, StartRefusedError, bound, bound_inside, port_refused
from gatherup.store import member, opened
from gatherup.watchdog import watch_loop
from protocol import limits

FENCED_GOODBYE_S: Final = 1.0
"""Within this time a node whose run is over tells its clients to move."""
SETTLE_S: Final = 5.0
"""What commits under way get to come to an end when their streams were cut off. Their callers are told ``unknown``."""

FENCED_OUT: Final = "This run of the node is over: others took it for dead and have its streams."

_log = structlog.stdlib.get_logger("gatherup")


async def serve(config: Config, *, started: Callable[[Addresses], None] = lambda _: None) -> None:
    """Run a node until SIGINT or SIGTERM, then let it finish what it does; a second signal ends it at once. A loop that
    stands ends the process.

    ``started`` is called once every part serves. Raises StartRefusedError, FencedOutError.
    """
    relax_garbage_collection()
    stop = trio.Event()
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_await_signals, stop, nursery.cancel_scope.cancel)

            def watch() -> None:
                nursery.start_soon(watch_loop, SystemClock(), config.cluster.lease_s)

            # From the join on: wiring is one long step, the longer the busier the machine is.
            await run_node(config, stop, started, joined=watch)
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if (known := _sole(group)) is not None:
            raise known from None
        raise


async def run_node(
    config: Config,
    stop: trio.Event,
    started: Callable[[Addresses], None],
    *,
    joined: Callable[[], None] = lambda: None,
) -> None:
    """Run a node until ``stop`` is set, an operator drains it or its run is over. Raises as ``serve``, possibly in a
    group. ``joined`` is called once it is a member.

    Stopped while it starts it ends at once: nobody is served yet.
    """
    serving = trio.Event()

    def serves(addresses: Addresses) -> None:
        serving.set()
        started(addresses)

    with (
        bound(config.http, shared=config.node.share_ports) as listener,
        bound_inside(config.internal) or nullcontext() as internal,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_give_up_start, stop, serving, nursery.cancel_scope)
            async with opened(config) as store:
                # Wired first: it takes long on a busy machine, and from the join on the lease must be renewed.
                node = wired(config, store, listener, internal)
                async with member(config, store) as fence:
                    node.core.membership.enter(fence)
                    joined()
                    with node.core.loop_hold.watching():
                        await _Life(config, node, store.clock).run(stop, serves)
            nursery.cancel_scope.cancel()


async def _give_up_start(stop: trio.Event, serving: trio.Event, start: trio.CancelScope) -> None:
    """Joining may take a lease, and the first renewal as long as the database is away."""
    await stop.wait()
    if not serving.is_set():
        _log.info("ended before it served")
        start.cancel()


class _Life:
    """One run of a node."""

    def __init__(self, config: Config, node: Node, clock: Clock) -> None:
        self._config = config
        self._node = node
        self._core = node.core
        self._clock = clock
        self._fenced = trio.Event()
        """Set when this run is over: others have its streams."""
        self._serving = False
        """Whether every part runs: there is somebody to say goodbye to."""

    async def run(self, stop: trio.Event, started: Callable[[Addresses], None]) -> None:
        """Serve until ``stop`` is set, or something sets it; then end in order. Raises FencedOutError."""
        async with trio.open_nursery() as nursery:
            http_stop = trio.Event()
            http_ended = await self._start(nursery, stop, http_stop)
            address = self._node.listener.getsockname()[:2]
            self._serving = True
            started(addresses_of(address, next(iter(self._core.gateway.addresses), None)))
            await stop.wait()

            _log.info("shutting down", sessions=self._core.sessions.count)
            await self._be_lame_duck()
            # What doesn't end before the node does is given back then.
            nursery.start_soon(self._node.worker.stop)
            if not self._is_over:
                await self._hand_over()
            if not self._is_over:
                http_stop.set()
                await self._say_goodbye(self._config.stream.goodbye_spread_s)
                await http_ended.wait()
                await self._finish()
            if self._is_over:
                await self._say_goodbye(FENCED_GOODBYE_S)
            await self._keep_reads()
            nursery.cancel_scope.cancel()
        if self._is_over:
            raise FencedOutError(FENCED_OUT)

    @property
    def _is_over(self) -> bool:
        return self._fenced.is_set()

    async def _start(self, nursery: trio.Nursery, stop: trio.Event, http_stop: trio.Event) -> trio.Event:
        """Start every part; the event is set when the facade has ended."""
        core, stream = self._core, self._config.stream
        await nursery.start(core.relay.run)
        if core.bridge is not None:
            await nursery.start(core.bridge.run, core.runtime.router)
        await nursery.start(core.runtime.run)
        await nursery.start(core.writers.run)
        await nursery.start(self._stay_member, stop)
        if "stream" in self._config.node.roles:
            try:
                await nursery.start(core.gateway.run)
            except OSError as error:
                raise port_refused("GATHERUP_STREAM_PORT", stream.host, stream.port, error) from error
        http, internal = self._config.http, self._node.internal
        if internal is not None:  # until the node ends: probes ask while it stops, too
            await nursery.start(serve_http, internal.app, internal.listener, http, trio.Event().wait)
        ended = await nursery.start(serve_http, self._node.app, self._node.listener, http, http_stop.wait)
        nursery.start_soon(core.canary.run)
        for task in self._node.tasks:
            nursery.start_soon(task)
        nursery.start_soon(self._await_drain, stop)
        return cast(trio.Event, ended)

    async def _stay_member(
        self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        try:
            await self._core.membership.run(task_status)
        except FencedError:
            if not self._serving:
                raise FencedOutError(FENCED_OUT) from None
            self._fenced.set()
            stop.set()

    async def _await_drain(self, stop: trio.Event) -> None:
        await self._core.membership.asked_to_drain.wait()
        stop.set()

    async def _be_lame_duck(self) -> None:
        """Serve on, but unready: a proxy goes on sending new clients until it asks the next time."""
        self._core.canary.stopping = True
        with self._clock.deadline(self._config.node.lame_duck_s):
            await self._fenced.wait()

    async def _hand_over(self) -> None:
        """Give the streams to others first: this node's clients go on being served, through them."""
        with self._clock.deadline(self._config.runtime.drain_timeout_s) as scope:
            try:
                await self._core.membership.drain()
            except FencedError:
                self._fenced.set()
        if scope.cancelled_caught:
            _log.warning("not all streams were handed over in time", shards=len(self._core.ownership.shards))

    async def _say_goodbye(self, spread_s: float) -> None:
        await self._core.gateway.drain(spread_s + limits.CLOSE_TIMEOUT_S)

    async def _keep_reads(self) -> None:
        """Nobody marks anything as read here any more: keep what still waits."""
        kept = False
        with self._clock.deadline(SETTLE_S):
            kept = await self._core.read_markers.flush()
        if not kept:
            _log.warning("the last read positions weren't kept")

    async def _finish(self) -> None:
        """End the streams that nobody took, once nobody here uses them."""
        left, timeout_s = self._core.ownership.shards, self._config.runtime.drain_timeout_s
        self._core.ownership.hand_over(left)
        ended = False
        # A stream that is cut off waits for its commit, which may never settle while the log is away.
        with self._clock.deadline(timeout_s + SETTLE_S):
            ended = await self._core.runtime.release(left, timeout_s)
        if not ended:
            _log.warning("streams were cut off: they didn't end in time")


async def _await_signals(
    stop: trio.Event,
    end: Callable[[], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        # ``stop`` may be set by an operator's drain: a first signal on top of that cuts nothing off.
        signalled = False
        async for _ in signals:
            if signalled:
                end()
            signalled = True
            stop.set()


def _sole(error: BaseException) -> StartRefusedError | FencedOutError | None:
    """Find the error to show a person, if a group of exceptions holds it and nothing else."""
    if isinstance(error, StartRefusedError | FencedOutError):
        return error
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _sole(inner[0]) if len(inner) == 1 else None
