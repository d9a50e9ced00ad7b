"""The memory storage's nodes, shards and view: what is stored, and each change of it as one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from actors.cluster.refusals import join_refused
from actors.ports.cluster_view import SHARDS, ClusterView, Joining, Member, Move, Shard
from actors.ports.directory import NameHeldError
from actors.ports.log import Fence
from storage.memory.locks import RowLock


@dataclass(eq=False)
class StoredNode:
    """One node's row: an append holds it shared, whoever ends its run holds it alone."""

    row: Member
    member: bool = True
    lock: RowLock = field(default_factory=RowLock)
    receipt_digest: bytes = b""
    token_digests: tuple[bytes, ...] = ()


@dataclass(eq=False)
class StoredShard:
    """One shard's row: an activation holds it shared, whoever moves it holds it alone."""

    row: Shard = Shard(None, 0)  # noqa: RUF009  (frozen)
    lock: RowLock = field(default_factory=RowLock)


class StoredMembers:
    """Who is a member and who owns what. No method awaits: the caller holds the locks, or needs none."""

    def __init__(self) -> None:
        self.version = 0
        self.nodes: dict[int, StoredNode] = {}
        self.shards = [StoredShard() for _ in range(SHARDS)]
        self._cluster = ""
        self._secret_digest = b""

    # --- questions ---

    def view(self, known: ClusterView | None = None) -> ClusterView:
        """The view now; with the shards of the known one if its version is the same."""
        members = tuple(node.row for _, node in sorted(self.nodes.items()) if node.member)
        if known is not None and known.version == self.version:
            shards = known.shards
        else:
            shards = tuple(shard.row for shard in self.shards)
        return ClusterView(version=self.version, members=members, shards=shards)

    def named(self, name: str) -> StoredNode | None:
        """The node of this name, member or not."""
        return next((node for node in self.nodes.values() if node.row.name == name), None)

    def is_over(self, fence: Fence) -> bool:
        """Whether this run has ended."""
        node = self.nodes.get(fence.node)
        return node is None or not node.member or node.row.fence != fence.number

    def as_seen(self, member: Member) -> bool:
        """Whether it is still a member, of this fence and lease."""
        node = self.nodes.get(member.id)
        if node is None or not node.member:
            return False
        return (node.row.fence, node.row.lease) == (member.fence, member.lease)

    def owned_by(self, node: int) -> list[StoredShard]:
        """The shards of this node."""
        return [shard for shard in self.shards if shard.row.owner == node]

    def check_name(self, name: str, over: Member | None) -> None:
        """Raise NameHeldError if another run than ``over`` has it, or its lease moved."""
        node = self.named(name)
        if node is None or not node.member:
            return
        if over is None or over.id != node.row.id or not self.as_seen(over):
            raise NameHeldError(node.row)

    def check_agreement(self, joining: Joining) -> None:
        """Raise JoinRefusedError unless this agrees with the other members; alone it may say anything."""
        others = [node.row for node in self.nodes.values() if node.member and node.row.name != joining.name]
        if not others:
            return
        if joining.cluster != self._cluster:
            raise join_refused("wrong_cluster")
        if not joining.bridged or not all(other.bridged for other in others):
            raise join_refused("bus_needed")
        if joining.secret_digest != self._secret_digest:
            raise join_refused("wrong_secret")
        if any(abs(other.protocol - joining.protocol) > 1 for other in others):
            raise join_refused("unsupported_protocol")
        self._check_keys(joining)

    def _check_keys(self, joining: Joining) -> None:
        others = [node for node in self.nodes.values() if node.member and node.row.name != joining.name]
        if any(other.receipt_digest != joining.receipt_digest for other in others):
            raise join_refused("wrong_receipt_key")
        for other in others:
            signs = joining.token_digests[0] in other.token_digests
            if not signs or other.token_digests[0] not in joining.token_digests:
                raise join_refused("wrong_token_key")

    # --- changes ---

    def enter(self, joining: Joining) -> Fence:
        """A new run of the node of this name."""
        before = self.named(joining.name)
        row = Member(
            id=before.row.id if before else len(self.nodes) + 1,
            name=joining.name,
            fence=before.row.fence + 1 if before else 1,
            lease=before.row.lease + 1 if before else 0,
            lease_s=joining.lease_s,
            protocol=joining.protocol,
            bridged=joining.bridged,
            draining=not joining.streams,
        )
        if not any(node.member and node is not before for node in self.nodes.values()):
            self._cluster, self._secret_digest = joining.cluster, joining.secret_digest
        if before is None:
            before = self.nodes[row.id] = StoredNode(row)
        before.row, before.member = row, True
        before.receipt_digest, before.token_digests = joining.receipt_digest, joining.token_digests
        for shard in self.owned_by(row.id):
            shard.row = Shard(row.id if joining.streams else None, shard.row.epoch + 1)
        self.version += 1
        return row.run

    def renewed(self, node: int, hears: Sequence[int], report: str) -> None:
        """Raise a member's lease."""
        stored = self.nodes[node]
        stored.row = replace(stored.row, lease=stored.row.lease + 1, hears=tuple(hears), report=report)

    def move(self, node: int, moves: Sequence[Move]) -> int:
        """Change owners where it is this node's to do, and the shard at its epoch; how many."""
        moved = 0
        for move in moves:
            shard = self.shards[move.shard]
            if shard.row.epoch != move.epoch or shard.row.owner not in (None, node):
                continue
            if move.to is not None and not self._may_own(move.to):
                continue
            shard.row = Shard(move.to, shard.row.epoch + 1)
            moved += 1
        self.version += moved > 0
        return moved

    def end(self, node: int, next_owners: Mapping[int, int]) -> None:
        """End a member's run and give its shards to their next owners that are fit to have them."""
        stored = self.nodes[node]
        stored.row, stored.member = replace(stored.row, fence=stored.row.fence + 1), False
        for number, shard in enumerate(self.shards):
            if shard.row.owner == node:
                next_owner = next_owners.get(number)
                owner = next_owner if next_owner is not None and self._may_own(next_owner) else None
                shard.row = Shard(owner, shard.row.epoch + 1)
        self.version += 1

    def drain(self, name: str) -> bool:
        """Mark a member; false if there is none of this name."""
        node = self.named(name)
        if node is None or not node.member:
            return False
        if not node.row.leaving:
            node.row = replace(node.row, draining=True, leaving=True)
            self.version += 1
        return True

    def _may_own(self, node: int) -> bool:
        stored = self.nodes.get(node)
        return stored is not None and stored.member and not stored.row.draining
