"""What operators and their machines ask: alive, ready, metrics."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from quart import Response

from gatherup.canary.readiness import Readiness
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import Health

GROUP = "operations"


class HealthResource:
    """Answers to everybody; bind the facade to a private address, or let the proxy keep these paths inside."""

    def __init__(self, readiness: Callable[[], Readiness], registry: CollectorRegistry) -> None:
        self._readiness = readiness
        self._registry = registry

    @endpoint("GET", "/health/live", answer=Health, unlimited=True, group=GROUP)
    async def live(self, caller: Caller) -> Health:
        """Say that the process runs and its event loop turns."""
        return Health(status="ok")

    @endpoint("GET", "/health/ready", answer=Health, other=503, unlimited=True, group=GROUP)
    async def ready(self, caller: Caller) -> tuple[Health, dict[str, str], int]:
        """Say whether clients are served here as well as on any other node; if not, 503 with the reason.

        An event must have gone the whole way lately, from command to subscriber. ``degraded`` says what doesn't work on
        this node and wouldn't work on another one either.
        """
        found = self._readiness()
        if found.unready is None:
            return Health(status="ok", degraded=found.degraded), {}, 200
        return Health(status="unready", reason=found.unready), {"Retry-After": "1"}, 503

    @endpoint("GET", "/metrics", media_type="text/plain", unlimited=True, group=GROUP)
    async def metrics(self, caller: Caller) -> Response:
        """Get counters and gauges in Prometheus' text format."""
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
