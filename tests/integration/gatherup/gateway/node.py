"""A whole node behind the gateway, but for its log, which is kept in memory: real rooms, sessions and tokens."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import trio

from actors.kind import tables_of
from actors.relay import Relay
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.session.local_presence import node_presence
from actors.session.logins import LoginReader
from actors.session.read_markers import ReadMarkers
from actors.session.registry import SessionRegistry
from actors.session.rights import ReadRights
from actors.session.services import SessionServices
from actors.session.session import Session
from actors.session.unread import UnreadScheduler
from actors.session.watching import VisibilityChecks
from gatherup.auth.tokens import AccessTokens
from protocol import limits
from protocol.codec import Subprotocol, codecs
from protocol.frames import (
    Accepted,
    Event,
    Frame,
    Goodbye,
    Hello,
    Refused,
    ServerFrame,
    Signalled,
    Subscribe,
    Subscribed,
    Welcome,
)
from protocol.presence import PRESENCE
from protocol.room.commands import CreateRoom, PostMessage
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.log import MemoryLog
from storage.memory.logins import MemoryLogins
from storage.memory.read_positions import MemoryReadPositions
from storage.memory.visibility import MemoryVisibility
from tests.integration.gatherup.gateway.serving import HandClock, Peer, Serving, serving
from tests.ownership import joined
from tests.ports import SeededRandomness

LIFETIME_S = 900
CODECS = codecs()
_client_ids = itertools.count(1)


def client_id() -> str:
    return f"00000000-0000-0000-0000-{next(_client_ids):012x}"


def user_id(number: int) -> str:
    return f"user:{number:032x}"


class Node:
    """What ``serving_node`` gives."""

    def __init__(self, served: Serving, tokens: AccessTokens) -> None:
        self.served = served
        self.tokens = tokens

    def token(self, user: str) -> str:
        return self.tokens.issue(user, "1" * 32, self.served.clock.now())[0]

    async def client(self, subprotocol: Subprotocol = Subprotocol.MSGPACK) -> Client:
        """A connection that hasn't said hello."""
        return Client(await self.served.peer(subprotocol), subprotocol)

    async def greeted(self, user: str, subprotocol: Subprotocol = Subprotocol.MSGPACK) -> Client:
        client = await self.client(subprotocol)
        await client.tell(Hello(token=self.token(user)))
        assert isinstance(await client.frame(), Welcome)
        return client

    async def witness(self) -> Witness:
        """A healthy client in its own room."""
        client = await self.greeted(user_id(1))
        create = CreateRoom(client_id=client_id(), name="witness")
        await client.tell(create)
        accepted = await client.frame()
        assert isinstance(accepted, Accepted), accepted
        assert accepted.stream is not None
        await client.tell(Subscribe(client_id=client_id(), stream=accepted.stream))
        assert isinstance(await client.frame(), Subscribed)
        return Witness(client, accepted.stream, self.served.clock)


class Client:
    """Speaks frames over a strict peer."""

    def __init__(self, peer: Peer, subprotocol: Subprotocol) -> None:
        self.peer = peer
        self.codec = CODECS[subprotocol]
        self.presence: list[Mapping[str, object]] = []

    async def tell(self, frame: Frame | dict[str, object]) -> None:
        data = self.codec.encode(frame) if isinstance(frame, Frame) else self.encode(frame)
        await self.peer.send(data)

    def encode(self, value: object) -> bytes:
        return (msgspec.msgpack if self.codec.binary else msgspec.json).encode(value)

    async def frame(self) -> ServerFrame:
        """The next frame; what is told of presence comes at its own pace, and is kept aside."""
        while True:
            frame = self.codec.decode_server(await self.peer.receive())
            if not (isinstance(frame, Signalled) and frame.type == PRESENCE):
                return frame
            self.presence.append(frame.data)

    async def refusal(self) -> Refused:
        frame = await self.frame()
        assert isinstance(frame, Refused), frame
        return frame

    async def closed(self) -> int:
        """The close code; the goodbye before it must say the same."""
        code = await self.peer.close_code()
        last = [f for f in self.peer.frames if f.opcode in (1, 2)][-1]
        goodbye = self.codec.decode_server(bytes(last.data))
        assert isinstance(goodbye, Goodbye)
        assert goodbye.code == code
        return code


class Witness:
    """Posts to its room and gets the event back."""

    def __init__(self, client: Client, room: str, clock: HandClock) -> None:
        self.client = client
        self._clock = clock
        self.room = room

    async def check(self) -> None:
        await self.client.tell(PostMessage(client_id=client_id(), stream=self.room, body="still here?"))
        assert isinstance(await self.client.frame(), Accepted)
        await self._clock.advance(2 * limits.FLUSH_TICK_MIN_S)  # the room may be busy: its flush waits
        assert isinstance(await self.client.frame(), Event)


@asynccontextmanager
async def serving_node() -> AsyncIterator[Node]:
    clock, randomness = HandClock(), SeededRandomness(7)
    database = MemoryDatabase()
    kinds = [RoomKind(bytes(32))]
    log = MemoryLog(database, clock, tables=tables_of(kinds))
    ownership = await joined(MemoryDirectory(database, clock), clock)
    relay = Relay(log, clock, randomness)
    runtime = Runtime(
        kinds=kinds,
        log=log,
        ownership=ownership,
        clock=clock,
        randomness=randomness,
        publisher=relay,
        executor=MemoryExecutor(),
        digest_key=bytes(32),
    )
    tokens = AccessTokens(bytes(range(32)), lifetime_s=LIFETIME_S)
    read_markers = ReadMarkers(MemoryReadPositions(database), runtime.router, clock)
    unread = UnreadScheduler(relay, read_markers, clock)
    presence, local_presence = node_presence(ownership, clock, relay, lambda user: None)
    services = SessionServices(
        node="node-1",
        rights=ReadRights(log, clock),
        relay=relay,
        streams=runtime.router,
        tokens=tokens,
        logins=LoginReader(MemoryLogins(database, set()), clock),
        registry=SessionRegistry(),
        presence=presence,
        local_presence=local_presence,
        visibility=VisibilityChecks(MemoryVisibility(database), clock),
        read_markers=read_markers,
        unread=unread,
        clock=clock,
        randomness=randomness,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(relay.run)
        await nursery.start(runtime.run)
        nursery.start_soon(read_markers.run)
        nursery.start_soon(unread.run)
        nursery.start_soon(presence.run)
        nursery.start_soon(services.visibility.run)
        async with serving(sessions=partial(Session, services), clock=clock, tokens=tokens) as served:
            yield Node(served, tokens)
        nursery.cancel_scope.cancel()
