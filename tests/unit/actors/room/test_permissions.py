"""The table of permissions, whole."""

from __future__ import annotations

import itertools

import pytest

from actors.room.permissions import TABLE, Permission, Rank, outranks, permits

P = Permission
MEMBERS = {P.LEAVE, P.POST, P.REACT}
MODERATORS = {
    P.MENTION_EVERYONE,
    P.PIN,
    P.DELETE_OTHERS,
    P.PASS_SLOW_MODE,
    P.PASS_FILTER,
    P.INVITE,
    P.UNINVITE,
    P.CREATE_INVITE,
    P.REVOKE_INVITE,
    P.MUTE,
    P.KICK,
    P.BAN,
    P.CHANGE,
    P.SET_FILTER,
}
OWNERS = {P.CHANGE_ACCESS, P.SET_ROLE, P.ARCHIVE, P.REMOVE}
EXTRA = {
    "public": {P.INVITE},
    "private": set(),
    "group": {P.MENTION_EVERYONE, P.PIN, P.INVITE, P.CREATE_INVITE},
}


def may(access: str, rank: Rank) -> set[Permission]:
    return {permission for permission in Permission if permits(access, rank, permission)}


@pytest.mark.parametrize("access", EXTRA)
def test_rooms(access: str) -> None:
    members = MEMBERS | EXTRA[access]
    named = MEMBERS | MODERATORS | OWNERS
    assert named == set(Permission), "say here too who has the permission: in MEMBERS, MODERATORS or OWNERS"
    assert may(access, Rank.STRANGER) == set()
    assert may(access, Rank.MEMBER) == members
    assert may(access, Rank.MODERATOR) == members | MODERATORS
    assert (
        may(access, Rank.OWNER)
        == may(access, Rank.OPERATOR)
        == members | MODERATORS | OWNERS
        == set(Permission)
    )


def test_direct_rooms() -> None:
    assert may("direct", Rank.STRANGER) == set()
    assert may("direct", Rank.MEMBER) == may("direct", Rank.OWNER) == {P.POST, P.REACT, P.PIN}
    assert may("direct", Rank.OPERATOR) == {P.POST, P.REACT, P.PIN, P.DELETE_OTHERS}


@pytest.mark.parametrize("access", TABLE)
def test_a_higher_rank_may_all_that_a_lower_one_may(access: str) -> None:
    ranks = [may(access, rank) for rank in Rank]
    assert all(lower <= higher for lower, higher in itertools.pairwise(ranks))


def test_nobody_acts_on_their_equals() -> None:
    for one in Rank:
        for other in Rank:
            assert outranks(one, other) == (one.value > other.value)
