"""The gateway: listens, accepts, holds everybody to their deadlines, and says goodbye."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping
from typing import Final

import trio

from actors.ports.logins import Tokens
from actors.ports.time import Clock, Randomness
from actors.session.connection_writer import ConnectionWriters, Lane
from gatherup.config import Stream
from gatherup.gateway import handshake
from gatherup.gateway.connection import Connection
from gatherup.gateway.context import Context, SessionFactory
from gatherup.gateway.counters import Counters
from gatherup.gateway.framing import WebSocketFraming
from gatherup.gateway.handshake import Rejected
from gatherup.gateway.limits import GOODBYE_BATCH, REFUSALS_MAX, SWEEP_BATCH, SWEEP_S
from gatherup.gateway.listener import accept_all, listen
from gatherup.gateway.sse import SseFraming
from gatherup.origins import Origins


class Gateway:
    """The WebSocket server of a node, which also serves Server-Sent Events.

    ``run`` serves until ``drain`` has ended every connection, or until it is cancelled; then every socket is
    closed and no task is left. The writers must be running as long. A bug in one connection ends that
    connection alone.
    """

    def __init__(
        self,
        config: Stream,
        *,
        sessions: SessionFactory,
        writers: ConnectionWriters,
        lanes: Mapping[str, Lane],
        events_lane: Lane,
        tokens: Tokens,
        clock: Clock,
        randomness: Randomness,
        shared_port: bool = False,
    ) -> None:
        made = [lane.framing for lane in (*lanes.values(), events_lane)]
        framings = [x for x in made if isinstance(x, WebSocketFraming | SseFraming)]
        self.counters: Final = Counters(framings, writers)
        self.addresses: list[tuple[str, int]] = []
        """Where it listens, once it does."""
        self._config = config
        self._shared_port = shared_port
        self._clock = clock
        self._randomness = randomness
        self._context = Context(
            sessions=sessions,
            writers=writers,
            lanes=lanes,
            events_lane=events_lane,
            tokens=tokens,
            clock=clock,
            counters=self.counters,
            origins=Origins(config.allowed_origins),
        )
        self._connections: dict[Connection, str] = {}
        """All that are open, with the peer's address."""
        self._by_address: Counter[str] = Counter()
        self._listeners: list[socket.socket] = []
        self._draining = False
        self._changed = trio.Event()
        self._drained = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve. Started once ``addresses`` are listened on. Raises OSError if they can't be."""
        self._listeners = await listen(self._config, shared=self._shared_port)
        self.addresses = [listener.getsockname()[:2] for listener in self._listeners]
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._sweep)
                for listener in self._listeners:
                    nursery.start_soon(self._accept, listener, nursery)
                task_status.started()
                await self._drained.wait()
                nursery.cancel_scope.cancel()
        finally:
            self._stop_listening()

    async def drain(self, timeout_s: float) -> None:
        """Stop accepting, tell everybody to come back, and end who is still there after the timeout.

        ``run`` returns thereafter.
        """
        self._draining = True
        self._stop_listening()
        with self._clock.deadline(timeout_s):
            await self._say_goodbye(min(self._config.goodbye_spread_s, timeout_s / 2))
            while self._connections:
                self._changed = trio.Event()
                await self._changed.wait()
        for connection in list(self._connections):
            connection.reset()
        self._drained.set()

    # --- connections coming and going ------------------------------------------------------------------

    async def _accept(self, listener: socket.socket, nursery: trio.Nursery) -> None:
        async for connected, address in accept_all(listener, self._clock, self.counters):
            if len(self._connections) >= self._config.connections_max + REFUSALS_MAX:
                self.counters.handshakes_refused[0] += 1
                connected.close()
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._config.send_buffer_bytes is not None:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._config.send_buffer_bytes)
            connection = Connection(self._context, connected, self._refusal(address))
            self._connections[connection] = address
            self._by_address[address] += 1
            self.counters.connections += 1
            nursery.start_soon(self._serve, connection)

    def _refusal(self, address: str) -> Rejected | None:
        config = self._config
        if self._draining:
            return handshake.DRAINING
        if len(self._connections) >= config.connections_max:
            return handshake.FULL
        limit = config.connections_per_address_max
        if limit is not None and self._by_address[address] >= limit:
            return handshake.ADDRESS_FULL
        return None

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            address = self._connections.pop(connection)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
            self.counters.connections -= 1
            self._changed.set()

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            trio.lowlevel.notify_closing(listener)
            listener.close()
        self._listeners.clear()

    # --- deadlines and the end -------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + SWEEP_S)
            for batch in _batches(list(self._connections), SWEEP_BATCH):
                now_s, now_ms = self._clock.monotonic(), self._clock.now()
                for connection in batch:
                    connection.sweep(now_s, now_ms)
                await trio.lowlevel.checkpoint()

    async def _say_goodbye(self, spread_s: float) -> None:
        """Tell everybody, in random order and evenly over the spread, to come back as spread."""
        everybody = sorted(self._connections, key=lambda _: self._randomness.uniform(0, 1))
        batches = _batches(everybody, GOODBYE_BATCH)
        begun = self._clock.monotonic()
        for number, batch in enumerate(batches):
            await self._clock.sleep_until(begun + spread_s * number / len(batches))
            for connection in batch:
                connection.go_away(self._randomness.uniform(0, self._config.goodbye_spread_s))


def _batches(connections: list[Connection], size: int) -> list[list[Connection]]:
    return [connections[i : i + size] for i in range(0, len(connections), size)]
