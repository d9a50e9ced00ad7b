"""Ownership: what one node makes of the views it sees."""

from __future__ import annotations

from msgspec.structs import replace

from actors.cluster.limits import ACTING_PART, LEASE_S, LOSS_REMEMBERED_S
from actors.cluster.ownership import Change, Here, Ownership, Settling, Suspended, There, Unserved
from actors.ports.cluster_view import SHARDS, ClusterView, Shard
from actors.ports.log import Fence
from tests.ownership import member, owning_everything
from tests.ports import TrioClock

ME, PEER = Fence(1, 1), member(2)
STREAM, OTHER = "room:" + "0" * 32, "room:" + "01" * 16
"""In shards 0 and 1."""


class StillClock(TrioClock):
    """Time is the test's."""

    at = 100.0

    def monotonic(self) -> float:
        return self.at


def view(version: int, *owners: tuple[int | None, int], fences: tuple[int, int] = (1, 1)) -> ClusterView:
    """The first shards' (owner, epoch); the rest are nobody's."""
    shards = tuple(Shard(*owner) for owner in owners)
    return ClusterView(
        version=version,
        members=(member(1, fence=fences[0]), member(2, fence=fences[1])),
        shards=shards + (Shard(None, 0),) * (SHARDS - len(shards)),
    )


def watched() -> tuple[Ownership, StillClock, list[Change]]:
    clock, changes = StillClock(), list[Change]()
    ownership = Ownership(ME, clock)
    ownership.on_change(changes.append)
    return ownership, clock, changes


def test_a_node_that_never_renewed_knows_nothing() -> None:
    ownership, _, _ = watched()
    assert not ownership.acting
    assert isinstance(ownership.where(STREAM), Settling)
    assert ownership.epoch(STREAM) is None and not ownership.serves(STREAM, 0)


def test_where_a_stream_is() -> None:
    ownership, clock, _ = watched()
    ownership.renewed(clock.at, view(1, (1, 4), (2, 7)))
    assert ownership.where(STREAM) == Here(4)
    assert ownership.where(OTHER) == There(PEER, 7)
    assert isinstance(ownership.where("room:" + "02" * 16), Settling)
    assert ownership.shards == [0]
    ownership.renewed(clock.at, view(2, (2, 5), (9, 8)))
    assert ownership.where(STREAM) == There(PEER, 5)
    assert isinstance(ownership.where(OTHER), Settling), "its owner is no member"


def test_what_nobody_owns_is_unserved_while_no_member_may_own_anything() -> None:
    ownership, clock, _ = watched()
    seen = view(1, (None, 4), (2, 7), (9, 1))
    leaving = replace(seen, members=tuple(replace(one, draining=True) for one in seen.members))
    ownership.renewed(clock.at, leaving)
    assert isinstance(ownership.where(STREAM), Unserved)
    assert isinstance(ownership.where("room:" + "02" * 16), Unserved), "its owner is no member"
    assert isinstance(ownership.where(OTHER), There), "who is leaving serves what it owns"
    ownership.renewed(clock.at, replace(leaving, version=2, members=(seen.members[0], leaving.members[1])))
    assert isinstance(ownership.where(STREAM), Settling)


def test_it_acts_from_the_start_of_its_last_good_renewal() -> None:
    ownership, clock, _ = watched()
    ownership.renewed(clock.at - 1.0, view(1, (1, 4)))
    clock.at += LEASE_S * ACTING_PART - 1.01
    assert ownership.where(STREAM) == Here(4) and ownership.serves(STREAM, 4)
    clock.at += 0.02
    assert isinstance(ownership.where(STREAM), Suspended)
    assert not ownership.serves(STREAM, 4) and not ownership.owns(STREAM, 4)
    assert ownership.epoch(STREAM) == 4, "it is still its own"
    ownership.renewed(clock.at, view(1, (1, 4)))
    assert ownership.where(STREAM) == Here(4)
    ownership.stop()
    ownership.renewed(clock.at, view(1, (1, 4)))
    assert isinstance(ownership.where(STREAM), Suspended)


