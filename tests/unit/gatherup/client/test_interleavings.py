"""Whatever a network does, every command gets one true outcome and every stream one order."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gatherup.client.errors import RefusedError
from gatherup.client.policy import Policy
from protocol.frames import Accepted
from tests.unit.gatherup.client.world import ROOMS, World, client_id

ROOM = st.sampled_from(ROOMS)
FAULTS = ("none", "none", "none", "refuse", "unknown before", "unknown after")
STEPS = st.one_of(
    st.tuples(st.just("post"), ROOM, st.booleans()),
    st.tuples(st.just("others"), ROOM, st.integers(1, 30)),
    st.tuples(st.just("serve"), st.sampled_from(FAULTS), st.just(0)),
    st.tuples(st.just("hear"), st.integers(1, 3), st.just(0)),
    st.tuples(st.just("round"), st.sampled_from(FAULTS), st.integers(1, 2)),
    st.tuples(st.just("lost"), ROOM, st.just(0)),
    st.tuples(st.just("cut"), st.integers(0, 4), st.integers(0, 4)),
    st.tuples(st.just("watch"), st.sampled_from([(), ROOMS[:1], ROOMS]), st.just(0)),
    st.tuples(st.just("mark"), ROOM, st.integers(1, 9)),
    st.tuples(st.just("kick"), ROOM, st.just(0)),
    st.tuples(st.sampled_from(["connect", "drop", "stray", "read"]), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 5.0]), st.just(0)),
)


def step(world: World, number: int, what: tuple) -> None:
    match what:
        case ("post", room, condemned):
            if condemned and number % 4 == 0:
                world.server.condemned.add(client_id(number))
            world.post(number, room)
        case ("others", room, count):
            for _ in range(count):
                world.server.append(room, "somebody")
            world.to_client.extend(world.server.news())
        case ("serve", fault, _):
            world.serve(fault)
        case ("hear", times, _):
            world.hear(times)
        case ("round", fault, times):
            world.connect()
            while world.to_server or world.to_client:
                world.serve(fault)
                world.hear(times)
        case ("lost", room, _):  # the server took everything, and no answer came back
            world.post(number, room)
            while world.to_server:
                world.serve()
            world.drop()
        case ("cut", taken, heard):  # the server took some frames, and not all answers came back
            for _ in range(taken):
                world.serve()
            for _ in range(heard):
                world.hear()
            world.drop()
        case ("wait", seconds, _):
            world.client.heard(world.now)
            world.wait(seconds)
        case ("watch", rooms, _):
            world.watch(rooms)
        case ("kick", room, _):
            world.server.left.add(room)
            world.to_client.extend(world.server.news())
        case ("mark", room, message):
            world.mark(room, message)
        case ("connect", _, _):
            world.connect()
        case ("drop", _, _):
            world.drop()
        case ("stray", _, _):
            world.serve_stray()
        case ("read", _, _):
            world.read()


@settings(max_examples=600, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=80), st.sampled_from([0.0, 3.0, 1e6]))
def test_any_interleaving(steps: list[tuple], patience_s: float) -> None:
    world = World(Policy(buffer_items_max=6, refused_retry_for_s=patience_s))
    for room in ROOMS:
        world.do(world.client.follow(room, None, world.now))
    for number, what in enumerate(steps):
        step(world, number, what)
    world.settle_down()

    assert world.client.violations == 0
    for who, outcomes in world.settled.items():
        assert len(outcomes) == 1, f"{who} settled {outcomes}"
    for who, outcome in zip(world.issued, world.outcomes(), strict=True):
        posted = [log.count(who) for log in world.server.logs.values()]
        if who in world.server.condemned:
            assert isinstance(outcome, RefusedError)
            assert sum(posted) == 0
        elif isinstance(outcome, RefusedError):
            assert outcome.retry
            assert sum(posted) == 0, "refused, and yet it happened"
        else:
            assert isinstance(outcome, Accepted)
            assert sum(posted) == 1
            assert world.server.logs[outcome.stream or ""][(outcome.seq or 0) - 1] == who
    for room in ROOMS:
        assert world.server.read.get(room, 0) <= world.marks.get(room, 0)
        for before, after in pairwise(world.seen[room]):
            stood = before if before >= 0 else -before - 1
            assert after == stood + 1 or (after < 0 and -after - 1 >= stood)
        assert world.caught_up()
