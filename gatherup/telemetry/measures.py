"""What is measured of a node, and where the numbers are."""

from __future__ import annotations

from collections import Counter

from actors.cluster.bridge import Bridge
from actors.cluster.ownership import Ownership
from gatherup.canary import Canary
from gatherup.command_relay import CommandRelay
from gatherup.core import Core
from gatherup.telemetry.loop_hold import LoopHold
from gatherup.telemetry.metrics import Distribution, Level, Levels, Measure, Total, Totals, by_code


def core_measures(core: Core) -> list[Measure]:
    """Every measure of the engine."""
    bridge = _bridge(core.bridge) if core.bridge is not None else []
    return [
        *_streams(core),
        *_gathers(core),
        *_cluster(core.ownership),
        *bridge,
        *_delivery(core),
        *_edge(core),
        *_presence(core),
        *_loop(core.loop_hold),
    ]


def _streams(core: Core) -> list[Measure]:
    committer, supervisor, canary = core.runtime.committer, core.runtime.supervisor, core.canary
    n, works = core.runtime.counters, core.runtime.works
    return [
        Distribution("commit_events", "Events of a commit.", lambda: committer.commit_events),
        Distribution("commit_s", "Seconds that a commit took.", lambda: committer.commit_s),
        Totals(
            "events",
            "Events made durable, by type.",
            ("type",),
            lambda: {(type_,): count for type_, count in n.events.items()},
        ),
        Level("mailbox_commands", "Commands in mailboxes.", lambda: supervisor.mailboxes[0]),
        Level("mailbox_deepest", "Commands in the fullest mailbox.", lambda: supervisor.mailboxes[1]),
        Total("activations", "Streams that became active here.", lambda: n.activations),
        Total("effects_settled", "Commands of streams for others that were settled.", lambda: n.effects),
        Distribution("work_s", "Seconds that works of streams took off the loop.", lambda: works.seconds),
        Level("works_waiting", "Works of streams that wait for their turn.", lambda: works.waiting),
        Total("works_failed", "Attempts at works of streams that failed.", lambda: n.works_failed),
        Total("works_outdated", "Results of works that came too late.", lambda: n.works_outdated),
        Total("checkpoints", "States kept for later activations.", lambda: n.checkpoints),
        Total("checkpoints_failed", "States that couldn't be kept.", lambda: n.checkpoints_failed),
        Total("passivations", "Idle streams that were let go.", lambda: n.passivations),
        Total(
            "passivations_deferred",
            "Idle streams left for a later sweep, since so many are.",
            lambda: n.passivations_deferred,
        ),
        Total("stream_crashes", "Actors that a bug ended.", lambda: n.crashes),
        Total("stream_rests", "Streams that crashed too often, and rest.", lambda: n.rests),
        Total("commits", "Transactions of the group commit.", lambda: committer.commits),
        Total("events_committed", "Events made durable.", lambda: committer.events),
        Total(
            "commit_settlements", "Appends whose outcome had to be found out.", lambda: committer.settlements
        ),
        Level("streams_active", "Streams with a running actor.", lambda: len(supervisor)),
        Level("ready", "1 when no other node serves better.", lambda: _ready(canary)),
        Level("degraded", "1 when the node is ready, and less than well.", lambda: _degraded(canary)),
        Level("serves", "1 when this node can serve what it owns.", lambda: int(canary.serves())),
        Total("canaries_heard", "Canaries that went the whole way.", lambda: canary.heard),
        Total("canaries_lost", "Canaries that didn't.", lambda: canary.silent),
        Total("away_canaries_heard", "Canaries that went through another node.", lambda: canary.away_heard),
        Total("away_canaries_lost", "Canaries that didn't come back from one.", lambda: canary.away_silent),
        Level("canary_lag_s", "From a command to its event at a subscriber.", lambda: canary.lag_s),
    ]


def _gathers(core: Core) -> list[Measure]:
    gathers = {
        **core.runtime.store.gathers,
        "repairs": core.relay.pages,
        "read_rights": core.rights.gather,
        "logins": core.logins.gather,
    }
    return [
        Totals(
            "gathered_questions",
            "Questions of actors and sessions to PostgreSQL.",
            ("what",),
            lambda: {(what,): gather.questions for what, gather in gathers.items()},
        ),
        Totals(
            "gathered_calls",
            "The calls in which they were asked.",
            ("what",),
            lambda: {(what,): gather.calls for what, gather in gathers.items()},
        ),
        Levels(
            "gathered_waiting",
            "Of them, those that wait for the next call.",
            ("what",),
            lambda: {(what,): gather.waiting for what, gather in gathers.items()},
        ),
    ]


def _ready(canary: Canary) -> int:
    return int(canary.readiness().unready is None)


def _degraded(canary: Canary) -> int:
    return int(canary.readiness().degraded is not None)


def _cluster(ownership: Ownership) -> list[Measure]:
    return [
        Level(
            "cluster_members", "Nodes that are members, this one included.", lambda: len(ownership.peers) + 1
        ),
        Level(
            "cluster_view_version", "Of the directory, as this node knows it.", lambda: ownership.view.version
        ),
        Level("shards_owned", "Shards that this node serves.", lambda: len(ownership.shards)),
        Level("acting", "1 while the lease lets this node act as an owner.", lambda: int(ownership.acting)),
    ]


