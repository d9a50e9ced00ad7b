"""All links of this node: one to each peer's present run, for as long as that is a member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import trio

from actors.cluster.counters import BridgeCounters
from actors.cluster.link import Link
from actors.cluster.ownership import Ownership
from actors.ports.log import Fence, LogRow
from actors.ports.time import Clock
from protocol.nodes import Answer, NodeMessage, Returned, Shown


class Links:
    """Messages wait on their peer's link; ``wait`` returns to the sender when there are any. No method blocks except
    ``wait``.
    """

    def __init__(self, ownership: Ownership, clock: Clock, counters: BridgeCounters) -> None:
        self.listening = False
        """Frames to this node arrive, as far as is known."""
        self.publishing = True
        """The last frames to peers could be given to the bus."""
        self._ownership: Final = ownership
        self._clock: Final = clock
        self._counters: Final = counters
        self._by_run: dict[Fence, Link] = {}
        self._wake = trio.Event()

    def __iter__(self) -> Iterator[Link]:
        return iter(tuple(self._by_run.values()))

    def of(self, run: Fence) -> Link | None:
        """The link to this run; None if that isn't a peer's present one."""
        link = self._by_run.get(run)
        if link is None and (peer := self._ownership.peer(run)) is not None:
            link = self._by_run[run] = Link(peer, self._clock.monotonic())
        return link

    def renew(self) -> None:
        """Keep links to the members of the present view, and to them alone."""
        runs = [peer.run for peer in self._ownership.peers]
        self._by_run = {run: link for run, link in self._by_run.items() if run in runs}
        for run in runs:
            self.of(run)

    # --- who is there ---

    @property
    def connected(self) -> bool:
        """Whether the bus carries, as far as is known."""
        return self.listening and self.publishing

    @property
    def hears(self) -> tuple[int, ...]:
        """The ids of the members whose frames came lately."""
        now = self._clock.monotonic()
        return tuple(sorted(link.run.node for link in self if link.hears(now)))

    @property
    def serving(self) -> tuple[int, ...]:
        """The ids of the members that are heard and say nothing of trouble."""
        now = self._clock.monotonic()
        return tuple(link.run.node for link in self if link.hears(now) and not link.troubled)

    @property
    def silent(self) -> tuple[int, ...]:
        """The ids of the members that aren't heard, though they could be by now."""
        now = self._clock.monotonic()
        return tuple(sorted(link.run.node for link in self if link.silent(now)))

    @property
    def deaf(self) -> tuple[int, ...]:
        """The ids of the members that say in the view that they don't hear this node, though they could by now."""
        now, me = self._clock.monotonic(), self._ownership.me.node
        return tuple(
            peer.id
            for peer in self._ownership.peers
            if me not in peer.hears and (link := self._by_run.get(peer.run)) is not None and link.settled(now)
        )

    @property
    def queued(self) -> int:
        """Messages that wait on all links."""
        return sum(link.outgoing.queued for link in self)

    def reachable(self, run: Fence) -> Link | None:
        """The link to this run, if a call over it can be expected to be answered."""
        link = self.of(run) if self.connected else None
        return None if link is None or link.silent(self._clock.monotonic()) else link

    # --- what is said ---

    def send(self, run: Fence, message: NodeMessage) -> bool:
        """Send a message. False if there is no room for it now; to a run that is no longer a member it is lost."""
        link = self.of(run)
        if link is None:
            return True
        self._wake.set()
        return link.outgoing.add(message)

    def answer(self, run: Fence, message: Answer | Returned | Shown) -> None:
        """Answer a call of a peer."""
        if (link := self.of(run)) is not None:
            self._counters.dropped_answers += not link.outgoing.add_answer(message)
            self._wake.set()

    def send_droppable(self, run: Fence, message: NodeMessage) -> None:
        """Send a message that may be lost, if the peer is reachable and its queue is less than half full."""
        link = self.reachable(run)
        if link is not None and link.outgoing.add_droppable(message):
            self._wake.set()
        else:
            self._counters.dropped_signals += 1

    def send_events(self, run: Fence, stream: str, rows: Sequence[LogRow]) -> None:
        """Pass committed events on. Without room the peer is told that there are some."""
        if (link := self.of(run)) is not None:
            self._counters.unsent_events += not link.outgoing.add_events(stream, rows)
            self._wake.set()

    def send_heads(self, run: Fence, heads: Mapping[str, int]) -> None:
        """Tell how far streams have come."""
        if (link := self.of(run)) is not None:
            for stream, head in heads.items():
                link.outgoing.stand(stream, head)
            self._wake.set()

    def decline(self, run: Fence, streams: Iterable[str]) -> None:
        """Tell that these streams aren't this node's."""
        if (link := self.of(run)) is not None:
            for stream in streams:
                link.outgoing.decline(stream)
            self._wake.set()

    def send_trace(self, run: Fence, stream: str, seq: int, parent: str) -> None:
        """An event that was passed on just now is traced."""
        if (link := self.of(run)) is not None:
            link.outgoing.add_trace(stream, seq, parent)

    def want(self, run: Fence, stream: str, wanted: bool) -> None:
        """Register or unregister a stream."""
        if (link := self.of(run)) is not None:
            link.outgoing.want(stream, wanted)
            self._wake.set()

    def stir(self) -> None:
        """Wake the sender: something waits on a link."""
        self._wake.set()

    async def wait(self) -> None:
        """Return once something was said since the last time."""
        await self._wake.wait()
        self._wake = trio.Event()
