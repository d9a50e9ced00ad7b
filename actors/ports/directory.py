"""Who the members of the cluster are, and who owns which shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from actors.ports.cluster_view import ClusterView, Joining, Member, Move, Renewal
from actors.ports.log import Fence


class JoinRefusedError(Exception):
    """The node can't join: ``code`` is stable, the message a sentence for a person.

    Codes: ``wrong_cluster``, ``wrong_secret``, ``wrong_receipt_key``, ``wrong_token_key``, ``unsupported_protocol``,
    ``bus_needed``, ``node_name_taken``.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class NameHeldError(Exception):
    """A member has this name. It may be dead: ``member`` tells its lease, to see whether that moves."""

    def __init__(self, member: Member) -> None:
        super().__init__(member.name)
        self.member = member


class Directory(Protocol):
    """Who the members are and who owns which shard, durably. Every method may raise LogUnavailableError.

    Here that says nothing of whether the change was made: the next view does. A call is one transaction.
    ``fence`` names the caller's run; raises FencedError when that run is over.
    """

    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        """Become a member: a new run of the node of this name, whose earlier runs can write nothing any more. One
        without streams is draining from the start.

        A member of this name: raises NameHeldError, unless it is ``over`` with fence and lease unchanged, whose
        run ends with this. The shards its row still owns stay its own, at higher epochs; without streams they are
        nobody's. While there are other members, ``joining`` must agree with them on cluster, secret, receipt key,
        token keys (each accepts what the other signs), protocol (newest or the one before) and bus (two members need
        one each): JoinRefusedError. Alone, it sets cluster and secret.
        """
        ...

    async def renew(
        self, fence: Fence, *, hears: Sequence[int], report: str, known: ClusterView | None
    ) -> Renewal:
        """Raise the caller's lease, note what it hears and reports, and read the view. ``known`` saves reading
        shards that didn't change.
        """
        ...

    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        """Move shards that the caller owns, or that nobody owns, to other owners. Returns how many moved.

        A shard moves if it is still at its epoch and its new owner is a member that isn't draining, or None. Waits
        for activations under way.
        """
        ...

    async def declare_dead(self, fence: Fence, member: Member, next_owners: Mapping[int, int]) -> bool:
        """End a member's run and give its shards away: to the next owner of each, or to nobody for want of one.

        False if its fence or lease isn't as in ``member`` any more. Waits for what it is writing.
        """
        ...

    async def drain(self, name: str) -> bool:
        """Mark a member as leaving, which makes it hand over and stop. False if there is none of this name."""
        ...

    async def leave(self, fence: Fence) -> None:
        """End the caller's own run, and give up the shards it still owns. Does nothing if the run is over already."""
        ...

    async def read(self) -> ClusterView:
        """The view, for who isn't a member."""
        ...
