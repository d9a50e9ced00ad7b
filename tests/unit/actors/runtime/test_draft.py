"""What the commands of one batch see of what those before them wrote."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from actors.kind import Decision, FactKey, Facts, Instant, Row
from actors.runtime.draft import Draft
from actors.runtime.envelope import Envelope
from actors.tables import Column, Table, Type
from protocol.frames import Command
from protocol.ids import derive_client_id
from tests.counter_kind import Add, Counter, CounterKind

ANN = "user:" + "a" * 32
STREAM = "counter:" + "1" * 32
LANE = FactKey("lane", "1")


class Stepping(CounterKind):
    """Its lanes have a column that ``project`` doesn't name."""

    tables = (
        Table(
            "lane",
            (
                Column("points", Type.INTEGER, required=True),
                Column("step", Type.INTEGER, required=True, default=2),
            ),
        ),
    )

    def __init__(self) -> None:
        self.seen: list[Row | None] = []

    @override
    def decide(self, state: Counter, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        self.seen.append(facts[LANE])
        return super().decide(state, facts, command, by=by, now=now)


def add(number: int) -> Envelope:
    client_id: Any = derive_client_id("add", str(number))
    return Envelope(
        Add(stream=STREAM, client_id=client_id, points=3, lane=1), ANN, STREAM, lambda _: None, 0.0
    )


def test_a_row_of_the_batch_has_the_columns_that_it_will_have_when_it_is_stored() -> None:
    kind = Stepping()
    draft = Draft(kind, STREAM, Counter(STREAM, opener=ANN), 1, 1_000, b"k" * 16)
    for number in range(2):
        draft.decide(add(number), {LANE: None}, 1_000)
    assert kind.seen == [None, {"points": 3, "step": 2}]
