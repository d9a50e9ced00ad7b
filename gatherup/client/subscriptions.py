"""The streams a client follows: where it stands in each, and what the server was asked. Pure.

A slow reader never stops the connection: when its buffer is full the stream is left, and resumed from the last
buffered position once half of it was read. So replies and other streams go on, and memory is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from gatherup.client.actions import Action, Deliver, End, Opened, Send
from gatherup.client.errors import ClosedError, RefusedError
from gatherup.client.policy import Policy
from protocol import limits
from protocol.codes import CODES, Code
from protocol.frames import (
    Accepted,
    Event,
    Position,
    Refused,
    Signalled,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
)


class ViolationError(Exception):
    """The server broke its promise of one order without gap or repeat: reconnect and resume."""


class _Phase(Enum):
    """What this session's server knows of the subscription."""

    IDLE = auto()
    ASKED = auto()
    LIVE = auto()
    LEAVING = auto()
    """Unsubscribe is sent; what still comes is not for us."""


@dataclass(slots=True, eq=False)
class _Subscription:
    stream: str
    position: Position | None
    """The last position handed to the reader's buffer."""
    phase: _Phase = _Phase.IDLE
    request: str | None = None
    """The client_id of the question that is open; None for a position of the hello."""
    wanted: bool = True
    opened: bool = False
    full: bool = False
    stale: bool = False
    """The open question is one of an earlier follow: its answer isn't ours."""
    buffered: int = 0
    retry_at: float = 0.0


