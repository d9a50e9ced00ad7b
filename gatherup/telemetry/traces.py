"""OpenTelemetry traces of sampled commands, from the request or frame to the commit and the delivery.

A node without an endpoint to send them to has no tracer, and doesn't load this module. Spans tell kinds, codes and
counts; ids of streams and users only if the settings allow it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

import structlog
import trio
from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from typing_extensions import override

from actors.limiting.rate_limit import Rate, TokenBucket
from actors.ports.time import Clock, Randomness
from actors.ports.trace import Step, Trace, Tracer
from gatherup.config import Traces
from protocol.codes import Code
from protocol.ids import kind_of

SAMPLED: Final = Rate(per_s=100.0, burst=100.0)
"""Traces that one node begins, whatever the ratio is and callers' headers say."""
EXPORT_TIMEOUT_S: Final = 5.0
"""What the collector gets to take a batch."""
FLUSH_TIMEOUT_S: Final = 2.0
"""What the last spans get to go out when a node ends."""
FAILURES: Final = frozenset(
    {Code.INTERNAL, Code.UNAVAILABLE, Code.OVERLOADED, Code.UNSTORABLE, Code.UNKNOWN_OUTCOME, "unknown"}
)
"""Outcomes that are the server's fault: their spans are errors."""

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z")
_SPANS: Final[Mapping[Step, str]] = {
    Step.HELD: "held",
    Step.FORWARDED: "forward",
    Step.ROUTED: "mailbox",
    Step.TAKEN: "decide",
    Step.DECIDED: "commit",
}
"""The span that begins with a step. The others end one and are noted in their command's span."""

_UNSAMPLED: Final = SpanContext(1, 1, is_remote=False)
_request: ContextVar[Span | SpanContext | None] = ContextVar("gatherup_request", default=None)
"""The span of the HTTP request that is being answered, or that it isn't sampled; None elsewhere."""

_log = structlog.stdlib.get_logger("gatherup.traces")


