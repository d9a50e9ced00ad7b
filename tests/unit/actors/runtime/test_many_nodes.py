"""Streams that move from node to node: every command gets one true answer, and takes effect once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from actors.cluster import limits as cluster_limits
from actors.ports.cluster_view import SHARDS, Shard
from actors.ports.log import LogUnavailableError
from actors.refusals import UNSERVED
from actors.runtime import router as router_module
from actors.runtime.envelope import Envelope
from actors.runtime.limits import DUE_SWEEP_S, ROUTER_SWEEP_S
from actors.runtime.peers import RemoteSnapshot
from actors.runtime.snapshots import Snapshot
from protocol.codes import Code
from protocol.frames import Accepted, Refused, Reply, Unknown
from protocol.ids import stream_key
from protocol.limits import COMMAND_TIMEOUT_S
from storage.memory.database import StoredStream
from storage.memory.faults import Point
from tests.unit.actors.runtime.conftest import Add, Check, Touch, cid
from tests.unit.actors.runtime.nodes import Cluster, Node, shards_of

ME = "user:" + "1" * 32


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def streams_in(cluster: Cluster, count: int) -> list[str]:
    """Streams that exist, each in a shard of its own."""
    streams = [f"tally:{n:02x}{'0' * 30}" for n in range(count)]
    for stream in streams:
        cluster.database.streams[stream_key(stream)] = StoredStream("tally")
    return streams


def send(node: Node, command: Add | Touch | Check) -> list[Reply]:
    """Send; what was answered will stand in the list."""
    replies: list[Reply] = []
    node.runtime.router.send(command, by=ME, reply=replies.append)
    return replies


async def move_behind_its_back(cluster: Cluster, giver: Node, taker: Node, *streams: str) -> None:
    """The directory gives shards away, and nobody has seen it but the taker."""
    await giver.directory.move(giver.ownership.me, giver.moves(shards_of(*streams), taker))
    await taker.renew()


# --- nobody ---


async def test_without_a_node_that_may_own_streams_all_is_refused_at_once_and_says_so(
    autojump_clock: object, cluster: Cluster
) -> None:
    first, second = streams_in(cluster, 2)
    async with cluster.running() as (_, two):
        settling = {"version": two.ownership.view.version + 1, "shards": (Shard(None, 9),) * SHARDS}
        members = tuple(replace(member, draining=True) for member in two.ownership.view.members)
        now = trio.current_time()
        two.ownership.renewed(now, replace(two.ownership.view, **settling))
        held = send(two, Add(client_id=cid("0"), stream=first))
        again = send(two, Add(client_id=cid("1"), stream=second, resend=True))
        await trio.sleep(0.1)
        assert (held, again) == ([], []), "a member may take them any moment"
        view = two.ownership.view
        two.ownership.renewed(now, replace(view, version=view.version + 1, members=members))
        began = trio.current_time()
        late = send(two, Add(client_id=cid("2"), stream=first))
        shown = await two.runtime.router.view(first, user=ME)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.current_time() == began
        await trio.sleep(ROUTER_SWEEP_S * 1.5)
        for told in (held[0], late[0], shown):
            assert isinstance(told, Refused)
            assert (told.code, told.message) == (Code.UNAVAILABLE, UNSERVED)
            assert told.retry_after_s
        assert isinstance(again[0], Unknown), "its first sending may have been accepted"
        await two.renew()


# --- hand-over ---------------------------------------------------------------------------------------------------


async def test_commands_stream_while_shards_go_to_and_fro(autojump_clock: object, cluster: Cluster) -> None:
    """Nothing lost, doubled, or refused; each stream's log is whole and was published in order."""
    streams = streams_in(cluster, 4)
    answers: list[list[Reply]] = []

    async def write(node: Node, name: str) -> None:
        for i in range(60):
            answers.extend(
                send(node, Add(client_id=cid(name, str(i), stream), stream=stream)) for stream in streams
            )
            await trio.sleep(0.007)

    async with cluster.running() as (one, two):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(write, one, "one")
            nursery.start_soon(write, two, "two")
            for number in range(6):
                await trio.sleep(0.05)
                giver, taker = (one, two) if number % 2 == 0 else (two, one)
                assert await cluster.hand_over(giver, taker, shards_of(*streams))
        await trio.sleep(1)
    assert [len(told) for told in answers] == [1] * 480
    assert {type(told[0]) for told in answers} == {Accepted}
    for stream in streams:
        assert cluster.row(stream).head == 120
        published = [row.seq for node in (one, two) for s, row in node.publisher.rows if s == stream]
        assert sorted(published) == list(range(1, 121))
    assert one.line.forwarded and two.line.forwarded


