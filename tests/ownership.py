"""Ownership without a member to feed it: of a node that owns everything, for ever."""

from __future__ import annotations

import math

from actors.cluster.ownership import Ownership
from actors.ports.cluster_view import SHARDS, ClusterView, Joining, Member, Move, Shard
from actors.ports.directory import Directory, NameHeldError
from actors.ports.log import Fence
from actors.ports.time import Clock

JOINING = Joining(
    name="one",
    cluster="test",
    secret_digest=b"s" * 16,
    lease_s=2.0,
    protocol=1,
    bridged=True,
    receipt_digest=b"r",
    token_digests=(b"t",),
)
"""What a node of a test says when it joins."""


def member(id: int, *, fence: int = 1, name: str | None = None) -> Member:  # noqa: A002
    """A member for a view."""
    return Member(id=id, name=name or f"node-{id}", fence=fence, lease=0, lease_s=2.0, protocol=1)


def owning_everything(clock: Clock, me: Fence = Fence(1, 1)) -> Ownership:  # noqa: B008 - frozen
    """Where no directory is asked: the only member, with all shards at epoch 1."""
    ownership = Ownership(me, clock)
    shards = (Shard(me.node, 1),) * SHARDS
    view = ClusterView(version=1, members=(member(me.node, fence=me.number),), shards=shards)
    ownership.renewed(math.inf, view)
    ownership.lost_lately = False  # whatever was before is long ago
    return ownership


async def joined(
    directory: Directory, clock: Clock, joining: Joining = JOINING, *, take: bool = True
) -> Ownership:
    """A member, over an earlier run of its name if there is one, with all shards that are nobody's.

    It acts for ever; ``renew`` shows it a newer view.
    """
    try:
        fence = await directory.join(joining)
    except NameHeldError as held:
        fence = await directory.join(joining, over=held.member)
    ownership = Ownership(fence, clock)
    await renew(directory, ownership)
    if take:
        view = ownership.view
        await directory.move(
            fence, [Move(number, view.shards[number].epoch, fence.node) for number in view.owned_by(None)]
        )
        await renew(directory, ownership)
    ownership.lost_lately = False  # whatever was before is long ago
    return ownership


async def renew(directory: Directory, ownership: Ownership) -> None:
    """Show it the view as it is now."""
    renewal = await directory.renew(ownership.me, hears=(), report="{}", known=None)
    ownership.renewed(math.inf, renewal.view)
