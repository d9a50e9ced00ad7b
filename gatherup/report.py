"""What a node tells operators of itself, with each renewal of its lease, and how they read it."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from actors.cluster.bridge import Bridge
from actors.ports.time import Clock
from actors.relay import Relay
from actors.runtime.node import Runtime
from actors.session.registry import SessionRegistry
from gatherup.addresses import addresses_of
from gatherup.canary import Canary
from gatherup.gateway import Gateway
from gatherup.telemetry.loop_hold import LoopHold
from storage.postgres.schema.plan import FIRST_LEVEL, own

REPORT_REASON_CHARS_MAX: Final = 500
"""Of each reason: every node reads the reports of all with every renewal."""


class NodeReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One node at one moment. Another version of GatherUp may leave fields out or add some."""

    schema: int = FIRST_LEVEL
    """The level of the schema that it knows; `gatherup migrate` asks. Nodes from before there were levels don't say."""
    at: int = 0
    """When this was told, in milliseconds since 1970; 0 by releases that don't say."""
    http: str = ""
    stream: str = ""
    """Where clients find it."""
    sessions: int = 0
    connections: int = 0
    streams_active: int = 0
    """Streams with a running actor."""
    calls: int = 0
    """Commands and questions that wait for other nodes' answers."""
    link_queue: int = 0
    """Messages that wait to be sent to other nodes."""
    holes: int = 0
    """Gaps in the frames of other nodes, since the start."""
    repairs: int = 0
    """Times that missing events were read from the log, since the start."""
    registrations: int = 0
    """Streams registered again with their owners, since the start."""
    lag_ms: int = 0
    """What a command took to its event at a subscriber, the last time that was tried; its wait as of now, if longer."""
    loop_hold_ms: int = 0
    """The longest step of a task over the limit, since the start."""
    starting: bool = False
    """It was never ready so far."""
    unready: str | None = None
    degraded: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(NodeReport).decode


class Reporter:
    """Says how a node is now, with each renewal of its lease."""

    def __init__(
        self,
        http_address: tuple[str, int],
        gateway: Gateway,
        sessions: SessionRegistry,
        runtime: Runtime,
        relay: Relay,
        bridge: Bridge | None,
        canary: Canary,
        loop_hold: LoopHold,
        clock: Clock,
    ) -> None:
        self._http_address = http_address
        self._gateway = gateway
        self._sessions = sessions
        self._runtime = runtime
        self._relay = relay
        self._bridge = bridge
        self._canary = canary
        self._loop_hold = loop_hold
        self._clock = clock

    def text(self) -> str:
        """The report as it stands in the directory."""
        return report_text(self.report())

    def report(self) -> NodeReport:
        """What there is to tell of the node now."""
        gateway, bridge, found = self._gateway, self._bridge, self._canary.readiness()
        # Not listened on yet, or not any more: clients don't find it.
        addresses = addresses_of(self._http_address, next(iter(gateway.addresses), None))
        return NodeReport(
            schema=own().level,
            at=self._clock.now(),
            http=addresses.http,
            stream=addresses.stream,
            sessions=self._sessions.count,
            connections=gateway.counters.connections,
            streams_active=len(self._runtime.supervisor),
            calls=bridge.calls if bridge else 0,
            link_queue=bridge.queued if bridge else 0,
            holes=bridge.counters.holes if bridge else 0,
            repairs=self._relay.counters.repairs,
            registrations=bridge.counters.reregistrations if bridge else 0,
            lag_ms=round(self._canary.lag_s * 1000),
            loop_hold_ms=round(self._loop_hold.longest_s * 1000),
            starting=not self._canary.was_ready,
            unready=found.unready,
            degraded=found.degraded,
        )


def report_text(report: NodeReport) -> str:
    """As it stands in the directory, a few kilobytes at most."""
    told = msgspec.structs.replace(report, unready=_cut(report.unready), degraded=_cut(report.degraded))
    return _encode(told).decode()


def read_report(text: str) -> NodeReport | None:
    """Read a report; None if the text isn't one."""
    try:
        return _decode(text)
    except msgspec.MsgspecError:
        return None


def _cut(reason: str | None) -> str | None:
    return reason and reason[:REPORT_REASON_CHARS_MAX]
