from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.cluster import link as link_module
from actors.cluster.limits import LINK_FRAME_BYTES_MAX, LINK_QUEUE_MESSAGES_MAX, REGISTER_STREAMS_MAX
from actors.cluster.link import Arrival, Incoming, Link, Outgoing
from protocol.nodes import Beat, Missed, Published, Register, Returned, Unregister
from tests.unit.actors.cluster.bridges import member, row, stream_in

ROOM = stream_in(1)


@st.composite
def deliveries(draw: st.DrawFn) -> list[int]:
    """What becomes of frames 1 … n on the way: each lost, late, or there more than once."""
    sent = draw(st.integers(1, 30))
    arrivals: list[tuple[float, int]] = []
    for number in range(1, sent + 1):
        delays = draw(st.lists(st.floats(0, 5), max_size=3))
        arrivals += [(number + delay, number) for delay in delays]
    return [number for _, number in sorted(arrivals)]


@given(deliveries())
def test_no_frame_is_taken_twice_and_no_hole_before_one_is_missed(numbers: list[int]):
    incoming = Incoming()
    taken: list[int] = []
    for number in numbers:
        arrival = incoming.take(number, 0.0)
        if arrival is Arrival.OLD:
            assert taken and number <= taken[-1]
            continue
        before = taken[-1] if taken else 0
        assert number > before
        assert (arrival is Arrival.AFTER_HOLE) == (number != before + 1)
        taken.append(number)
    assert taken == sorted(set(taken))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), max_size=20), st.data())
def test_what_is_dropped_or_lost_is_always_seen_before_what_follows(passes, data):
    """Messages carry their order; a pass queues some, drops some for want of room, and its frame may be lost."""
    outgoing, incoming = Outgoing(), Incoming()
    order = last = 0
    for messages, drops, lost in passes:
        for _ in range(messages):
            order += 1
            assert outgoing.add(Returned(order))
        if drops:
            order += 1
            outgoing.dropped = True
        if not outgoing.waiting:
            continue
        number, cut = outgoing.cut()
        if lost:
            continue
        arrival = incoming.take(number, 0.0)
        calls = [message.call for message in cut if isinstance(message, Returned)]
        assert calls == sorted(calls)
        whole = calls[:1] == [last + 1] if calls else True
        assert arrival is Arrival.AFTER_HOLE or (whole and not drops)
        last = order


def test_events_of_a_stream_join_and_the_order_of_messages_stays():
    outgoing = Outgoing()
    outgoing.add_events(ROOM, [row(1)])
    outgoing.add(Returned(7))
    outgoing.add_events(ROOM, [row(2), row(3)])
    number, (events, returned) = outgoing.cut()
    assert number == 1
    assert isinstance(events, Published) and [event.seq for event in events.events] == [1, 2, 3]
    assert returned == Returned(7)
    assert not outgoing.waiting and outgoing.queued_bytes == 0
    outgoing.add_events(ROOM, [row(4)])
    assert outgoing.cut()[0] == 2


def test_a_frame_is_limited_and_the_rest_follows():
    outgoing = Outgoing()
    big = b"x" * (LINK_FRAME_BYTES_MAX // 3)
    outgoing.add_events(ROOM, [row(seq, big) for seq in range(1, 8)])
    cut: list[list[int]] = []
    while outgoing.waiting:
        (events,) = outgoing.cut()[1]
        assert isinstance(events, Published)
        assert sum(len(event.payload or b"") for event in events.events) <= LINK_FRAME_BYTES_MAX
        cut.append([event.seq for event in events.events])
    assert cut == [[1, 2], [3, 4], [5, 6], [7]]
    assert outgoing.queued_bytes == 0


def test_a_message_larger_than_a_frame_goes_alone():
    outgoing = Outgoing()
    outgoing.add(Returned(1))
    outgoing.add_events(ROOM, [row(1, b"x" * 2 * LINK_FRAME_BYTES_MAX)])
    outgoing.add(Returned(2))
    assert [len(outgoing.cut()[1]) for _ in range(3)] == [1, 1, 1]


def test_without_room_a_number_is_used_up():
    outgoing = Outgoing()
    for call in range(LINK_QUEUE_MESSAGES_MAX):
        assert outgoing.add(Returned(call))
    assert outgoing.full
    assert not outgoing.add(Returned(0))
    assert not outgoing.add_events(ROOM, [row(1)])
    assert not outgoing.add_droppable(Returned(0))
    assert outgoing.cut()[0] == 2


def test_bytes_are_limited_too(monkeypatch):
    monkeypatch.setattr(link_module, "LINK_QUEUE_BYTES_MAX", 10_000)
    outgoing = Outgoing()
    assert not outgoing.add_events(ROOM, [row(seq, b"x" * 1000) for seq in range(100)])
    assert outgoing.queued_bytes < 12_000
    assert outgoing.full and outgoing.dropped


def test_a_signal_gives_way_when_half_is_taken():
    outgoing = Outgoing()
    for call in range(LINK_QUEUE_MESSAGES_MAX // 2):
        assert outgoing.add_droppable(Returned(call))
    assert not outgoing.add_droppable(Returned(0))
    assert outgoing.add(Returned(0))
    assert outgoing.cut()[0] == 1, "what may be lost makes no hole"


def test_states_are_said_once_and_the_last_word_counts():
    outgoing = Outgoing()
    for _ in range(3):
        outgoing.miss()
        outgoing.want(ROOM, False)
        outgoing.want(ROOM, True)
    outgoing.want(stream_in(2), False)
    assert outgoing.cut()[1] == (Missed(), Register((ROOM,)), Unregister((stream_in(2),)))
    for number in range(REGISTER_STREAMS_MAX + 1):
        outgoing.want(stream_in(0, number), True)
    assert [len(outgoing.cut()[1][0].streams) for _ in range(2)] == [REGISTER_STREAMS_MAX, 1]  # type: ignore[union-attr]


def test_a_beat_is_sent_only_when_nothing_else_is():
    outgoing = Outgoing()
    outgoing.beat()
    assert outgoing.cut() == (1, (Beat(),))
    outgoing.add(Returned(1))
    outgoing.beat()
    assert outgoing.cut() == (2, (Returned(1),))


def test_a_new_peer_gets_time_to_be_heard():
    link = Link(member(2), now=10.0)
    assert not link.hears(10.0) and not link.silent(13.0)
    assert link.silent(13.1)
    link.incoming.take(1, 20.0)
    assert link.hears(23.0) and not link.silent(23.0)
    assert link.silent(23.1) and not link.hears(23.1)
