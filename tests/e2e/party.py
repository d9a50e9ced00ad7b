"""Several SDK clients in one room, and what each of them saw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import trio

from gatherup.client import Client, Event, Policy, RefusedError, Signal, Snapshot, Status, connect
from protocol.frames import Accepted
from protocol.room.commands import CreateRoom, JoinRoom, PostMessage
from protocol.room.events import MessagePosted
from tests.e2e.installation import QUICK, Installation


@dataclass
class Guest:
    """One client: what it was answered, and what it saw."""

    client: Client
    statuses: list[Status]
    accepted: dict[int, str] = field(default_factory=dict)
    """Bodies by the seq that the reply named."""
    refused: dict[str, RefusedError] = field(default_factory=dict)
    """By the body."""
    seqs: list[int] = field(default_factory=list)
    """Of everything delivered, the first snapshot's included."""
    seen: dict[int, str] = field(default_factory=dict)
    """Bodies by the event's seq."""
    snapshots: int = 0
    _changed: trio.Condition = field(default_factory=trio.Condition)

    async def follow(self, room: str) -> None:
        async for item in await self.client.subscribe(room):
            match item:
                case Snapshot():
                    self.snapshots += 1
                    self.seqs.append(item.position.seq)
                case Event(header=header, payload=payload):
                    self.seqs.append(header.seq)
                    if isinstance(payload, MessagePosted):
                        assert header.seq not in self.seen
                        self.seen[header.seq] = payload.body
                case Signal():
                    continue
                case _:
                    raise AssertionError(item)
            async with self._changed:
                self._changed.notify_all()

    async def saw(self, count: int) -> None:
        """Return when so many messages were seen."""
        async with self._changed:
            while len(self.seen) < count:
                await self._changed.wait()

    async def post(self, room: str, body: str) -> Accepted | None:
        """Post; None if it was refused."""
        try:
            reply = await self.client.send(
                PostMessage(client_id=self.client.new_id(), stream=room, body=body)
            )
        except RefusedError as error:
            self.refused[body] = error
            return None
        assert reply.seq is not None
        self.accepted[reply.seq] = body
        return reply

    def check_order(self) -> None:
        """One snapshot, then every seq once, without a gap."""
        assert self.snapshots == 1
        assert self.seqs == list(range(self.seqs[0], self.seqs[0] + len(self.seqs)))
        assert self.client.violations == 0


@asynccontextmanager
async def party(
    installation: Installation, size: int, policy: Policy = QUICK
) -> AsyncIterator[tuple[str, list[Guest]]]:
    """A room with so many members, all following it."""
    async with AsyncExitStack() as stack:
        guests: list[Guest] = []
        for number in range(size):
            statuses: list[Status] = []
            token = await installation.guest(f"guest {number}")
            client = await stack.enter_async_context(
                connect(installation.stream_url, token=token, policy=policy, on_status=statuses.append)
            )
            guests.append(Guest(client, statuses))
        made = await guests[0].client.send(CreateRoom(client_id=guests[0].client.new_id(), name="party"))
        assert made.stream is not None
        for guest in guests[1:]:
            await guest.client.send(JoinRoom(client_id=guest.client.new_id(), stream=made.stream))
        async with trio.open_nursery() as nursery:
            for guest in guests:
                nursery.start_soon(guest.follow, made.stream)
            for guest in guests:
                while not guest.snapshots:
                    async with guest._changed:
                        if not guest.snapshots:
                            await guest._changed.wait()
            yield made.stream, guests
            nursery.cancel_scope.cancel()
