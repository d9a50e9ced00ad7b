from __future__ import annotations

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.session.connection_writer import JOIN_BYTES_MAX, ConnectionWriters
from protocol.codes import CloseCode
from protocol.frames import Goodbye
from protocol.limits import CLOSE_TIMEOUT_S, OUTBOX_BYTES_MAX
from tests.unit.actors.session.support import (
    PACKED,
    MemoryWire,
    World,
    closed_with,
    frames,
    parse,
    run,
    settle,
)


def message(size: int, fill: int = 0) -> bytes:
    return PACKED.framing.message(bytes([fill]) * size)


GOODBYE = PACKED.goodbye(CloseCode.GOING_AWAY)


@pytest.fixture
async def world():
    async with World().running() as world:
        yield world


@given(
    writes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), max_size=40),
    step=st.integers(1, 97),
    room=st.integers(0, 200),
    close=st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_whatever_the_wire_takes_the_peer_gets_whole_frames_in_order(writes, step, room, close):
    async def main() -> None:
        async with World().running() as world:
            wire = MemoryWire(room=room, step=step)
            writer = world.open(wire)
            sent: list[bytes] = []
            for number, (size, granted) in enumerate(writes):
                sent.append(message(size, number % 251)[4:])
                writer.write(message(size, number % 251))
                wire.grant(granted)
                if granted % 3 == 0:
                    await settle()
            if close:
                writer.close(CloseCode.GOING_AWAY, "", goodbye=GOODBYE)
                writer.write(message(3))
            wire.grant(None)
            await writer.drained()
            await settle()
            got, code = parse(bytes(wire.got))
            assert got == ([*sent, GOODBYE[4:]] if close else sent)
            assert code == (CloseCode.GOING_AWAY if close else None)
            assert wire.closed is writer.closed is close
            assert writer.queued_bytes == 0
            assert len(world.writers.parked) == 0

    run(main)


async def test_a_reader_that_keeps_up_costs_no_task(autojump_clock, world):
    tasks = trio.lowlevel.current_statistics().tasks_living
    wire = MemoryWire()
    writer = world.open(wire)
    for _ in range(100):
        writer.write(message(50))
    assert len(parse(bytes(wire.got))[0]) == 100
    assert trio.lowlevel.current_statistics().tasks_living == tasks
    wire.room = 0
    writer.write(message(50))
    assert trio.lowlevel.current_statistics().tasks_living == tasks + 1
    assert len(world.writers.parked) == 1
    wire.grant(None)
    await settle()
    assert trio.lowlevel.current_statistics().tasks_living == tasks
    assert writer.direct


async def test_only_the_rest_of_a_partial_send_is_queued(autojump_clock, world):
    wire = MemoryWire(room=10)
    writer = world.open(wire)
    writer.write(message(50))
    assert writer.queued_bytes == 44
    assert len(wire.got) == 10