def _bridge(bridge: Bridge) -> list[Measure]:
    n = bridge.counters
    return [
        Level("bus_connected", "1 while the bus carries, as far as is known.", lambda: int(bridge.connected)),
        Level("peers_heard", "Members whose frames reach this node.", lambda: len(bridge.hears)),
        Level("link_queue", "Messages that wait to be sent to other nodes.", lambda: bridge.queued),
        Level("calls_waiting", "Commands and questions that wait for other nodes.", lambda: bridge.calls),
        Total("node_frames_in", "Frames from other nodes.", lambda: n.frames_in),
        Total("node_bytes_in", "Their bytes.", lambda: n.bytes_in),
        Total("node_frames_out", "Frames to other nodes.", lambda: n.frames_out),
        Total("node_bytes_out", "Their bytes.", lambda: n.bytes_out),
        Total("link_holes", "Frames that came after others that were lost.", lambda: n.holes),
        Total("reregistrations", "Streams registered again with their owners.", lambda: n.reregistrations),
        Total("calls_resent", "Commands and questions sent again to another node.", lambda: n.resent_calls),
        Totals(
            "node_frames_dropped",
            "Frames that weren't taken: forged, repeated, foreign.",
            ("reason",),
            lambda: {(reason,): count for reason, count in n.dropped_frames.items()},
        ),
        Total("node_frames_unheard", "Frames that nobody listened to.", lambda: n.unheard_frames),
        Total("publishes_failed", "Publishes that the bus didn't take.", lambda: n.failed_publishes),
        Total("link_events_unsent", "Events read from the log for want of room.", lambda: n.unsent_events),
        Total("link_answers_dropped", "Answers without room on their link.", lambda: n.dropped_answers),
        Total("link_questions_held", "Snapshots that waited for room on a link.", lambda: n.held_questions),
        Total("node_messages_malformed", "Messages that make no sense here.", lambda: n.malformed_messages),
        Total("node_signals_dropped", "Signals without room on their link.", lambda: n.dropped_signals),
        Total("node_signals_outdated", "Signals of an owner of the past.", lambda: n.outdated_signals),
    ]


def _delivery(core: Core) -> list[Measure]:
    relay, writers = core.relay.counters, core.writers
    return [
        Total("deliveries", "Events handed to connections.", lambda: relay.deliveries),
        Total("flushes", "Flushes of streams with subscribers.", lambda: relay.flushes),
        Total("relay_sends", "Writes that flushes made.", lambda: relay.sends),
        Total("relay_gaps", "Publishes that didn't join up.", lambda: relay.gaps),
        Total("relay_repairs", "Fetches of missing events from the log.", lambda: relay.repairs),
        Total("resumes_from_log", "Resumes the ring couldn't serve.", lambda: relay.resumes_from_log),
        Total("revocations", "Subscriptions that an event ended.", lambda: relay.revocations),
        Total("signals_dropped", "Ephemeral signals dropped.", lambda: relay.signals_dropped),
        Total("heads_frames", "Frames that told sessions what is new.", lambda: core.unread.frames),
        Total("heads_counts", "Countings of what is new in a session's rooms.", lambda: core.unread.counts),
        Level("reads_waiting", "Read positions that aren't kept yet.", lambda: core.read_markers.waiting),
        Total(
            "reads_dropped", "Read positions for which there was no room.", lambda: core.read_markers.dropped
        ),
        Total("slow_readers", "Connections closed for reading too slowly.", lambda: writers.slow_closes),
        Level("outboxes_parked", "Connections that have something queued.", lambda: len(writers.parked)),
        Level("outbox_bytes", "Bytes that wait for slow connections.", lambda: writers.queued_bytes),
    ]


def _edge(core: Core) -> list[Measure]:
    gateway, sessions = core.gateway.counters, core.sessions
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
    ]


def http_measures(answers: Counter[tuple[str, str]]) -> list[Measure]:
    """Of the facade: its answers by endpoint and status."""
    return [Totals("http_answers", "HTTP responses.", ("endpoint", "status"), lambda: answers)]


def owed_measures(command_relay: CommandRelay) -> list[Measure]:
    """Of the commands that rows owe to streams."""
    return [
        Totals(
            "owed_commands",
            "Attempts to send the commands of the outbox, and how they went.",
            ("outcome",),
            lambda: {(outcome,): count for outcome, count in command_relay.sent.items()},
        ),
        Level("owed_sending", "Of them, those that this node has in hand.", lambda: command_relay.sending),
        Level("owed_waiting", "Commands in the outbox of the whole cluster.", lambda: command_relay.waiting),
    ]


def _presence(core: Core) -> list[Measure]:
    presence, local_presence = core.presence, core.local_presence
    return [
        Level("users_present", "Users with open sessions here.", lambda: local_presence.users),
        Level("rosters_owned", "Rosters that this node puts together.", lambda: presence.owned),
        Level("rosters_known", "Rosters that somebody here wants to know of.", lambda: presence.known),
    ]


def _loop(hold: LoopHold) -> list[Measure]:
    return [
        Total("loop_holds", "Steps of a task that kept all others waiting too long.", lambda: hold.holds),
        Level("loop_hold_longest_s", "The longest of them.", lambda: hold.longest_s),
    ]
