"""The Bus port on Redis or Valkey: frames by pub/sub.

Publishing is one pipeline on one connection (a pool would reorder); on a cluster one connection per server.
Listening is another connection, read by the listener's own task: no buffer lies between socket and ``heard``, so
nothing grows but the server's output buffer, which the server limits by cutting the connection.

This speaks RESP itself (resp.py, connection.py) and not through coredis: see docs/adr/0018.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import trio
from typing_extensions import override

from actors.ports.bus import Bus, BusUnavailableError
from actors.ports.time import Clock, Randomness
from storage.redis.address import Address, Endpoint, parse_address
from storage.redis.connection import Connection, connect
from storage.redis.resp import Reply, RespError, command
from storage.redis.side import TROUBLE, Cut, Side, reason
from storage.redis.subscription import Subscription, subscribe
from storage.redis.topology import topology

PUBLISH_TIMEOUT_S: Final = 1.0
"""One publish, connecting included."""
SUBSCRIBE_TIMEOUT_S: Final = 2.0
"""From connecting to being subscribed."""


@asynccontextmanager
async def redis_bus(url: str, clock: Clock, randomness: Randomness) -> AsyncGenerator[RedisBus]:
    """A bus for one node. Nothing is connected yet, so nothing fails here but the form of the URL (ValueError)."""
    bus = RedisBus(parse_address(url), clock, randomness)
    try:
        yield bus
    finally:
        bus.close()


class RedisBus(Bus):
    """The Bus port on Redis. After trouble, the next attempt waits a little: until then publishing fails at once."""

    def __init__(self, address: Address, clock: Clock, randomness: Randomness) -> None:
        self._address = address
        self._clock = clock
        self._randomness = randomness
        self._publishing = Side("publishing", clock, randomness)
        self._publishing_topology = topology(address, clock)
        self._connections: dict[Endpoint, Connection] = {}

    @override
    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        """Returns or raises within PUBLISH_TIMEOUT_S."""
        if not frames:
            await trio.lowlevel.checkpoint()
            return []
        if not self._publishing.may_try:
            await trio.lowlevel.checkpoint()
            raise BusUnavailableError(self._publishing.trouble)
        whole = False
        try:
            with self._clock.deadline(PUBLISH_TIMEOUT_S) as scope:
                counts = await self._publish(frames)
                whole = True
                self._publishing.works()
                return counts
        except TROUBLE as error:
            raise BusUnavailableError(self._publishing.fails(reason(error))) from error
        finally:
            if not whole:  # answers may be under way: none of these connections can be used again
                self.close()
        assert scope.cancelled_caught
        raise BusUnavailableError(self._publishing.fails(f"no answer in {PUBLISH_TIMEOUT_S} s"))

    def close(self) -> None:
        """Drop what publishing is connected to."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._publishing_topology = topology(self._address, self._clock)

    @override
    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        side = Side("listening", self._clock, self._randomness)
        while True:
            await side.wait_to_try()
            subscription: Subscription | None = None
            try:
                with self._clock.deadline(SUBSCRIBE_TIMEOUT_S) as scope:
                    subscription = await subscribe(self._address, self._clock, channel)
                if scope.cancelled_caught:
                    side.fails(f"not subscribed in {SUBSCRIBE_TIMEOUT_S} s")
                    continue
                assert subscription is not None
                side.works()
                connected(True)
                side.fails(await subscription.hear(heard))
                if subscription.moved:
                    self.close()  # publishing must not stay at a server that others left
                connected(False)
            except TROUBLE as error:
                side.fails(reason(error))
            finally:
                if subscription is not None:
                    subscription.close()

    async def _publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        """Each server's frames as one pipeline; all are sent before any answer is awaited."""
        where = self._publishing_topology
        routes = [await where.locate(channel) for channel, _ in frames]
        pipelines: dict[Endpoint, list[bytes]] = {}
        for endpoint, (channel, frame) in zip(routes, frames, strict=True):
            pipelines.setdefault(endpoint, []).append(command(where.publish, channel, frame))
        for endpoint in pipelines.keys() - self._connections.keys():
            self._connections[endpoint] = connection = await connect(self._address, endpoint)
            await where.check(connection)
        for endpoint, pipeline in pipelines.items():
            await self._connections[endpoint].send(b"".join(pipeline))
        answers = {
            endpoint: iter(await self._connections[endpoint].answers(len(pipeline)))
            for endpoint, pipeline in pipelines.items()
        }
        return [_count(next(answers[endpoint])) for endpoint in routes]


def _count(answer: Reply) -> int:
    match answer:
        case int():
            return answer
        case RespError():
            raise answer
        case _:
            raise Cut("the answer to a publish is no number")
