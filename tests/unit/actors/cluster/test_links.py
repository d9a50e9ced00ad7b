from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.cluster import outgoing as outgoing_module
from actors.cluster.limits import (
    LINK_FRAME_BYTES_MAX,
    LINK_QUEUE_MESSAGES_MAX,
    RECOVERY_S,
    REGISTER_STREAMS_MAX,
)
from actors.cluster.link import Arrival, Incoming, Link
from actors.cluster.outgoing import Outgoing
from protocol.nodes import Beat, Missed, Published, Register, Registered, Returned, Unregister
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


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
def test_what_is_lost_is_always_seen_before_what_follows_and_known_to_who_sent_it(passes):
    """Messages carry their order; a pass queues some, and its frame may be lost."""
    outgoing, incoming = Outgoing(), Incoming()
    order = 0
    came: set[int] = set()
    for messages, lost in passes:
        for _ in range(messages):
            order += 1
            assert outgoing.add(Returned(order))
        if not outgoing.waiting:
            continue
        number, cut = outgoing.cut()
        if lost:
            continue
        before = incoming.last
        if incoming.take(number, 0.0) is Arrival.AFTER_HOLE:
            again = outgoing.kept(before + 1, number - 1)
            assert again is not None
            came.update(message.call for message in again if isinstance(message, Returned))
        came.update(message.call for message in cut if isinstance(message, Returned))
        assert came == set(range(1, order + 1))


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


def test_what_has_no_room_makes_no_hole():
    outgoing = Outgoing()
    for call in range(LINK_QUEUE_MESSAGES_MAX):
        assert outgoing.add(Returned(call))
    assert outgoing.full
    assert not outgoing.add(Returned(0))
    assert not outgoing.add_droppable(Returned(0))
    assert not outgoing.add_events(ROOM, [row(1), row(2)])
    assert not outgoing.add_events(ROOM, [row(3)])
    number, messages = outgoing.cut()
    assert number == 1
    assert messages[-1] == Registered({ROOM: 3}), "of events without room the last seq is told"
    outgoing.beat()
    assert outgoing.cut()[0] == 2


def test_a_full_link_still_takes_as_many_answers():
    outgoing = Outgoing()
    while outgoing.add(Beat()):
        pass
    for call in range(LINK_QUEUE_MESSAGES_MAX):
        assert outgoing.add_answer(Returned(call))
    assert not outgoing.add_answer(Returned(0))


def test_bytes_are_limited_too(monkeypatch):
    monkeypatch.setattr(outgoing_module, "LINK_QUEUE_BYTES_MAX", 10_000)
    outgoing = Outgoing()
    assert not outgoing.add_events(ROOM, [row(seq, b"x" * 1000) for seq in range(100)])
    assert outgoing.queued_bytes < 12_000
    assert outgoing.full
    assert outgoing.cut()[1][-1] == Registered({ROOM: 99})


def test_sent_frames_are_kept_for_a_while(monkeypatch):
    monkeypatch.setattr(outgoing_module, "LINK_SENT_BYTES_MAX", 10 * 1000)
    outgoing = Outgoing()
    for call in range(1, 100):
        outgoing.add(Returned(call))
        outgoing.cut()
    kept = outgoing.kept(98, 99)
    assert kept is not None and list(kept) == [Returned(98), Returned(99)]
    assert outgoing.kept(1, 1) is None and outgoing.kept(1, 99) is None, "too old"
    assert outgoing.kept(99, 100) is None, "not sent yet"
    assert len(outgoing._sent) < 50
    monkeypatch.setattr(outgoing_module, "LINK_SENT_FRAMES_MAX", 5)
    outgoing.beat()
    outgoing.cut()
    assert len(outgoing._sent) == 5


def test_several_holes_are_told_as_one_range():
    outgoing = Outgoing()
    outgoing.miss(3, 4)
    outgoing.miss(9, 9)
    assert outgoing.cut()[1] == (Missed(3, 9),)
    outgoing.miss(12, 12)
    outgoing.miss()
    outgoing.miss(14, 15)
    assert outgoing.cut()[1] == (Missed(),), "anything may be lost"


def test_everything_is_said_again_at_most_so_often():
    link = Link(member(2), now=10.0)
    assert link.take_recovery(10.0) is None
    link.recover(10.0)
    assert link.take_recovery(10.0) == 10.0 and link.take_recovery(10.0) is None
    link.recover(10.1)
    assert link.take_recovery(10.0 + RECOVERY_S / 2) is None and link.take_recovery(10.0 + RECOVERY_S) == 10.1


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
