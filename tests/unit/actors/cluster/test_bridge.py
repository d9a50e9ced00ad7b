from __future__ import annotations

import logging

import msgspec
import pytest
import trio
from msgspec import Raw
from msgspec.structs import replace

from actors.cluster import outgoing
from actors.cluster.calls import Answered
from actors.cluster.limits import BEAT_S, CALLS_MAX, LINK_QUEUE_MESSAGES_MAX, LINK_SILENCE_S
from actors.cluster.ownership import There
from actors.ports.cluster_view import Shard
from actors.runtime.peers import RemoteSnapshot
from actors.runtime.router import Snapshot
from protocol.codes import Code
from protocol.frames import Accepted, Refused, Signalled, StreamCommand, Unknown
from protocol.nodes import (
    NODE_PROTOCOL,
    Answer,
    Beat,
    Forward,
    Missed,
    NodeFrame,
    NodeMessage,
    PassSignal,
    Published,
    Register,
    SendSignal,
    Unregister,
    inbox,
    link_key,
    seal,
)
from tests.counter_kind import Opened
from tests.unit.actors.cluster.bridges import (
    BY,
    KEY,
    Node,
    Town,
    Wave,
    add,
    client_id,
    member,
    row,
    settle,
    stream_in,
)

HERS = stream_in(1)
"""Of node 2, in a town of two or of three."""
HANG_S = 1000.0


@pytest.fixture
async def town(autojump_clock):
    with trio.fail_after(HANG_S):
        async with Town(2).running() as town:
            yield town


def losing(town: Town, kind: type[NodeMessage], times: int = 1) -> None:
    """Lose the next frames that hold such a message."""
    left = [times]

    def lose(frame: NodeFrame) -> bool:
        hit = left[0] > 0 and any(isinstance(message, kind) for message in frame.messages)
        left[0] -= hit
        return hit

    town.hub.lose = lose


def sent(town: Town, kind: type[NodeMessage]) -> list[NodeMessage]:
    return [m for frame in town.hub.frames() for m in frame.messages if isinstance(m, kind)]


async def beats(count: float = 2) -> None:
    await trio.sleep(count * BEAT_S)
    await settle()


def subscribe(node: Node, stream: str = HERS) -> None:
    node.relay.streams = (*node.relay.streams, stream)
    node.relay.interest(stream, True)


def say(
    town: Town, *messages: NodeMessage, number: int, sender=(2, 1), receiver=(1, 1), key=KEY, version=1
) -> None:
    """Have node 1 hear a frame that some other made."""
    frame = NodeFrame(sender=sender, receiver=receiver, number=number, version=version, messages=messages)
    town.hub.ears[inbox("test", 1)][0](seal(frame, key))


# --- who is there -----------------------------------------------------------------------------------


async def test_who_says_that_it_is_in_trouble_is_heard_and_does_not_serve(autojump_clock, town):
    await beats()
    node, other = town.nodes[1].bridge, town.nodes[2].bridge
    assert (node.hears, node.serving) == ((2,), (2,))
    other.troubled = True
    await beats()
    assert (node.hears, node.serving, other.serving) == ((2,), (), (1,))
    other.troubled = False
    await beats()
    assert node.serving == (2,)


# --- commands ---------------------------------------------------------------------------------------


async def test_a_command_is_answered_by_its_owner_at_once(autojump_clock, town):
    started = trio.current_time()
    envelope, replies = town.nodes[1].forward(HERS, add(HERS))
    assert envelope.submitted
    await settle()
    assert replies == [Accepted(client_id=client_id(1), seq=1, events=1)]
    assert town.nodes[2].router.taken == [add(HERS)]
    assert trio.current_time() == started
    assert town.nodes[1].bridge.calls == 0


async def test_a_lost_command_is_sent_again_and_takes_effect_once(autojump_clock, town):
    losing(town, Forward)
    _, replies = town.nodes[1].forward(HERS, add(HERS))
    await settle()
    assert replies == []
    await beats()
    assert replies == [Accepted(client_id=client_id(1), seq=1, events=1)]
    (taken,) = town.nodes[2].router.taken
    assert taken.resend
    assert town.nodes[1].bridge.counters.resent_calls == 1


