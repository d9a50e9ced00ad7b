"""The kind the simulation counts with: it uses everything a kind can, and a point lost or made twice shows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextvars import ContextVar
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from actors.kind import (
    LISTENERS,
    Accept,
    Change,
    Decision,
    Delete,
    Effect,
    Emit,
    FactKey,
    Facts,
    Instant,
    Kind,
    Refuse,
    Send,
    Upsert,
    Work,
)
from protocol.codes import Code
from protocol.event import Header, Mark
from protocol.frames import Command, CreateCommand, StreamCommand
from protocol.ids import StreamId, UserId, derive_client_id, kind_of
from protocol.kind import WireKind

WATCHERS_MAX = 100
Points = Annotated[int, Meta(ge=1, le=1000)]


# --- commands ------------------------------------------------------------------------------------------


class Open(CreateCommand, frozen=True, kw_only=True, tag="counter.open"): ...


class Watch(StreamCommand, frozen=True, kw_only=True, tag="counter.watch"): ...


class Dismiss(StreamCommand, frozen=True, kw_only=True, tag="counter.dismiss"):
    user: UserId


class Forget(StreamCommand, frozen=True, kw_only=True, tag="counter.forget"):
    user: UserId


class Add(StreamCommand, frozen=True, kw_only=True, tag="counter.add"):
    points: Points
    lane: Annotated[int, Meta(ge=0, le=9)] = 0


class Forward(StreamCommand, frozen=True, kw_only=True, tag="counter.forward"):
    points: Points
    to: StreamId
    hang: bool = False
    """The other counter gets no points: it hangs."""


class SetBell(StreamCommand, frozen=True, kw_only=True, tag="counter.set_bell"):
    after_ms: Annotated[int, Meta(ge=0, le=86_400_000)]


class Ring(StreamCommand, frozen=True, kw_only=True, tag="counter.ring"): ...


class AskWeight(StreamCommand, frozen=True, kw_only=True, tag="counter.ask_weight"):
    """How much its points weigh is worked out, of as many as there are when that is done."""


class TakeWeight(StreamCommand, frozen=True, kw_only=True, tag="counter.take_weight"):
    key: int
    weight: int


class Hang(StreamCommand, frozen=True, kw_only=True, tag="counter.hang"):
    """Deciding it never ends: ``STANDS`` is told of whom it is, and says what becomes of the node."""


STANDS: ContextVar[Callable[[str, str], None]] = ContextVar("stands")


# --- events --------------------------------------------------------------------------------------------


class Opened(Struct, frozen=True): ...


class Watched(Struct, frozen=True): ...


class Dismissed(Struct, frozen=True): ...


class Added(Struct, frozen=True):
    points: int


class Forwarded(Struct, frozen=True):
    points: int
    to: str


class BellSet(Struct, frozen=True):
    at: int


class Rang(Struct, frozen=True): ...


class WeightAsked(Struct, frozen=True): ...


class Weighed(Struct, frozen=True): ...


class Counter(Struct, frozen=True):
    """Bounded, and never what people wrote."""

    stream: str
    opener: str | None = None
    watchers: tuple[str, ...] = ()
    total: int = 0
    bell_at: Instant | None = None
    counted_at: int = 0
    """The seq of the event since which it has so many points."""
    weight_asked: bool = False


WIRE = WireKind(
    name="counter",
    commands=(Open, Watch, Dismiss, Add, Forward, SetBell, Ring, AskWeight, Hang),
    internal=(Forget, TakeWeight),
    events={
        "counter.opened": Opened,
        "counter.watched": Watched,
        "counter.dismissed": Dismissed,
        "counter.added": Added,
        "counter.forwarded": Forwarded,
        "counter.bell_set": BellSet,
        "counter.rang": Rang,
        "counter.weight_asked": WeightAsked,
        "counter.weighed": Weighed,
    },
    view=Counter,
)


class CounterKind(Kind[Counter]):
    """A counter holds points. People add points, watch it, forward points to another counter, and set a bell.

    Forwarding is an effect, the bell a timer, weighing is work off the loop. Whoever opened it dismisses watchers. What
    was added in a lane is kept in a row, not in the state.
    """

    wire = WIRE
    state = Counter
    applies_payloads = True

    def initial(self, stream: str) -> Counter:
        return Counter(stream)

    def facts(self, state: Counter, command: Command, *, by: str) -> Sequence[FactKey]:
        return (FactKey("lane", str(command.lane)),) if isinstance(command, Add) else ()

    def decide(self, state: Counter, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        match command:
            case Open() if state.opener is None and kind_of(by) == "user":
                return Accept((Emit(Opened()),))
            case Watch() if kind_of(by) == "user":
                return _watch(state, by)
            case Dismiss(user=user) if by == state.opener:
                if user not in state.watchers:
                    return Refuse(Code.NOT_FOUND, field="user")
                return Accept((Emit(Dismissed(), revokes=(user,)),))
            case Forget(user=user):
                return Accept((Emit(Dismissed(), revokes=(user,)),) if user in state.watchers else ())
            case Add():
                return _add(state, facts, command)
            case Forward(points=points, to=to, hang=hang):
                if points > state.total:
                    return Refuse(Code.INVALID, "There are not that many points.", "points")
                marks: dict[str, Mark] = {"total": state.total - points, "points": points, "to": to}
                if hang:
                    marks["hang"] = 1
                return Accept((Emit(Forwarded(points, to), marks=marks),))
            case SetBell(after_ms=after_ms):
                return Accept((Emit(BellSet(now + after_ms)),))
            case Ring() if state.bell_at is not None and state.bell_at <= now:
                return Accept((Emit(Rang()),))
            case AskWeight():
                return Accept(() if state.weight_asked else (Emit(WeightAsked()),))
            case TakeWeight(key=key, weight=weight) if state.weight_asked and key == state.counted_at:
                return Accept((Emit(Weighed(), marks={"weight": weight}),))
            case Hang():
                STANDS.get()(by, command.client_id)
                return Refuse(Code.INTERNAL)
            case _:
                return Refuse(Code.FORBIDDEN)

    def apply(self, state: Counter, header: Header, payload: Struct | None) -> Counter:
        match payload:
            case Opened():
                return replace(state, opener=header.author, watchers=(header.author,))
            case Watched():
                return replace(state, watchers=(*state.watchers, header.author))
            case Dismissed():
                return replace(state, watchers=tuple(w for w in state.watchers if w not in header.revokes))
            case Added() | Forwarded():
                return replace(state, total=header.marks["total"], counted_at=header.seq)
            case BellSet(at=at):
                return replace(state, bell_at=at)
            case Rang():
                return replace(state, bell_at=None)
            case WeightAsked() | Weighed():
                return replace(state, weight_asked=isinstance(payload, WeightAsked))
            case _:
                return state

    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        match payload:
            case Opened() | Watched():
                return (Upsert(LISTENERS, header.author, {}),)
            case Dismissed():
                return tuple(Delete(LISTENERS, user) for user in header.revokes)
            case Added():
                lane = str(header.marks["lane"])
                return (
                    Upsert("lane", lane, {"points": _number(header.marks["lane_total"])}),
                    Upsert("total", "", {"points": _number(header.marks["total"])}),
                )
            case Forwarded():
                return (Upsert("total", "", {"points": _number(header.marks["total"])}),)
            case _:
                return ()

    def erase(self, stream: str, user: str, events: Sequence[int]) -> Forget:
        return Forget(client_id="", stream=stream, user=user)

    def effects(self, header: Header) -> Sequence[Effect]:
        if header.type != "counter.forwarded":
            return ()
        points, to = _number(header.marks["points"]), str(header.marks["to"])
        client_id = derive_client_id(header.stream, str(header.seq))
        if "hang" in header.marks:
            return (Send(Hang(stream=to, client_id=client_id)),)
        return (Send(Add(stream=to, points=points, client_id=client_id)),)

    def due(self, state: Counter) -> Instant | None:
        return state.bell_at

    def on_due(self, state: Counter, now: Instant) -> Command | None:
        if state.bell_at is None or state.bell_at > now:
            return None
        client_id = derive_client_id(state.stream, "bell", str(state.bell_at))
        return Ring(stream=state.stream, client_id=client_id)

    def work(self, state: Counter) -> Work | None:
        if not state.weight_asked:
            return None

        def gather() -> Generator[None, None, tuple[int]]:
            points = 0
            for _ in range(state.total):
                points += 1
                yield
            return (points,)

        return Work(state.counted_at, weight_of, gather)

    def worked(self, state: Counter, key: int, result: int) -> Command:
        return TakeWeight(stream=state.stream, client_id="", key=key, weight=result)


def weight_of(points: int) -> int:
    """No two numbers of points weigh the same."""
    return points * points + 3


def _watch(state: Counter, by: str) -> Decision:
    if by in state.watchers:
        return Refuse(Code.ALREADY_EXISTS)
    if len(state.watchers) >= WATCHERS_MAX:
        return Refuse(Code.TOO_MANY)
    return Accept((Emit(Watched()),))


def _add(state: Counter, facts: Facts, command: Add) -> Decision:
    row = facts[FactKey("lane", str(command.lane))]
    marks: dict[str, Mark] = {
        "total": state.total + command.points,
        "lane": command.lane,
        "lane_total": command.points + (_number(row["points"]) if row else 0),
    }
    return Accept((Emit(Added(command.points), marks=marks),))


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value
