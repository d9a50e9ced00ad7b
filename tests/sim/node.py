"""One whole node in memory: everything the real one has, but for sockets and servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio

from actors.kind import Instant, Kind
from actors.ports import FencedError, InvalidTokenError, Login
from actors.relay import Relay
from actors.runtime.node import Runtime
from actors.session.outbox import Lane, Outboxes
from actors.session.registry import SessionRegistry
from actors.session.services import SessionServices
from actors.session.session import Session
from protocol.codec import FULL, codecs
from protocol.codes import CloseCode
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ports import SeededRandomness, TrioClock
from tests.sim.schedule import OUTBOX_BYTES_MAX
from tests.sim.wire import SimFraming, SimWire


class SimTokens:
    """A token is the user's id."""

    def verify(self, token: str, now: Instant) -> Login:
        """See the port."""
        if not token.startswith("user:"):
            raise InvalidTokenError
        return Login(user=token, expires_at=now + 86_400_000)


class SimNode:
    """A node from its start to its crash or its end."""

    def __init__(
        self, database: MemoryDatabase, kinds: Sequence[Kind[Any]], faults: Faults, seed: int
    ) -> None:
        self._clock = TrioClock()
        self._kinds = kinds
        self._faults = faults
        randomness = SeededRandomness(seed)
        self._directory = MemoryDirectory(database, self._clock)
        self.log = MemoryLog(database, self._clock, faults)
        self.relay = Relay(self.log, self._clock, randomness)
        self.outboxes = Outboxes(self._clock, bytes_max=OUTBOX_BYTES_MAX)
        self.registry = SessionRegistry()
        self._randomness = randomness
        commands = [command for kind in kinds for command in (*kind.commands, *kind.signals)]
        self.lanes = [
            Lane(codec, SimFraming(name)) for name, codec in codecs(dict.fromkeys((*FULL, *commands))).items()
        ]
        self.sessions: dict[Session, SimWire] = {}
        self.runtime: Runtime | None = None
        self.up = False
        self._nursery: trio.Nursery | None = None

    async def run(self) -> None:
        """Live until crashed or stopped. Whatever the log does, the node itself must not fall over."""
        fence = await self._directory.claim("sim")
        runtime = self.runtime = Runtime(
            kinds=self._kinds,
            log=self.log,
            fence=fence,
            clock=self._clock,
            randomness=self._randomness,
            publish=self.relay.publish,
            signalled=self.relay.signalled,
            digest_key=b"k" * 32,
        )
        self._services = SessionServices(
            node="sim",
            log=self.log,
            relay=self.relay,
            streams=runtime.router,
            tokens=SimTokens(),
            registry=self.registry,
            clock=self._clock,
            randomness=self._randomness,
        )
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                await nursery.start(runtime.run)
                await nursery.start(self.relay.run)
                await nursery.start(self.outboxes.run)
                nursery.start_soon(self._hold)
                self.up = True
        finally:
            self.up = False
            self._directory.drop()

    async def _hold(self) -> None:
        try:
            await self._directory.hold()
        except FencedError:
            self.crash()

    def connect(self, wire: SimWire, lane: int) -> bool:
        """Accept a connection; false when this node isn't up."""
        if not self.up or self._nursery is None:
            return False
        session = Session(self._services, self.outboxes.open(wire, self.lanes[lane]))
        self.sessions[session] = wire
        self._nursery.start_soon(self._serve, session, wire)
        return True

    async def _serve(self, session: Session, wire: SimWire) -> None:
        """The gateway's reader task: messages in, one at a time, until the connection is over."""
        try:
            async for message in wire.messages():
                await session.receive(message)
        finally:
            session.end()
            wire.cut()
            del self.sessions[session]

    def crash(self) -> None:
        """kill -9: nothing more is said or written by this node."""
        self.up = False
        for wire in list(self.sessions.values()):
            wire.kill()
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()

    async def stop(self) -> None:
        """SIGTERM: say goodbye, drain, go."""
        self.up = False
        for session in list(self.sessions):
            session.close(CloseCode.GOING_AWAY, retry_after_s=0.5)
        if self.runtime is not None:
            await self.runtime.drain(timeout_s=10.0)
        self.crash()