class Subscriptions:
    """Everything about streams except the connection. Frames that break the order raise ViolationError."""

    def __init__(self, policy: Policy, new_client_id: Callable[[], str]) -> None:
        self._policy = policy
        self._new_client_id = new_client_id
        self._by_stream: dict[str, _Subscription] = {}
        self._by_request: dict[str, _Subscription] = {}
        self._ready = False

    # --- the user ------------------------------------------------------------------------------------------

    def follow(self, stream: str, since: Position | None, now: float) -> list[Action]:
        """Begin to follow a stream. One that is followed already is a ValueError."""
        old = self._by_stream.get(stream)
        if old is not None and old.wanted:
            raise ValueError(f"{stream} is followed already")
        new = _Subscription(stream, since)
        if old is not None:
            # Its last question is still open: ours comes after the answer.
            new.phase, new.request, new.stale = old.phase, old.request, old.phase is _Phase.ASKED
            if old.request is not None:
                self._by_request[old.request] = new
        self._by_stream[stream] = new
        return self._reconcile(new, now)

    def unfollow(self, stream: str, now: float) -> list[Action]:
        """Follow it no longer; nothing of it is delivered from here on."""
        subscription = self._by_stream.get(stream)
        if subscription is None:
            return []
        subscription.wanted = False
        return self._reconcile(subscription, now)

    def consumed(self, stream: str, now: float) -> list[Action]:
        """The reader took one delivered event or snapshot."""
        subscription = self._by_stream.get(stream)
        if subscription is None:
            return []
        subscription.buffered -= 1
        if subscription.buffered <= self._policy.buffer_items_max // 2:
            subscription.full = False
        return self._reconcile(subscription, now) if subscription.phase is _Phase.IDLE else []

    # --- the session -----------------------------------------------------------------------------------------

    def positions(self) -> tuple[Position, ...]:
        """The positions for a hello; they count as asked."""
        asked = [s for s in self._by_stream.values() if s.position is not None and not s.full]
        for subscription in asked[: limits.POSITIONS_MAX]:
            subscription.phase, subscription.request = _Phase.ASKED, None
        return tuple(s.position for s in asked[: limits.POSITIONS_MAX] if s.position is not None)

    def opened(self, now: float) -> list[Action]:
        """The session is ready: ask for what didn't stand in the hello."""
        self._ready = True
        return self.elapsed(now)

    def lost(self) -> None:
        """The session is gone and the server's knowledge with it."""
        self._ready = False
        self._by_request.clear()
        for subscription in list(self._by_stream.values()):
            subscription.phase, subscription.request, subscription.retry_at = _Phase.IDLE, None, 0.0
            subscription.stale = False
            if not subscription.wanted:
                del self._by_stream[subscription.stream]

    def closed(self, error: ClosedError) -> list[Action]:
        """The client is closed: every stream ends."""
        ended: list[Action] = [End(s.stream, error) for s in self._by_stream.values() if s.wanted]
        self._by_stream.clear()
        self._by_request.clear()
        return ended

    def elapsed(self, now: float) -> list[Action]:
        """Ask again for what is due."""
        actions: list[Action] = []
        for subscription in list(self._by_stream.values()):
            actions += self._reconcile(subscription, now)
        return actions

    def deadline(self) -> float:
        """When ``elapsed`` has something to do."""
        if not self._ready:
            return math.inf
        waiting = (s.retry_at for s in self._by_stream.values() if s.phase is _Phase.IDLE and not s.full)
        return min(waiting, default=math.inf)

    # --- the server ------------------------------------------------------------------------------------------

    def event(self, frame: Event, now: float) -> list[Action]:
        """The next event of a stream."""
        subscription = self._by_stream.get(frame.header.stream)
        if subscription is None or subscription.phase is _Phase.LEAVING:
            return []
        position = subscription.position
        if subscription.phase is not _Phase.LIVE or position is None:
            raise ViolationError(f"an event of {frame.header.stream} before its subscribed")
        if frame.header.seq != position.seq + 1:
            raise ViolationError(f"{frame.header.stream}: {frame.header.seq} after {position.seq}")
        subscription.position = Position(
            stream=position.stream, incarnation=position.incarnation, seq=frame.header.seq
        )
        return self._deliver(subscription, frame, now)

    def signalled(self, frame: Signalled) -> list[Action]:
        """A signal: dropped unless the reader keeps up."""
        subscription = self._by_stream.get(frame.stream)
        if subscription is None or subscription.phase is not _Phase.LIVE or subscription.position is None:
            return []
        if not subscription.wanted or subscription.full or subscription.buffered > 0:
            return []
        return [Deliver(frame.stream, frame, subscription.position)]

    def subscribed(self, frame: Subscribed, now: float) -> list[Action]:
        """The answer to a subscribe or to a position of the hello."""
        subscription = self._by_stream.get(frame.stream)
        if subscription is None or subscription.phase is not _Phase.ASKED:
            raise ViolationError(f"{frame.stream} wasn't asked for")
        self._answered(subscription)
        if subscription.stale:
            subscription.phase = _Phase.LIVE
            return self._reconcile(subscription, now)
        was = subscription.position
        here = Position(stream=frame.stream, incarnation=frame.incarnation, seq=frame.seq)
        if frame.snapshot is None and was is not None and was != here:
            raise ViolationError(f"{frame.stream} goes on at {here.seq} and not at {was.seq}")
        subscription.phase, subscription.position = _Phase.LIVE, here
        actions: list[Action] = []
        if not subscription.opened and subscription.wanted:
            subscription.opened = True
            actions.append(Opened(frame.stream))
        if frame.snapshot is not None:
            return actions + self._deliver(subscription, frame, now)
        return actions + self._reconcile(subscription, now)

    def unsubscribed(self, frame: Unsubscribed, now: float) -> list[Action]:
        """The server ended a subscription."""
        subscription = self._by_stream.get(frame.stream)
        if subscription is None:
            return []
        error = RefusedError(frame.code, frame.message, retry=CODES[frame.code].retry)
        return self._refused(subscription, error, now)

    def replied(self, reply: Accepted | Refused | Unknown, now: float) -> list[Action] | None:
        """A reply to one of our own questions; None if it is none."""
        subscription = self._asked_by(reply)
        if subscription is None:
            return None
        leaving = subscription.phase is _Phase.LEAVING
        self._answered(subscription)
        if leaving or subscription.stale:
            subscription.phase, subscription.stale = _Phase.IDLE, False
            return self._reconcile(subscription, now)
        match reply:
            case Accepted():
                raise ViolationError(f"{subscription.stream}: accepted where subscribed was due")
            case Unknown():
                why = CODES[Code.UNAVAILABLE].sentence
                error = RefusedError(Code.UNAVAILABLE, why, retry=True, retry_after_s=reply.retry_after_s)
            case Refused():
                error = RefusedError.of(reply)
        return self._refused(subscription, error, now)

    def _asked_by(self, reply: Accepted | Refused | Unknown) -> _Subscription | None:
        if reply.client_id is not None:
            return self._by_request.get(reply.client_id)
        subscription = self._by_stream.get(reply.stream or "")
        asked = (
            subscription is not None and subscription.phase is _Phase.ASKED and subscription.request is None
        )
        return subscription if asked else None

    def _answered(self, subscription: _Subscription) -> None:
        if subscription.request is not None:
            self._by_request.pop(subscription.request, None)
            subscription.request = None

    def _refused(self, subscription: _Subscription, error: RefusedError, now: float) -> list[Action]:
        """There is no subscription at the server: ask again later, or the stream has ended."""
        if subscription.phase is not _Phase.LEAVING:
            subscription.phase = _Phase.IDLE
        if (error.retry or CODES[error.code].retry) and subscription.wanted:
            subscription.retry_at = now + max(error.retry_after_s or 0.0, self._policy.backoff_min_s)
            return []
        self._forget(subscription)
        return [End(subscription.stream, error)] if subscription.wanted else []

    def _forget(self, subscription: _Subscription) -> None:
        self._answered(subscription)
        del self._by_stream[subscription.stream]

    def _deliver(self, subscription: _Subscription, item: Event | Subscribed, now: float) -> list[Action]:
        if not subscription.wanted:
            return self._reconcile(subscription, now)
        assert subscription.position is not None
        subscription.buffered += 1
        subscription.full = subscription.buffered >= self._policy.buffer_items_max
        delivered: list[Action] = [Deliver(subscription.stream, item, subscription.position)]
        return delivered + (self._reconcile(subscription, now) if subscription.full else [])

    def _reconcile(self, subscription: _Subscription, now: float) -> list[Action]:
        """Move the server's knowledge towards what is wanted; at most one question a stream is open."""
        keep = subscription.wanted and not subscription.full and not subscription.stale
        if subscription.phase is _Phase.LIVE and not keep:
            subscription.phase = _Phase.LEAVING
            subscription.request = self._request(subscription)
            return [Send(Unsubscribe(client_id=subscription.request, stream=subscription.stream))]
        if subscription.phase is not _Phase.IDLE:
            return []
        if not subscription.wanted:
            self._forget(subscription)
        elif keep and self._ready and subscription.retry_at <= now:
            subscription.phase = _Phase.ASKED
            subscription.request = self._request(subscription)
            since = subscription.position
            return [Send(Subscribe(client_id=subscription.request, stream=subscription.stream, since=since))]
        return []

    def _request(self, subscription: _Subscription) -> str:
        client_id = self._new_client_id()
        self._by_request[client_id] = subscription
        return client_id
