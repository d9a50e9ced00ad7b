"""Streams of other nodes: registered with their owners, and compared with their heads.

Subscribing never waits for a registration. Events join up by their seqs, and heads that are read after a registration
tell what was published before it. So a registration may be late or lost, as long as it is made again in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from actors.cluster.counters import BridgeCounters
from actors.cluster.heads import Heads
from actors.cluster.interests import Listeners, Wishes
from actors.cluster.links import Links
from actors.cluster.ownership import Change, Ownership, There
from actors.ports.cluster_view import shard_of
from actors.ports.log import Fence, Log
from actors.ports.time import Clock
from protocol.nodes import Register, Registered

Stands = Callable[[str, int], None]


class Registrations:
    """Both sides: what this node wants of others, and what they want of it. ``stands`` is told local heads."""

    def __init__(
        self,
        ownership: Ownership,
        links: Links,
        log: Log,
        clock: Clock,
        counters: BridgeCounters,
        stands: Stands,
    ) -> None:
        self.heads: Final = Heads(log, clock, self._read)
        self.listeners: Final = Listeners()
        self._ownership: Final = ownership
        self._links: Final = links
        self._counters: Final = counters
        self._stands: Final = stands
        self._wishes: Final = Wishes()

    # --- what this node wants ---

    def interest(self, stream: str, wanted: bool) -> None:
        """The first subscriber of this node came, or the last one went."""
        if wanted:
            self._wishes.add(stream)
        else:
            self._wishes.remove(stream)
        self._want(stream, wanted)

    def again(self, run: Fence) -> None:
        """Register everything at this run: something on the way to it or from it was lost."""
        streams = self._owned_by(run.node)
        self._counters.reregistrations += len(streams)
        for stream in streams:
            self._links.want(run, stream, True)

    def say_again(self, run: Fence, streams: Iterable[str]) -> None:
        """What was said to this run of these streams was lost: say what holds now."""
        for stream in streams:
            self._counters.reregistrations += stream in self._wishes
            self._links.want(run, stream, stream in self._wishes)

    def registered(self, message: Registered) -> None:
        """Take an owner's answer to registrations."""
        for stream, head in message.heads.items():
            self._stands(stream, head)
        self._wishes.decline(message.declined)

    def heard(self, run: Fence, stream: str) -> None:
        """A peer sends what this stream publishes: if nobody here wants it, it missed being told."""
        if stream not in self._wishes:
            self._links.want(run, stream, False)

    def ask_declined(self) -> None:
        """Register what was declined at who owns it now."""
        for stream in self._wishes.take_declined():
            self._want(stream, True)

    def read_silent(self, nodes: Iterable[int]) -> None:
        """Nothing comes from these nodes: compare the heads of their streams."""
        for node in nodes:
            self.heads.want(self._owned_by(node))

    def _want(self, stream: str, wanted: bool) -> None:
        where = self._ownership.where(stream)
        if isinstance(where, There):
            self._links.want(where.member.run, stream, wanted)

    def _owned_by(self, node: int) -> list[str]:
        return self._wishes.within(self._ownership.view.owned_by(node))

    # --- what others want ---

    def register(self, run: Fence, message: Register, version: int) -> Sequence[str]:
        """A peer wants streams, by this version of the view: those that are this node's; the others are declined."""
        view, me = self._ownership.view, self._ownership.me.node
        declined: list[str] = []
        owned: list[str] = []
        for stream in message.streams:
            (owned if view.shard(stream).owner == me else declined).append(stream)
        # Listening first, reading the heads second: what is published between the two is sent, what came before is
        # covered by the head.
        for stream in owned:
            self.listeners.add(run, stream, version)
        self.heads.want(owned, run)
        self._links.decline(run, declined)
        return owned

    def unregister(self, run: Fence, streams: Iterable[str]) -> None:
        """Note that a peer no longer wants these streams."""
        for stream in streams:
            self.listeners.remove(run, stream)

    def _read(self, asker: Fence | None, heads: Mapping[str, int]) -> None:
        if asker is None:
            for stream, head in heads.items():
                self._stands(stream, head)
        else:
            self._links.send_heads(asker, heads)

    # --- changes of ownership ---

    def changed(self, change: Change) -> None:
        """Follow the streams to their new owners."""
        for run in change.left:
            self.listeners.forget(run)
        self.listeners.lose((change.lost - change.taken).__contains__, self._ownership.view.version)
        streams = self._wishes.within(sorted(change.moved))
        for stream in streams:
            self._want(stream, True)
        self.heads.want(stream for stream in streams if shard_of(stream) in change.taken)
