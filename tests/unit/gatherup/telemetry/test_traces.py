"""Traces: what a sampled command leaves behind, and that all others leave nothing."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from msgspec import Raw, msgpack
from msgspec.structs import replace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from actors.cluster.bridge import Bridge
from actors.cluster.fanout import Fanout
from actors.ports.trace import Step, Trace, Tracer
from actors.presence import Presence
from actors.presence.roster import Here
from actors.relay import Relay
from actors.relay.deliveries import TRACED_MAX, Deliveries
from actors.runtime.node import Runtime
from actors.session.connection_writer import ConnectionWriter, ConnectionWriters
from gatherup.telemetry.traces import SAMPLED, OtelTracer, provider_of
from protocol.frames import Accepted, Refused
from protocol.nodes import Forward, LoggedEvent, Message, Published
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ownership import JOINING, joined, renew
from tests.ports import SeededRandomness
from tests.unit.actors.cluster.bridges import SECRET, Hub
from tests.unit.actors.relay.support import Listener
from tests.unit.actors.runtime.conftest import Add, World, cid
from tests.unit.actors.session.support import MemoryWire

ME = "user:" + "1" * 32
STREAM = "tally:" + "0" * 32
HANG_S = 10_000


class Counting:
    """A Tracer that samples nothing, and counts what it is asked."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, name: str, *, stream: str, by: str) -> Trace | None:
        self.begun.append(name)
        return None

    def follow(self, name: str, parent: str, *, stream: str, by: str) -> Trace | None:
        raise AssertionError("nothing is sampled")

    def deliver(self, parent: str, *, stream: str) -> Trace | None:
        raise AssertionError("nothing is sampled")


class Node:
    """A whole node but for its sockets, with a real relay and a real bridge."""

    def __init__(self, world: World, hub: Hub, name: str, tracer: Tracer) -> None:
        self.world, self.hub, self.name, self.tracer = world, hub, name, tracer
        self.log = MemoryLog(world.database, world.clock, Faults())
        self.relay = Relay(self.log, world.clock, SeededRandomness(1), tracer)
        self.writers = ConnectionWriters(world.clock)
        self.directory = MemoryDirectory(world.database, world.clock)

    def open(self, wire: MemoryWire, lane: Any) -> ConnectionWriter:
        return self.writers.open(wire, lane)

    async def join(self, *, take: bool) -> None:
        clock, randomness = self.world.clock, SeededRandomness(1)
        self.ownership = await joined(self.directory, clock, replace(JOINING, name=self.name), take=take)
        self.bridge = Bridge(
            bus=self.hub.end(self.ownership.me.node),
            log=self.log,
            ownership=self.ownership,
            relay=self.relay,
            presence=Presence(self.ownership, clock, here=lambda _: Here(), tell=self.relay.signalled),
            kinds={"tally": self.world.kind},
            clock=clock,
            randomness=randomness,
            cluster="test",
            secret=SECRET,
        )
        self.runtime = Runtime(
            kinds=[self.world.kind],
            log=self.log,
            ownership=self.ownership,
            clock=clock,
            randomness=randomness,
            publisher=Fanout(self.relay, self.bridge),
            executor=MemoryExecutor(),
            peers=self.bridge,
            digest_key=b"k" * 32,
            tracer=self.tracer,
        )

    async def start(self, nursery: trio.Nursery) -> None:
        await renew(self.directory, self.ownership)
        await nursery.start(self.relay.run)
        await nursery.start(self.writers.run)
        await nursery.start(self.bridge.run, self.runtime.router)
        await nursery.start(self.runtime.run)


@asynccontextmanager
async def nodes(first: Tracer, second: Tracer) -> AsyncIterator[tuple[World, Node, Node]]:
    """Two of them; all streams are the second one's."""
    world, hub = World(), Hub()
    owner, other = Node(world, hub, "owner", second), Node(world, hub, "other", first)
    await owner.join(take=True)
    await other.join(take=False)
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            await owner.start(nursery)
            await other.start(nursery)
            yield world, other, owner
            nursery.cancel_scope.cancel()


