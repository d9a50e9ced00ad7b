"""Presence between nodes: over real bridges, on a bus that loses."""

from __future__ import annotations

import random

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.cluster.limits import LINK_SILENCE_S, RECOVERY_S
from actors.ports.cluster_view import Shard, shard_of
from actors.presence.presence import SETTLE_S
from actors.presence.roster import Here, RosterState, difference, together
from protocol.limits import PRESENCE_INTERVAL_S, PRESENT_USERS_MAX
from protocol.nodes import Missed, NodeFrame, Part, Roster
from protocol.presence import person_of
from tests.unit.actors.cluster.bridges import Node, Town, settle, stream_in

HERS = stream_in(1)
"""Of node 2, in a town of two."""
HANG_S = 10_000.0
ANN, BOB, EVE = (f"user:{letter * 32}" for letter in "abe")


def come(node: Node, stream: str, users: dict[str, str], more: int = 0) -> None:
    """These, and nobody else, are on this node, which also wants to know who is there."""
    node.here[stream] = Here(users, more)
    node.presence.changed(stream)


def listen(node: Node, stream: str) -> None:
    node.relay.streams = (*node.relay.streams, stream)
    node.relay.interest(stream, True)


async def pass_s(seconds: float) -> None:
    await trio.sleep(seconds)
    await settle()


@pytest.fixture
async def town():
    with trio.fail_after(HANG_S):
        async with Town(2).running() as town:
            for node in town.nodes.values():
                listen(node, HERS)
            await pass_s(SETTLE_S + 2 * PRESENCE_INTERVAL_S)
            yield town


def everywhere(town: Town) -> list[RosterState]:
    return [node.presence.roster_state(HERS) for node in town.nodes.values()]


async def test_both_nodes_know_who_is_on_either(autojump_clock, town):
    come(town.nodes[1], HERS, {ANN: "online"})
    come(town.nodes[2], HERS, {BOB: "away"})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    assert everywhere(town) == [RosterState({ANN: "online", BOB: "away"}, 2)] * 2
    told = [signal.data for signal in town.nodes[1].relay.signals]
    assert told[-1]["count"] == 2
    come(town.nodes[1], HERS, {})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    assert everywhere(town) == [RosterState({BOB: "away"}, 1)] * 2
    assert town.nodes[2].relay.signals[-1].data == {"count": 1, "offline": [ANN]}


async def test_much_coming_and_going_is_told_once_an_interval(autojump_clock, town):
    before = len(town.hub.frames())
    for turn in range(200):
        come(town.nodes[1], HERS, {ANN: "online"} if turn % 2 else {})
        await trio.sleep(PRESENCE_INTERVAL_S / 100)
    await pass_s(2 * PRESENCE_INTERVAL_S)
    said = [m for f in town.hub.frames()[before:] for m in f.messages if isinstance(m, Part | Roster)]
    assert 1 <= len(said) <= 2 * 5


async def test_who_was_on_a_node_that_died_is_gone(autojump_clock, town):
    come(town.nodes[1], HERS, {ANN: "online"})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    assert everywhere(town)[1].count == 1
    town.nodes[1].scope.cancel()
    town.change(
        members=tuple(m for m in town.view.members if m.id == 2),
        shards=tuple(Shard(2, s.epoch + 1) if s.owner == 1 else s for s in town.view.shards),
    )
    town.nodes[2].see()
    await pass_s(2 * PRESENCE_INTERVAL_S)
    assert town.nodes[2].presence.roster_state(HERS) == RosterState()


async def test_a_new_owner_learns_it_from_the_nodes_without_a_word_to_the_clients(autojump_clock, town):
    come(town.nodes[1], HERS, {ANN: "online"})
    come(town.nodes[2], HERS, {BOB: "online"})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    signals = [len(node.relay.signals) for node in town.nodes.values()]
    town.move(1, to=1)
    town.see()
    await pass_s(SETTLE_S + 4 * PRESENCE_INTERVAL_S)
    assert everywhere(town) == [RosterState({ANN: "online", BOB: "online"}, 2)] * 2
    assert [len(node.relay.signals) for node in town.nodes.values()] == signals


async def test_what_the_bus_lost_is_said_again(autojump_clock, town):
    come(town.nodes[2], HERS, {BOB: "online"})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    town.hub.lose = lambda frame: any(isinstance(m, Part | Roster) for m in frame.messages)
    before = len(town.hub.frames())
    come(town.nodes[1], HERS, {ANN: "online"})
    come(town.nodes[2], HERS, {})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    assert len(town.hub.frames()) - before < 50  # what is lost isn't said again and again at once
    assert everywhere(town)[0] != RosterState({ANN: "online"}, 1)
    town.hub.lose = lambda frame: False
    await pass_s(3 * LINK_SILENCE_S)
    assert everywhere(town) == [RosterState({ANN: "online"}, 1)] * 2


async def test_who_left_while_nothing_came_through_is_gone(autojump_clock, town):
    come(town.nodes[1], HERS, {ANN: "online"})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    town.hub.lose = lambda frame: True
    come(town.nodes[1], HERS, {})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    assert everywhere(town)[1].count == 1
    town.hub.lose = lambda frame: False
    await pass_s(3 * LINK_SILENCE_S)
    assert everywhere(town) == [RosterState()] * 2


