"""When a member counts as dead, as one observer sees it. Pure: whoever renews feeds it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.cluster.limits import LEASE_S, RENEWALS_PER_LEASE
from actors.ports.cluster_view import ClusterView, Member
from actors.ports.log import Fence

_COUNTED_PERIODS_MAX: Final = 2
"""So many renewal periods are counted of one interval: a longer one says that the observer stood still."""


class _Watch(Struct):
    run: Fence
    lease: int
    unchanged_s: float
    """Time that certainly passed with this lease, of what is counted. Negative at first, by the counted part of
    the round trip that showed it: when in that it was read isn't known."""


class FailureDetector:
    """Says which members didn't renew for the time of their own lease.

    No clocks are compared: a lease is a counter, and the time is the observer's monotonic time. Only the time
    between two renewals of its own that succeeded one after the other counts, so an outage that hits the observer
    too kills nobody; and only so much of it, so nor does an observer that stood still.
    """

    def __init__(self, me: int | None, *, lease_s: float = LEASE_S) -> None:
        self._me = me
        self._counted_s_max = _COUNTED_PERIODS_MAX * lease_s / RENEWALS_PER_LEASE
        # The accident to prevent: PostgreSQL is away for ten seconds, nobody's lease moves, and the first observer to
        # reach it again declares everybody dead. So time in which the observer itself couldn't renew doesn't count.
        self._counts_from: float | None = None
        """Since when the time counts (monotonic); None when the last renewal failed, or there was none."""
        self._watches: dict[int, _Watch] = {}
        self._left_s: float | None = None
        """From the start of the last renewal to the first time at which a peer may be dead by one at that time."""

    def next_look_s(self, period_s: float) -> float:
        """How long after the start of the last renewal the next one should begin: after a period, or just when the
        lease of a silent peer is over, so that nobody waits a period more.
        """
        return period_s if self._left_s is None else min(period_s, self._left_s)

    def failed(self) -> None:
        """A renewal of the observer's own failed."""
        self._counts_from = None

    def succeeded(self, begun: float, ended: float, view: ClusterView) -> tuple[Member, ...]:
        """A renewal of the observer's own, between these two times (monotonic seconds), brought this view.

        The members that are dead, as they stand in it.
        """
        # When a view was read is known only to lie between begun and ended.
        # 1. Time that passed with a lease is counted from one read to the next, here from begin to begin.
        # 2. After a failure, or at first, it counts from the end: what came before was no interval of successes.
        # 3. A lease seen for the first time may have been read as late as ended, though the next interval counts from
        #    begun: it starts with that much less than nothing, or a peer would be declared dead a round trip early.
        counted_s = 0.0 if self._counts_from is None else begun - self._counts_from
        # A node that was frozen wakes up to one long interval, in which the others renewed unseen.
        counted_s = min(max(counted_s, 0.0), self._counted_s_max)
        self._counts_from = ended if self._counts_from is None else begun
        peers = [member for member in view.members if member.id != self._me]
        self._watches = {peer.id: self._watch(peer, counted_s, self._counts_from - ended) for peer in peers}
        left = [(peer, peer.lease_s - self._watches[peer.id].unchanged_s) for peer in peers]
        self._left_s = min((left_s for _, left_s in left if left_s > 0), default=None)
        return tuple(peer for peer, left_s in left if left_s <= 0)

    def _watch(self, peer: Member, counted_s: float, uncertain_s: float) -> _Watch:
        watch = self._watches.get(peer.id)
        # Another run of the same node, or a lease that moved: it is alive, count anew.
        if watch is None or watch.run != peer.run or watch.lease != peer.lease:
            return _Watch(peer.run, peer.lease, uncertain_s)
        watch.unchanged_s += counted_s
        return watch
