"""What is measured of a node, and where the numbers are."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from actors.relay import Relay
from actors.runtime.node import Runtime
from actors.session.outbox import Outboxes
from actors.session.registry import SessionRegistry
from gatherup.canary import Canary
from gatherup.gateway import Gateway
from gatherup.telemetry.loop_hold import LoopHold
from gatherup.telemetry.metrics import Level, Measure, Total, Totals, by_code


class NodeParts(Struct, frozen=True, kw_only=True):
    """The parts of a node that count."""

    runtime: Runtime
    relay: Relay
    outboxes: Outboxes
    sessions: SessionRegistry
    gateway: Gateway
    canary: Canary
    http_answers: Counter[tuple[str, str]]
    """By endpoint and status."""
    loop_hold: LoopHold


def measures_of(parts: NodeParts) -> list[Measure]:
    """Every measure of a node."""
    return [*_streams(parts), *_delivery(parts), *_edge(parts), *_loop(parts.loop_hold)]


def _streams(parts: NodeParts) -> list[Measure]:
    committer, supervisor, canary = parts.runtime.committer, parts.runtime.supervisor, parts.canary
    return [
        Total("commits", "Transactions of the group commit.", lambda: committer.commits),
        Total("events_committed", "Events made durable.", lambda: committer.events),
        Total(
            "commit_settlements", "Appends whose outcome had to be found out.", lambda: committer.settlements
        ),
        Level("streams_active", "Streams with a running actor.", lambda: len(supervisor)),
        Level("ready", "1 when the canary came through.", lambda: int(canary.why_unready() is None)),
        Total("canaries_heard", "Canaries that went the whole way.", lambda: canary.heard),
        Total("canaries_lost", "Canaries that didn't.", lambda: canary.silent),
    ]


def _delivery(parts: NodeParts) -> list[Measure]:
    relay, outboxes = parts.relay.counters, parts.outboxes
    return [
        Total("deliveries", "Events handed to connections.", lambda: relay.deliveries),
        Total("flushes", "Flushes of streams with subscribers.", lambda: relay.flushes),
        Total("relay_sends", "Writes that flushes made.", lambda: relay.sends),
        Total("relay_gaps", "Publishes that didn't join up.", lambda: relay.gaps),
        Total("relay_repairs", "Fetches of missing events from the log.", lambda: relay.repairs),
        Total("resumes_from_log", "Resumes the ring couldn't serve.", lambda: relay.resumes_from_log),
        Total("revocations", "Subscriptions that an event ended.", lambda: relay.revocations),
        Total("signals_dropped", "Ephemeral signals dropped.", lambda: relay.signals_dropped),
        Total("slow_readers", "Connections closed for reading too slowly.", lambda: outboxes.slow_closes),
        Level("outboxes_parked", "Connections that have something queued.", lambda: outboxes.parked),
    ]


def _edge(parts: NodeParts) -> list[Measure]:
    gateway, sessions = parts.gateway.counters, parts.sessions
    return [
        Level("sessions", "Open sessions whose hello was good.", lambda: sessions.count),
        Level("connections", "Open connections of the gateway.", lambda: gateway.connections),
        Total("handshakes", "WebSocket handshakes done.", lambda: gateway.handshakes),
        Totals(
            "handshakes_refused",
            "Handshakes refused.",
            ("status",),
            lambda: by_code(gateway.handshakes_refused),
        ),
        Total("messages_in", "Messages from clients.", lambda: gateway.messages_in),
        Total("bytes_in", "Bytes from clients.", lambda: gateway.bytes_in),
        Totals("closes", "WebSockets closed.", ("code",), lambda: by_code(gateway.closes)),
        Total("connection_crashes", "Connections ended by a bug.", lambda: gateway.crashes),
        Totals("http_answers", "HTTP responses.", ("endpoint", "status"), lambda: parts.http_answers),
    ]


def _loop(hold: LoopHold) -> list[Measure]:
    return [
        Total("loop_holds", "Steps of a task that kept all others waiting too long.", lambda: hold.holds),
        Level("loop_hold_longest_s", "The longest of them.", lambda: hold.longest_s),
    ]
