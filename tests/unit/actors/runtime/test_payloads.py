"""A stream comes back from its headers: what a payload holds, or can't hold any more, keeps none from being served."""

from __future__ import annotations

import pytest
from msgspec import Struct, msgpack

from actors.ports.log import LogRow
from protocol.event import Header
from protocol.frames import Accepted
from tests.unit.actors.runtime.conftest import Add, Added, Tally, TallyKind, World, ask_all, cid


class ReadingTallyKind(TallyKind):
    """A kind whose apply looks at payloads."""

    applies_payloads = True

    def apply(self, state: Tally, header: Header, payload: Struct | None) -> Tally:
        self.seen.append(payload)
        return super().apply(state, header, payload)

    def __init__(self) -> None:
        self.seen: list[Struct | None] = []


@pytest.mark.parametrize("kind", [TallyKind(), ReadingTallyKind()])
async def test_payloads_that_are_valid_no_more_cost_no_stream(
    autojump_clock: object, world: World, caplog: pytest.LogCaptureFixture, kind: TallyKind
) -> None:
    """As after a limit was lowered: the state comes from the headers."""
    world.kind = kind
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        for n in range(3):
            await ask_all(runtime, [Add(client_id=cid(str(n)), stream=a, note="long")])
        assert await world.release(runtime)
    row = world.row(a)
    row.checkpoints.clear()
    row.events[0] = LogRow(1, row.events[0].header, msgpack.encode({"amount": "none", "note": 5}))
    row.events[1] = LogRow(2, row.events[1].header, b"\xc1")
    if isinstance(kind, ReadingTallyKind):
        kind.seen.clear()
    async with world.runtime() as runtime:
        (reply,) = await ask_all(runtime, [Add(client_id=cid("3"), stream=a)])
        assert isinstance(reply, Accepted)
        found = runtime.supervisor.entity(a, world.ownership.epoch(a) or 0)
        assert found is not None
        assert found.cell is not None
        assert found.cell.active.state == Tally(total=4)
    assert "crashed" not in caplog.text
    if isinstance(kind, ReadingTallyKind):
        assert kind.seen == [None, None, Added(1, "long"), Added(1, "")]
        assert [vars(record)["seq"] for record in caplog.records] == [1, 2]


async def test_a_kind_that_does_not_say_so_gets_no_payload_to_apply(
    autojump_clock: object, world: World
) -> None:
    class Curious(ReadingTallyKind):
        applies_payloads = False

    world.kind = kind = Curious()
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a)])
    assert kind.seen == [None]