async def test_a_release_that_takes_too_long_is_cut_off_and_its_commands_wait(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        before = send(one, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(0.1)
        one.faults.held["facts"] = trio.Event()
        stuck = send(one, Check(client_id=cid("1"), stream=stream, seq=1, note=""))
        behind = send(one, Add(client_id=cid("2"), stream=stream))
        began = trio.current_time()
        assert not await cluster.hand_over(one, two, shards_of(stream), timeout_s=0.5)
        assert trio.current_time() - began < 1
        await trio.sleep(1)
    assert [type(told[0]) for told in (before, stuck, behind)] == [Accepted] * 3
    assert cluster.row(stream).head == 2


async def test_a_commit_under_way_is_awaited_and_told_though_its_release_was_cut_off(
    autojump_clock: object,
    cluster: Cluster,
) -> None:
    (stream,) = streams_in(cluster, 1)

    async def slow(point: Point) -> None:
        if point is Point.LOCKED:
            await trio.sleep(1.5)

    async with cluster.running() as (one, two):
        one.faults.pause = slow  # type: ignore[method-assign]
        told = send(one, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(0.1)
        assert not await cluster.hand_over(one, two, shards_of(stream), timeout_s=0.5)
        assert isinstance(told[0], Accepted)
        assert [row.seq for _, row in one.publisher.rows] == [1]
        later = send(one, Add(client_id=cid("1"), stream=stream))
        await trio.sleep(1)
    assert isinstance(later[0], Accepted) and later[0].seq == 2


async def test_a_hand_over_that_is_called_off_serves_what_was_held(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        one.ownership.hand_over(shards_of(stream))
        assert await one.runtime.release(shards_of(stream), 1.0)
        told = send(one, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(1)
        assert not told
        one.ownership.keep(shards_of(stream))
        await trio.sleep(0.1)
    assert isinstance(told[0], Accepted)


async def test_lost_shards_end_at_once(autojump_clock: object, cluster: Cluster) -> None:
    a, b = streams_in(cluster, 2)
    async with cluster.running() as (one, two):
        for stream in (a, b):
            await one.runtime.router.ask(Touch(client_id=cid("warm"), stream=stream), by=ME)
        one.faults.held["facts"] = trio.Event()
        told = send(one, Check(client_id=cid("0"), stream=a, seq=1, note=""))
        await trio.sleep(0.1)
        await move_behind_its_back(cluster, one, two, a)
        await one.renew()
        await trio.testing.wait_all_tasks_blocked()
        assert len(one.runtime.supervisor) == 1
        await trio.sleep(1)
    assert isinstance(told[0], Refused) and told[0].code is Code.NOT_FOUND  # as the new owner decided


# --- fenced ------------------------------------------------------------------------------------------------------


async def test_a_command_for_a_stream_that_moved_unseen_is_held_and_follows_it(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        await move_behind_its_back(cluster, one, two, stream)
        told = [send(one, Add(client_id=cid(str(n)), stream=stream)) for n in range(20)]
        await trio.sleep(2)
        assert one.wishes
        assert one.faults.calls["activate"] <= 10, "it spins"
        assert not any(told)
        await one.renew()
        await trio.sleep(1)
    assert {reply.seq for (reply,) in told if isinstance(reply, Accepted)} == set(range(1, 21))


async def test_a_commit_that_is_fenced_goes_to_the_new_owner(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream), by=ME)
        await move_behind_its_back(cluster, one, two, stream)
        await two.runtime.router.ask(Add(client_id=cid("1"), stream=stream), by=ME)
        told = send(one, Add(client_id=cid("2"), stream=stream))
        await trio.sleep(0.1)
        assert one.wishes and not told
        await one.renew()
        await trio.sleep(0.1)
    assert isinstance(told[0], Accepted) and told[0].seq == 3


@pytest.mark.parametrize("sent_before", [False, True])
async def test_what_is_never_served_is_answered_when_its_time_is_up(
    autojump_clock: object, cluster: Cluster, sent_before: bool
) -> None:
    """A refusal, unless a copy of it went to another node and nobody knows what became of it there."""
    (stream,) = streams_in(cluster, 1)
    told: list[Reply] = []
    async with cluster.running() as (one, two):
        await one.runtime.router.ask(Touch(client_id=cid("warm"), stream=stream), by=ME)
        await move_behind_its_back(cluster, one, two, stream)
        await two.runtime.router.ask(Touch(client_id=cid("w"), stream=stream), by=ME)
        began = trio.current_time()
        if sent_before:
            command = Add(client_id=cid("0"), stream=stream)
            envelope = Envelope(command, ME, stream, told.append, began + COMMAND_TIMEOUT_S)
            envelope.submitted = True
            one.runtime.router._watch(envelope)  # type: ignore[reportPrivateUsage]
            one.runtime.router.route(envelope)
        else:
            told = send(one, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(COMMAND_TIMEOUT_S - 1)
        assert not told
        await trio.sleep(2)
    assert isinstance(told[0], Unknown if sent_before else Refused)


async def test_a_node_that_ends_answers_what_it_holds(autojump_clock: object, cluster: Cluster) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        one.ownership.hand_over(shards_of(stream))
        told = send(one, Add(client_id=cid("0"), stream=stream))
        unsure = send(one, Add(client_id=cid("1"), stream=stream, resend=True))
        assert not told
    assert isinstance(told[0], Refused) and told[0].code is Code.UNAVAILABLE
    assert isinstance(unsure[0], Unknown)


async def test_no_more_is_held_than_allowed(
    autojump_clock: object, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_module, "HELD_MAX", 3)
    assert cluster_limits.HELD_MAX > 3
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        one.ownership.hand_over(shards_of(stream))
        told = [send(one, Add(client_id=cid(str(n)), stream=stream)) for n in range(5)]
        assert [len(t) for t in told] == [0, 0, 0, 1, 1]
        one.ownership.keep(shards_of(stream))
        await trio.sleep(1)
    assert [reply.seq for (reply,) in told if isinstance(reply, Accepted)] == [1, 2, 3]
    assert {reply.code for (reply,) in told if isinstance(reply, Refused)} == {Code.OVERLOADED}


# --- what peers bring --------------------------------------------------------------------------------------------


def epoch_of(node: Node, stream: str) -> int:
    """The epoch at which this node owns the stream."""
    epoch = node.ownership.epoch(stream)
    assert epoch is not None
    return epoch


def bring(node: Node, stream: str, epoch: int, name: str = "0") -> list[Reply | str]:
    told: list[Reply | str] = []
    node.runtime.router.take(
        stream,
        Add(client_id=cid(name), stream=stream),
        by=ME,
        epoch=epoch,
        reply=told.append,
        returned=partial(told.append, "returned"),
    )
    return told


async def test_what_a_peer_brings_is_served_at_this_very_epoch_alone(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        epoch = epoch_of(one, stream)
        assert bring(one, stream, epoch - 1) == ["returned"]
        assert bring(two, stream, epoch) == ["returned"]
        right = bring(one, stream, epoch)
        await trio.sleep(0.1)
        one.suspend()
        assert bring(one, stream, epoch, "1") == ["returned"]
    assert isinstance(right[0], Accepted)
    assert cluster.row(stream).head == 1


async def test_what_a_peer_brings_too_early_waits_for_the_view(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        epoch = epoch_of(one, stream)
        await one.directory.move(one.ownership.me, one.moves(shards_of(stream), two))
        early, wrong = bring(two, stream, epoch + 1), bring(one, stream, epoch + 1, "1")
        assert two.wishes
        assert early == []
        await two.renew()
        await trio.sleep(0.1)
        assert isinstance(early[0], Accepted)
        await one.renew()
        await trio.sleep(0.1)
        assert wrong == ["returned"]


async def test_what_a_peer_brings_during_a_hand_over_is_held_and_sent_back(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        epoch = epoch_of(one, stream)
        one.ownership.hand_over(shards_of(stream))
        told = bring(one, stream, epoch)
        assert told == []
        await cluster.hand_over(one, two, shards_of(stream))
        assert told == ["returned"]


async def test_what_a_peer_brought_is_not_served_at_a_later_epoch_of_the_same_owner(
    autojump_clock: object, cluster: Cluster
) -> None:
    """The peer was told of the moves, and has sent another copy since: a late one mustn't be decided after it."""
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        epoch = epoch_of(one, stream)
        one.ownership.hand_over(shards_of(stream))
        told = bring(one, stream, epoch)
        await one.directory.move(one.ownership.me, one.moves(shards_of(stream), two))
        await two.renew()
        await two.directory.move(two.ownership.me, two.moves(shards_of(stream), one))
        await one.renew()
        await trio.sleep(1)
        assert one.ownership.epoch(stream) == epoch + 2
    assert told == ["returned"]
    assert cluster.row(stream).head == 0


async def test_what_a_peer_brings_too_early_is_not_served_at_an_earlier_epoch(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        epoch = epoch_of(one, stream)
        early = bring(one, stream, epoch + 2)
        await trio.sleep(1)
        assert early == [] and cluster.row(stream).head == 0
        await move_behind_its_back(cluster, one, two, stream)
        await two.directory.move(two.ownership.me, two.moves(shards_of(stream), one))
        await one.renew()
        await trio.sleep(0.1)
    assert isinstance(early[0], Accepted)


async def test_a_command_that_its_owner_sends_back_does_not_fly_to_and_fro(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        one.suspend()
        told = send(two, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(2)
        assert not told
        assert two.line.forwarded <= 10
        assert two.wishes
        await one.renew()
        await trio.sleep(1)
    assert isinstance(told[0], Accepted)


# --- not acting --------------------------------------------------------------------------------------------------


async def test_a_node_that_may_not_act_neither_decides_nor_refuses_nor_shows(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream, note="n"), by=ME)
        one.faults.held["facts"] = trio.Event()
        good = send(one, Check(client_id=cid("1"), stream=stream, seq=1, note="n"))
        await trio.sleep(0.1)
        one.suspend()
        one.faults.held.pop("facts").set()
        await trio.sleep(0.1)
        assert isinstance(good[0], Refused) and good[0].code is Code.UNAVAILABLE
        new = send(one, Add(client_id=cid("2"), stream=stream))
        resent = send(one, Add(client_id=cid("3"), stream=stream, resend=True))
        assert isinstance(new[0], Refused) and new[0].code is Code.UNAVAILABLE
        assert isinstance(resent[0], Unknown)
        view = await one.runtime.router.view(stream, user=ME)
        assert isinstance(view, Refused) and view.code is Code.UNAVAILABLE
        activations = cluster.row(stream).activation
        await one.renew()
        again = await one.runtime.router.ask(Add(client_id=cid("4"), stream=stream), by=ME)
        assert isinstance(again, Accepted)
        assert cluster.row(stream).activation == activations, "the cell goes on"


async def test_a_refusal_is_not_given_by_who_lost_the_right_while_asking_the_receipts(
    autojump_clock: object,
    cluster: Cluster,
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream), by=ME)
        one.faults.held["receipts"] = trio.Event()
        told = send(one, Add(client_id=cid("1"), stream=stream, amount=-1))
        await trio.sleep(0.1)
        one.suspend()
        one.faults.held.pop("receipts").set()
        await trio.sleep(0.1)
    assert isinstance(told[0], Refused) and told[0].code is Code.UNAVAILABLE


async def test_a_refusal_is_not_given_by_who_lost_the_shard_while_asking_the_receipts(
    autojump_clock: object, cluster: Cluster
) -> None:
    """It goes on to the new owner, which may accept it: the old one's refusal would be false."""
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream), by=ME)
        one.faults.held["receipts"] = trio.Event()
        told = send(one, Add(client_id=cid("1"), stream=stream, amount=-1))
        await trio.sleep(0.1)
        await move_behind_its_back(cluster, one, two, stream)
        renewal = await one.directory.renew(one.ownership.me, hears=(), report="{}", known=None)
        # In one and the same pass: the cell has its answer from the log, and is cut off too late for that.
        one.faults.held.pop("receipts").set()
        one.ownership.renewed(math.inf, renewal.view)
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        assert not told
        await trio.sleep(1)
    assert one.line.forwarded == 1
    assert isinstance(told[0], Refused)  # as the new owner decided


async def test_what_is_committed_is_published_and_answered_in_any_case(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)

    async def slow(point: Point) -> None:
        if point is Point.COMMITTED:
            await trio.sleep(1)

    async with cluster.running() as (one, _):
        one.faults.pause = slow  # type: ignore[method-assign]
        told = send(one, Add(client_id=cid("0"), stream=stream))
        await trio.sleep(0.1)
        one.suspend()
        await trio.sleep(1)
    assert isinstance(told[0], Accepted)
    assert [row.seq for _, row in one.publisher.rows] == [1]


# --- views -------------------------------------------------------------------------------------------------------


async def test_a_view_comes_from_wherever_the_owner_is(autojump_clock: object, cluster: Cluster) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        await two.runtime.router.ask(Add(client_id=cid("0"), stream=stream, amount=7), by=ME)
        here = await one.runtime.router.view(stream, user=ME)
        there = await two.runtime.router.view(stream, user=ME)
        assert isinstance(here, Snapshot) and isinstance(there, RemoteSnapshot)
        assert here.head == there.head == 1
        assert b"total" in there.view
        views: list[object] = []

        async def look(node: Node) -> None:
            views.append(await node.runtime.router.view(stream, user=ME))

        one.ownership.hand_over(shards_of(stream))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look, one)
            nursery.start_soon(look, two)
            await trio.sleep(1)
            assert not views
            await cluster.hand_over(one, two, shards_of(stream))
        assert sorted(type(view).__name__ for view in views) == ["RemoteSnapshot", "Snapshot"]


async def test_a_view_that_nobody_can_show_is_refused_in_the_end(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        one.ownership.hand_over(shards_of(stream))
        began = trio.current_time()
        view = await one.runtime.router.view(stream, user=ME)
        assert trio.current_time() - began <= COMMAND_TIMEOUT_S + 1
    assert isinstance(view, Refused) and view.code is Code.UNAVAILABLE


async def test_who_waits_for_a_view_is_sent_on_when_its_shard_is_handed_over(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, _):
        epoch = epoch_of(one, stream)
        one.faults.held["activate"] = trio.Event()
        told: list[Snapshot | Refused | None] = []
        one.runtime.router.view_for(stream, ME, epoch, told.append)
        await trio.sleep(0.1)
        assert not told
        one.ownership.hand_over(shards_of(stream))
        await one.runtime.release(shards_of(stream), 0.1)
        assert told == [None]
        one.runtime.router.view_for(stream, ME, epoch, told.append)
        assert told == [None, None]


# --- due work, and what stands -----------------------------------------------------------------------------------


async def test_timers_go_with_their_shard(autojump_clock: object, cluster: Cluster) -> None:
    stream = "tally:" + "0" * 32  # the one that the kind's timer is for
    streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        due = cluster.clock.now() + 8000
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream, due=due), by=ME)
        await trio.sleep(5)
        await cluster.hand_over(one, two, shards_of(stream))
        await trio.sleep(3.5)
        assert [row.seq for _, row in two.publisher.rows] == [2]
    assert [row.seq for _, row in one.publisher.rows] == [1]


async def test_what_is_owed_goes_on_when_a_hand_over_is_called_off(
    autojump_clock: object, cluster: Cluster
) -> None:
    a, b = streams_in(cluster, 2)
    async with cluster.running() as (one, _):
        await trio.sleep(DUE_SWEEP_S + 1)  # the next sweep is far
        log = one.faults.before

        async def away(call: str) -> None:
            if call == "activate" and len(one.runtime.supervisor) > 1:
                raise LogUnavailableError
            await log(call)

        one.faults.before = away  # type: ignore[method-assign]
        cause = Add(client_id=cid("0"), stream=a, forward=b)
        assert isinstance(await one.runtime.router.ask(cause, by=ME), Accepted)
        await trio.sleep(1)
        one.ownership.hand_over(shards_of(a))
        assert await one.runtime.release(shards_of(a), 1.0)
        one.faults.before = log  # type: ignore[method-assign]
        one.ownership.keep(shards_of(a))
        await trio.sleep(5)
        assert cluster.row(b).head == 1


async def test_only_the_due_rows_of_own_shards_are_read(autojump_clock: object, cluster: Cluster) -> None:
    a, b = streams_in(cluster, 2)
    asked: list[Sequence[int]] = []
    async with cluster.running() as (one, two):
        log = two.runtime.due._source  # type: ignore[reportPrivateUsage]
        due = log.due

        async def spy(shards: Sequence[int], *args: Any, **kwargs: Any) -> list[tuple[str, int]]:
            asked.append(shards)
            return await due(shards, *args, **kwargs)

        log.due = spy  # type: ignore[method-assign]
        await trio.sleep(1)
        await cluster.hand_over(one, two, shards_of(a, b))
        await trio.sleep(0.1)
        assert [list(shards) for shards in asked] == [shards_of(a, b)]
        await trio.sleep(60)
    assert {tuple(shards) for shards in asked} == {tuple(shards_of(a, b))}


async def test_each_activation_tells_where_the_stream_stands(
    autojump_clock: object, cluster: Cluster
) -> None:
    (stream,) = streams_in(cluster, 1)
    async with cluster.running() as (one, two):
        await one.runtime.router.ask(Add(client_id=cid("0"), stream=stream), by=ME)
        await cluster.hand_over(one, two, shards_of(stream))
        await one.runtime.router.ask(Add(client_id=cid("1"), stream=stream), by=ME)
    assert one.publisher.heads == [(stream, 0)]
    assert two.publisher.heads == [(stream, 1)]
