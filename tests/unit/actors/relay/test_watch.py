"""Watching a stream: who does is told of exactly the events after the head it knows, once and in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio

from actors.relay import Relay, Watch
from actors.relay.ring import RelayedEvent
from protocol.codes import Code
from protocol.frames import Signalled
from protocol.limits import RESUME_PAGE_EVENTS, RING_EVENTS_MAX
from tests.unit.actors.relay.support import Listener
from tests.unit.actors.session.support import World, settle, stream_id, user_id

ROOM = stream_id(1)


@pytest.fixture
async def world():
    async with World().running() as world:
        yield world


class Eye:
    """A watcher that remembers."""

    def __init__(self, relay: Relay, stream: str = ROOM, user: str = user_id(9)) -> None:
        self.user = user
        self.seqs: list[int] = []
        self.signals: list[str] = []
        self.then: Callable[[], None] = lambda: None
        self._relay = relay
        self.watch: Watch = relay.watch(stream, self)

    def relayed(self, stream: str, event: RelayedEvent) -> None:
        assert stream == ROOM
        self.seqs.append(event.seq)
        self.then()

    def signalled(self, frame: Signalled) -> None:
        self.signals.append(frame.type)

    def from_(self, head: int) -> None:
        self._relay.watched_from(self.watch, head)

    def stop(self) -> None:
        self._relay.unwatch(self.watch)


async def test_events_after_the_known_head_are_told_and_none_before(autojump_clock, world):
    world.write(ROOM)
    eye = Eye(world.relay)
    eye.from_(1)
    assert eye.seqs == []
    world.publish(ROOM)
    world.relay.publish(ROOM, world.stored(ROOM).events)  # once more
    world.publish(ROOM)
    assert eye.seqs == [2, 3]
    eye.stop()
    eye.stop()
    world.publish(ROOM)
    assert eye.seqs == [2, 3]
    assert world.relay.streams == ()


async def test_what_passed_between_watching_and_the_read_is_told_then(autojump_clock, world):
    world.write(ROOM)
    eye = Eye(world.relay)
    world.publish(ROOM)
    world.publish(ROOM)
    assert eye.seqs == []
    eye.from_(2)  # the read was made between the two
    assert eye.seqs == [3]


async def test_a_first_event_that_was_overtaken_is_read_from_the_log(autojump_clock, world):
    """The relay takes up a stream with whatever comes first: what was lost before that must not be."""
    world.write(ROOM)
    eye = Eye(world.relay)
    world.write(ROOM)  # lost on its way
    world.publish(ROOM)
    eye.from_(1)
    assert eye.seqs == []
    await settle()
    assert eye.seqs == [2, 3]
    world.publish(ROOM)
    assert eye.seqs == [2, 3, 4]


async def test_another_one_who_knows_more_takes_nothing_away(autojump_clock, world):
    eye, other = Eye(world.relay), Eye(world.relay)
    for _ in range(RING_EVENTS_MAX + RESUME_PAGE_EVENTS + 3):
        world.write(ROOM)
    head = world.stored(ROOM).head
    other.from_(head)
    eye.from_(2)
    world.publish(ROOM)
    await settle()
    assert eye.seqs == list(range(3, head + 2))
    assert other.seqs == [head + 1]


async def test_the_log_is_asked_again_until_it_answers(autojump_clock, world):
    eye = Eye(world.relay)
    world.write(ROOM)
    world.publish(ROOM)
    world.faults.failing = {"read"}
    eye.from_(0)
    await trio.sleep(10)
    assert eye.seqs == []
    world.faults.failing = set()
    await trio.sleep(10)
    assert eye.seqs == [1, 2]


async def test_lost_events_are_told_once_they_are_repaired(autojump_clock, world):
    eye = Eye(world.relay)
    eye.from_(0)
    world.write(ROOM)
    world.publish(ROOM)
    assert eye.seqs == []
    await settle()
    assert eye.seqs == [1, 2]
    world.write(ROOM)
    world.relay.stands(ROOM, 3)  # what a silent link's owner says of it
    await settle()
    assert eye.seqs == [1, 2, 3]


async def test_a_head_that_is_ahead_of_the_relay_is_fetched_and_not_told(autojump_clock, world):
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    eye = Eye(world.relay)
    world.write(ROOM)
    world.write(ROOM)
    eye.from_(2)
    await trio.sleep(1)
    assert listener.seqs == [1, 2]
    assert eye.seqs == []
    world.publish(ROOM)
    assert eye.seqs == [3]


async def test_who_stops_at_an_event_is_told_no_more_of_the_same_batch(autojump_clock, world):
    eye, other = Eye(world.relay), Eye(world.relay)
    eye.from_(0)
    other.from_(0)
    eye.then = eye.stop
    world.relay.publish(ROOM, [world.write(ROOM), world.write(ROOM)])
    assert (eye.seqs, other.seqs) == ([1], [1, 2])


@pytest.mark.parametrize("missed", [False, True])
async def test_who_stops_while_it_catches_up_is_told_no_more(autojump_clock, world, missed):
    eye = Eye(world.relay)
    if missed:
        world.write(ROOM)
    world.publish(ROOM)
    world.publish(ROOM)
    eye.then = eye.stop
    eye.from_(0)
    await settle()
    assert eye.seqs == [1]
    assert world.relay.streams == ()


async def test_a_stream_is_wanted_while_anybody_watches_or_subscribes(autojump_clock, world):
    told: list[tuple[str, bool]] = []
    world.relay.on_interest(lambda stream, wanted: told.append((stream, wanted)))
    eye = Eye(world.relay)
    listener = Listener(world, user_id(1))
    await listener.join(ROOM)
    eye.stop()
    assert told == [(ROOM, True)]
    listener.leave()
    assert told == [(ROOM, True), (ROOM, False)]
    eye = Eye(world.relay)
    eye.stop()
    eye.from_(3)
    assert told[2:] == [(ROOM, True), (ROOM, False)]
    assert world.relay.streams == ()


async def test_signals_are_told_without_a_subscriber(autojump_clock, world):
    eye = Eye(world.relay)
    world.relay.signalled(Signalled(stream=ROOM, author=user_id(1), type="room.typing"))
    await settle()
    assert eye.signals == ["room.typing"]
    assert world.relay.counters.signals_dropped == 0


async def test_an_event_for_everybody_ends_every_subscription(autojump_clock, world):
    live = [Listener(world, user_id(n)) for n in range(3)]
    for listener in live:
        await listener.join(ROOM)
    eye = Eye(world.relay)
    eye.from_(0)
    world.publish(ROOM, revokes=("*",))
    world.publish(ROOM)
    late = Listener(world, user_id(9))
    await late.join(ROOM, after=0)
    await trio.sleep(1)
    assert [listener.seqs for listener in live] == [[1]] * 3
    assert [listener.ends for listener in live] == [[Code.FORBIDDEN]] * 3
    assert (late.seqs, late.ends) == ([1, 2], [])  # its right was read after that event
    assert eye.seqs == [1, 2]


async def test_an_event_for_everybody_ends_who_was_catching_up(autojump_clock, world):
    world.write(ROOM)
    other = Listener(world, user_id(2))
    await other.join(ROOM)
    world.publish(ROOM)  # is pending when the next one joins
    late = Listener(world, user_id(1))
    await late.join(ROOM, after=0)
    world.publish(ROOM, revokes=("*",))
    world.publish(ROOM)
    await trio.sleep(1)
    assert (late.seqs, late.ends) == ([1, 2, 3], [Code.FORBIDDEN])
    assert (other.seqs, other.ends) == ([2, 3], [Code.FORBIDDEN])
