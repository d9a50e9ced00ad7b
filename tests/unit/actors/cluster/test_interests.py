from __future__ import annotations

from actors.cluster.interests import Listeners, Wishes
from actors.ports.log import Fence
from tests.unit.actors.cluster.bridges import stream_in

P, Q = Fence(2, 1), Fence(3, 1)


def test_wishes_by_shard():
    wishes = Wishes()
    for stream in (stream_in(1, 1), stream_in(1, 2), stream_in(7)):
        wishes.add(stream)
    assert wishes.within([1]) == [stream_in(1, 1), stream_in(1, 2)]
    wishes.remove(stream_in(1, 1))
    wishes.remove(stream_in(1, 1))
    assert wishes.within(range(256)) == [stream_in(1, 2), stream_in(7)]
    assert stream_in(7) in wishes and stream_in(1, 1) not in wishes


def test_only_what_is_still_wanted_is_asked_for_again():
    wishes = Wishes()
    wishes.add(stream_in(1))
    wishes.add(stream_in(2))
    wishes.decline([stream_in(1), stream_in(2), stream_in(3)])
    wishes.remove(stream_in(2))
    assert wishes.take_declined() == [stream_in(1)]
    assert wishes.take_declined() == []


def test_listeners_end_with_their_run():
    listeners = Listeners()
    for run in (P, Q):
        listeners.add(run, stream_in(1), 1)
        listeners.add(run, stream_in(1), 1)
    assert listeners.of(stream_in(1)) == (P, Q)
    listeners.forget(P)
    listeners.forget(P)
    assert listeners.of(stream_in(1)) == (Q,)
    listeners.remove(Q, stream_in(1))
    assert len(listeners) == 0 and listeners.of(stream_in(1)) == ()


def test_a_lost_shard_ends_registrations_but_for_those_by_a_newer_view():
    listeners = Listeners()
    listeners.add(P, stream_in(1), 5)
    listeners.add(Q, stream_in(1), 7)
    listeners.add(P, stream_in(2), 5)
    listeners.lose({1}.__contains__, 6)
    assert listeners.of(stream_in(1)) == (Q,)
    assert listeners.of(stream_in(2)) == (P,)
