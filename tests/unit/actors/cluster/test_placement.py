"""Placement: an even share each, and no more moves than a change needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.cluster.placement import batches, intended, moves, next_owners, placement, rebalancing, takeable
from actors.ports.cluster_view import SHARDS, ClusterView, Member, Move, Shard

IDS = st.lists(st.integers(min_value=1, max_value=2**31), min_size=1, max_size=12, unique=True)


def member(id: int, *, draining: bool = False, hears: tuple[int, ...] = ()) -> Member:  # noqa: A002
    return Member(
        id=id, name=f"n{id}", fence=1, lease=1, lease_s=2.0, draining=draining, protocol=1, hears=hears
    )


def view(members: list[Member], owners: list[int | None]) -> ClusterView:
    return ClusterView(version=1, members=tuple(members), shards=tuple(Shard(owner, 7) for owner in owners))


def test_nobody_owns_anything_without_members() -> None:
    assert placement([]) == (None,) * SHARDS


def test_the_placement_is_the_same_in_every_release() -> None:
    """Two releases run side by side while nodes are replaced one by one: they must agree."""
    owners = placement([1, 2, 3])
    assert [owners.count(member) for member in (1, 2, 3)] == [91, 88, 77]
    assert owners[:12] == (2, 3, 2, 2, 2, 1, 2, 2, 3, 2, 2, 1)


@given(ids=IDS, data=st.data())
def test_the_order_of_the_members_does_not_matter(ids: list[int], data: st.DataObject) -> None:
    assert placement(data.draw(st.permutations(ids))) == placement(ids)


@given(ids=IDS, joiner=st.integers(min_value=1, max_value=2**31))
def test_a_member_that_joins_or_goes_moves_only_its_own_share(ids: list[int], joiner: int) -> None:
    ids = [other for other in ids if other != joiner] or [joiner + 1]
    without, within = placement(ids), placement([*ids, joiner])
    moved = [shard for shard in range(SHARDS) if without[shard] != within[shard]]
    assert all(within[shard] == joiner for shard in moved)
    assert len(moved) == within.count(joiner)
    share = SHARDS / (len(ids) + 1)
    # Binomial(256, 1/n): five standard deviations either way.
    assert abs(len(moved) - share) <= 5 * share**0.5 + 1


def test_members_that_drain_or_are_gone_are_placed_nothing() -> None:
    members = [member(1), member(2, draining=True), member(3)]
    now = view(members, [2] * SHARDS)
    assert intended(now) == placement([1, 3])
    assert next_owners(now, [5, 6], without={3}) == {5: 1, 6: 1}
    assert next_owners(now, [5, 6], without={1, 3}) == {}


def test_a_member_takes_what_nobody_owns_and_it_should() -> None:
    owners: list[int | None] = [None] * SHARDS
    owners[0] = 2
    now = view([member(1), member(2)], owners)
    should = placement([1, 2])
    assert takeable(now, 1) == [Move(shard, 7, 1) for shard in range(1, SHARDS) if should[shard] == 1]


def test_rebalancing_gives_only_to_members_with_which_frames_pass_both_ways() -> None:
    shards = range(SHARDS)
    should = placement([1, 2, 3])
    members = [member(1), member(2, hears=(1,)), member(3)]
    now = view(members, [1] * SHARDS)
    given_away = rebalancing(now, 1, shards, (2, 3), at_most=SHARDS)
    assert given_away == {shard: 2 for shard in shards if should[shard] == 2}
    assert rebalancing(now, 1, shards, (), at_most=SHARDS) == {}
    assert len(rebalancing(now, 1, shards, (2,), at_most=8)) == 8
    only = [shard for shard in shards if should[shard] == 2][3]
    assert rebalancing(now, 1, [only], (2,), at_most=8) == {only: 2}


def test_a_draining_member_and_one_that_is_right_give_nothing() -> None:
    draining = view([member(1, draining=True), member(2, hears=(1,))], [1] * SHARDS)
    assert rebalancing(draining, 1, range(SHARDS), (2,), at_most=8) == {}
    settled = view([member(1), member(2, hears=(1,))], list(placement([1, 2])))
    assert rebalancing(settled, 1, settled.owned_by(1), (2,), at_most=8) == {}


def test_moves_hold_the_epoch_and_batches_lose_nothing() -> None:
    now = view([member(1)], [1] * SHARDS)
    assert moves(now, {4: 2, 9: 3}) == [Move(4, 7, 2), Move(9, 7, 3)]
    assert batches({1: 5, 2: 5, 3: 6}, 2) == [{1: 5, 2: 5}, {3: 6}]
    assert batches({}, 2) == []