async def test_a_lost_answer_is_said_again_without_asking(autojump_clock, town):
    losing(town, Answer)
    _, replies = town.nodes[1].forward(HERS, add(HERS))
    await beats()
    assert replies == [Accepted(client_id=client_id(1), seq=1, events=1)]
    assert len(town.nodes[2].router.taken) == 1
    assert town.nodes[1].bridge.counters.resent_calls == 0


async def test_after_a_hole_only_what_was_in_it_is_said_again(autojump_clock, town):
    """A thousand registrations and fifty calls stand; one frame with one event and one call is lost."""
    node, owner = town.nodes[1], town.nodes[2]
    for number in range(1000):
        subscribe(node, stream_in(1, number))
    await beats()
    owner.router.take = lambda *_, **__: None  # pyright: ignore[reportAttributeAccessIssue]
    for number in range(50):
        node.forward(HERS, add(HERS, number))
        await settle()
    losing(town, Forward)
    node.forward(HERS, add(HERS, 51))
    losing_hers = town.hub.lose
    town.hub.lose = lambda frame: losing_hers(frame) or frame.number == lost_of_owner
    link = owner.bridge._links.of(node.ownership.me)
    assert link is not None
    lost_of_owner = link.outgoing.number + 1
    owner.bridge.publish(HERS, [row(1)])
    town.log.reads.clear()
    before = node.bridge.counters.reregistrations
    await beats(3)
    assert node.bridge.counters.holes and owner.bridge.counters.holes
    assert (HERS, 1) in node.relay.stood
    assert node.bridge.counters.resent_calls == 1
    assert node.bridge.counters.reregistrations == before
    assert town.log.reads == [], "the owner knows the head: it had sent it"


async def test_what_is_not_remembered_is_asked_for_as_a_whole(autojump_clock, town, monkeypatch):
    monkeypatch.setattr(outgoing, "LINK_SENT_FRAMES_MAX", 1)
    node, owner = town.nodes[1], town.nodes[2]
    subscribe(node)
    await beats()
    town.log.at[HERS] = 1
    town.hub.lose = lambda frame: frame.sender[0] == 2
    _, replies = node.forward(HERS, add(HERS))
    owner.bridge.publish(HERS, [row(1)])
    await beats(2)
    town.hub.lose = lambda frame: False
    before = node.bridge.counters.reregistrations
    await beats(3)
    assert node.bridge.counters.reregistrations > before
    assert (HERS, 1) in node.relay.stood and [type(reply) for reply in replies] == [Accepted]


async def test_a_peer_of_the_last_release_is_asked_for_everything(autojump_clock, town):
    """It doesn't say again what was lost, and doesn't say so."""
    node = town.nodes[1]
    subscribe(node)
    await beats()
    before = node.bridge.counters.reregistrations
    link = node.bridge._links.of(town.nodes[2].ownership.me)
    assert link is not None
    say(town, Beat(), number=link.incoming.last + 5)
    await beats()
    assert node.bridge.counters.reregistrations == before + 1


async def test_a_hole_and_the_word_of_it_are_lost_together(autojump_clock, town):
    """Everything between the two is lost for a while; all calls are answered in the end."""
    town.hub.lose = lambda frame: True
    replies = [town.nodes[1].forward(HERS, add(HERS, n))[1] for n in range(50)]
    await beats()
    town.hub.lose = lambda frame: False
    await beats(3)
    assert all(len(got) == 1 and isinstance(got[0], Accepted) for got in replies)
    assert len(town.nodes[2].router.effects) == 50


async def test_a_refusal_of_an_earlier_copy_is_not_believed(autojump_clock, town):
    """The first copy is refused, the refusal late; the second copy takes effect: only that one's answer counts."""
    node, owner = town.nodes[1], town.nodes[2]
    owner.router.reply = lambda command: Refused(
        code=Code.OVERLOADED, message="", client_id=command.client_id
    )
    held: list[bytes] = []
    heard, connected = town.hub.ears[inbox("test", 1)]
    town.hub.ears[inbox("test", 1)] = (held.append, connected)
    _, replies = node.forward(HERS, add(HERS))
    await settle()
    owner.router.reply = owner.router._accept
    connected(True)  # the node thinks that something is lost
    await beats()
    town.hub.ears[inbox("test", 1)] = (heard, connected)
    for data in held:
        heard(data)
    assert len(owner.router.taken) == 2
    assert [type(reply) for reply in replies] == [Accepted]


