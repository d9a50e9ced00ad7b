"""One subscription of one channel on a connection of its own, until it is cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from actors.ports.time import Clock
from storage.redis.address import Address
from storage.redis.connection import Connection, connect
from storage.redis.resp import Reply, RespError, command
from storage.redis.side import TROUBLE, Cut, reason
from storage.redis.topology import NoServerError, Topology, topology

PING_AFTER_S: Final = 1.0
"""A listener that hears nothing for this long asks whether the server is there, and gives it as long again."""
MOVED_CHECK_S: Final = 2.0
"""How often a listener asks whether its channel is at another server now, where it may move."""

_PING: Final = command("PING")


async def subscribe(address: Address, clock: Clock, channel: str) -> Subscription:
    """Find the channel's server, connect, subscribe. Raises one of TROUBLE. The caller limits the time."""
    where = topology(address, clock)
    connection = await connect(address, await where.locate(channel))
    try:
        await where.check(connection)
        await connection.call(where.subscribe, channel)
    except BaseException:
        connection.close()
        raise
    return Subscription(connection, where, clock, channel)


class Subscription:
    """What is published reaches it from now on, until ``hear`` returns."""

    def __init__(self, connection: Connection, where: Topology, clock: Clock, channel: str) -> None:
        self._connection = connection
        self._where = where
        self._clock = clock
        self._channel = channel
        self.moved = False
        """Whether it ended because the channel is at another server now."""

    async def hear(self, heard: Callable[[bytes], None]) -> str:
        """Hand every frame over, in order, at once. Returns why that ended."""
        async with trio.open_nursery() as nursery:
            if self._where.moves:
                nursery.start_soon(self._watch, nursery.cancel_scope)
            trouble = await self._read(heard)
            nursery.cancel_scope.cancel()
            return trouble
        return "the channel is at another server now"

    def close(self) -> None:
        """End the connection. Idempotent."""
        self._connection.close()

    async def _read(self, heard: Callable[[bytes], None]) -> str:
        pinged = False
        try:
            while True:
                arrived: list[Reply] = []
                with self._clock.deadline(PING_AFTER_S) as scope:
                    arrived = await self._connection.receive()
                if not scope.cancelled_caught:
                    pinged = False
                    for reply in arrived:
                        self._take(reply, heard)
                elif pinged:
                    return f"the server was silent for {2 * PING_AFTER_S} s"
                else:
                    pinged = True
                    with self._clock.deadline(PING_AFTER_S):
                        await self._connection.send(_PING)
        except TROUBLE as error:
            return reason(error)

    def _take(self, reply: Reply, heard: Callable[[bytes], None]) -> None:
        match reply:
            case [b"message" | b"smessage", bytes(), bytes() as frame]:
                heard(frame)
            case [b"pong", *_]:
                pass
            case RespError():
                raise reply
            case _:  # above all sunsubscribe: the slot went to another server
                raise Cut("the server ended the subscription")

    async def _watch(self, scope: trio.CancelScope) -> None:
        """Cancel the scope once the channel is at another server than this one."""
        here = self._connection.endpoint
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + MOVED_CHECK_S)
            try:
                await self._where.refresh()
                moved = await self._where.locate(self._channel) != here
            except NoServerError:
                continue  # nobody knows better: this server is kept while it answers
            if moved:
                self.moved = True
                scope.cancel()