class Seen:
    """The spans of a test, by every node's tracer."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    def tracer(self, node: str, *, ratio: float = 1.0, ids: bool = False) -> OtelTracer:
        provider = provider_of(node, SimpleSpanProcessor(self.exporter))
        return OtelTracer(provider, World().clock, SeededRandomness(1), ratio=ratio, ids=ids)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def where(self, span: ReadableSpan) -> str:
        return f"{span.name} @ {span.resource.attributes['service.instance.id']}"

    def tree(self) -> dict[str, list[str]]:
        """Each span's children in the order in which they began; the roots' parent is ''."""
        by_id = {span.context.span_id: span for span in self.spans if span.context is not None}
        found: dict[str, list[str]] = {}
        for span in sorted(self.spans, key=lambda span: span.start_time or 0):
            above = self.where(by_id[span.parent.span_id]) if span.parent is not None else ""
            found.setdefault(above, []).append(self.where(span))
        return found


@pytest.fixture
def seen() -> Seen:
    return Seen()


async def until_delivered(*listeners: Listener) -> None:
    with trio.fail_after(HANG_S):
        while not all(listener.seqs for listener in listeners):  # noqa: ASYNC110 - on a mock clock
            await trio.sleep(0.01)


async def test_one_command_over_two_nodes_is_one_trace(autojump_clock: object, seen: Seen) -> None:
    async with nodes(seen.tracer("other"), seen.tracer("owner")) as (world, other, owner):
        (stream,) = world.make("1")
        await owner.runtime.router.ask(Add(client_id=cid("first"), stream=stream), by=ME)
        far, near = Listener(other, ME), Listener(owner, ME)  # type: ignore[arg-type]
        await far.join(stream)
        await near.join(stream)
        await trio.sleep(3)  # what two nodes say again when they begin to hear one another is said
        seen.exporter.clear()

        reply = await other.runtime.router.ask(Add(client_id=cid("a"), stream=stream), by=ME)
        assert isinstance(reply, Accepted)
        await until_delivered(far, near)
    assert len({span.context.trace_id for span in seen.spans if span.context is not None}) == 1
    served = "tally.add @ owner"
    tree = seen.tree()
    deliveries = {name for name in tree[served] if name.startswith("deliver")}
    assert {above: [x for x in below if x not in deliveries] for above, below in tree.items()} == {
        "": ["tally.add @ other"],
        "tally.add @ other": ["forward @ other"],
        "forward @ other": [served],
        served: ["mailbox @ owner", "decide @ owner", "commit @ owner"],
    }
    assert deliveries == {"deliver @ owner", "deliver @ other"}
    by_name = {seen.where(span): span for span in seen.spans}
    for above, below in tree.items():
        for name in below:
            if above:
                assert (by_name[above].start_time or 0) <= (by_name[name].start_time or 0)
    assert [event.name for event in by_name[served].events] == ["committed", "published"]
    for one, then in (("mailbox", "decide"), ("decide", "commit"), ("commit", "deliver")):
        assert (by_name[f"{one} @ owner"].end_time or 0) <= (by_name[f"{then} @ owner"].start_time or 0)
    kinds = {name: span.kind for name, span in by_name.items()}
    assert kinds["tally.add @ other"] is kinds[served] is SpanKind.SERVER
    assert kinds["forward @ other"] is SpanKind.CLIENT
    assert dict(by_name["deliver @ other"].attributes or {})["gatherup.deliveries"] == 1
    assert dict(by_name[served].attributes or {}) == {
        "gatherup.kind": "tally",
        "gatherup.author": "user",
        "gatherup.outcome": "accepted",
    }
    assert not any(stream[6:] in span.to_json() or ME[5:] in span.to_json() for span in seen.spans)


async def test_ids_stand_in_spans_only_where_they_may(autojump_clock: object, seen: Seen) -> None:
    tracer = seen.tracer("owner", ids=True)
    async with nodes(Counting(), tracer) as (world, _, owner):
        (stream,) = world.make("1")
        await owner.runtime.router.ask(Add(client_id=cid("a"), stream=stream), by=ME)
    (root,) = [span for span in seen.spans if span.parent is None]
    attributes = dict(root.attributes or {})
    assert (attributes["gatherup.stream"], attributes["gatherup.by"]) == (stream, ME)


async def test_what_isnt_sampled_costs_one_call(autojump_clock: object) -> None:
    first, second = Counting(), Counting()
    async with nodes(first, second) as (world, other, owner):
        (stream,) = world.make("1")
        listener = Listener(other, ME)  # type: ignore[arg-type]
        await owner.runtime.router.ask(Add(client_id=cid("first"), stream=stream), by=ME)
        await listener.join(stream)
        for number in range(5):
            await other.runtime.router.ask(Add(client_id=cid(str(number)), stream=stream), by=ME)
        await until_delivered(listener)
        frames = other.hub.frames()
        assert not other.relay._flusher.deliveries  # pyright: ignore[reportPrivateUsage]
    messages = [message for frame in frames for message in frame.messages]
    assert all(message.trace is None for message in messages if isinstance(message, Forward))
    assert all(not message.traces for message in messages if isinstance(message, Published))
    assert any(isinstance(message, Forward) for message in messages)
    assert first.begun == ["tally.add"] * 5
    assert second.begun == ["tally.add"]


async def test_a_refusal_and_a_failure_end_their_traces(autojump_clock: object, seen: Seen) -> None:
    async with nodes(Counting(), seen.tracer("owner")) as (world, _, owner):
        (stream,) = world.make("1")
        await owner.runtime.router.ask(Add(client_id=cid("a"), stream=stream, amount=-1), by=ME)
        missing = await owner.runtime.router.ask(Add(client_id=cid("b"), stream="tally:" + "9" * 32), by=ME)
        assert isinstance(missing, Refused)
    outcomes = [dict(span.attributes or {})["gatherup.outcome"] for span in seen.spans if not span.parent]
    assert outcomes == ["invalid", "not_found"]
    assert not any("commit" in span.name for span in seen.spans)


async def test_what_a_request_causes_later_isnt_part_of_it(autojump_clock: object, seen: Seen) -> None:
    tracer = seen.tracer("owner")
    async with nodes(Counting(), tracer) as (world, _, owner):
        cause, target = world.make("1", "2")
        unsampled = "00-" + "1" * 32 + "-" + "2" * 16 + "-00"
        context = contextvars.copy_context()
        assert context.run(tracer.request, "POST /v1/x", unsampled) is None
        replies: list[object] = []
        context.run(
            lambda: owner.runtime.router.send(
                Add(client_id=cid("a"), stream=cause, forward=target), by=ME, reply=replies.append
            )
        )
        await trio.sleep(1)
        assert len(replies) == 1
        assert world.row(target).head == 1
    (effect,) = [span for span in seen.spans if span.parent is None]
    assert dict(effect.attributes or {})["gatherup.author"] == "tally"


# --- the tracer alone ------------------------------------------------------------------------------------


def in_a_request(tracer: OtelTracer, traceparent: str | None) -> Any:
    """What a command begins with within such a request."""

    def both() -> Any:
        request = tracer.request("POST /v1/x", traceparent)
        trace = tracer.begin("x", stream="tally:1", by=ME)
        assert (request is None) == (trace is None)
        if trace is not None and request is not None:
            trace.end("accepted")
            request.answered(201)
        return trace

    return contextvars.copy_context().run(both)


async def test_a_request_goes_on_with_its_callers_trace(seen: Seen) -> None:
    tracer = seen.tracer("one", ratio=0.0)
    assert in_a_request(tracer, f"00-{'a' * 32}-{'b' * 16}-01") is not None
    command, request = seen.spans
    assert request.parent is not None
    assert (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}") == ("a" * 32, "b" * 16)
    assert command.parent == request.context
    assert (request.kind, command.kind) == (SpanKind.SERVER, SpanKind.INTERNAL)
    assert dict(request.attributes or {}) == {"http.response.status_code": 201}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"ff-{'a' * 32}-{'b' * 16}-01",
        f"00-{'A' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'b' * 16}-01\n",
        f"00-{'a' * 32}-{'b' * 16}",
        "0" * 10_000,
    ],
)
async def test_a_bad_header_is_none(seen: Seen, header: str) -> None:
    assert in_a_request(seen.tracer("one", ratio=0.0), header) is None
    tracer = seen.tracer("one")
    assert tracer.follow("x", header, stream="tally:1", by=ME) is None
    assert tracer.deliver(header, stream="tally:1") is None
    assert in_a_request(tracer, header) is not None
    assert f"{seen.spans[0].context.trace_id:032x}" != "a" * 32  # type: ignore[union-attr]


async def test_a_caller_who_isnt_sampled_isnt_sampled(seen: Seen) -> None:
    assert in_a_request(seen.tracer("one"), f"00-{'a' * 32}-{'b' * 16}-00") is None
    assert seen.spans == ()


async def test_nobody_makes_a_node_trace_everything(autojump_clock: object, seen: Seen) -> None:
    tracer = seen.tracer("one", ratio=0.0)
    forced = f"00-{'a' * 32}-{'b' * 16}-01"
    traced = [in_a_request(tracer, forced) is not None for _ in range(int(SAMPLED.burst) + 50)]
    assert sum(traced) == SAMPLED.burst
    assert tracer.follow("x", forced, stream="tally:1", by=ME) is not None  # a trace isn't cut in the middle


async def test_what_comes_after_the_end_is_left_out(seen: Seen) -> None:
    trace = seen.tracer("one").begin("x", stream="tally:1", by=ME)
    assert trace is not None
    trace.mark(Step.ROUTED)
    trace.end("unknown")
    for step in Step:
        trace.mark(step)
    assert [span.name for span in seen.spans] == ["mailbox", "x"]
    assert trace.parent.startswith("00-")


async def test_the_ratio_is_kept(autojump_clock: object, seen: Seen) -> None:
    tracer, begun = seen.tracer("one", ratio=0.1), 0
    for _ in range(1000):
        begun += tracer.begin("x", stream="tally:1", by=ME) is not None
        await trio.sleep(1)
    assert 60 < begun < 140


def test_traced_deliveries_are_bounded() -> None:
    class Ended:
        parent = ""
        outcomes: list[tuple[str, dict[str, int]]] = []

        def mark(self, step: Any, **facts: int) -> None: ...

        def end(self, outcome: str, **facts: int) -> None:
            self.outcomes.append((outcome, facts))

    table = Deliveries()
    for seq in range(TRACED_MAX):
        assert not table.full
        table.add("tally:1", seq, Ended())
    assert table.full
    table.flushed("tally:2", TRACED_MAX, 3)
    table.flushed("tally:1", 9, 3)
    assert Ended.outcomes == [("delivered", {"deliveries": 3})] * 10
    assert len(table) == TRACED_MAX - 10
    table.forget("tally:1")
    assert (len(table), len(Ended.outcomes)) == (0, 10)


def test_nodes_of_the_version_before_read_what_is_new() -> None:
    """And the other way round: the traces are a last field."""

    class OldForward(Message, frozen=True, tag="forward"):
        call: int
        stream: str
        epoch: int
        by: str
        command: Raw

    class OldPublished(Message, frozen=True, tag="published"):
        stream: str
        events: tuple[LoggedEvent, ...]

    new = msgpack.encode(Forward(1, STREAM, 1, "system", Raw(b"\xc0"), "parent"))
    assert msgpack.decode(msgpack.encode(msgpack.decode(new, type=OldForward)), type=Forward).trace is None
    published = Published(STREAM, (LoggedEvent(1, b"h", b"p"),), {1: "parent"})
    old = msgpack.decode(msgpack.encode(published), type=OldPublished)
    assert old.events == published.events
    assert msgpack.decode(msgpack.encode(old), type=Published).traces == {}