async def test_a_command_that_is_given_back_is_routed_as_if_never_sent(autojump_clock, town):
    town.nodes[2].router.reply = lambda command: None
    envelope, replies = town.nodes[1].forward(HERS, add(HERS))
    await settle()
    assert town.nodes[1].router.routed == [envelope]
    assert not envelope.submitted and not replies
    losing(town, Forward)
    second, _ = town.nodes[1].forward(HERS, add(HERS, 2))
    await beats()
    assert town.nodes[1].router.routed[1:] == [second]
    assert second.submitted and second.command.resend


async def test_commands_follow_a_shard_to_its_next_owner(autojump_clock):
    async with Town(3).running() as town:
        node = town.nodes[1]

        def again(envelope):
            where = node.ownership.where(HERS)
            assert isinstance(where, There)
            node.bridge.forward(where, HERS, envelope)

        node.router.on_route = again
        town.hub.down.add(2)
        _, replies = node.forward(HERS, add(HERS))
        await settle()
        town.move(1, 3)
        town.see()
        await settle()
        assert [type(reply) for reply in replies] == [Accepted]
        (taken,) = town.nodes[3].router.taken
        assert taken.resend and town.nodes[3].router.epochs == [2]
        assert node.bridge.calls == 0


async def test_a_new_run_of_the_owner_gets_the_calls_of_the_old_one(autojump_clock, town):
    node = town.nodes[1]
    town.hub.down.add(2)
    envelope, _ = node.forward(HERS, add(HERS))
    await settle()
    town.change(members=(member(1), member(2, fence=2)))
    node.see()
    assert node.router.routed == [envelope] and envelope.command.resend
    assert node.bridge.calls == 0


async def test_nothing_is_sent_while_the_bus_is_away_and_calls_outlive_it(autojump_clock, town):
    node = town.nodes[1]
    losing(town, Answer)
    _, before = node.forward(HERS, add(HERS))
    await settle()
    town.cut_off(1)
    assert not node.bridge.connected
    _, refused = node.forward(HERS, add(HERS, 2))
    assert isinstance(refused[0], Refused) and refused[0].code is Code.UNAVAILABLE
    _, unknown = node.forward(HERS, add(HERS, 3, resend=True))
    assert isinstance(unknown[0], Unknown)
    await beats()
    assert node.bridge.counters.failed_publishes >= 1 and node.bridge.queued == 0
    town.reconnect(1)
    await beats()
    assert node.bridge.connected
    assert [type(reply) for reply in before] == [Accepted]
    assert len(town.nodes[2].router.effects) == 1


async def test_a_failed_publish_alone_is_a_hole_for_the_peer(autojump_clock, town):
    """Only publishing fails, listening goes on: the calls in it are sent again."""
    node = town.nodes[1]
    town.hub.down.add(1)
    _, replies = node.forward(HERS, add(HERS))
    await settle()
    assert not node.bridge.connected and replies == []
    town.hub.down.discard(1)
    await beats()
    assert node.bridge.connected and [type(reply) for reply in replies] == [Accepted]


async def test_a_silent_peer_is_not_waited_for(autojump_clock, town):
    node = town.nodes[1]
    await beats(1)
    assert node.bridge.hears == (2,)
    town.nodes[2].scope.cancel()
    await beats(LINK_SILENCE_S + 1)
    assert node.bridge.hears == () and node.bridge.silent == (2,)
    _, replies = node.forward(HERS, add(HERS))
    assert isinstance(replies[0], Refused) and replies[0].code is Code.UNAVAILABLE
    assert node.bridge.counters.unheard_frames > 0


async def test_calls_are_limited(autojump_clock, town):
    node = town.nodes[1]
    town.hub.lose = lambda frame: True
    for number in range(CALLS_MAX):
        node.forward(HERS, add(HERS, number))
        if node.bridge.queued > LINK_QUEUE_MESSAGES_MAX // 2:
            await settle()
    _, replies = node.forward(HERS, add(HERS, CALLS_MAX))
    assert isinstance(replies[0], Refused) and replies[0].code is Code.OVERLOADED


async def test_a_settled_command_is_forgotten(autojump_clock, town):
    town.hub.lose = lambda frame: True
    envelope, _ = town.nodes[1].forward(HERS, add(HERS))
    envelope.give_up(HERS)
    await beats(1)
    assert town.nodes[1].bridge.calls == 0
    town.nodes[1].forward(HERS, add(HERS))


