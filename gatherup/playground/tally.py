"""What came of the chat: every accepted message must reach everybody, once. Pure."""

from __future__ import annotations

from typing import Final

SEEN_KEPT: Final = 10_000
"""Bodies remembered, to hold what was accepted against what was seen."""


class Tally:
    """Counts over all members of one room.

    Seqs of a stream have no gap, so a follower who gets one that isn't the next has lost or doubled something.
    """

    def __init__(self) -> None:
        self.members = 0
        """How many are in the room, by whoever heard of it last."""
        self.accepted = 0
        """Posts that were accepted."""
        self.failed = 0
        """Posts that were refused, or whose outcome stayed unknown."""
        self.delivered = 0
        """Events that reached a member."""
        self.lost = 0
        """Events that a member should have got before one that it got."""
        self.doubled = 0
        """Events that a member had already."""
        self.altered = 0
        """Seqs under which a member saw something else than another one, or than what was accepted."""
        self.slowest_s = 0.0
        """The longest wait for an answer to a post since ``forget_slowest``."""
        self._last: dict[str, int] = {}
        self._bodies: dict[int, str] = {}

    def begins(self, member: str, seq: int) -> None:
        """A member begins to follow after this seq."""
        if member in self._last:
            self.lost += max(0, seq - self._last[member])  # a snapshot jumps over what was between
        self._last[member] = seq

    def sees(self, member: str, seq: int, body: str) -> None:
        """A member gets an event; ``body`` is empty for one that isn't a message."""
        last = self._last.get(member, seq - 1)
        self.delivered += 1
        if seq <= last:
            self.doubled += 1
            return
        self.lost += seq - last - 1
        self._last[member] = seq
        self._note(seq, body)

    def counts(self, members: int) -> None:
        """A member knows of so many members."""
        self.members = members

    def accepts(self, seq: int, body: str, after_s: float) -> None:
        """A post was answered with this seq, so long after it was sent."""
        self.accepted += 1
        self.slowest_s = max(self.slowest_s, after_s)
        self._note(seq, body)

    def fails(self) -> None:
        """A post wasn't accepted."""
        self.failed += 1

    def forget_slowest(self) -> None:
        """Begin to measure anew."""
        self.slowest_s = 0.0

    @property
    def behind(self) -> int:
        """How many events the member who is behind the most hasn't got yet."""
        head = max((*self._last.values(), *self._bodies), default=0)
        return head - min(self._last.values(), default=head)

    def line(self) -> str:
        """The counts in one sentence."""
        return (
            f"{self.accepted} posts accepted, {self.failed} failed; "
            f"{self.delivered} events delivered, {self.lost} lost, {self.doubled} doubled, {self.altered} altered; "
            f"{self.behind} on their way; slowest answer {self.slowest_s:.2f} s; "
            f"{self.members} members"
        )

    def _note(self, seq: int, body: str) -> None:
        if self._bodies.setdefault(seq, body) != body:
            self.altered += 1
        if len(self._bodies) > SEEN_KEPT:
            del self._bodies[min(self._bodies)]
