"""Audibility: unready is for who alone isn't heard, never for all when the bus is down."""

from __future__ import annotations

import pytest

from actors.cluster.audible import Audibility, Hearing, audibility
from actors.cluster.limits import LINK_SILENCE_S
from actors.ports.cluster_view import SHARDS, ClusterView, Member, Shard


def view(hears: dict[int, tuple[int, ...]]) -> ClusterView:
    members = tuple(
        Member(id=me, name=f"n{me}", fence=1, lease=1, lease_s=2.0, protocol=1, hears=heard)
        for me, heard in hears.items()
    )
    return ClusterView(version=1, members=members, shards=(Shard(None, 0),) * SHARDS)


@pytest.mark.parametrize(
    ("hears", "expected"),
    [
        pytest.param({1: ()}, "ALONE", id="one node"),
        pytest.param({1: (2,), 2: (1,)}, "HEARD HEARD", id="two nodes"),
        pytest.param({1: (), 2: ()}, "DEGRADED DEGRADED", id="two nodes, no bus"),
        pytest.param({1: (2,), 2: ()}, "UNHEARD HEARD", id="two nodes, 1 can't send"),
        pytest.param({1: (2, 3), 2: (1, 3), 3: (1, 2)}, "HEARD HEARD HEARD", id="three nodes"),
        pytest.param({1: (), 2: (), 3: ()}, "DEGRADED DEGRADED DEGRADED", id="three nodes, no bus"),
        pytest.param({1: (), 2: (3,), 3: (2,)}, "UNHEARD HEARD HEARD", id="1 is cut off"),
        pytest.param({1: (2, 3), 2: (3,), 3: (2,)}, "UNHEARD HEARD HEARD", id="1 can't send"),
        pytest.param({1: (), 2: (1, 3), 3: (1, 2)}, "HEARD HEARD HEARD", id="1 can't hear"),
        pytest.param({1: (2,), 2: (1, 3), 3: (2,)}, "HEARD HEARD HEARD", id="1 and 3 don't hear one another"),
        pytest.param({1: (), 2: (3,), 3: ()}, "UNHEARD UNHEARD HEARD", id="only 3 to 2"),
        pytest.param({1: (9,), 2: (9,)}, "DEGRADED DEGRADED", id="who is no member doesn't count"),
    ],
)
def test_audibility(hears: dict[int, tuple[int, ...]], expected: str) -> None:
    found = [audibility(view(hears), me, heard).name for me, heard in hears.items()]
    assert " ".join(found) == expected


def test_what_is_heard_now_counts_before_the_view_tells_it() -> None:
    assert audibility(view({1: (), 2: ()}), 1, (2,)) is Audibility.UNHEARD


def test_a_node_that_joins_others_must_be_heard_first() -> None:
    hearing = Hearing(1)
    assert hearing.audibility is Audibility.UNHEARD
    hearing.seen(view({1: (2,), 2: ()}), (2,), 0.0)
    assert hearing.audibility is Audibility.UNHEARD
    hearing.seen(view({1: (2,), 2: (1,)}), (2,), 0.5)
    assert hearing.audibility is Audibility.HEARD


def test_a_passing_difference_makes_nobody_unheard() -> None:
    hearing = Hearing(1)
    hearing.seen(view({1: ()}), (), 0.0)
    hearing.seen(view({1: (), 2: ()}), (2,), 1.0)
    assert hearing.audibility is Audibility.ALONE
    hearing.seen(view({1: (2,), 2: (1,)}), (2,), 2.0)
    assert hearing.audibility is Audibility.HEARD
    # The bus goes down: the others' rows say a little longer that they hear one another.
    hearing.seen(view({1: (), 2: (3,), 3: (2,)}), (), 10.0)
    hearing.seen(view({1: (), 2: (3,), 3: ()}), (), 10.0 + LINK_SILENCE_S - 0.1)
    assert hearing.audibility is Audibility.HEARD
    hearing.seen(view({1: (), 2: (), 3: ()}), (), 10.0 + LINK_SILENCE_S)
    assert hearing.audibility is Audibility.DEGRADED


def test_a_difference_that_stays_does() -> None:
    hearing = Hearing(1)
    hearing.seen(view({1: (2,), 2: (1,), 3: ()}), (2,), 0.0)
    cut = view({1: (), 2: (3,), 3: (2,)})
    hearing.seen(cut, (), 1.0)
    assert hearing.audibility is Audibility.HEARD
    hearing.seen(cut, (), 1.0 + LINK_SILENCE_S)
    assert hearing.audibility is Audibility.UNHEARD
    hearing.seen(view({1: (), 2: (1, 3), 3: (2,)}), (), 5.0)
    assert hearing.audibility is Audibility.HEARD