async def test_a_command_of_another_version_is_refused_or_unknown(autojump_clock, town):
    node = town.nodes[1]

    class Shake(StreamCommand, frozen=True, kw_only=True, tag="counter.shake"): ...

    _, replies = node.forward(HERS, Shake(client_id=client_id(1), stream=HERS))
    _, again = node.forward(HERS, Shake(client_id=client_id(2), stream=HERS, resend=True))
    await settle()
    assert isinstance(replies[0], Refused) and replies[0].code is Code.UNKNOWN_TYPE
    assert isinstance(again[0], Unknown)
    assert town.nodes[2].router.taken == []


async def test_nonsense_in_a_good_frame_is_counted(autojump_clock, town):
    node, packed = town.nodes[1], msgspec.msgpack.encode
    subscribe(node)
    await settle()
    mine = stream_in(0)
    counters = node.bridge.counters
    town.nodes[2].bridge._links.of(node.ownership.me).outgoing.number = 100
    say(
        town,
        Forward(1, mine, 1, BY, Raw(packed(5))),
        Forward(2, mine, 1, BY, Raw(packed(Wave(stream=mine)))),
        Forward(3, mine, 1, BY, Raw(packed(add(HERS)))),
        SendSignal(mine, 1, BY, Raw(packed(add(mine)))),
        SendSignal(mine, 1, BY, Raw(packed(5))),
        PassSignal(HERS, 1, Raw(packed(5))),
        PassSignal(HERS, 1, Raw(packed(Signalled(stream=stream_in(2), author=BY, type="x")))),
        number=100,
    )
    assert counters.malformed_messages == 7
    assert node.router.taken == [] and node.relay.signals == []
    await settle()


# --- frames that aren't to be believed ---------------------------------------------------------------


async def test_forged_repeated_and_foreign_frames_do_nothing(autojump_clock, town, caplog):
    node = town.nodes[1]
    await beats(1)
    mine = stream_in(0)
    message = Forward(1, mine, 1, BY, Raw(msgspec.msgpack.encode(add(mine))))
    dropped, last = (
        node.bridge.counters.dropped_frames,
        node.bridge._links.of(town.nodes[2].ownership.me).incoming.last,
    )
    before = (node.bridge.counters.frames_in, node.bridge.hears)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            say(town, message, number=last + 1, key=link_key(b"other", "test"))
    assert len(caplog.records) == 1, "logged once a second for a reason"
    say(town, message, number=last + 1, receiver=(1, 2))
    say(town, message, number=last + 1, receiver=(3, 1))
    say(town, message, number=last + 1, sender=(2, 2))
    say(town, message, number=last + 1, sender=(1, 1))
    say(town, message, number=last + 1, sender=(9, 1))
    say(town, message, number=last)
    say(town, message, number=0)
    town.hub.ears[inbox("test", 1)][0](b"")
    for channel, data in town.hub.carried:  # everything again
        if channel == inbox("test", 1):
            town.hub.ears[channel][0](data)
    assert dropped["seal"] == 3 and dropped["foreign"] == 5 and dropped["version"] == 1
    assert dropped["replay"] >= 3
    assert node.router.taken == []
    assert (node.bridge.counters.frames_in, node.bridge.hears) == before
    say(town, message, number=last + 1)
    assert len(node.router.taken) == 1, "the very same, from who may"


async def test_who_got_or_lost_shards_says_so_at_once(autojump_clock):
    """Others hold commands for those shards until they read the view."""
    async with Town(3).running() as town:
        town.move(2, 1)
        before = trio.current_time()
        town.nodes[1].see()
        await settle()
        assert trio.current_time() == before
        assert town.nodes[2].ownership.wanted_version == town.view.version
        assert town.nodes[3].ownership.wanted_version == town.view.version
        sent = len(town.hub.carried)
        town.nodes[2].see()
        await settle()
        assert len(town.hub.carried) == sent, "who has no part in it adds nothing"


