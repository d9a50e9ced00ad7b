"""What is seen of requests from outside: counts by endpoint and status, log lines that name it, sampled traces."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from quart import Response, g, request
from quart_trio import QuartTrio
from structlog.contextvars import bind_contextvars

TRACEPARENT = "traceparent"
"""The header of a caller who traces (W3C Trace Context)."""


class RequestSpan(Protocol):
    """A sampled request."""

    def answered(self, status: int) -> None:
        """Note the answer's status, which ends the span."""
        ...


class RequestTracer(Protocol):
    """Decides which requests are traced."""

    def request(self, endpoint: str, traceparent: str | None) -> RequestSpan | None:
        """A request begins in this task: what it sends to streams belongs to it. None if it isn't sampled."""
        ...


def watch_requests(app: QuartTrio, answers: Counter[tuple[str, str]], tracer: RequestTracer | None) -> None:
    """Watch every request of this application; ``answers`` counts responses by endpoint and status."""

    async def begin() -> None:
        endpoint = request.endpoint or "none"
        bind_contextvars(endpoint=endpoint)  # for the task of this request alone
        if tracer is not None:
            g.span = tracer.request(endpoint, request.headers.get(TRACEPARENT))

    async def end(response: Response) -> Response:
        answers[request.endpoint or "none", str(response.status_code)] += 1
        if (span := g.get("span")) is not None:
            span.answered(response.status_code)
        return response

    app.before_request(begin)
    app.after_request(end)
