"""Snapshots over a link that has no room: they wait, and nothing else is disturbed by that."""

from __future__ import annotations

import msgspec
import pytest
import trio
from msgspec import Struct

from actors.cluster import outgoing, showing
from actors.cluster.calls import Answered
from actors.cluster.counters import BridgeCounters
from actors.cluster.limits import LINK_QUEUE_BYTES_MAX, REGISTER_STREAMS_MAX
from actors.cluster.showing import ViewEncoder
from actors.ordered_map import OrderedMap
from actors.room.kind import RoomKind
from actors.room.state import Room
from actors.runtime.peers import RemoteSnapshot
from actors.runtime.router import Snapshot
from protocol.codes import Code
from protocol.frames import Accepted, Refused
from protocol.limits import COMMAND_TIMEOUT_S
from protocol.nodes import Answer
from protocol.room.view import RoomView
from tests.unit.actors.cluster.bridges import BY, Node, Town, add, row, settle, stream_in

HERS = stream_in(1)
"""Of node 2."""
VIEW_BYTES = 60_000
QUESTIONS = 500
PUBLISH_S = 0.05
HANG_S = 1000.0


class Shown(Struct, frozen=True):
    members: str = "m" * VIEW_BYTES


class Asked:
    """The questions of node 1, and their answers."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.answers: list[Answered] = []

    def ask(self) -> None:
        self.node.bridge.ask_view(self.node.ownership.where(HERS), HERS, BY, self.answers.append)  # type: ignore[arg-type]

    @property
    def shown(self) -> int:
        return sum(isinstance(answer, RemoteSnapshot) for answer in self.answers)

    @property
    def refused(self) -> list[Code]:
        return [answer.code for answer in self.answers if isinstance(answer, Refused)]


@pytest.fixture
async def town(autojump_clock):
    """A bus that takes its time: what is sent meanwhile waits."""
    with trio.fail_after(HANG_S):
        async with Town(2).running() as town:
            for node in town.nodes.values():
                bus = node.bridge._bus
                publish = bus.publish

                async def slow(frames, publish=publish):
                    await trio.sleep(PUBLISH_S)
                    return await publish(frames)

                bus.publish = slow  # type: ignore[method-assign]
            await trio.sleep(3)
            yield town


async def test_many_snapshots_over_a_full_link_come_without_a_hole(autojump_clock, town):
    """They are four times what the queue holds. Each is asked for and answered once, and meanwhile the rest goes on:
    commands are answered, events come, nothing is registered again.
    """
    node, owner = town.nodes[1], town.nodes[2]
    for number in range(REGISTER_STREAMS_MAX):
        node.relay.interest(stream_in(1, number), True)
    await trio.sleep(2)
    looks = _count_looks(owner)
    before = [_disturbances(each) for each in (node, owner)]
    asked = Asked(node)
    for _ in range(QUESTIONS):
        asked.ask()
    assert QUESTIONS * VIEW_BYTES > 3 * LINK_QUEUE_BYTES_MAX
    queue, most = owner.bridge._links.of(node.ownership.me).outgoing, 0
    seq = 0
    accepted: list[list[object]] = []
    while asked.shown < QUESTIONS:
        await trio.sleep(PUBLISH_S)
        most = max(most, queue.queued_bytes)
        seq += 1
        owner.bridge.publish(HERS, [row(seq)])
        accepted.append(node.forward(HERS, add(HERS, seq))[1])  # type: ignore[arg-type]
    await trio.sleep(1)
    assert asked.refused == []
    assert most <= LINK_QUEUE_BYTES_MAX
    assert node.relay.seqs(HERS) == list(range(1, seq + 1))
    assert all([type(reply) for reply in replies] == [Accepted] for replies in accepted)
    assert [_disturbances(each) for each in (node, owner)] == before
    assert len(looks) == owner.bridge.counters.encoded_views == QUESTIONS, "none was made in vain"
    assert owner.bridge.counters.held_questions >= QUESTIONS - LINK_QUEUE_BYTES_MAX / VIEW_BYTES


def _count_looks(owner: Node) -> list[str]:
    """Who looked at the owner's stream, and was shown it at once."""
    looks: list[str] = []

    def view_for(stream, user, epoch, answer):
        looks.append(user)
        answer(Snapshot(3, Shown()))

    owner.router.view_for = view_for  # type: ignore[method-assign]
    return looks