async def test_a_newer_version_is_written_once_every_member_reads_it(autojump_clock, monkeypatch):
    """As in a rolling upgrade: each side reads the other throughout."""
    for module in ("protocol.nodes", "actors.cluster.ownership"):
        monkeypatch.setattr(f"{module}.NODE_PROTOCOL", 2)

    def of(*versions: int):
        return tuple(replace(member(n), protocol=version) for n, version in enumerate(versions, 1))

    async with Town(2).running() as town:
        for versions, written in ((2, 1), 1), ((2, 2), 2), ((2, 3), 2), ((1, 2), 1):
            town.change(members=of(*versions))
            town.see()
            sent = len(town.hub.carried)
            _, replies = town.nodes[1].forward(HERS, add(HERS, sent))
            await settle()
            assert isinstance(replies[0], Accepted)
            assert {data[2] for _, data in town.hub.carried[sent:]} == {written}


async def test_a_frame_of_a_version_to_come_is_told_and_left(autojump_clock, town, caplog):
    node = town.nodes[1]
    await beats(1)
    before = node.bridge.counters.frames_in
    frame = NodeFrame(sender=(2, 1), receiver=(1, 1), number=1000, version=9, messages=(Beat(),))
    with caplog.at_level(logging.WARNING):
        town.hub.ears[inbox("test", 1)][0](seal(frame, KEY, NODE_PROTOCOL + 1))
    assert [record.reason for record in caplog.records] == ["version"]
    assert node.bridge.counters.dropped_frames["version"] == 1
    assert node.bridge.counters.frames_in == before
    assert node.ownership.wanted_version <= town.view.version, "nothing of it was believed"


async def test_a_newer_view_makes_one_look(autojump_clock, town):
    node = town.nodes[1]
    wishes: list[int] = []
    node.ownership.on_wish(lambda: wishes.append(node.ownership.wanted_version))
    say(town, Beat(), number=1000, version=7)
    say(town, Beat(), number=1001, version=7)
    assert wishes == [7]


async def test_the_first_frames_of_who_just_joined_alarm_nobody(autojump_clock, town, caplog):
    """They may come before the view that knows their sender."""
    node = town.nodes[1]
    with caplog.at_level(logging.WARNING):
        say(town, Beat(), number=1, sender=(9, 1), version=node.ownership.view.version + 1)
    assert not caplog.records
    assert node.bridge.counters.dropped_frames["early"] == 1


# --- events -----------------------------------------------------------------------------------------


