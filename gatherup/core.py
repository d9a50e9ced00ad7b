"""The engine of a node, wired: streams, their delivery, the cluster and the gateway. No feature is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from actors.cluster.audible import Hearing
from actors.cluster.bridge import Bridge
from actors.cluster.fanout import Fanout
from actors.cluster.member import Membership
from actors.cluster.ownership import NOBODY, Ownership
from actors.kind import Kind
from actors.ports.streams import Streams
from actors.presence import Presence
from actors.presence.last_seen import LastSeen
from actors.relay import Relay
from actors.runtime.limits import WORKS_AT_ONCE
from actors.runtime.node import Runtime
from actors.runtime.publisher import Publisher
from actors.session.connection_writer import ConnectionWriters
from actors.session.local_presence import LocalPresence, node_presence
from actors.session.logins import LoginReader
from actors.session.read_markers import ReadMarkers
from actors.session.registry import SessionRegistry
from actors.session.rights import ReadRights
from actors.session.services import SessionServices
from actors.session.session import Session
from actors.session.unread import UnreadScheduler
from actors.session.watching import VisibilityChecks
from gatherup.auth.tokens import AccessTokens
from gatherup.canary import Canary, ProbeContext
from gatherup.clock import stopwatch
from gatherup.config import Config
from gatherup.feature import Task
from gatherup.gateway import Gateway, SseLane, lanes
from gatherup.hooks import Hooks, hooked
from gatherup.offloop.pool import OffLoop
from gatherup.report import Reporter
from gatherup.store import Store
from gatherup.telemetry.loop_hold import LoopHold
from protocol.codec import Subprotocol, client_frames, codecs
from storage.postgres.accounts.logins import PostgresLogins
from storage.postgres.people.blocks import PostgresBlocks
from storage.postgres.people.last_seen import PostgresLastSeen
from storage.postgres.people.visibility import PostgresVisibility
from storage.postgres.rooms.read_positions import PostgresReadPositions


class Core(Struct, frozen=True, kw_only=True):
    """The parts of a node that every feature stands on, and that its life starts and ends in order."""

    runtime: Runtime
    relay: Relay
    bridge: Bridge | None
    """None for a node without Redis, which is alone."""
    ownership: Ownership
    membership: Membership
    sessions: SessionRegistry
    streams: Streams
    """What clients send goes this way: through the hooks of the community."""
    logins: LoginReader
    rights: ReadRights
    read_markers: ReadMarkers
    unread: UnreadScheduler
    presence: Presence
    local_presence: LocalPresence
    writers: ConnectionWriters
    gateway: Gateway
    canary: Canary
    loop_hold: LoopHold
    tasks: tuple[Task, ...]
    """What runs beside the parts above, in any order."""


def core_of(
    config: Config,
    store: Store,
    kinds: Sequence[Kind[Any]],
    tokens: AccessTokens,
    hooks: Hooks,
    http_address: tuple[str, int],
) -> Core:
    """The engine, joined up. ``http_address`` is where the facade listens, for operators to be told."""
    clock = store.clock
    ownership = Ownership(NOBODY, clock, lease_s=config.cluster.lease_s)
    relay = Relay(store.log, clock, store.randomness, store.tracer, PostgresBlocks(store.pool, clock))
    last_seen = LastSeen(PostgresLastSeen(store.pool), clock)
    presence, local_presence = node_presence(ownership, clock, relay, last_seen.left)
    bridge = _bridge(config, store, kinds, ownership, relay, presence)
    publisher = relay if bridge is None else Fanout(relay, bridge)
    off_loop = OffLoop(processes=WORKS_AT_ONCE, waiting_max=0)
    runtime = _runtime(config, store, kinds, ownership, publisher, bridge, off_loop)
    streams = hooked(runtime.router, hooks)
    services = _services(config, store, relay, runtime, streams, tokens, presence, local_presence)
    writers = ConnectionWriters(clock)
    gateway = _gateway(config, services, writers, kinds)
    hears, hearing = _hears(bridge), Hearing(ownership.me.node)
    canary = _canary(config, store, runtime, relay, writers, ownership, bridge, hearing)
    loop_hold = LoopHold(stopwatch, hold_max_s=config.runtime.loop_hold_max_s)
    reporter = Reporter(
        http_address, gateway, services.registry, runtime, relay, bridge, canary, loop_hold, clock
    )
    membership = Membership(
        directory=store.directory,
        ownership=ownership,
        streams=runtime,
        clock=clock,
        report=reporter.text,
        hears=hears,
        hearing=hearing,
        lease_s=config.cluster.lease_s,
    )
    return Core(
        runtime=runtime,
        relay=relay,
        bridge=bridge,
        ownership=ownership,
        membership=membership,
        sessions=services.registry,
        streams=streams,
        logins=services.logins,
        rights=services.rights,
        read_markers=services.read_markers,
        unread=services.unread,
        presence=presence,
        local_presence=local_presence,
        writers=writers,
        gateway=gateway,
        canary=canary,
        loop_hold=loop_hold,
        tasks=(
            services.read_markers.run,
            services.unread.run,
            services.visibility.run,
            presence.run,
            last_seen.run,
            off_loop.close_at_end,
        ),
    )


def _runtime(
    config: Config,
    store: Store,
    kinds: Sequence[Kind[Any]],
    ownership: Ownership,
    publisher: Publisher,
    bridge: Bridge | None,
    off_loop: OffLoop,
) -> Runtime:
    return Runtime(
        kinds=kinds,
        log=store.log,
        ownership=ownership,
        clock=store.clock,
        randomness=store.randomness,
        publisher=publisher,
        peers=bridge,
        executor=off_loop,
        digest_key=config.runtime.receipt_key.key,
        commit_connections=config.postgres.committers,
        tracer=store.tracer,
    )


def _bridge(
    config: Config,
    store: Store,
    kinds: Sequence[Kind[Any]],
    ownership: Ownership,
    relay: Relay,
    presence: Presence,
) -> Bridge | None:
    if store.bus is None or config.cluster.secret is None:
        return None
    return Bridge(
        bus=store.bus,
        log=store.log,
        ownership=ownership,
        relay=relay,
        presence=presence,
        kinds={kind.wire.name: kind for kind in kinds},
        clock=store.clock,
        randomness=store.randomness,
        cluster=config.cluster.name,
        secret=config.cluster.secret.key,
    )


def _services(
    config: Config,
    store: Store,
    relay: Relay,
    runtime: Runtime,
    streams: Streams,
    tokens: AccessTokens,
    presence: Presence,
    local_presence: LocalPresence,
) -> SessionServices:
    clock, pool = store.clock, store.pool
    read_markers = ReadMarkers(PostgresReadPositions(pool), runtime.router, clock)
    return SessionServices(
        node=config.node.name,
        rights=ReadRights(store.log, clock),
        relay=relay,
        streams=streams,
        tokens=tokens,
        logins=LoginReader(PostgresLogins(pool.first, clock), clock),
        registry=SessionRegistry(),
        presence=presence,
        local_presence=local_presence,
        visibility=VisibilityChecks(PostgresVisibility(pool), clock),
        read_markers=read_markers,
        unread=UnreadScheduler(relay, read_markers, clock),
        clock=clock,
        randomness=store.randomness,
    )


def _hears(bridge: Bridge | None) -> Callable[[], tuple[int, ...]]:
    """The ids of the members whose frames reach this node."""
    return (lambda: ()) if bridge is None else (lambda: bridge.hears)


def _gateway(
    config: Config, services: SessionServices, writers: ConnectionWriters, kinds: Sequence[Kind[Any]]
) -> Gateway:
    """Sockets and Server-Sent Events, each connection a session."""
    spoken = codecs(client_frames(kind.wire for kind in kinds))
    return Gateway(
        config.stream,
        sessions=partial(Session, services),
        writers=writers,
        lanes=lanes(spoken),
        events_lane=SseLane(spoken[Subprotocol.JSON]),
        tokens=services.tokens,
        clock=services.clock,
        randomness=services.randomness,
        shared_port=config.node.share_ports,
    )


def _canary(
    config: Config,
    store: Store,
    runtime: Runtime,
    relay: Relay,
    writers: ConnectionWriters,
    ownership: Ownership,
    bridge: Bridge | None,
    hearing: Hearing,
) -> Canary:
    probe_context = ProbeContext(
        router=runtime.router,
        relay=relay,
        writers=writers,
        clock=store.clock,
        randomness=store.randomness,
    )
    return Canary(
        config.canary,
        probe_context,
        ownership,
        bridge=bridge,
        hearing=hearing,
        skew_s=lambda: store.clock.skewed_s,
        trouble=lambda: store.directory.trouble or store.log.trouble,
    )
