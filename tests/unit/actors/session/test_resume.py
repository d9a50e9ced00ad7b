from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from actors.ports.log import ReadAccess
from actors.session.resume import Resume, decide, owned
from protocol.frames import Position
from protocol.limits import RESUME_EVENTS_MAX
from tests.unit.actors.session.support import stream_id

numbers = st.integers(0, 5 * RESUME_EVENTS_MAX)
positions = st.builds(Position, stream=st.just(stream_id()), incarnation=st.integers(0, 3), seq=numbers)
read_access = st.builds(
    ReadAccess,
    exists=st.booleans(),
    may_listen=st.booleans(),
    incarnation=st.integers(0, 3),
    head=numbers,
    readable_after=numbers,
)


@given(since=st.none() | positions, access=read_access)
def test_only_a_listener_gets_anything(since, access):
    assert (decide(since, access) is Resume.REFUSED) == (not (access.exists and access.may_listen))


@given(since=positions, access=read_access)
def test_a_replay_is_of_this_history_and_bounded(since, access):
    if decide(since, access) is Resume.REPLAY:
        assert since.incarnation == access.incarnation
        assert access.head - RESUME_EVENTS_MAX <= since.seq <= access.head
        assert since.seq >= access.readable_after


@given(since=positions, access=read_access, before=st.integers(1, RESUME_EVENTS_MAX))
def test_who_may_not_read_so_far_back_gets_a_snapshot(since, access, before):
    position = structs.replace(since, seq=max(0, access.readable_after - before))
    if access.readable_after > 0:
        assert decide(position, owned(access)) is Resume.SNAPSHOT


@given(since=st.none() | positions, access=read_access)
def test_what_is_one_s_own_is_never_refused(since, access):
    assert decide(since, owned(access)) is not Resume.REFUSED


@given(incarnation=st.integers(0, 3), head=numbers, behind=st.integers(0, RESUME_EVENTS_MAX))
def test_a_good_position_is_always_replayed(incarnation, head, behind):
    since = Position(stream=stream_id(), incarnation=incarnation, seq=max(0, head - behind))
    access = ReadAccess(True, True, incarnation, head)
    assert decide(since, access) is Resume.REPLAY


def test_the_edges():
    access = ReadAccess(True, True, 2, 5000)

    def at(seq: int, incarnation: int = 2) -> Resume:
        return decide(Position(stream=stream_id(), incarnation=incarnation, seq=seq), access)

    assert at(5000) is Resume.REPLAY
    assert at(5000 - RESUME_EVENTS_MAX) is Resume.REPLAY
    assert at(5000 - RESUME_EVENTS_MAX - 1) is Resume.SNAPSHOT
    assert at(5001) is Resume.SNAPSHOT
    assert at(5000, 1) is Resume.SNAPSHOT
    assert at(5000, 3) is Resume.SNAPSHOT
    assert decide(None, access) is Resume.SNAPSHOT