async def test_what_was_said_before_the_owner_has_its_turn_to_recover_stays(autojump_clock, town):
    """Its peer may have said it again already when it asked for that, and doesn't do so once more."""
    one, two = town.nodes[1], town.nodes[2]
    one.bridge._connected(True)
    await pass_s(RECOVERY_S / 4)
    one.bridge._links.of(two.ownership.me).outgoing.miss()
    one.bridge._links.stir()
    await pass_s(RECOVERY_S / 4)
    assert one.bridge.carry(two.ownership.me, Part(HERS, {ANN: "online"}))
    await pass_s(2 * RECOVERY_S + SETTLE_S)
    assert two.presence.roster_state(HERS) == RosterState({ANN: "online"}, 1)


async def test_who_asks_for_everything_again_says_everything_again(autojump_clock, town):
    """Also when the question came late, after what was said meanwhile."""
    one = town.nodes[1]
    come(one, HERS, {ANN: "online"})
    await pass_s(2 * PRESENCE_INTERVAL_S)
    lost: set[tuple[int, int]] = set()

    def lose(frame: NodeFrame) -> bool:
        """Of each node the first frame that asks for anything."""
        asks = any(isinstance(m, Missed) for m in frame.messages) and frame.sender not in lost
        if asks:
            lost.add(frame.sender)
        return asks

    town.hub.lose = lose
    one.bridge._connected(True)
    await pass_s(4 * RECOVERY_S + SETTLE_S)
    assert len(lost) == 2
    assert everywhere(town) == [RosterState({ANN: "online"}, 1)] * 2


async def test_nothing_is_kept_of_rosters_that_nobody_here_wants(autojump_clock, town):
    one, two = town.nodes[1], town.nodes[2]
    come(one, HERS, {ANN: "online"})
    come(two, HERS, {BOB: "online"})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    assert (one.presence.known, two.presence.known) == (1, 1)
    for node in (one, two):
        node.relay.streams = ()
        node.relay.interest(HERS, False)
    # An owner may still have told of it when it heard that; and later it isn't its own any more.
    one.presence.roster(Roster(HERS, 1, {BOB: "online"}, 1))
    assert (one.presence.known, two.presence.known) == (0, 0)
    come(one, HERS, {ANN: "away"})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    listen(two, HERS)  # at its owner it is known at once
    assert two.presence.roster_state(HERS) == RosterState({ANN: "away", BOB: "online"}, 2)
    town.move(1, to=1)
    town.see()
    two.relay.interest(HERS, False)
    await pass_s(SETTLE_S + 3 * PRESENCE_INTERVAL_S)
    assert (one.presence.known, two.presence.known, two.presence.owned) == (0, 0, 0)


async def test_nobody_reads_heads_of_people(autojump_clock, town):
    person = next(p for n in range(256) if shard_of(p := person_of(f"user:{n:02x}{0:030x}")) == 1)
    town.log.reads.clear()
    listen(town.nodes[1], person)
    come(town.nodes[1], person, {ANN: "online"})
    await pass_s(3 * PRESENCE_INTERVAL_S)
    assert town.nodes[1].presence.roster_state(person).count == 1
    assert person not in [stream for read in town.log.reads for stream in read]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_whatever_happens_everybody_comes_to_know_the_truth(seed):
    async def main() -> None:
        chance = random.Random(seed)
        with trio.fail_after(HANG_S):
            async with Town(3).running() as town:
                streams = [stream_in(n) for n in range(4)]
                for node in town.nodes.values():
                    for stream in streams:
                        listen(node, stream)
                for _ in range(25):
                    trouble(town, streams, chance)
                    await trio.sleep(chance.choice((0.0, 0.3, 1.5)))
                town.hub.lose = lambda frame: False
                town.see()
                await pass_s(3 * LINK_SILENCE_S + SETTLE_S)
                for stream in streams:
                    truth = together(node.here.get(stream, Here()) for node in town.nodes.values())
                    for node in town.nodes.values():
                        assert node.presence.roster_state(stream) == truth

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def trouble(town: Town, streams: list[str], chance: random.Random) -> None:
    """Something happens."""
    node, stream = chance.choice(list(town.nodes.values())), chance.choice(streams)
    match chance.randrange(6):
        case 0:
            lost = chance.random()
            town.hub.lose = lambda frame: chance.random() < lost
        case 1:
            town.hub.lose = lambda frame: False
        case 2:
            town.move(int(stream[8:10], 16), to=chance.choice((1, 2, 3)))
            for seer in town.nodes.values():
                if chance.random() < 0.8:
                    seer.see()
        case _:
            users = {
                u: chance.choice(("online", "away", "busy")) for u in (ANN, BOB, EVE) if chance.random() < 0.5
            }
            come(node, stream, users)


# --- pure ---


def test_of_a_users_statuses_the_most_present_is_told():
    assert together([Here({ANN: "away"}), Here({ANN: "busy"}), Here({ANN: "online"})]) == RosterState(
        {ANN: "busy"}, 1
    )


def test_of_very_many_only_the_count_is_told():
    users = {f"user:{n:032x}": "online" for n in range(PRESENT_USERS_MAX)}
    assert together([Here(users)]) == RosterState(users, PRESENT_USERS_MAX)
    many = together([Here(users), Here({}, more=1)])
    assert many == RosterState({}, PRESENT_USERS_MAX + 1)
    assert difference(RosterState(users, PRESENT_USERS_MAX), many) == {"count": PRESENT_USERS_MAX + 1}
    back = difference(many, RosterState(users, PRESENT_USERS_MAX))
    assert back is not None
    assert len(back["online"]) == PRESENT_USERS_MAX  # pyright: ignore[reportArgumentType]


def test_nothing_is_told_of_nothing():
    assert difference(RosterState({ANN: "online"}, 1), RosterState({ANN: "online"}, 1)) is None