async def test_snapshots_that_were_made_while_the_link_filled_wait_too(autojump_clock, town):
    """All are asked while there is room; the stream is activated, and then shown to all at once."""
    node, owner = town.nodes[1], town.nodes[2]
    waiting = []
    owner.router.view_for = lambda stream, user, epoch, answer: waiting.append(answer)  # type: ignore[method-assign]
    asked = Asked(node)
    for _ in range(QUESTIONS):
        asked.ask()
    await trio.sleep(1)
    assert len(waiting) == QUESTIONS
    _count_looks(owner)
    for answer in waiting:
        answer(Snapshot(3, Shown()))
    queue = owner.bridge._links.of(node.ownership.me).outgoing
    assert queue.queued_bytes <= LINK_QUEUE_BYTES_MAX
    await trio.sleep(5)
    assert asked.shown == QUESTIONS


def _disturbances(node: Node) -> tuple[int, ...]:
    counters = node.bridge.counters
    return (
        counters.holes,
        counters.resent_calls,
        counters.reregistrations,
        counters.unsent_events,
        counters.dropped_answers,
    )


async def test_more_questions_than_are_held_are_refused_and_not_lost(autojump_clock, town, monkeypatch):
    monkeypatch.setattr(showing, "QUESTIONS_HELD_MAX", 10)
    monkeypatch.setattr(outgoing, "LINK_QUEUE_BYTES_MAX", 4 * VIEW_BYTES)
    town.nodes[2].router.shows = Snapshot(3, Shown())
    asked = Asked(town.nodes[1])
    for _ in range(30):
        asked.ask()
        await settle()
    await trio.sleep(5)
    assert asked.shown >= 10
    assert asked.shown + len(asked.refused) == 30 and set(asked.refused) == {Code.OVERLOADED}


async def test_a_question_that_nobody_waits_for_any_more_is_dropped(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    owner.router.shows = Snapshot(3, Shown())
    link = owner.bridge._links.of(node.ownership.me)
    owner.bridge._bus.publish = _never  # type: ignore[method-assign]
    await trio.sleep(2)
    while link.outgoing.roomy:
        link.outgoing.add(Answer(1, msgspec.Raw(b"\xa1x" * 100_000)))
    asked = Asked(node)
    asked.ask()
    await trio.sleep(1)
    assert len(link.asked) == 1
    await trio.sleep(COMMAND_TIMEOUT_S)
    assert asked.refused == [Code.UNAVAILABLE]
    link.outgoing._queue.clear()
    link.outgoing.queued_bytes = 0
    owner.bridge._showing.answer_asked(owner.router, link)
    assert not link.asked and owner.bridge.counters.encoded_views == 0


async def _never(frames: object) -> list[int]:
    await trio.sleep_forever()


def test_what_all_see_alike_is_encoded_once_for_each_head():
    kind, counters = RoomKind(bytes(32)), BridgeCounters()
    members = dict.fromkeys((f"user:{number:032x}" for number in range(5000)), 1)
    room = Room(room="room:" + "1" * 32, created=True, members=OrderedMap(members), owner=next(iter(members)))
    encoder = ViewEncoder({"room": kind}, counters)
    for user in [*members][:100]:
        view = kind.view(room, user)
        packed = encoder.encoded(room.room, 7, view)
        assert msgspec.msgpack.decode(packed, type=RoomView) == view
    assert counters.encoded_views == 1
    encoder.encoded(room.room, 8, kind.view(room, "user:" + "f" * 32))
    assert counters.encoded_views == 2


def test_only_some_encodings_are_kept(monkeypatch):
    monkeypatch.setattr(showing, "VIEWS_ENCODED_MAX", 2)
    kind = RoomKind(bytes(32))
    encoder = ViewEncoder({"room": kind}, BridgeCounters())
    for number in range(5):
        stream = f"room:{number:032x}"
        encoder.encoded(stream, 1, kind.view(Room(room=stream), "user:" + "f" * 32))
    assert len(encoder._shared) == 2
