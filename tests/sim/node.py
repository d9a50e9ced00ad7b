"""One whole node in memory: everything the real one has, but for sockets and servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import trio
from typing_extensions import override

from actors.cluster.audible import Hearing
from actors.cluster.bridge import Bridge
from actors.cluster.clock import ClusterClock
from actors.cluster.fanout import Fanout
from actors.cluster.limits import LEASE_S
from actors.cluster.member import Membership, join
from actors.cluster.ownership import Change, Ownership
from actors.kind import Instant, Kind, tables_of
from actors.ports.cluster_view import Joining
from actors.ports.log import Fence, FencedError, LogUnavailableError
from actors.ports.logins import InvalidTokenError, Login, Tokens
from actors.relay import Relay
from actors.runtime.cell import Cell
from actors.runtime.node import Runtime
from actors.runtime.publisher import Publisher
from actors.session.connection_writer import ConnectionWriters, Lane
from actors.session.local_presence import node_presence
from actors.session.logins import LoginReader
from actors.session.read_markers import ReadMarkers
from actors.session.registry import SessionRegistry
from actors.session.rights import ReadRights
from actors.session.services import SessionServices
from actors.session.session import Session
from actors.session.unread import UnreadScheduler
from actors.session.watching import VisibilityChecks
from protocol.codec import FULL, codecs
from protocol.codes import CloseCode
from protocol.inbox import inbox_of
from protocol.nodes import NODE_PROTOCOL, link_key, secret_digest
from storage.memory.blocks import MemoryBlocks
from storage.memory.bus import MemoryBus, MemoryNetwork
from storage.memory.logins import MemoryLogins
from storage.memory.read_positions import MemoryReadPositions
from storage.memory.visibility import MemoryVisibility
from tests.counter_kind import STANDS
from tests.ports import SeededRandomness, TrioClock
from tests.sim.clock import SimClock
from tests.sim.executor import SimExecutor
from tests.sim.faults import Remote, SeededFaults
from tests.sim.observers import (
    ObservedDirectory,
    ObservedEar,
    ObservedEffects,
    ObservedLog,
    ObservedPublisher,
    ObservedQuestions,
    ObservedRouter,
)
from tests.sim.schedule import OUTBOX_BYTES_MAX
from tests.sim.truth import ObservedDatabase
from tests.sim.wire import SimFraming, SimWire

CLUSTER: Final = "sim"
SECRET: Final = b"a secret of the cluster"
CLOCK_SKEW_MAX_S: Final = 5.0
DRAIN_TIMEOUT_S: Final = 10.0


class SimTokens(Tokens):
    """A token is the user's id and the login's."""

    @override
    def verify(self, token: str, now: Instant) -> Login:
        user, _, login = token.partition(" ")
        if not user.startswith("user:"):
            raise InvalidTokenError
        return Login(user=user, login=login, expires_at=now + 86_400_000)


class SimNode:
    """One run of a node, from its start to its crash or its end."""

    def __init__(
        self,
        name: str,
        *,
        database: ObservedDatabase,
        network: MemoryNetwork | None,
        kinds: Sequence[Kind[Any]],
        faults: SeededFaults,
        note: Callable[..., None],
        seed: str,
    ) -> None:
        self.name = name
        self.clock = SimClock(f"clock {seed}")
        self.faults = faults
        self._kinds = kinds
        self._note = note
        self._time = ClusterClock(self.clock, skew_max_s=CLOCK_SKEW_MAX_S)
        self._randomness = SeededRandomness(f"node {seed}")
        servers = TrioClock()
        self._database = database
        directory = ObservedDirectory(database, self._busy, servers, faults)
        self._directory: Any = Remote(directory, self.clock, faults)
        log = ObservedLog(database, servers, faults, tables=tables_of(kinds))
        self._log: Any = Remote(log, self.clock, faults)
        self._logins: Any = Remote(MemoryLogins(database, database.ended, faults), self.clock, faults)
        self._bus = MemoryBus(network, name, self.clock) if network is not None else None
        blocks: Any = Remote(MemoryBlocks(database, faults), self.clock, faults)
        self.relay = Relay(self._log, self._time, self._randomness, blocks=blocks)
        self.writers = ConnectionWriters(self._time, bytes_max=OUTBOX_BYTES_MAX)
        self.registry = SessionRegistry()
        commands = [
            command for kind in kinds for command in (*kind.wire.all_commands, *kind.wire.all_signals)
        ]
        self.lanes = [
            Lane(codec, SimFraming(name)) for name, codec in codecs(dict.fromkeys((*FULL, *commands))).items()
        ]
        self.sessions: dict[Session, SimWire] = {}
        self.up = False
        """Whether it takes connections."""
        self.ownership: Ownership
        self.bridge: Bridge | None = None
        self.runtime: Runtime
        self.membership: Membership
        self._fence: Fence | None = None
        self._stopping = False
        self._scope = trio.CancelScope()
        self._nursery: trio.Nursery | None = None

    # --- its life ---

    async def run(self) -> None:
        """Live until crashed, stopped or fenced. Raises what keeps it from joining; nothing else may end it."""
        with self._scope:
            joining = Joining(
                name=self.name,
                cluster=CLUSTER,
                secret_digest=secret_digest(SECRET, CLUSTER),
                lease_s=LEASE_S,
                protocol=NODE_PROTOCOL,
                bridged=self._bus is not None,
                receipt_digest=b"r",
                token_digests=(b"t",),
            )
            fence = self._fence = await join(self._directory, joining, self._time)
            self._note("joins as", (fence.node, fence.number))
            STANDS.set(self._stand)
            self._compose(Ownership(fence, self._time))
            try:
                async with trio.open_nursery() as nursery:
                    self._nursery = nursery
                    await self._start(nursery)
                    self.up = not self._stopping
            finally:
                self.up = False

    def _compose(self, ownership: Ownership) -> None:
        self.ownership = ownership
        shared: dict[str, Any] = {
            "log": self._log,
            "ownership": ownership,
            "clock": self._time,
            "randomness": self._randomness,
        }
        publisher: Publisher = self.relay
        self.presence, local_presence = node_presence(ownership, self._time, self.relay, lambda user: None)
        if self._bus is not None:
            kinds = {kind.wire.name: kind for kind in self._kinds}
            ear = ObservedEar(self.relay, self._database, ownership, link_key(SECRET, CLUSTER))
            self.bridge = Bridge(
                presence=self.presence,
                bus=ear.over(self._bus),
                relay=self.relay,
                kinds=kinds,
                cluster=CLUSTER,
                secret=SECRET,
                **shared,
            )
            ObservedQuestions(self.bridge, self._database)
            publisher = Fanout(self.relay, self.bridge)
        publisher = ObservedPublisher(publisher, self._database, ownership.me)
        self.runtime = Runtime(
            kinds=self._kinds,
            publisher=publisher,
            executor=SimExecutor(self.clock, self.faults, f"executor {self.name} {ownership.me.number}"),
            peers=self.bridge,
            digest_key=b"k" * 32,
            **shared,
        )
        ObservedEffects(self.runtime.router, self._database, ownership.me)
        ObservedRouter(self.runtime.router, self._database, ownership.me)
        self.membership = Membership(
            directory=self._directory,
            ownership=ownership,
            streams=self.runtime,
            hears=self.hears if self.bridge is not None else tuple,
            hearing=Hearing(ownership.me.node),
            report=lambda: "{}",
            clock=self._time,
        )
        positions: Any = Remote(MemoryReadPositions(self._database, self.faults), self.clock, self.faults)
        self._read_markers = ReadMarkers(positions, self.runtime.router, self._time)
        self._unread = UnreadScheduler(self.relay, self._read_markers, self._time)
        self._services = SessionServices(
            node=self.name,
            rights=ReadRights(self._log, self._time),
            relay=self.relay,
            streams=self.runtime.router,
            tokens=SimTokens(),
            logins=LoginReader(self._logins, self._time),
            read_markers=self._read_markers,
            unread=self._unread,
            registry=self.registry,
            presence=self.presence,
            local_presence=local_presence,
            visibility=VisibilityChecks(MemoryVisibility(self._database), self._time),
            clock=self._time,
            randomness=self._randomness,
        )
        ownership.on_change(self._changed)

    def _changed(self, change: Change) -> None:
        if change.taken or change.lost:
            owned = len(self.ownership.view.owned_by(self.ownership.me.node))
            self._note(
                f"view {self.ownership.view.version}: owns {owned}, +{len(change.taken)} -{len(change.lost)}"
            )

    async def _start(self, nursery: trio.Nursery) -> None:
        await nursery.start(self.runtime.run)
        await nursery.start(self.relay.run)
        await nursery.start(self.writers.run)
        nursery.start_soon(self.presence.run)
        nursery.start_soon(self._services.visibility.run)
        nursery.start_soon(self._read_markers.run)
        nursery.start_soon(self._unread.run)
        if self.bridge is not None:
            await nursery.start(self.bridge.run, self.runtime.router)
        nursery.start_soon(self._be_member)
        nursery.start_soon(self._obey_drain)

    async def _be_member(self) -> None:
        try:
            await self.membership.run()
        except FencedError:
            self._note("is fenced")
            self.crash()

    async def _obey_drain(self) -> None:
        await self.membership.asked_to_drain.wait()
        await self._stop()

    @property
    def id(self) -> int | None:
        """Its number in the directory, once it joined."""
        return self._fence.node if self._fence is not None else None

    def _busy(self, shard: int) -> int:
        """How many streams of this shard it has in hand."""
        return len(self.runtime.supervisor._shards[shard])

    @property
    def cells(self) -> Iterator[Cell]:
        """Those that are active on it."""
        if self._fence is None or not hasattr(self, "runtime"):
            return
        for entities in self.runtime.supervisor._shards:
            yield from (entity.cell for entity in entities.values() if entity.cell is not None)

    def hears(self) -> tuple[int, ...]:
        """The ids of the members it hears."""
        return self.bridge.hears if self.bridge is not None else ()

    def crash(self) -> None:
        """kill -9: nothing more is said or written by this run."""
        self.up = False
        for wire in list(self.sessions.values()):
            wire.kill()
        self._scope.cancel()

    def _stand(self, by: str, client_id: str) -> None:
        """It decides what never ends, until it is killed."""
        self._note("stands with", client_id, "of", by)
        self._database.stands(by, client_id)
        self.crash()

    def terminate(self) -> None:
        """SIGTERM: hand the streams over, say goodbye, go."""
        if self._nursery is None:
            self.crash()
        elif not self._scope.cancel_called:
            self._nursery.start_soon(self._stop)

    async def _stop(self) -> None:
        await self.clock.thawed()
        if self._stopping:
            return
        self._stopping = True
        self._note("stops")
        self.up = False
        try:
            with self.clock.deadline(DRAIN_TIMEOUT_S):
                await self.membership.drain()
                self._note("is drained")
            for session in list(self.sessions):
                session.close(CloseCode.GOING_AWAY, retry_after_s=0.5)
            await self.membership.leave()
        except (FencedError, LogUnavailableError) as error:
            self._note("stops in a hurry:", repr(error))
        self.crash()

    # --- its clients ---

    def outlived(self, session: Session) -> str | None:
        """Which login this session speaks for though this node relayed its end; None if all is well."""
        if session.writer.closing or not session.ready:
            return None
        inbox, logins = inbox_of(session.user), list(session._authority._logins)
        entry = self.relay._entries.get(inbox)
        seqs = [self._database.login_ends.get((session.user, name), 0) for name in (*logins[-1:], None)]
        seq = min((seq for seq in seqs if seq), default=0)
        if not seq or entry is None or entry.head < seq:
            return None
        return f"{logins[-1]} of {session.user}, which event {seq} of {inbox} ended"

    def _check_right(self, session: Session) -> None:
        """Nothing goes to a session once its node relayed the end of its login."""
        if (login := self.outlived(session)) is not None:
            self._database.revoked_too_late(f"{self.name} still writes to a session of {login}")

    def connect(self, wire: SimWire, lane: int) -> bool:
        """Accept a connection; false when this node isn't up."""
        if not self.up or self._nursery is None:
            return False
        wire.serve(self.clock)
        session = Session(self._services, self.writers.open(wire, self.lanes[lane]))
        self.sessions[session] = wire
        wire.on_send = partial(self._check_right, session)
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
