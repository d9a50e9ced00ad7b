from __future__ import annotations

import pytest
import trio

from actors.ports.log import LogUnavailableError
from actors.relay.entry import SIGNALS_PENDING_MAX
from protocol.codes import Code
from protocol.frames import Signalled
from protocol.limits import (
    FLUSH_HOLD_MAX_S,
    FLUSH_SENDS_MAX,
    FLUSH_TICK_MIN_S,
    RESUME_PAGE_EVENTS,
    RING_EVENTS_MAX,
)
from tests.unit.actors.relay.support import Listener
from tests.unit.actors.session.support import TEXT, MemoryWire, World, settle, stream_id, user_id

ROOM = stream_id(1)


@pytest.fixture
async def world():
    async with World().running() as world:
        yield world


async def idle() -> None:
    """Let the stream's tick pass, so that the next event is flushed at once."""
    await trio.sleep(1)


# --- flushing ---------------------------------------------------------------------------------------


async def test_an_idle_stream_is_flushed_at_once_and_one_pass_is_one_send(autojump_clock, world):
    listeners = [Listener(world, user_id(n)) for n in range(3)]
    for listener in listeners:
        await listener.join(ROOM)
    await idle()
    sends = [listener.wire.sends for listener in listeners]
    started = trio.current_time()
    for _ in range(5):
        world.publish(ROOM)
    await settle()
    assert trio.current_time() == started
    for listener, before in zip(listeners, sends, strict=True):
        assert listener.seqs == [1, 2, 3, 4, 5]
        assert listener.wire.sends == before + 1
    assert world.relay.counters.deliveries == 15


