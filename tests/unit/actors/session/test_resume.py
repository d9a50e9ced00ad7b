from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from actors.ports.log import Standing
from actors.session.resume import Resume, decide, owned
from protocol.frames import Position
from protocol.limits import RESUME_EVENTS_MAX
from tests.unit.actors.session.support import stream_id

numbers = st.integers(0, 5 * RESUME_EVENTS_MAX)
positions = st.builds(Position, stream=st.just(stream_id()), incarnation=st.integers(0, 3), seq=numbers)
standings = st.builds(
    Standing,
    exists=st.booleans(),
    may_listen=st.booleans(),
    incarnation=st.integers(0, 3),
    head=numbers,
    readable_after=numbers,
)


@given(since=st.none() | positions, standing=standings)
def test_only_a_listener_gets_anything(since, standing):
    assert (decide(since, standing) is Resume.REFUSED) == (not (standing.exists and standing.may_listen))


@given(since=positions, standing=standings)
def test_a_replay_is_of_this_history_and_bounded(since, standing):
    if decide(since, standing) is Resume.REPLAY:
        assert since.incarnation == standing.incarnation
        assert standing.head - RESUME_EVENTS_MAX <= since.seq <= standing.head
        assert since.seq >= standing.readable_after


@given(since=positions, standing=standings, before=st.integers(1, RESUME_EVENTS_MAX))
def test_who_may_not_read_so_far_back_gets_a_snapshot(since, standing, before):
    position = structs.replace(since, seq=max(0, standing.readable_after - before))
    if standing.readable_after > 0:
        assert decide(position, owned(standing)) is Resume.SNAPSHOT


@given(since=st.none() | positions, standing=standings)
def test_what_is_one_s_own_is_never_refused(since, standing):
    assert decide(since, owned(standing)) is not Resume.REFUSED


@given(incarnation=st.integers(0, 3), head=numbers, behind=st.integers(0, RESUME_EVENTS_MAX))
def test_a_good_position_is_always_replayed(incarnation, head, behind):
    since = Position(stream=stream_id(), incarnation=incarnation, seq=max(0, head - behind))
    standing = Standing(True, True, incarnation, head)
    assert decide(since, standing) is Resume.REPLAY


def test_the_edges():
    standing = Standing(True, True, 2, 5000)

    def at(seq: int, incarnation: int = 2) -> Resume:
        return decide(Position(stream=stream_id(), incarnation=incarnation, seq=seq), standing)

    assert at(5000) is Resume.REPLAY
    assert at(5000 - RESUME_EVENTS_MAX) is Resume.REPLAY
    assert at(5000 - RESUME_EVENTS_MAX - 1) is Resume.SNAPSHOT
    assert at(5001) is Resume.SNAPSHOT
    assert at(5000, 1) is Resume.SNAPSHOT
    assert at(5000, 3) is Resume.SNAPSHOT
    assert decide(None, standing) is Resume.SNAPSHOT
