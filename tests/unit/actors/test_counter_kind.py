"""The kind the simulation counts with: its functions alone, so that a violation found there isn't theirs."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kind import LISTENERS, Accept, FactKey, Refuse, Send
from protocol.codec import SESSION_FRAMES, codecs
from protocol.codes import Code
from protocol.ids import SYSTEM, derive_client_id
from tests import counter_kind as counter
from tests.checkpoints import decoded, encoded
from tests.counter_kind import CounterKind
from tests.fold import Folded

STREAM, OTHER = "counter:" + "1" * 32, "counter:" + "2" * 32
ANN, BOB = "user:" + "a" * 32, "user:" + "b" * 32
ID = derive_client_id("test")


@pytest.fixture
def stream() -> Folded:
    stream = Folded(CounterKind(), STREAM)
    assert isinstance(stream.do(counter.Open(client_id=ID), ANN), Accept)
    return stream


def ask(kind: str, **fields: Any) -> Any:
    return getattr(counter, kind)(stream=STREAM, client_id=ID, **fields)


def code(decision: Any) -> Code:
    assert isinstance(decision, Refuse)
    return decision.code


def test_its_commands_travel_in_both_encodings() -> None:
    for codec in codecs((*SESSION_FRAMES, *CounterKind.wire.commands)).values():
        for command in (counter.Open(client_id=ID), ask("Add", points=3), ask("Forward", points=1, to=OTHER)):
            assert codec.decode(codec.encode(command)) == command


def test_points_add_up(stream: Folded) -> None:
    for points, lane in ((3, 0), (4, 1), (5, 0)):
        assert isinstance(stream.do(ask("Add", points=points, lane=lane), BOB), Accept)
    assert stream.state.total == 12
    assert stream.rows[FactKey("total", "")] == {"points": 12}
    assert [stream.rows[FactKey("lane", lane)] for lane in "01"] == [{"points": 8}, {"points": 4}]
    assert stream.kind.view(stream.state, BOB) == stream.state


def test_points_are_forwarded_by_an_effect(stream: Folded) -> None:
    stream.do(ask("Add", points=9), BOB)
    assert code(stream.do(ask("Forward", points=10, to=OTHER), BOB)) is Code.INVALID
    assert isinstance(stream.do(ask("Forward", points=4, to=OTHER), BOB), Accept)
    assert stream.state.total == 5
    (effect,) = stream.kind.effects(stream.headers()[-1])
    assert isinstance(effect, Send)
    other = Folded(CounterKind(), OTHER)
    other.do(counter.Open(client_id=ID), ANN)
    assert isinstance(other.do(effect.command, STREAM), Accept)
    assert other.state.total == 4
    assert [stream.kind.effects(header) for header in stream.headers()[:-1]] == [(), ()]


def test_the_bell_rings_once_and_not_early(stream: Folded) -> None:
    assert code(stream.do(ask("Ring"), BOB)) is Code.FORBIDDEN
    stream.do(ask("SetBell", after_ms=50), BOB)
    due = stream.kind.due(stream.state)
    assert due is not None
    assert due == stream.now + 50
    assert stream.kind.on_due(stream.state, due - 1) is None
    ring = stream.kind.on_due(stream.state, due)
    assert ring is not None
    assert code(stream.do(ring, SYSTEM)) is Code.FORBIDDEN
    stream.now = due
    assert isinstance(stream.do(ring, SYSTEM), Accept)
    assert stream.kind.due(stream.state) is None
    assert code(stream.do(ring, SYSTEM)) is Code.FORBIDDEN


def test_only_the_opener_dismisses(stream: Folded) -> None:
    assert isinstance(stream.do(ask("Watch"), BOB), Accept)
    assert code(stream.do(ask("Watch"), BOB)) is Code.ALREADY_EXISTS
    assert code(stream.do(ask("Watch"), STREAM)) is Code.FORBIDDEN
    assert code(stream.do(ask("Dismiss", user=ANN), BOB)) is Code.FORBIDDEN
    assert FactKey(LISTENERS, BOB) in stream.rows
    assert isinstance(stream.do(ask("Dismiss", user=BOB), ANN), Accept)
    assert stream.headers()[-1].revokes == (BOB,)
    assert FactKey(LISTENERS, BOB) not in stream.rows
    assert code(stream.do(ask("Dismiss", user=BOB), ANN)) is Code.NOT_FOUND


def test_watchers_are_bounded(stream: Folded) -> None:
    users = [f"user:{n:032x}" for n in range(counter.WATCHERS_MAX)]
    last = [stream.do(ask("Watch"), user) for user in users][-1]
    assert code(last) is Code.TOO_MANY


COMMANDS = st.one_of(
    st.builds(lambda p, lane: ask("Add", points=p, lane=lane), st.integers(1, 1000), st.integers(0, 9)),
    st.builds(lambda p: ask("Forward", points=p, to=OTHER), st.integers(1, 1000)),
    st.builds(lambda ms: ask("SetBell", after_ms=ms), st.integers(0, 3)),
    st.builds(lambda user: ask("Dismiss", user=user), st.sampled_from([ANN, BOB])),
    st.sampled_from([ask("Watch"), ask("Ring")]),
)


@given(st.lists(st.tuples(COMMANDS, st.sampled_from([ANN, BOB]))))
def test_no_point_is_made_or_lost(asked: list[tuple[Any, str]]) -> None:
    stream = Folded(CounterKind(), STREAM)
    stream.do(counter.Open(client_id=ID), ANN)
    for command, by in asked:
        stream.do(command, by)
    added = sum(cast(int, row["points"]) for key, row in stream.rows.items() if key.table == "lane")
    effects: list[Any] = [e for header in stream.headers() for e in stream.kind.effects(header)]
    sends = [effect.command.points for effect in effects]
    assert stream.state.total == added - sum(sends) >= 0
    assert {key.key for key in stream.rows if key.table == LISTENERS} == set(stream.state.watchers)
    assert stream.refolded() == (stream.state, stream.rows)
    assert decoded(encoded(stream.state), stream.kind.state) == stream.state
