"""A chat on all nodes of a cluster: one member stays with each node, one goes where it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import httpx
import trio

from actors.ports.time import Clock
from gatherup.chaos.guest import Endpoint, Guest, Roaming
from gatherup.client import (
    Client,
    ClosedError,
    Event,
    Members,
    Offline,
    Online,
    Policy,
    RefusedError,
    Snapshot,
    Status,
    UnknownOutcomeError,
    connect,
)
from gatherup.playground.tally import Tally
from protocol.room.commands import CreateRoom, JoinRoom, PostMessage
from protocol.room.events import MessagePosted

POST_EVERY_S: Final = 0.5
"""Each member posts so often, or as soon as its last post is settled."""
HTTP_TIMEOUT_S: Final = 5.0
POLICY: Final = Policy(connect_timeout_s=3.0, backoff_min_s=0.1, backoff_max_s=1.0, refused_retry_for_s=60.0)
WANDERER: Final = "anywhere"

Say = Callable[[str], object]


class Talk:
    """The chat."""

    def __init__(self, endpoints: Sequence[Endpoint], clock: Clock, say: Say) -> None:
        self.tally: Final = Tally()
        self._endpoints = tuple(endpoints)
        self._clock = clock
        self._say = say
        self._room = ""
        self._offline: set[str] = set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Talk until cancelled; started once all are in the room. Raises TokenUnavailableError, ClientError."""
        members = {endpoint.name: [endpoint] for endpoint in self._endpoints}
        members[WANDERER] = list(self._endpoints)
        async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as api, trio.open_nursery() as nursery:
            clients: dict[str, Client] = {
                name: await nursery.start(self._connected, name, ends, api) for name, ends in members.items()
            }
            await self._furnish(clients)
            for name, client in clients.items():
                await nursery.start(self._follow, name, client)
                nursery.start_soon(self._post, name, client)
            task_status.started()

    async def _connected(
        self,
        name: str,
        endpoints: Sequence[Endpoint],
        api: httpx.AsyncClient,
        *,
        task_status: trio.TaskStatus[Client],
    ) -> None:
        guest = Guest(name, endpoints, api)
        await guest.sign_in()
        # The address stands in the connector.
        opening = connect(
            "ws://localhost/",
            token=guest.token,
            policy=POLICY,
            connector=Roaming(endpoints),
            on_status=partial(self._status, name),
        )
        async with opening as client:
            task_status.started(client)
            await trio.Event().wait()

    def _status(self, name: str, status: Status) -> None:
        if isinstance(status, Offline) and name not in self._offline:
            self._offline.add(name)
            self._say(f"The member at {name} lost its connection, and comes back by itself.")
        elif isinstance(status, Online) and name in self._offline:
            self._offline.remove(name)
            self._say(f"The member at {name} is back.")

    async def _furnish(self, clients: dict[str, Client]) -> None:
        first, *others = clients.values()
        made = await first.send(CreateRoom(client_id=first.new_id(), name="playground"))
        assert made.stream is not None  # a creating command's answer names it
        self._room = made.stream
        for other in others:
            await other.send(JoinRoom(client_id=other.new_id(), stream=self._room))

    async def _follow(self, name: str, client: Client, *, task_status: trio.TaskStatus[None]) -> None:
        members = Members()
        async with await client.subscribe(self._room) as stream:
            async for item in stream:
                members.take(item)
                self.tally.counts(members.count or 0)
                match item:
                    case Snapshot():
                        self.tally.begins(name, item.position.seq)
                        task_status.started()
                        task_status = trio.TASK_STATUS_IGNORED
                    case Event(header=header, payload=payload):
                        body = payload.body if isinstance(payload, MessagePosted) else ""
                        self.tally.sees(name, header.seq, body or "")
                    case _:
                        pass
        self._say(f"The member at {name} no longer follows the chat.")

    async def _post(self, name: str, client: Client) -> None:
        number = 0
        while True:
            number += 1
            begun, body = self._clock.monotonic(), f"{name} {number}"
            try:
                reply = await client.send(
                    PostMessage(client_id=client.new_id(), stream=self._room, body=body)
                )
            except (RefusedError, UnknownOutcomeError):
                self.tally.fails()
            except ClosedError:
                return
            else:
                assert reply.seq is not None
                self.tally.accepts(reply.seq, body, self._clock.monotonic() - begun)
            await self._clock.sleep_until(begun + POST_EVERY_S)
