"""Promise 2 as a property: whatever the bus, the log and the clients do, each subscriber sees every seq once."""

from __future__ import annotations

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ports.log import LogRow, LogUnavailableError
from tests.unit.actors.relay.support import Listener
from tests.unit.actors.session.support import PACKED, TEXT, MemoryWire, World, run, settle, stream_id, user_id

ROOM = stream_id(1)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 60)),
        st.tuples(st.just("relay"), st.integers(0, 3)),  # how much of what waits on the bus arrives
        st.tuples(st.just("lose"), st.integers(1, 40)),
        st.tuples(st.just("repeat"), st.integers(1, 20)),
        st.tuples(st.just("join"), st.integers(0, 100)),  # how far back, in percent
        st.tuples(st.just("leave"), st.integers(0, 10)),
        st.tuples(st.just("log"), st.booleans()),
        st.tuples(st.just("run"), st.sampled_from([0.0, 0.001, 0.02, 0.5])),
    ),
    max_size=60,
)


class Run:
    def __init__(self, world: World, nursery: trio.Nursery, small: bool) -> None:
        self.world = world
        self.nursery = nursery
        self.small = small
        self.bus: list[LogRow] = []
        self.joined: list[tuple[Listener, int]] = []

    async def join(self, listener: Listener, after: int) -> None:
        try:
            await listener.join(ROOM, after)
        except LogUnavailableError:
            listener.leave()

    async def step(self, what: str, much) -> None:
        world, bus = self.world, self.bus
        stored = world.stored(ROOM)
        match what:
            case "commit":
                bus.extend(world.write(ROOM, "x" * (much % 50)) for _ in range(much))
            case "relay":
                arrived, bus[:] = bus[: len(bus) * much // 3], bus[len(bus) * much // 3 :]
                world.relay.publish(ROOM, arrived)
            case "lose":
                del bus[:much]
            case "repeat":
                world.relay.publish(ROOM, stored.events[-much:])
            case "join":
                wire = MemoryWire(step=700) if self.small and much % 2 else MemoryWire()
                number = len(self.joined)
                listener = Listener(world, user_id(number), wire, TEXT if number % 3 == 2 else PACKED)
                after = stored.head - stored.head * much // 100
                self.joined.append((listener, after))
                self.nursery.start_soon(self.join, listener, after)
            case "leave":
                if much < len(self.joined):
                    self.joined[much][0].leave()
            case "log":
                world.faults.failing = {"read"} if much else set()
            case _:
                await trio.sleep(much)
                await settle()


@given(steps=steps, small=st.booleans())
@settings(deadline=None, max_examples=150)
def test_every_subscriber_sees_every_seq_once_in_order(steps, small):
    async def main() -> None:
        async with World().running() as world, trio.open_nursery() as nursery:
            going = Run(world, nursery, small)
            for what, much in steps:
                await going.step(what, much)
            world.faults.failing = set()
            await trio.sleep(10)
            last = world.write(ROOM)
            world.relay.publish(ROOM, [last])
            await trio.sleep(10)
            for listener, after in going.joined:
                got = listener.seqs
                assert got == list(range(after + 1, after + 1 + len(got)))
                subscription = listener.subscription
                assert subscription is not None
                if not subscription.ended:
                    assert subscription.live
                    assert got[-1] == last.seq
                elif listener.ends:
                    assert not listener.writer.closing
            assert len(world.writers.parked) == 0

    run(main)
