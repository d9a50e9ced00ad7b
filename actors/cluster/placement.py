"""Which member should own which shard, and what follows from that for one member. Pure.

Rendezvous hashing (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions
on Networking 6(1), 1998): each member has a score for each shard, and the highest gets it. All members compute the
same from the same view, and a member that joins or goes moves only the shards it gets or had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from actors.ports.cluster_view import SHARDS, ClusterView, Move


def placement(members: Iterable[int]) -> tuple[int | None, ...]:
    """For each shard, the id of the member that should own it; None throughout when there is no member."""
    scores = sorted((member, _scores(member)) for member in set(members))
    if not scores:
        return (None,) * SHARDS
    return tuple(max(scores, key=lambda scored: scored[1][shard])[0] for shard in range(SHARDS))


def intended(view: ClusterView, *, without: Collection[int] = ()) -> tuple[int | None, ...]:
    """The placement over the members that aren't draining, and aren't among these."""
    return placement(member.id for member in view.members if not member.draining and member.id not in without)


def next_owners(view: ClusterView, shards: Iterable[int], *, without: Collection[int]) -> dict[int, int]:
    """Who gets these shards when the members ``without`` are gone; a shard for which nobody is left isn't in it."""
    owners = intended(view, without=without)
    return {shard: next_owner for shard in shards if (next_owner := owners[shard]) is not None}


def takeable(view: ClusterView, me: int) -> list[Move]:
    """The moves by which this member takes what nobody owns and it should."""
    owners = intended(view)
    return [Move(shard, view.shards[shard].epoch, me) for shard in view.owned_by(None) if owners[shard] == me]


def rebalancing(
    view: ClusterView, me: int, serving: Iterable[int], hears: Collection[int], *, at_most: int
) -> dict[int, int]:
    """Of the shards that this member serves, some that should be another's, and whose.

    Only members with which frames pass both ways get any, and a draining member gives nothing this way.
    """
    member = view.member(me)
    if member is None or member.draining:
        return {}
    ready = {peer.id for peer in view.members if peer.id in hears and me in peer.hears}
    owners = intended(view)
    wanted = ((shard, owner) for shard in serving if (owner := owners[shard]) is not None and owner in ready)
    return dict(islice(wanted, at_most))


def moves(view: ClusterView, to: Mapping[int, int]) -> list[Move]:
    """The moves of these shards to these members, each if it is still as in this view."""
    return [Move(shard, view.shards[shard].epoch, owner) for shard, owner in to.items()]


def batches(to: Mapping[int, int], size: int) -> list[dict[int, int]]:
    """The same moves in parts of at most this many."""
    pairs = list(to.items())
    return [dict(pairs[first : first + size]) for first in range(0, len(pairs), size)]


@lru_cache(maxsize=1024)
def _scores(member: int) -> tuple[bytes, ...]:
    key = member.to_bytes(8, "big")
    return tuple(blake2b(key + shard.to_bytes(2, "big"), digest_size=8).digest() for shard in range(SHARDS))
