"""One room's head for one user, kept exact from the headers of the room's events. Pure.

It starts from a count of the storage and goes on from there. What headers don't tell (which of the messages between
two read positions are there and somebody else's, whom an erased message mentioned) makes it *inexact* until the next
count.
"""

from __future__ import annotations

from typing import Final, cast

from actors.kind import EVERYONE
from protocol import limits
from protocol.event import Header
from protocol.frames import RoomHead

LATER_MAX: Final = 64
"""Events that are remembered while a count is awaited. Of more only the newest, which another count follows."""


class UnreadCounter:
    """A room's head, as far as it is known.

    Of a count the caller says when it is *asked* for: what happens from then on may be in it or not.
    """

    __slots__ = (
        "_heard",
        "_later",
        "_overtaken",
        "exact",
        "gone",
        "mentions",
        "number",
        "peer_read",
        "read",
        "seq",
        "unread",
    )

    def __init__(self) -> None:
        self.exact = False
        """Whether it is what a count would find, up to ``seq``."""
        self.gone = False
        """Whether the user's right to listen ended."""
        self.seq = 0
        self.number = 0
        self.read = 0
        self.unread = 0
        self.mentions = 0
        self.peer_read: int | None = None
        self._later: list[Header] = []  # while inexact: what came, in order
        self._overtaken = False  # while inexact: a read position moved since the count was asked for
        self._heard = 0  # it is at least here: every count that is asked for from now on knows that

    def head(self, room: str) -> RoomHead:
        """Make the head that is sent to the client."""
        return RoomHead(
            room=room,
            seq=self.seq,
            number=self.number,
            read=self.read,
            unread=self.unread,
            mentions=self.mentions,
            peer_read=self.peer_read,
        )

    # --- counts ---

    def asked(self) -> None:
        """Note that a count in PostgreSQL begins."""
        self._overtaken = False

    def counted(self, head: RoomHead, user: str) -> None:
        """What the count found that was asked for last. It may have been overtaken: then the counter stays inexact."""
        self.seq, self.number, self.read = head.seq, head.number, head.read
        self.unread, self.mentions = head.unread, head.mentions
        if head.peer_read is not None:
            self.peer_read = max(head.peer_read, self.peer_read or 0)
        later, self._later = self._later, []
        self.exact = not self._overtaken
        for header in later:
            self.happened(header, user)

    # --- what happens ---

    def happened(self, header: Header, user: str) -> None:
        """An event of the room; events come in order, a gap makes it inexact."""
        if not self.exact:
            if len(self._later) >= LATER_MAX:
                self._later.clear()
            self._later.append(header)
        elif header.seq > self.seq + 1:
            self._lose()
            self._later.append(header)
        elif header.seq == self.seq + 1:
            self.seq = header.seq
            self._apply(header, user)

    def was_read(self, number: int) -> bool:
        """The user has read up to this number, here or elsewhere; whether that changes what was exact."""
        news = self.exact and number > self.read
        if not self.exact:
            self._overtaken = self._overtaken or number > self._heard
        elif news and number == self.number:
            self.read, self.unread, self.mentions = number, 0, 0
        elif news:
            self._lose()
        if number <= self.number:  # who marks more means whatever there will be
            self._heard = max(number, self._heard)
        return news

    def peer_has_read(self, number: int) -> bool:
        """In a direct room: so has the other; whether that is news."""
        news = number > (self.peer_read or 0)
        if news:
            self.peer_read = number
        return news

    def _apply(self, header: Header, user: str) -> None:
        if user in header.revokes or EVERYONE in header.revokes:
            self.gone = True
            return
        match header.type:
            case "room.posted":
                self.number = cast(int, header.marks["number"])
                if header.author != user:
                    self.unread = min(limits.UNREAD_MAX, self.unread + 1)
                    self.mentions = min(limits.UNREAD_MAX, self.mentions + _mentions(header, user))
            case "room.deleted":
                self._deleted(header, user)
            case _:
                if header.erases and self.unread:
                    self._lose()

    def _deleted(self, header: Header, user: str) -> None:
        # It may have been a mention, beyond what is counted, or from before the user could read the room.
        if self.unread and header.marks["author"] != user and cast(int, header.marks["number"]) > self.read:
            self._lose()

    def _lose(self) -> None:
        self.exact = self._overtaken = False


def _mentions(header: Header, user: str) -> bool:
    return bool(header.marks.get("everyone")) or user in cast(
        "tuple[str, ...]", header.marks.get("mentions", ())
    )
