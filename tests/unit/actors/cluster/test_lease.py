"""The failure detector: who is dead, and above all who isn't."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.cluster.lease import FailureDetector
from actors.cluster.limits import LEASE_S, RENEWALS_PER_LEASE
from actors.ports.cluster_view import SHARDS, ClusterView, Member, Shard

PERIOD_S = LEASE_S / RENEWALS_PER_LEASE
ME = 1
SILENT = Member(id=2, name="two", fence=3, lease=10, lease_s=LEASE_S, protocol=1)


def view(*members: Member) -> ClusterView:
    return ClusterView(version=1, members=members, shards=(Shard(None, 0),) * SHARDS)


def seen(detector: FailureDetector, at: float, *members: Member, round_trip_s: float = 0.0) -> list[int]:
    return [member.id for member in detector.succeeded(at, at + round_trip_s, view(*members))]


def test_a_peer_whose_lease_does_not_move_is_dead_after_its_lease() -> None:
    detector = FailureDetector(ME)
    at = 0.0
    while not (dead := seen(detector, at, SILENT)):
        at += PERIOD_S
    assert (at, dead) == (LEASE_S, [SILENT.id])
    assert detector.succeeded(at + PERIOD_S, at + PERIOD_S, view(SILENT)) == (SILENT,)


def test_it_says_when_a_silent_peer_may_be_dead_if_that_is_before_the_next_renewal() -> None:
    """Or else a peer would get up to one more period, because the last round trip doesn't count."""
    detector = FailureDetector(ME)
    renewed = SILENT
    for n in range(20):
        renewed = msgspec.structs.replace(renewed, lease=renewed.lease + 1)
        assert seen(detector, n * PERIOD_S, renewed, round_trip_s=0.01) == []
        assert detector.next_look_s(PERIOD_S) == PERIOD_S
    at = 19 * PERIOD_S
    for _ in range(RENEWALS_PER_LEASE):
        at += detector.next_look_s(PERIOD_S)
        assert seen(detector, at, renewed, round_trip_s=0.01) == []
    at += detector.next_look_s(PERIOD_S)
    assert seen(detector, at, renewed, round_trip_s=0.01) == [SILENT.id]
    assert at - 19 * PERIOD_S == pytest.approx(LEASE_S + 0.01)


def test_the_observer_itself_is_never_dead() -> None:
    detector = FailureDetector(ME)
    myself = msgspec.structs.replace(SILENT, id=ME)
    assert not any(seen(detector, n * PERIOD_S, myself) for n in range(100))


def test_the_round_trip_of_the_first_sight_does_not_count() -> None:
    detector = FailureDetector(ME)
    dead_at = next(n for n in range(100) if seen(detector, n * PERIOD_S, SILENT, round_trip_s=0.4))
    assert dead_at == RENEWALS_PER_LEASE + 1


def test_the_round_trip_that_shows_a_new_lease_does_not_count() -> None:
    detector = FailureDetector(ME)
    renewed = msgspec.structs.replace(SILENT, lease=SILENT.lease + 1)
    assert seen(detector, 0.0, SILENT, round_trip_s=0.4) == []
    dead_at = next(n for n in range(1, 100) if seen(detector, n * PERIOD_S, renewed, round_trip_s=0.4))
    assert dead_at == 1 + RENEWALS_PER_LEASE + 1


def test_the_round_trip_that_ends_an_outage_does_not_count() -> None:
    detector = FailureDetector(ME)
    for n in range(RENEWALS_PER_LEASE):  # one period short of the lease
        assert seen(detector, n * PERIOD_S, SILENT) == []
    detector.failed()
    assert seen(detector, 10.0, SILENT, round_trip_s=0.4) == []
    assert seen(detector, 10.0 + PERIOD_S, SILENT, round_trip_s=0.4) == []
    assert seen(detector, 10.0 + 2 * PERIOD_S, SILENT) == [SILENT.id]


@pytest.mark.parametrize("outage_s", [PERIOD_S, 3.0, 1000.0])
def test_an_outage_of_the_observer_counts_nothing(outage_s: float) -> None:
    detector = FailureDetector(ME)
    at = 0.0
    for _ in range(RENEWALS_PER_LEASE):  # one period short of the lease
        assert seen(detector, at, SILENT) == []
        at += PERIOD_S
    at -= PERIOD_S
    for _ in range(5):
        detector.failed()
        at += outage_s
        assert seen(detector, at, SILENT) == []
    assert seen(detector, at + PERIOD_S, SILENT) == [SILENT.id]


