"""What this node knows of who owns what, and whether it may act on it. Pure: the member supplies the views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from actors.cluster.limits import ACTING_PART, LEASE_S, LOSS_REMEMBERED_S
from actors.ports.cluster_view import SHARDS, ClusterView, Member, Shard, shard_of
from actors.ports.log import Fence
from actors.ports.time import Clock
from protocol.nodes import NODE_PROTOCOL


class Here(Struct, frozen=True):
    """This node owns the stream, and may act."""

    epoch: int


class There(Struct, frozen=True):
    """Another member owns it."""

    member: Member
    epoch: int


class Settling(Struct, frozen=True):
    """Who owns it is about to change: wait for the next change."""


class Unserved(Struct, frozen=True):
    """Nobody owns it, and no member may: none has the role for it, or all are leaving."""


class Suspended(Struct, frozen=True):
    """This node owns it and may not act now: its lease couldn't be renewed."""


NOBODY: Final = Fence(0, 0)
"""No run of any node: what a node is before it joins."""
Where = Here | There | Settling | Unserved | Suspended
_SETTLING: Final = Settling()
_UNSERVED: Final = Unserved()
_SUSPENDED: Final = Suspended()


class Change(Struct, frozen=True, kw_only=True):
    """How one view differs from the one before."""

    taken: frozenset[int] = frozenset()
    """Shards that are this node's now, at an epoch that wasn't its own before."""
    lost: frozenset[int] = frozenset()
    """Shards that were this node's, at an epoch that isn't its own now."""
    kept: frozenset[int] = frozenset()
    """Shards that were to be handed over, and are served on."""
    moved: frozenset[int] = frozenset()
    """All shards whose owner, owner's run or epoch changed."""
    joined: frozenset[Fence] = frozenset()
    left: frozenset[Fence] = frozenset()
    """Runs that have become members, and runs that no longer are."""


