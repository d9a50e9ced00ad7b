"""Whether the other members hear a node: what its readiness needs to know. Pure.

A node nobody hears mustn't take clients while others can serve them; but when the bus is down nobody hears anybody,
and all of them must stay.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from actors.cluster.limits import LINK_SILENCE_S
from actors.ports.cluster_view import ClusterView


class Audibility(Enum):
    """How a node stands with its peers."""

    ALONE = auto()
    """There are no others."""
    HEARD = auto()
    """At least one other hears it."""
    UNHEARD = auto()
    """The bus carries, and yet no other hears it: it isn't ready."""
    DEGRADED = auto()
    """Nobody hears anybody: the bus is down, and each serves what it owns."""


def audibility(view: ClusterView, me: int, hears: Collection[int]) -> Audibility:
    """How this member stands by what the view says that others hear, and what it hears itself now (ids)."""
    peers = {member.id: member for member in view.members if member.id != me}
    if not peers:
        return Audibility.ALONE
    if any(me in peer.hears for peer in peers.values()):
        return Audibility.HEARD
    carries = any(peer.id in hears for peer in peers.values())
    carries = carries or any(peers.keys() & set(peer.hears) - {peer.id} for peer in peers.values())
    return Audibility.UNHEARD if carries else Audibility.DEGRADED


class Hearing:
    """A node's audibility over time: a bad one counts only once it stood so long that it isn't passing.

    Members tell what they hear one after the other, so after a join, and when the bus goes down, some views show a
    node unheard that is about to be heard, or not to be the only one.
    """

    def __init__(self, me: int) -> None:
        self.me = me
        """The id of the node."""
        self._bad_since: float | None = None
        self.audibility = Audibility.UNHEARD
        """How this node stands; one that has just joined others must be heard first."""

    def seen(self, view: ClusterView, hears: Collection[int], monotonic: float) -> None:
        """At this time (seconds) this was the view, and this was heard."""
        found = audibility(view, self.me, hears)
        if found in (Audibility.ALONE, Audibility.HEARD):
            self._bad_since = None
            self.audibility = found
            return
        if self._bad_since is None:
            self._bad_since = monotonic
        if monotonic - self._bad_since >= LINK_SILENCE_S:
            self.audibility = found