class OtelTrace(Trace):
    """A Trace: one span for the whole, one inside it for each step that takes time."""

    __slots__ = ("_span", "_step", "_tracer")

    def __init__(self, tracer: api.Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._step: Span | None = None

    @property
    @override
    def parent(self) -> str:
        """The step that is under way, or the whole."""
        context = (self._step or self._span).get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"

    @override
    def mark(self, step: Step, **facts: int) -> None:
        """One that is over (its time was up) notes nothing more."""
        self._end_step()
        if not self._span.is_recording():
            return
        attributes = {f"gatherup.{name}": count for name, count in facts.items()}
        if (name := _SPANS.get(step)) is None:
            self._span.add_event(step.value, attributes)
            return
        kind = SpanKind.CLIENT if step is Step.FORWARDED else SpanKind.INTERNAL
        inside = api.set_span_in_context(self._span)
        self._step = self._tracer.start_span(name, inside, kind, attributes)

    @override
    def end(self, outcome: str, **facts: int) -> None:
        self._end_step()
        self._span.set_attribute("gatherup.outcome", outcome)
        self._span.set_attributes({f"gatherup.{name}": count for name, count in facts.items()})
        if outcome in FAILURES:
            self._span.set_status(Status(StatusCode.ERROR, outcome))
        self._span.end()

    def _end_step(self) -> None:
        if self._step is not None:
            self._step.end()
            self._step = None


class OtelRequest:
    """The span of an HTTP request."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, status: int) -> None:
        """Note the answer's status, which ends the span."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class OtelTracer(Tracer):
    """The Tracer port, and the spans of HTTP requests."""

    def __init__(
        self, provider: TracerProvider, clock: Clock, randomness: Randomness, *, ratio: float, ids: bool
    ) -> None:
        self._tracer = provider.get_tracer("gatherup")
        self._clock = clock
        self._randomness = randomness
        self._ratio = ratio
        self._ids = ids
        self._bucket = TokenBucket(SAMPLED)

    @override
    def begin(self, name: str, *, stream: str, by: str) -> OtelTrace | None:
        """Within an HTTP request it goes on with the request's trace, or isn't sampled either."""
        request = _request.get()
        if isinstance(request, Span):
            return self._command(name, request, SpanKind.INTERNAL, stream, by)
        if request is not None or not self._sampled():
            return None
        return self._command(name, None, SpanKind.SERVER, stream, by)

    @override
    def follow(self, name: str, parent: str, *, stream: str, by: str) -> OtelTrace | None:
        if (above := _read(parent)) is None:
            return None
        return self._command(name, api.NonRecordingSpan(above), SpanKind.SERVER, stream, by)

    @override
    def deliver(self, parent: str, *, stream: str) -> OtelTrace | None:
        if (above := _read(parent)) is None:
            return None
        attributes = {"gatherup.kind": kind_of(stream), **self._ids_of(stream=stream)}
        return self._begun("deliver", api.NonRecordingSpan(above), SpanKind.INTERNAL, attributes)

    def request(self, endpoint: str, traceparent: str | None) -> OtelRequest | None:
        """A request begins in this task: what it sends to streams belongs to it. None if it isn't sampled.

        It goes on with the trace of a caller who sends a good header, and is sampled if that one is.
        """
        above = None if traceparent is None else _read(traceparent)
        if not (self._sampled() if above is None else above.trace_flags.sampled and self._room()):
            _request.set(_UNSAMPLED)
            return None
        inside = None if above is None else api.set_span_in_context(api.NonRecordingSpan(above))
        span = self._tracer.start_span(endpoint, inside, SpanKind.SERVER)
        _request.set(span)
        return OtelRequest(span)

    def _sampled(self) -> bool:
        return self._randomness.uniform(0.0, 1.0) < self._ratio and self._room()

    def _room(self) -> bool:
        return self._bucket.take(self._clock.monotonic()) == 0

    def _command(self, name: str, above: Span | None, kind: SpanKind, stream: str, by: str) -> OtelTrace:
        attributes = {
            "gatherup.kind": kind_of(stream),
            "gatherup.author": by.partition(":")[0],
            **self._ids_of(stream=stream, by=by),
        }
        return self._begun(name, above, kind, attributes)

    def _begun(
        self, name: str, above: Span | None, kind: SpanKind, attributes: Mapping[str, str]
    ) -> OtelTrace:
        inside = None if above is None else api.set_span_in_context(above)
        return OtelTrace(self._tracer, self._tracer.start_span(name, inside, kind, attributes))

    def _ids_of(self, **ids: str) -> Mapping[str, str]:
        return {f"gatherup.{name}": value for name, value in ids.items()} if self._ids else {}


def provider_of(node: str, processor: SpanProcessor) -> TracerProvider:
    """Where this node's spans go."""
    about = {
        "service.name": "gatherup",
        "service.version": version("gatherup"),
        "service.instance.id": node,
    }
    provider = TracerProvider(resource=Resource.create(about), sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


@asynccontextmanager
async def traces(
    config: Traces, node: str, clock: Clock, randomness: Randomness
) -> AsyncGenerator[OtelTracer]:
    """The tracer of this node for the block. A thread sends its spans to ``config.endpoint``, which must be set."""
    exporter = OTLPSpanExporter(config.endpoint, timeout=EXPORT_TIMEOUT_S)
    provider = provider_of(node, BatchSpanProcessor(exporter))
    try:
        yield OtelTracer(provider, clock, randomness, ratio=config.ratio, ids=config.ids)
    finally:
        ended = False
        with clock.deadline(FLUSH_TIMEOUT_S):
            await trio.to_thread.run_sync(provider.shutdown, abandon_on_cancel=True)
            ended = True
        if not ended:
            _log.warning("the last spans weren't sent in time")


def _read(traceparent: str) -> SpanContext | None:
    found = _TRACEPARENT.match(traceparent)
    if found is None:
        return None
    context = SpanContext(
        int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16))
    )
    return context if context.is_valid else None