async def test_a_drain_joins_chunks_up_to_its_limits(autojump_clock, world):
    wire = MemoryWire(room=0)
    writer = world.open(wire)
    for _ in range(100):
        writer.write(message(100))
    wire.sends = 0
    wire.grant(None)
    await settle()
    assert wire.sends == 2
    wire.room, wire.sends = 0, 0
    for _ in range(4):
        writer.write(message(JOIN_BYTES_MAX // 2))
    wire.grant(None)
    await settle()
    assert wire.sends == 5  # the direct try, then one each: two would be over the limit
    assert len(parse(bytes(wire.got))[0]) == 104


@pytest.mark.parametrize("taken", [0, 10])
async def test_a_slow_reader_gets_what_it_has_begun_then_goodbye_and_close(autojump_clock, world, taken):
    wire = MemoryWire(room=taken)
    writer = world.open(wire)
    most = 0
    while not writer.closing:
        writer.write(message(10_000))
        most = max(most, writer.queued_bytes)
    assert most <= OUTBOX_BYTES_MAX
    assert writer.queued_bytes < 12_000  # all that hadn't begun is freed at once
    assert world.writers.slow_closes == 1
    writer.write(message(1))
    writer.write_droppable(message(1))
    writer.close(CloseCode.GOING_AWAY, "")
    wire.grant(None)
    await settle()
    got, code = parse(bytes(wire.got))
    assert code == CloseCode.SLOW_READER
    assert len(got) == (2 if taken else 1)
    goodbye = PACKED.codec.decode_server(got[-1])
    assert isinstance(goodbye, Goodbye)
    assert goodbye.code == CloseCode.SLOW_READER
    assert goodbye.retry
    assert wire.closed
    assert writer.closed


async def test_a_limit_is_met_exactly_before_it_closes(autojump_clock):
    world = World()
    world.writers = ConnectionWriters(world.clock, bytes_max=108)
    async with world.running():
        wire = MemoryWire(room=0)
        writer = world.open(wire)
        writer.write(message(50))
        writer.write(message(50))
        assert writer.queued_bytes == 108
        assert not writer.closing
        writer.write(b"x")
        assert writer.closing


async def test_droppable_frames_are_dropped_while_anything_waits_but_never_cut(autojump_clock, world):
    wire = MemoryWire(room=10)
    writer = world.open(wire)
    writer.write_droppable(message(50, 1))
    writer.write_droppable(message(50, 2))
    wire.grant(None)
    await settle()
    writer.write_droppable(message(50, 3))
    assert [m[0] for m in parse(bytes(wire.got))[0]] == [1, 3]


async def test_close_goes_out_at_once_when_nothing_waits(autojump_clock, world):
    wire = MemoryWire()
    writer = world.open(wire)
    writer.close(CloseCode.GOING_AWAY, "", goodbye=GOODBYE)
    assert closed_with(wire) == CloseCode.GOING_AWAY
    assert wire.closed
    assert [type(f) for f in frames(wire)] == [Goodbye]


async def test_a_peer_that_takes_nothing_is_ended_at_the_close_timeout(autojump_clock, world):
    wire, healthy = MemoryWire(room=0), MemoryWire()
    writer, other = world.open(wire), world.open(healthy)
    writer.write(message(100))
    writer.close(CloseCode.GOING_AWAY, "")
    started = trio.current_time()
    await writer.drained()
    assert trio.current_time() - started == pytest.approx(CLOSE_TIMEOUT_S)
    assert wire.closed
    assert writer.closed
    assert writer.queued_bytes == 0
    assert not other.closing


async def test_several_closings_end_each_in_its_time(autojump_clock, world):
    stuck = [MemoryWire(room=0) for _ in range(3)]
    ended: list[float] = []
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        for wire in stuck:
            writer = world.open(wire)
            writer.close(CloseCode.GOING_AWAY, "")

            async def wait(writer=writer) -> None:
                await writer.drained()
                ended.append(trio.current_time() - started)

            nursery.start_soon(wait)
            await trio.sleep(1)
    assert ended == pytest.approx([CLOSE_TIMEOUT_S, CLOSE_TIMEOUT_S + 1, CLOSE_TIMEOUT_S + 2])


@pytest.mark.parametrize("when", ["write", "drain", "abort"])
async def test_a_gone_connection_frees_everything_and_tells_once(autojump_clock, world, when):
    wire = MemoryWire(room=None if when == "write" else 0)
    writer = world.open(wire)
    told: list[bool] = []
    writer.on_closing = lambda: told.append(writer.closed)
    if when == "write":
        wire.fail()
    writer.write(message(10))
    if when == "drain":
        wire.fail()
    if when == "abort":
        writer.abort()
    await settle()
    writer.write(message(10))
    writer.close(CloseCode.GOING_AWAY, "")
    writer.abort()
    assert told == [True]
    assert writer.closed
    assert wire.closed
    assert writer.queued_bytes == 0
    assert len(world.writers.parked) == 0
    await writer.drained()


async def test_on_closing_comes_while_the_last_bytes_still_wait(autojump_clock, world):
    wire = MemoryWire(room=0)
    writer = world.open(wire)
    told: list[bool] = []
    writer.on_closing = lambda: told.append(writer.closed)
    writer.close(CloseCode.GOING_AWAY, "")
    assert told == [False]
    wire.grant(None)
    await settle()
    assert told == [False]
    assert writer.closed


async def test_without_its_drain_tasks_an_outbox_that_must_queue_ends(autojump_clock):
    world = World()
    wire = MemoryWire(room=0)
    writer = world.open(wire)
    writer.write(message(10))
    assert writer.closed
    assert wire.closed