async def test_a_registration_brings_the_head_and_what_is_published(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    town.log.at[HERS] = 4
    started = trio.current_time()
    subscribe(node)
    await settle()
    assert set(node.relay.stood) == {(HERS, 4)}
    node.relay.stood.clear()
    owner.bridge.publish(HERS, [row(5)])
    owner.bridge.publish(HERS, [row(6), row(7, b"")])
    await settle()
    assert node.relay.published == [(HERS, [row(5), row(6), row(7, b"")])], "one message of one pass"
    owner.bridge.stands(HERS, 9)
    await settle()
    assert node.relay.stood == [(HERS, 9)]
    assert trio.current_time() == started
    node.relay.interest(HERS, False)
    await settle()
    owner.bridge.publish(HERS, [row(8)])
    await settle()
    assert node.relay.seqs(HERS) == [5, 6, 7]


async def test_all_for_one_peer_goes_in_one_frame_and_all_frames_in_one_publish(autojump_clock):
    async with Town(3).running() as town:
        await beats(2)  # what was said before all of them listened is known to be lost, and said again
        for n in (1, 3):
            for number in range(20):
                subscribe(town.nodes[n], stream_in(1, number))
        await settle()
        assert len(town.log.reads) <= 2
        town.hub.publishes.clear()
        town.hub.carried.clear()
        for number in range(20):
            town.nodes[2].bridge.publish(stream_in(1, number), [row(1)])
        await settle()
        assert town.hub.publishes == [2]
        assert [len(frame.messages) for frame in town.hub.frames()] == [20, 20]


async def test_lost_events_are_found_by_the_next_frame_and_lost_tails_by_a_beat(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    subscribe(node)
    await settle()
    losing(town, Published)
    town.log.at[HERS] = 1
    owner.bridge.publish(HERS, [row(1)])
    await settle()
    assert (HERS, 1) not in node.relay.stood
    await beats()
    assert (HERS, 1) in node.relay.stood
    assert node.bridge.counters.holes >= 1 and node.bridge.counters.reregistrations >= 1


async def test_a_lost_registration_is_made_again(autojump_clock, town):
    losing(town, Register)
    subscribe(town.nodes[1])
    await beats()
    town.nodes[2].bridge.publish(HERS, [row(1)])
    await settle()
    assert town.nodes[1].relay.seqs(HERS) == [1]


async def test_who_missed_an_unregistration_is_told_again(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    subscribe(node)
    await settle()
    losing(town, Unregister)
    node.relay.interest(HERS, False)
    await beats()
    owner.bridge.publish(HERS, [row(1)])
    await settle()
    assert len(owner.bridge._registrations.listeners) == 0


async def test_a_registration_waits_for_the_log(autojump_clock, town):
    town.log.failing = True
    subscribe(town.nodes[1])
    await beats(3)
    assert town.nodes[1].relay.stood == []
    town.log.failing = False
    town.log.at[HERS] = 2
    await beats()
    assert town.nodes[1].relay.stood == [(HERS, 2)]


async def test_who_does_not_own_a_stream_declines_and_is_asked_again(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    mine = stream_in(0)
    town.move(0, 2)
    node.see()  # the new owner doesn't know it yet
    subscribe(node, mine)
    await settle()
    assert len(owner.bridge._registrations.listeners) == 0
    owner.see()
    await beats()
    owner.bridge.publish(mine, [row(1)])
    await settle()
    assert node.relay.seqs(mine) == [1]


async def test_registrations_follow_a_shard(autojump_clock):
    async with Town(3).running() as town:
        subscribe(town.nodes[1])
        await settle()
        town.log.at[HERS] = 3
        town.move(1, 3)
        town.see()
        await settle()
        assert (HERS, 3) in town.nodes[1].relay.stood
        assert len(town.nodes[2].bridge._registrations.listeners) == 0
        town.nodes[3].bridge.publish(HERS, [row(4)])
        await settle()
        assert town.nodes[1].relay.seqs(HERS) == [4]
        town.log.at[HERS] = 5
        town.move(1, 1)
        town.see()
        await settle()
        assert (HERS, 5) in town.nodes[1].relay.stood, "taken by the node itself"


async def test_a_registration_by_a_newer_view_survives_an_older_one(autojump_clock, town):
    """The owner learns of its loss after who registered has learned that the shard came back."""
    node, owner = town.nodes[1], town.nodes[2]
    town.move(1, 1)
    lost = town.view
    town.move(1, 2)
    node.see()
    subscribe(node)
    await settle()
    owner.ownership.renewed(trio.current_time(), lost)
    owner.see()
    owner.bridge.publish(HERS, [row(1)])
    await settle()
    assert node.relay.seqs(HERS) == [1]


async def test_heads_of_a_silent_peer_are_read(autojump_clock, town):
    node = town.nodes[1]
    for number in range(5):
        subscribe(node, stream_in(1, number))
    await settle()
    town.nodes[2].scope.cancel()
    await beats(LINK_SILENCE_S + 1)
    town.log.reads.clear()
    town.log.at[HERS] = 8
    await beats()
    assert (HERS, 8) in node.relay.stood
    assert all(len(read) == 5 for read in town.log.reads) and 1 <= len(town.log.reads) <= 3


async def test_heads_of_a_peer_that_does_not_hear_this_node_are_read(autojump_clock, town):
    """It never got the registration, and beats on: without its word in the view nobody would know."""
    node = town.nodes[1]
    town.hub.lose = lambda frame: frame.sender[0] == 1
    one, two = town.view.members
    town.change(members=(one, replace(two, hears=())))
    town.see()
    subscribe(node)
    await beats(LINK_SILENCE_S + 1)
    assert node.bridge.hears == (2,)
    town.log.at[HERS] = 8
    await beats(2)
    assert (HERS, 8) in node.relay.stood
    town.hub.lose = lambda frame: False
    town.change(members=(one, two))
    town.see()
    await beats(2)
    town.log.reads.clear()
    await beats(5)
    assert town.log.reads == []


async def test_events_of_an_outage_are_not_queued_but_found(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    subscribe(node)
    await settle()
    town.cut_off(2)
    for seq in range(1, 100):
        owner.bridge.publish(HERS, [row(seq)])
        await settle()
    town.log.at[HERS] = 99
    assert owner.bridge.queued == 0 and node.relay.seqs(HERS) == []
    town.reconnect(2)
    await beats()
    assert (HERS, 99) in node.relay.stood


async def test_events_without_room_are_fetched_from_the_log_and_make_no_hole(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    subscribe(node)
    await beats()
    holes, registered = node.bridge.counters.holes, node.bridge.counters.reregistrations
    link = owner.bridge._links.of(node.ownership.me)
    while link.outgoing.add(Beat()):
        pass
    owner.bridge.publish(HERS, [row(1)])
    assert owner.bridge.counters.unsent_events == 1
    await settle()
    assert (HERS, 1) in node.relay.stood
    await beats(3)
    assert (node.bridge.counters.holes, node.bridge.counters.reregistrations) == (holes, registered)


async def test_a_peer_that_comes_later_or_goes_is_followed(autojump_clock):
    town = Town(2)
    both = town.view
    town.view = replace(both, members=(member(1),), shards=tuple(Shard(1, 1) for _ in both.shards))
    async with town.running():
        node = town.nodes[1]
        assert node.bridge.silent == () and all(frame.sender != (1, 1) for frame in town.hub.frames())
        town.view = replace(both, version=2, shards=tuple(replace(s, epoch=2) for s in both.shards))
        town.see()
        subscribe(node)
        await beats()
        assert node.bridge.hears == (2,) and (HERS, 0) in node.relay.stood
        town.change(members=(member(1),), shards=tuple(Shard(1, 3) for _ in both.shards))
        node.see()
        assert node.bridge.hears == () and list(node.bridge._links) == []


# --- views and signals --------------------------------------------------------------------------------


async def test_views_are_asked_for(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    there = node.ownership.where(HERS)
    told: list[Answered] = []
    refusal = Refused(code=Code.INTERNAL, message="no", stream=HERS)
    for shown in (Snapshot(3, Opened()), refusal, None):
        owner.router.shows = shown
        node.bridge.ask_view(there, HERS, BY, told.append)
        await settle()
    assert told == [RemoteSnapshot(3, msgspec.msgpack.encode(Opened())), refusal, None]
    losing(town, Answer)
    owner.router.shows = refusal
    node.bridge.ask_view(there, HERS, BY, told.append)
    await beats()
    assert told[3:] == [refusal]
    town.cut_off(1)
    node.bridge.ask_view(there, HERS, BY, told.append)
    assert isinstance(told[4], Refused)
    assert told[4].code is Code.UNAVAILABLE


async def test_a_view_that_nobody_shows_is_refused_in_time_or_asked_again_when_it_moves(autojump_clock, town):
    node = town.nodes[1]
    told: list[Answered] = []
    town.hub.lose = lambda frame: True
    there = node.ownership.where(HERS)
    node.bridge.ask_view(there, HERS, BY, told.append)
    await trio.sleep(11)
    assert [answer.code for answer in told if isinstance(answer, Refused)] == [Code.UNAVAILABLE]
    town.hub.lose = lambda frame: False
    await beats(2)
    town.hub.lose = lambda frame: True
    node.bridge.ask_view(there, HERS, BY, told.append)
    town.move(1, 1)
    node.see()
    assert told[1:] == [None]


async def test_signals_go_to_the_owner_and_come_back_unless_they_are_old(autojump_clock, town):
    node, owner = town.nodes[1], town.nodes[2]
    there = node.ownership.where(HERS)
    frame = Signalled(stream=HERS, author=BY, type="x")
    node.bridge.signal(there, Wave(stream=HERS), BY)
    await settle()
    assert owner.router.signals == [(HERS, Wave(stream=HERS), BY, 1)]
    subscribe(node)
    await settle()
    owner.bridge.signalled(frame)
    await settle()
    assert node.relay.signals == [frame]
    town.change(shards=tuple(Shard(s.owner, 2) for s in town.view.shards))
    node.see()
    owner.bridge.signalled(frame)
    await settle()
    assert node.relay.signals == [frame] and node.bridge.counters.outdated_signals == 1
    town.cut_off(1)
    node.bridge.signal(there, Wave(stream=HERS), BY)
    assert node.bridge.counters.dropped_signals == 1


async def test_a_hole_is_told_and_mended_on_both_sides(autojump_clock, town):
    losing(town, Forward)
    _, replies = town.nodes[1].forward(HERS, add(HERS))
    await beats()
    assert sent(town, Missed) and len(replies) == 1
    before = len(town.hub.carried)
    await beats(4)
    idle = town.hub.frames()[before:]
    assert len(idle) <= 10 and {type(m) for frame in idle for m in frame.messages} == {Beat}