def test_a_shard_that_is_handed_over_is_served_to_the_end_and_not_begun_anew() -> None:
    ownership, clock, changes = watched()
    ownership.renewed(clock.at, view(1, (1, 4), (1, 4)))
    ownership.hand_over([0])
    assert isinstance(ownership.where(STREAM), Settling)
    assert ownership.where(OTHER) == Here(4)
    assert ownership.epoch(STREAM) is None and not ownership.owns(STREAM, 4)
    assert ownership.serves(STREAM, 4)
    assert len(changes) == 1
    ownership.keep([0])
    assert ownership.where(STREAM) == Here(4)
    assert changes[1] == Change(kept=frozenset({0}))
    ownership.hand_over([0])
    ownership.renewed(clock.at, view(2, (1, 6), (1, 4)))
    assert ownership.where(STREAM) == Here(6), "it went and came back"
    assert not ownership.serves(STREAM, 4)


def test_a_change_tells_what_was_taken_lost_and_moved() -> None:
    ownership, clock, changes = watched()
    ownership.renewed(clock.at, view(1, (1, 1), (1, 1), (2, 1), (None, 1)))
    ownership.renewed(clock.at, view(2, (2, 2), (1, 3), (2, 1), (1, 2)))
    assert (changes[-1].lost, changes[-1].taken, changes[-1].moved) == ({0, 1}, {1, 3}, {0, 1, 3})
    ownership.renewed(clock.at, view(3, (2, 2), (1, 3), (2, 1), (1, 2), fences=(1, 2)))
    assert (changes[-1].lost, changes[-1].taken, changes[-1].moved) == (set(), set(), {0, 2})
    assert (changes[-1].joined, changes[-1].left) == ({Fence(2, 2)}, {Fence(2, 1)})
    assert ownership.where(STREAM) == There(member(2, fence=2), 2)


def test_an_older_view_changes_nothing_and_still_proves_the_renewal() -> None:
    ownership, clock, changes = watched()
    ownership.renewed(clock.at, view(2, (1, 4)))
    clock.at += 10
    ownership.renewed(clock.at, view(1, (2, 3)))
    assert ownership.where(STREAM) == Here(4)
    assert len(changes) == 1
    ownership.renewed(clock.at, view(2, (1, 4)))
    assert len(changes) == 1, "leases alone are no change"


def test_peers_are_known_by_their_present_run() -> None:
    ownership, clock, _ = watched()
    ownership.renewed(clock.at, view(1, fences=(1, 3)))
    assert [peer.id for peer in ownership.peers] == [2]
    assert ownership.peer(Fence(2, 3)) == replace(PEER, fence=3)
    assert ownership.peer(Fence(2, 2)) is None and ownership.peer(ME) is None


def test_a_loss_is_remembered_for_a_while() -> None:
    ownership, clock, _ = watched()
    ownership.renewed(clock.at, view(1))
    assert ownership.lost_lately, "what was before its first view it can't know"
    clock.at += LOSS_REMEMBERED_S
    ownership.renewed(clock.at, view(2))
    assert not ownership.lost_lately
    ownership.renewed(clock.at, view(3, fences=(1, 2)))
    assert ownership.lost_lately, "another run of the peer"
    clock.at += LOSS_REMEMBERED_S
    ownership.renewed(clock.at, view(3, fences=(1, 2)))
    assert not ownership.lost_lately


def test_who_drained_before_it_left_is_not_lost() -> None:
    ownership, clock, _ = watched()
    whole = view(1)
    ownership.renewed(clock.at, whole)
    clock.at += LOSS_REMEMBERED_S
    me, peer = whole.members
    ownership.renewed(clock.at, replace(whole, version=2, members=(me, replace(peer, draining=True))))
    ownership.renewed(clock.at, replace(whole, version=3, members=(me,)))
    assert not ownership.lost_lately
    ownership.renewed(clock.at, replace(whole, version=4))
    ownership.renewed(clock.at, replace(whole, version=5, members=(me,)))
    assert ownership.lost_lately


def test_the_view_is_wanted_once_for_each_version_that_is_heard_of() -> None:
    ownership, clock, _ = watched()
    wishes: list[int] = []
    ownership.on_wish(lambda: wishes.append(ownership.wanted_version))
    ownership.renewed(clock.at, view(3))
    for version in (2, 3, 5, 5, 4, 6):
        ownership.refresh(version)
    assert wishes == [5, 6]
    ownership.refresh()
    assert wishes == [5, 6, 6]


def test_one_that_owns_everything() -> None:
    ownership = owning_everything(StillClock())
    assert ownership.where(STREAM) == ownership.where(OTHER) == Here(1)
    assert len(ownership.shards) == SHARDS