class Ownership:
    """The newest view, seen from one node.

    Listeners are called in the order they came, after each change of the view and whenever a held shard is let go
    or kept; they must not block.
    """

    def __init__(self, me: Fence, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self.me = me
        """This run of the node. One that is wired before it joins has NOBODY here, and may be asked nothing."""
        self.view = ClusterView(version=0, members=(), shards=(Shard(None, 0),) * SHARDS)
        self.lost_lately = False
        """Whether a member was lost in the last LOSS_REMEMBERED_S, or may have been: as of the last renewal."""
        self.wanted_version = 0
        """The newest version that somebody told of; the member reads the view when it is behind."""
        self._clock = clock
        self._acting_s = lease_s * ACTING_PART
        # Moved by renewals alone, and from their start: the others count from when the lease stood still, which is no
        # earlier. Counted from the end of a slow renewal, this node might act when it is declared dead already.
        self._acting_until = float("-inf")
        self._lost_at = float("-inf")
        self._handing_over: set[int] = set()
        self._listeners: list[Callable[[Change], None]] = []
        self._wishes: list[Callable[[], None]] = []
        self._members: dict[int, Member] = {}
        self._where: list[Where] = [_SETTLING] * SHARDS
        # By shard, as long as this node acts: every command asks.

    # --- questions ---

    @property
    def acting(self) -> bool:
        """Whether this node may decide, answer and signal as an owner now."""
        return self._clock.monotonic() < self._acting_until

    def where(self, stream: str) -> Where:
        """Who serves this stream."""
        where = self._where[shard_of(stream)]
        if (
            type(where) is Here and self._clock.monotonic() >= self._acting_until
        ):  # not acting, on the hot path
            return _SUSPENDED
        return where

    def epoch(self, stream: str) -> int | None:
        """The epoch at which this node owns the stream's shard; None if it doesn't, or hands it over."""
        number = shard_of(stream)
        shard = self.view.shards[number]
        return shard.epoch if shard.owner == self.me.node and number not in self._handing_over else None

    def owns(self, stream: str, epoch: int) -> bool:
        """Whether this node owns the stream at this very epoch, and may act."""
        return self.acting and self.epoch(stream) == epoch

    def serves(self, stream: str, epoch: int) -> bool:
        """Whether who began to serve the stream at this epoch may go on, also to the end of a hand-over."""
        shard = self.view.shards[shard_of(stream)]
        acting = self._clock.monotonic() < self._acting_until  # as the property, on the hot path
        return shard.epoch == epoch and shard.owner == self.me.node and acting

    @property
    def shards(self) -> list[int]:
        """The shards of this node that it isn't handing over."""
        return [number for number in self.view.owned_by(self.me.node) if number not in self._handing_over]

    @property
    def peers(self) -> tuple[Member, ...]:
        """All other members."""
        return tuple(member for member in self.view.members if member.id != self.me.node)

    @property
    def protocol(self) -> int:
        """The newest version of what nodes say to each other that all of them read: what is written has it."""
        return min((NODE_PROTOCOL, *(member.protocol for member in self.view.members)))

    def peer(self, run: Fence) -> Member | None:
        """The other member whose present run this is."""
        member = self._members.get(run.node)
        return member if member is not None and member.fence == run.number and run != self.me else None

    # --- changes ---

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Have this listener called at every change."""
        self._listeners.append(listener)

    def on_wish(self, listener: Callable[[], None]) -> None:
        """Have this listener called when somebody wants the view to be read now."""
        self._wishes.append(listener)

    def refresh(self, version: int | None = None) -> None:
        """Want the view read now, unless it is known at this version; None for in any case."""
        if version is not None:
            if version <= max(self.view.version, self.wanted_version):
                return
            self.wanted_version = version
        for wish in self._wishes:
            wish()

    def renewed(self, begun: float, view: ClusterView) -> Change:
        """A renewal that began then (monotonic seconds) succeeded: act on, by this view. An older one is ignored."""
        self._acting_until = max(self._acting_until, begun + self._acting_s)
        change = self._adopt(view)
        self.lost_lately = self._clock.monotonic() - self._lost_at < LOSS_REMEMBERED_S
        return change

    def stop(self) -> None:
        """This run is over: never act again."""
        self._acting_s = float("-inf")
        self._acting_until = float("-inf")

    def hand_over(self, shards: Iterable[int]) -> None:
        """Stop serving these shards, until they have moved or ``keep`` is called."""
        self._handing_over.update(shards)
        self._locate()

    def keep(self, shards: Iterable[int]) -> None:
        """Serve these shards again, where this node still owns them."""
        kept = self._handing_over.intersection(shards)
        self._handing_over -= kept
        self._locate()
        self._tell(Change(kept=frozenset(kept)))

    def _adopt(self, view: ClusterView) -> Change:
        before, me = self.view, self.me.node
        # A view that was read earlier and came later: adopting it would give back shards that have moved since.
        if view.version < before.version:
            return Change()
        runs_before = {m.id: m.run for m in before.members}
        runs = {m.id: m.run for m in view.members}
        moved = frozenset(
            n
            for n, (old, new) in enumerate(zip(before.shards, view.shards, strict=True))
            if old != new or (new.owner is not None and runs_before.get(new.owner) != runs.get(new.owner))
        )
        change = Change(
            taken=frozenset(n for n in moved if view.shards[n].owner == me),
            lost=frozenset(n for n in moved if before.shards[n].owner == me),
            moved=moved,
            joined=frozenset(runs.values()) - frozenset(runs_before.values()),
            left=frozenset(runs_before.values()) - frozenset(runs.values()),
        )
        # Who leaves in order drains first. Of what was before its first view a node knows nothing.
        gone = {m.run for m in before.members if not m.draining} - set(runs.values())
        if gone or not before.version:
            self._lost_at = self._clock.monotonic()
        self.view = view
        self._members = {member.id: member for member in view.members}
        # A shard that moved is no more this node's to hand over; left in here, it could not be served when it returns.
        self._handing_over = {n for n in self._handing_over if n not in moved}
        self._locate()
        if moved or change.joined or change.left:
            self._tell(change)
        return change

    def _locate(self) -> None:
        # Draining members are given nothing, and nodes without the role for streams drain from their start.
        members = self.view.members
        nobody = _UNSERVED if members and all(member.draining for member in members) else _SETTLING
        self._where = [
            self._locate_one(number, shard, nobody) for number, shard in enumerate(self.view.shards)
        ]

    def _locate_one(self, number: int, shard: Shard, nobody: Where) -> Where:
        if shard.owner == self.me.node:
            return _SETTLING if number in self._handing_over else Here(shard.epoch)
        member = self._members.get(shard.owner) if shard.owner is not None else None
        return nobody if member is None else There(member, shard.epoch)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)
