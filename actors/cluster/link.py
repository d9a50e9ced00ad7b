"""The two directions of the link to one run of a peer. Pure.

Frames are numbered without a gap by who sends them, so a receiver sees that something before a frame was lost.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from enum import Enum, auto
from typing import Final

from actors.cluster.limits import LINK_SILENCE_S, RECOVERY_S
from actors.cluster.outgoing import Outgoing
from actors.ports.cluster_view import Member
from protocol.nodes import Ask


class Arrival(Enum):
    """What a frame's number says about frames before it."""

    NEXT = auto()
    AFTER_HOLE = auto()
    """It is new, and something before it was lost."""
    OLD = auto()
    """It, or a later one, was there already: not to be taken."""


class Incoming:
    """What came from the peer."""

    def __init__(self) -> None:
        self.last = 0
        """The number of the newest frame that was taken. It never goes back: a frame that was recorded and is
        published again would otherwise be taken a second time.
        """
        self.heard_at: float | None = None
        """Monotonic seconds; None before the first frame."""

    def take(self, number: int, now: float) -> Arrival:
        """Note a frame that came now. Each number is taken at most once, and only upwards."""
        if number <= self.last:
            return Arrival.OLD
        whole = number == self.last + 1
        self.last, self.heard_at = number, now
        return Arrival.NEXT if whole else Arrival.AFTER_HOLE


class Link:
    """Both directions, from the moment this peer's run became known."""

    def __init__(self, peer: Member, now: float) -> None:
        self.run: Final = peer.run
        self.incoming: Final = Incoming()
        self.outgoing: Final = Outgoing()
        self.sent_at = now
        """Monotonic seconds of the last frame that was cut."""
        self.troubled = False
        """Whether the peer said last that it can't serve."""
        self.repeated: deque[int] = deque()
        """Calls that go to this peer again as soon as there is room, by their numbers."""
        self.asked: OrderedDict[int, tuple[Ask, float]] = OrderedDict()
        """Questions of this peer that are answered when there is room, by call, each with the monotonic time from which
        nobody waits for the answer any more.
        """
        # Set rather than done at once: what is lost in a row leads to one recovery.
        self._recovers_since: float | None = None
        self._recovered_at = float("-inf")
        self._known_at = now

    def recover(self, now: float) -> None:
        """Have everything said again to this peer, soon. It does so too, from now on."""
        self._recovers_since = now

    def take_recovery(self, now: float) -> float | None:
        """When it was last asked for that everything is said again, if it is to be done now; None if nobody asked, or
        it was done just before.
        """
        if now - self._recovered_at < RECOVERY_S:
            return None
        since, self._recovers_since = self._recovers_since, None
        if since is not None:
            self._recovered_at = now
        return since

    def hears(self, now: float) -> bool:
        """Whether a frame came lately."""
        heard_at = self.incoming.heard_at
        return heard_at is not None and now - heard_at <= LINK_SILENCE_S

    def silent(self, now: float) -> bool:
        """Whether nothing came for too long; a new peer gets that time to be heard first."""
        heard_at = self.incoming.heard_at
        return now - (self._known_at if heard_at is None else heard_at) > LINK_SILENCE_S

    def settled(self, now: float) -> bool:
        """Whether it is known for so long that frames should have passed both ways."""
        return now - self._known_at > LINK_SILENCE_S
