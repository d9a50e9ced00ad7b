"""What the directory says: which nodes are members, and who owns which shard. Values, never changed in place."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.ports.log import Fence

SHARDS: Final = 256
"""Into so many shards all streams hash; a shard belongs to one node at a time."""


_SHARD_BY_DIGITS: Final = {f"{number:02x}": number for number in range(SHARDS)}


def shard_of(stream: str) -> int:
    """The shard of a stream, 0 … SHARDS - 1: the first byte of its key. Every command asks, more than once."""
    return _SHARD_BY_DIGITS[stream[-32:-30]]


class Member(Struct, frozen=True, kw_only=True):
    """A node that joined, and neither left nor was declared dead."""

    id: int
    name: str
    fence: int
    """The number of its present run; another run of the same name has a larger one."""
    lease: int
    """Raised by each renewal. Only whether it moves means anything."""
    lease_s: float
    """Unchanged for this long, it is dead."""
    draining: bool = False
    """It hands over what it has, and gets nothing: it is to end, or hasn't the role ``stream``."""
    leaving: bool = False
    """An operator wants it to end."""
    protocol: int
    """The newest version of the node-to-node frames it speaks."""
    bridged: bool = True
    """Whether it has a bus: a node without one can only be alone."""
    hears: tuple[int, ...] = ()
    """The ids of the members whose frames reach it."""
    report: str = "{}"
    """What it tells operators of itself, JSON."""

    @property
    def run(self) -> Fence:
        """This run of the node."""
        return Fence(self.id, self.fence)


class Shard(Struct, frozen=True):
    """Who owns a shard. Each change of owner raises the epoch."""

    owner: int | None
    epoch: int


class ClusterView(Struct, frozen=True, kw_only=True):
    """The directory at one version. Joins, leaves, deaths, drains and moves raise it; renewals don't."""

    version: int
    members: tuple[Member, ...]
    """By id."""
    shards: tuple[Shard, ...]
    """All of them, by number."""

    def member(self, id: int | None) -> Member | None:  # noqa: A002
        """The member with this id."""
        return next((member for member in self.members if member.id == id), None)

    def shard(self, stream: str) -> Shard:
        """Who owns this stream."""
        return self.shards[shard_of(stream)]

    def owned_by(self, id: int | None) -> list[int]:  # noqa: A002
        """The shards of this member; those of nobody for None."""
        return [number for number, shard in enumerate(self.shards) if shard.owner == id]


class Renewal(Struct, frozen=True, kw_only=True):
    """What a renewal brings back."""

    view: ClusterView
    now: Instant
    """The database's time."""


class Move(Struct, frozen=True):
    """A change of owner, if the shard is still at this epoch."""

    shard: int
    epoch: int
    to: int | None
    """None leaves it to whoever takes it."""


class Joining(Struct, frozen=True, kw_only=True):
    """What a node says of itself when it joins."""

    name: str
    cluster: str
    secret_digest: bytes
    """Tells whether two nodes hold the same cluster secret, without telling the secret."""
    lease_s: float
    protocol: int
    bridged: bool
    receipt_digest: bytes
    """Tells whether two nodes hold the same receipt key."""
    token_digests: tuple[bytes, ...]
    """Of its token keys: the first one signs, tokens of the others are accepted as well."""
    streams: bool = True
    """Whether it may own shards."""