def test_an_observer_that_stood_still_counts_two_periods() -> None:
    detector = FailureDetector(ME)
    assert seen(detector, 0.0, SILENT) == []
    assert seen(detector, 1000.0, SILENT) == []
    assert seen(detector, 1000.0 + PERIOD_S, SILENT) == []
    assert seen(detector, 1000.0 + 2 * PERIOD_S, SILENT) == [SILENT.id]


@pytest.mark.parametrize("change", [{"fence": 4}, {"lease": 11}, {"fence": 4, "lease": 11}])
def test_a_new_run_or_a_renewal_starts_over(change: dict[str, int]) -> None:
    detector = FailureDetector(ME)
    for n in range(RENEWALS_PER_LEASE):
        assert seen(detector, n * PERIOD_S, SILENT) == []
    changed = msgspec.structs.replace(SILENT, **change)
    for n in range(RENEWALS_PER_LEASE, 2 * RENEWALS_PER_LEASE):
        assert seen(detector, n * PERIOD_S, changed) == []
    assert seen(detector, 2 * RENEWALS_PER_LEASE * PERIOD_S, changed) == [SILENT.id]


def test_a_member_that_was_away_starts_over() -> None:
    detector = FailureDetector(ME)
    for n in range(RENEWALS_PER_LEASE):
        assert seen(detector, n * PERIOD_S, SILENT) == []
    assert seen(detector, RENEWALS_PER_LEASE * PERIOD_S) == []
    assert seen(detector, (RENEWALS_PER_LEASE + 1) * PERIOD_S, SILENT) == []


def test_the_lease_that_counts_is_the_peer_s_own() -> None:
    patient = msgspec.structs.replace(SILENT, id=3, lease_s=10.0)
    hasty = msgspec.structs.replace(SILENT, id=4, lease_s=1.0)
    detector = FailureDetector(ME)
    deaths: dict[int, float] = {}
    for n in range(30):
        for id in seen(detector, n * PERIOD_S, SILENT, patient, hasty):  # noqa: A001
            deaths.setdefault(id, n * PERIOD_S)
    assert deaths == {4: 1.0, 2: 2.0, 3: 10.0}


@given(
    mine=st.lists(st.tuples(st.floats(0.6, 1.4), st.floats(0.0, 0.5), st.booleans()), max_size=60),
    theirs=st.lists(st.floats(0.6, 1.4), min_size=150, max_size=150),
    phase=st.floats(0.0, 1.0),
)
def test_a_peer_that_renews_is_never_dead(
    mine: list[tuple[float, float, bool]], theirs: list[float], phase: float
) -> None:
    """Both renew each period with jitter; some of the observer's renewals fail, and all take their time."""
    renewals: list[float] = []
    at = phase * PERIOD_S
    for factor in theirs:
        renewals.append(at)
        at += factor * PERIOD_S
    detector = FailureDetector(ME)
    begun = 0.0
    for factor, round_trip, fails in mine:
        ended = begun + round_trip * PERIOD_S
        if fails:
            detector.failed()
        else:
            lease = sum(1 for renewal in renewals if renewal <= ended)
            peer = msgspec.structs.replace(SILENT, lease=lease)
            assert detector.succeeded(begun, ended, view(peer)) == ()
        begun += factor * PERIOD_S


@given(
    mine=st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 0.5), st.booleans()), max_size=60),
)
def test_nobody_is_dead_before_its_lease_passed_in_the_observer_s_time(
    mine: list[tuple[float, float, bool]],
) -> None:
    detector = FailureDetector(ME)
    begun, first_end = 0.0, None
    for gap, round_trip, fails in mine:
        begun += gap * PERIOD_S
        ended = begun + round_trip * PERIOD_S
        if fails:
            detector.failed()
        elif detector.succeeded(begun, ended, view(SILENT)):
            assert first_end is not None
            assert begun - first_end >= LEASE_S - 1e-9
        elif first_end is None:
            first_end = ended
        begun = ended