async def test_a_busy_stream_is_flushed_once_a_tick(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    await idle()
    world.publish(ROOM)
    await settle()
    started = trio.current_time()
    for _ in range(10):
        world.publish(ROOM)
        await settle()
    assert listener.seqs == [1]
    await trio.sleep(FLUSH_TICK_MIN_S / 2)
    assert listener.seqs == [1]
    await trio.sleep(FLUSH_TICK_MIN_S / 2)
    await settle()
    assert listener.seqs == list(range(1, 12))
    assert trio.current_time() - started == pytest.approx(FLUSH_TICK_MIN_S)


async def test_after_a_long_flush_the_next_waits_twice_as_long(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    await idle()
    listener.wire.on_send = lambda: autojump_clock.jump(0.5)
    started = trio.current_time()
    world.publish(ROOM)
    await settle()
    world.publish(ROOM)
    await settle()
    assert listener.seqs == [1]
    await trio.sleep_until(started + 0.99)
    assert listener.seqs == [1]
    await trio.sleep_until(started + 1.01)
    assert listener.seqs == [1, 2]


async def test_another_stream_does_not_wait_for_a_busy_one(autojump_clock, world):
    busy, other = Listener(world, user_id(1)), Listener(world, user_id(2))
    await busy.join(ROOM)
    await other.join(stream_id(2))
    await idle()
    world.publish(ROOM)
    await settle()
    world.publish(ROOM)
    world.publish(stream_id(2))
    await settle()
    assert busy.seqs == [1]
    assert other.seqs == [1]


async def crowd(world: World, size: int) -> list[Listener]:
    listeners = [Listener(world, user_id(n)) for n in range(size)]
    for listener in listeners:
        await listener.join(ROOM)
    await idle()
    for listener in listeners:
        listener.wire.got.clear()  # presence
    return listeners


async def until_half(listeners: list[Listener]) -> None:
    """Return while the flush is suspended: some got the event, some not."""
    while not listeners[0].wire.got:
        await trio.lowlevel.checkpoint()
    assert not listeners[-1].wire.got


async def test_a_flush_yields_after_its_sends(autojump_clock, world):
    listeners = await crowd(world, 2 * FLUSH_SENDS_MAX + 10)
    world.publish(ROOM)
    await until_half(listeners)
    assert sum(bool(listener.wire.got) for listener in listeners) % FLUSH_SENDS_MAX == 0
    await settle()
    assert all(listener.seqs == [1] for listener in listeners)


async def test_a_flush_yields_after_its_time(autojump_clock, world):
    listeners = await crowd(world, 600)
    for listener in listeners[::100]:
        listener.wire.on_send = lambda: autojump_clock.jump(2 * FLUSH_HOLD_MAX_S)
    world.publish(ROOM)
    await until_half(listeners)
    await settle()
    assert all(listener.seqs == [1] for listener in listeners)


async def test_coming_and_going_during_a_suspended_flush(autojump_clock, world):
    listeners = await crowd(world, 2 * FLUSH_SENDS_MAX + 10)
    world.publish(ROOM)
    await until_half(listeners)
    leaver, closer, stayer = listeners[-1], listeners[-2], listeners[-3]
    leaver.leave()
    closer.writer.abort()
    joiner, resumer, back = (Listener(world, user_id(9000 + n)) for n in range(3))
    back.wire, back._writer = leaver.wire, leaver.writer  # subscribes again on the same connection
    world.publish(ROOM)  # pending while the flush of seq 1 is under way
    await joiner.join(ROOM)
    await resumer.join(ROOM, after=0)
    await back.join(ROOM, after=0)
    world.publish(ROOM)
    await idle()
    assert joiner.seqs == [3]
    assert resumer.seqs == [1, 2, 3]
    assert back.seqs == [1, 2, 3]
    assert closer.seqs == []
    assert stayer.seqs == [1, 2, 3]
    assert listeners[0].seqs == [1, 2, 3]
    world.publish(ROOM)
    await idle()
    assert joiner.seqs == [3, 4]
    assert back.seqs == [1, 2, 3, 4]


async def test_a_position_ahead_of_the_local_flush_is_not_repeated(autojump_clock, world):
    first = Listener(world, user_id(1))
    await first.join(ROOM)
    await idle()
    world.publish(ROOM)
    await settle()
    world.publish(ROOM)
    world.publish(ROOM)  # both wait for the tick
    late = Listener(world, user_id(2))
    await late.join(ROOM, after=2)
    assert late.seqs == [3]
    world.publish(ROOM)
    await idle()
    assert late.seqs == [3, 4]
    assert first.seqs == [1, 2, 3, 4]


async def test_each_codec_gets_its_own_bytes(autojump_clock, world):
    packed, text = Listener(world, user_id(1)), Listener(world, user_id(2), lane=TEXT)
    await packed.join(ROOM)
    await text.join(ROOM)
    world.publish(ROOM, "grüße")
    await idle()
    assert packed.seqs == text.seqs == [1]
    assert text.events(TEXT.codec)[0].header == packed.events()[0].header
    assert "grüße".encode() in text.wire.got


async def test_a_slow_subscriber_is_dropped_and_slows_nobody(autojump_clock, world):
    slow, quick = Listener(world, user_id(1), MemoryWire(room=0)), Listener(world, user_id(2))
    await slow.join(ROOM)
    await quick.join(ROOM)
    for _ in range(60):
        world.publish(ROOM, "x" * 30_000)
        await idle()
    assert quick.seqs == list(range(1, 61))
    assert slow.writer.closing
    assert list(world.relay.audience(ROOM)) == [user_id(2)]
    assert world.writers.slow_closes == 1


async def test_a_stream_without_subscribers_is_forgotten(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    listener.leave()
    listener.leave()
    world.publish(ROOM)
    await idle()
    assert world.relay._entries == {}
    assert listener.seqs == []


# --- order: repeats, gaps, resumes --------------------------------------------------------------------


async def test_repeats_are_dropped_and_gaps_filled_from_the_log(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    first = world.publish(ROOM)
    world.write(ROOM)
    world.write(ROOM)
    world.publish(ROOM)
    world.relay.publish(ROOM, [first])
    await idle()
    assert listener.seqs == [1, 2, 3, 4]
    assert world.relay.counters.gaps == 1
    assert world.relay.counters.repairs == 1


async def test_repair_goes_on_until_the_log_is_back(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    world.faults.failing.add("read")
    for _ in range(3 * RESUME_PAGE_EVENTS):
        world.write(ROOM)
    world.publish(ROOM)
    await trio.sleep(60)
    assert listener.seqs == []
    reads = world.faults.calls.count("read")
    assert 10 < reads < 60  # it backs off
    world.faults.failing.clear()
    await trio.sleep(10)
    assert listener.seqs == list(range(1, 3 * RESUME_PAGE_EVENTS + 2))


async def test_repair_ends_with_the_last_subscriber(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    world.faults.failing.add("read")
    world.write(ROOM)
    world.publish(ROOM)
    await trio.sleep(1)
    listener.leave()
    await trio.sleep(10)
    reads = world.faults.calls.count("read")
    await trio.sleep(100)
    assert world.faults.calls.count("read") == reads


async def test_what_the_standing_read_saw_is_pulled_when_the_bus_is_late(autojump_clock, world):
    first = Listener(world, user_id(1))
    await first.join(ROOM)
    late = [world.write(ROOM), world.write(ROOM)]  # committed, not yet published
    second = Listener(world, user_id(2))
    await second.join(ROOM, after=0)
    world.relay.publish(ROOM, late)
    world.publish(ROOM)
    await idle()
    assert first.seqs == second.seqs == [1, 2, 3]


async def test_events_published_while_the_standing_is_read_are_neither_lost_nor_repeated(
    autojump_clock, world
):
    for _ in range(3):
        world.write(ROOM)
    world.faults.held["read_access"] = gate = trio.Event()
    listener = Listener(world, user_id(1))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.join, ROOM, 1)
        await settle()
        world.publish(ROOM)
        world.publish(ROOM)
        gate.set()
    world.publish(ROOM)
    await idle()
    assert listener.seqs == [2, 3, 4, 5, 6]


async def test_a_resume_within_the_ring_reads_nothing(autojump_clock, world):
    keeper = Listener(world, user_id(1))
    await keeper.join(ROOM)
    for _ in range(10):
        world.publish(ROOM)
    resumer = Listener(world, user_id(2))
    await resumer.join(ROOM, after=3)
    assert resumer.seqs == [4, 5, 6, 7, 8, 9, 10]
    assert "read" not in world.faults.calls
    assert world.relay.counters.resumes_from_log == 0


async def test_a_resume_beyond_the_ring_pages_through_the_log(autojump_clock, world):
    keeper = Listener(world, user_id(1))
    await keeper.join(ROOM)
    count = RING_EVENTS_MAX + 2 * RESUME_PAGE_EVENTS + 7
    for _ in range(count):
        world.publish(ROOM)
    resumer = Listener(world, user_id(2))
    await resumer.join(ROOM, after=2)
    assert resumer.seqs == list(range(3, count + 1))
    assert world.faults.calls.count("read") == 3
    assert world.relay.counters.resumes_from_log == 1


async def test_resumers_at_the_same_position_share_one_read(autojump_clock, world):
    for _ in range(5):
        world.write(ROOM)
    listeners = [Listener(world, user_id(n)) for n in range(50)]
    async with trio.open_nursery() as nursery:
        for listener in listeners:
            nursery.start_soon(listener.join, ROOM, 2)
    assert all(listener.seqs == [3, 4, 5] for listener in listeners)
    assert world.faults.calls.count("read") == 1


async def test_a_cancelled_leader_leaves_the_shared_read_to_the_others(autojump_clock, world):
    for _ in range(5):
        world.write(ROOM)
    world.faults.held["read"] = gate = trio.Event()
    gone, left = Listener(world, user_id(1)), Listener(world, user_id(2))
    async with trio.open_nursery() as nursery:
        leader = await nursery.start(_cancellable, gone.join, ROOM, 0)
        await settle()
        nursery.start_soon(left.join, ROOM, 0)
        await settle()
        leader.cancel()
        await settle()
        gate.set()
    assert left.seqs == [1, 2, 3, 4, 5]


async def _cancellable(run, *args, task_status=trio.TASK_STATUS_IGNORED):
    with trio.CancelScope() as scope:
        task_status.started(scope)
        await run(*args)


async def test_a_long_resume_waits_for_a_slow_client_instead_of_closing_it(autojump_clock, world):
    for _ in range(150):
        world.write(ROOM, "x" * 20_000)
    wire = MemoryWire(room=0)
    listener = Listener(world, user_id(1), wire)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.join, ROOM, 0)
        most = 0
        for _ in range(400):
            await trio.sleep(0.01)
            most = max(most, listener.writer.queued_bytes)
            wire.grant(10_000)
        world.publish(ROOM)
        wire.grant(None)
    await idle()
    assert listener.seqs == list(range(1, 152))
    assert most < 200_000


async def test_leaving_in_the_middle_of_a_resume(autojump_clock, world):
    for _ in range(150):
        world.write(ROOM, "x" * 20_000)
    wire = MemoryWire(room=100_000)
    listener = Listener(world, user_id(1), wire)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.join, ROOM, 0)
        await settle()
        listener.writer.abort()
    assert world.relay._entries == {}
    assert not world.relay.audience(ROOM)


async def test_without_the_log_a_fresh_resume_ends_as_unavailable(autojump_clock, world):
    for _ in range(5):
        world.write(ROOM)
    world.faults.failing.add("read")
    listener = Listener(world, user_id(1))
    await listener.join(ROOM, after=0)
    assert listener.ends == [Code.UNAVAILABLE]
    assert listener.seqs == []
    assert world.relay._entries == {}


async def test_a_pull_that_fails_raises_before_anything_is_written(autojump_clock, world):
    keeper = Listener(world, user_id(1))
    await keeper.join(ROOM)
    world.write(ROOM)
    world.faults.failing.add("read")
    listener = Listener(world, user_id(2))
    with pytest.raises(LogUnavailableError):
        await listener.join(ROOM)
    assert not listener.wire.got
    listener.leave()
    world.faults.failing.clear()
    await trio.sleep(10)
    assert keeper.seqs == [1]


async def test_more_than_may_wait_for_a_flush_comes_from_the_log_later(autojump_clock, world, monkeypatch):
    monkeypatch.setattr("actors.relay.entry.PENDING_BYTES_MAX", 5_000)
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    await idle()
    world.publish(ROOM)
    await settle()
    for _ in range(100):
        world.publish(ROOM, "x" * 200)
    await idle()
    assert listener.seqs == list(range(1, 102))
    assert world.relay.counters.gaps > 0


# --- rights ----------------------------------------------------------------------------------------------


async def test_a_revoking_event_splits_a_coalesced_flush(autojump_clock, world):
    kicked, other = Listener(world, user_id(1)), Listener(world, user_id(2))
    twin = Listener(world, user_id(1), lane=TEXT)
    for listener in (kicked, other, twin):
        await listener.join(ROOM)
    await idle()
    world.publish(ROOM)
    world.publish(ROOM, revokes=(user_id(1), user_id(77)))
    world.publish(ROOM)
    await idle()
    assert kicked.seqs == twin.seqs == [1, 2]
    assert kicked.ends == twin.ends == [Code.FORBIDDEN]
    assert other.seqs == [1, 2, 3]
    assert other.ends == []
    assert world.relay.counters.revocations == 2
    assert list(world.relay.audience(ROOM)) == [user_id(2)]


@pytest.mark.parametrize("in_ring", [True, False])
async def test_a_revocation_after_the_standing_read_ends_a_resume_where_it_stands(
    autojump_clock, world, in_ring
):
    keeper = Listener(world, user_id(9))
    if in_ring:
        await keeper.join(ROOM)
    world.publish(ROOM, revokes=(user_id(1),))  # before the right was read: it was given again
    world.publish(ROOM)
    listener = Listener(world, user_id(1))
    subscription = world.relay.register(ROOM, listener)
    head = world.stored(ROOM).head  # the standing: 2
    world.publish(ROOM)
    world.publish(ROOM, revokes=(user_id(1),))
    world.publish(ROOM)
    await world.relay.attach(subscription, after=0, head=head, opening=b"")
    await idle()
    assert listener.seqs == [1, 2, 3, 4]
    assert listener.ends == [Code.FORBIDDEN]


async def test_a_revocation_that_a_suspended_flush_carries_spares_who_came_back_after_it(
    autojump_clock, world
):
    listeners = await crowd(world, 2 * FLUSH_SENDS_MAX + 10)
    kicked = listeners[-1]
    world.publish(ROOM, revokes=(kicked.user,))
    await until_half(listeners)
    world.publish(ROOM)  # … in which the right is given again
    again = Listener(world, kicked.user)
    await again.join(ROOM, after=0)
    await idle()
    world.publish(ROOM)
    await idle()
    assert kicked.seqs == [1]
    assert kicked.ends == [Code.FORBIDDEN]
    assert again.seqs == [1, 2, 3]
    assert again.ends == []


async def test_who_caught_up_past_a_pending_revocation_is_not_ended_twice(autojump_clock, world):
    first = Listener(world, user_id(1))
    await first.join(ROOM)
    await idle()
    world.publish(ROOM)
    await settle()
    late = Listener(world, user_id(2))
    subscription = world.relay.register(ROOM, late)
    world.publish(ROOM, revokes=(user_id(2),))
    world.publish(ROOM)
    await world.relay.attach(subscription, after=0, head=1, opening=b"")
    await idle()
    assert late.seqs == [1, 2]
    assert late.ends == [Code.FORBIDDEN]
    assert first.seqs == [1, 2, 3]


# --- erasure ------------------------------------------------------------------------------------------------


async def test_an_erasing_event_empties_the_ring_and_what_was_framed_of_it(autojump_clock, world):
    keepers = [Listener(world, user_id(1)), Listener(world, user_id(2), lane=TEXT)]
    for keeper in keepers:
        await keeper.join(ROOM)
    world.publish(ROOM, "secret")
    world.publish(ROOM, "other")
    await idle()
    world.publish(ROOM, erases=(1,))
    await idle()
    for lane in (keepers[0].writer.lane, TEXT):
        resumer = Listener(world, user_id(3), lane=lane)
        await resumer.join(ROOM, after=0)
        assert resumer.seqs == [1, 2, 3]
        payloads = [event.payload for event in resumer.events(lane.codec)]
        assert payloads[0] is None
        assert payloads[1] is not None
        assert b"secret" not in resumer.wire.got
    assert "read" not in world.faults.calls


# --- presence and signals -------------------------------------------------------------------------------------


async def test_the_audience_changes_with_the_first_and_last_subscription_of_a_user(autojump_clock, world):
    told: list[str] = []
    world.relay.on_audience(told.append)
    await Listener(world, user_id(1)).join(ROOM)
    first, second = Listener(world, user_id(2)), Listener(world, user_id(2))
    await first.join(ROOM)
    await second.join(ROOM)
    assert list(world.relay.audience(ROOM)) == [user_id(1), user_id(2)]
    assert list(world.relay.listened_by(user_id(2))) == [ROOM]
    assert told == [ROOM, ROOM]
    first.leave()
    assert told == [ROOM, ROOM]
    second.writer.abort()
    await idle()
    assert told == [ROOM, ROOM, ROOM]
    assert list(world.relay.audience(ROOM)) == [user_id(1)]
    assert list(world.relay.listened_by(user_id(2))) == []


async def test_signals_go_to_live_subscribers_and_are_dropped_first(autojump_clock, world):
    quick, slow = Listener(world, user_id(1)), Listener(world, user_id(1), MemoryWire(room=0))
    for listener in (quick, slow):
        await listener.join(ROOM)
    await idle()
    world.publish(ROOM)
    await idle()
    signal = Signalled(stream=ROOM, author=user_id(1), type="room.typing")
    for _ in range(SIGNALS_PENDING_MAX + 5):
        world.relay.signalled(signal)
    await idle()
    slow.wire.grant(None)
    await idle()
    assert len(quick.signals) == SIGNALS_PENDING_MAX
    assert world.relay.counters.signals_dropped == 5
    assert slow.signals == []
    assert slow.seqs == [1]
    world.relay.signalled(Signalled(stream=stream_id(2), author=user_id(1), type="room.typing"))


# --- what the bridge needs --------------------------------------------------------------------------


async def test_a_head_beyond_what_was_relayed_is_fetched(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    for _ in range(3):
        world.write(ROOM)
    world.relay.stands(ROOM, 3)
    await idle()
    assert listener.seqs == [1, 2, 3]
    reads = world.faults.calls.count("read")
    world.relay.stands(ROOM, 2)
    world.relay.stands(ROOM, 3)
    world.relay.stands(stream_id(2), 9)
    await idle()
    assert world.faults.calls.count("read") == reads


async def test_a_head_told_while_a_subscription_begins_is_not_forgotten(autojump_clock, world):
    """The right and an older head were read already; nothing is published after that."""
    world.write(ROOM)
    listener = Listener(world, user_id(1))
    subscription = world.relay.register(ROOM, listener)
    (access,) = await world.log.read_access([(ROOM, listener.user)])
    world.write(ROOM)
    world.relay.stands(ROOM, 2)
    await world.relay.attach(subscription, after=access.head, head=access.head, opening=b"")
    await idle()
    assert listener.seqs == [2]
    world.relay.detach(subscription)


async def test_interest_is_told_for_the_first_and_the_last(autojump_clock, world):
    told: list[tuple[str, bool]] = []
    world.relay.on_interest(lambda stream, wanted: told.append((stream, wanted)))
    listeners = [Listener(world, user_id(n)) for n in range(2)]
    for listener in listeners:
        await listener.join(ROOM)
    assert told == [(ROOM, True)]
    assert world.relay.streams == (ROOM,)
    listeners[0].leave()
    assert told == [(ROOM, True)]
    listeners[1].leave()
    listeners[1].leave()
    assert told == [(ROOM, True), (ROOM, False)]
    assert world.relay.streams == ()
    await listeners[0].join(ROOM)
    assert told[2:] == [(ROOM, True)]
