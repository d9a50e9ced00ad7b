"""What one session's user has read, and how the session is told what is new."""

from __future__ import annotations

from typing import Final

from actors.limiting.rate_limit import Rate, TokenBucket
from actors.refusals import refused
from actors.relay import Subscriber
from actors.session.services import SessionServices
from actors.session.unread import READ, UnreadWatch
from protocol import limits
from protocol.codes import Code
from protocol.frames import Accepted, MarkRead, Refused, Signalled, WatchHeads
from protocol.ids import kind_of
from protocol.room import KIND

MARKS: Final = Rate(limits.SIGNALS_PER_S, limits.SIGNALS_BURST)
WATCHES: Final = Rate(limits.HEADS_WATCHES_PER_S, limits.HEADS_WATCHES_BURST)


class ReadState:
    """What one session's user has read, and what is unread for them."""

    __slots__ = ("_marks", "_services", "_subscriber", "_unread", "_watches")

    def __init__(self, services: SessionServices, subscriber: Subscriber) -> None:
        self._services = services
        self._subscriber = subscriber
        self._unread: UnreadWatch | None = None  # None until it watches any
        self._marks = TokenBucket(MARKS)
        self._watches = TokenBucket(WATCHES)

    def mark(self, frame: MarkRead) -> None:
        """Note what was read. Like a signal it isn't answered, and dropped when there are too many."""
        if kind_of(frame.room) != KIND or self._wait_for(self._marks):
            return
        if self._services.read_markers.mark(self._subscriber.user, frame.room, frame.number):
            self._was_read(frame.room, frame.number)

    def watch(self, frame: WatchHeads) -> Accepted | Refused:
        """Watch the heads of these rooms instead of those before; the answer."""
        if wait_s := self._wait_for(self._watches):
            return refused(Code.RATE_LIMITED, client_id=frame.client_id, retry_after_s=wait_s)
        if self._unread is None:
            self._unread = UnreadWatch(self._services.unread, self._subscriber.user, self._subscriber.writer)
        self._unread.watch(frame.rooms)
        return Accepted(client_id=frame.client_id)

    def signalled(self, frame: Signalled) -> None:
        """A signal in the user's inbox: it may tell what was read on another device."""
        room, number = frame.data.get("room"), frame.data.get("number")
        if frame.type == READ and isinstance(room, str) and isinstance(number, int):
            self._was_read(room, number)

    def end(self) -> None:
        """Stop watching. Idempotent."""
        if self._unread is not None:
            self._unread.end()

    def _was_read(self, room: str, number: int) -> None:
        if self._unread is not None:
            self._unread.was_read(room, number)

    def _wait_for(self, bucket: TokenBucket) -> float:
        return bucket.take(self._services.clock.monotonic())
