"""The commands that are not settled yet: in which order they go out, and what a reply means. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import msgspec

from gatherup.client.actions import Settle
from gatherup.client.errors import ClientError, ClosedError, RefusedError, UnknownOutcomeError
from gatherup.client.policy import Policy
from protocol.codes import CODES, Code
from protocol.frames import Accepted, Command, Refused, SessionLimits, StreamCommand, Unknown

_ONE_TOKEN: Final = 1 - 1e-6  # a bucket refilled in floating point may miss 1 by a hair


@dataclass(slots=True, eq=False)
class _Pending:
    """One unsettled command."""

    order: int
    command: Command
    give_up_at: float
    inflight: bool = False
    """Sent on this connection and not answered."""
    uncertain: bool = False
    """An earlier copy of it may have taken effect."""
    retry_at: float = 0.0
    refusal: RefusedError | None = None
    """The last refusal, if it was refused before."""
    refused_since: float = math.inf
    """When it was first refused."""

    @property
    def stream(self) -> str | None:
        return self.command.stream if isinstance(self.command, StreamCommand) else None


class Commands:
    """Keeps order, window, pace and retries of one client's commands.

    Commands go out in the order they were given. One that waits for a retry holds back later ones *of its stream*;
    those already on their way may still overtake it, so who needs a strict order awaits each reply.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pending: dict[str, _Pending] = {}
        self._unsent: list[_Pending] = []  # by order
        self._orders = 0
        self._inflight = 0
        self._limits: SessionLimits | None = None  # None without a session
        self._tokens = 0.0
        self._tokens_at = 0.0
        self._sendable_at = math.inf  # when time alone makes something sendable

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, command: Command, now: float) -> None:
        """Take a new command. Its client_id must not be pending: ValueError."""
        if command.client_id in self._pending:
            raise ValueError(f"client_id {command.client_id} is pending already")
        self._orders += 1
        pending = _Pending(self._orders, command, now + self._policy.resend_for_s, uncertain=command.resend)
        self._pending[command.client_id] = pending
        self._unsent.append(pending)

    def abandon(self, client_id: str) -> None:
        """Nobody waits for this one any more: it is not sent again, and its reply is ignored."""
        if (pending := self._pending.get(client_id)) is not None:
            self._drop(pending)

    def opened(self, limits: SessionLimits, now: float) -> None:
        """A session began: the server's bucket is full and nothing is in flight."""
        self._limits, self._tokens, self._tokens_at = limits, limits.commands_burst, now

    def lost(self) -> None:
        """The session is gone: what was in flight may have taken effect."""
        self._limits = None
        self._inflight = 0
        self._sendable_at = math.inf
        for pending in self._pending.values():
            pending.uncertain |= pending.inflight
            pending.inflight = False
        self._unsent = sorted(self._pending.values(), key=lambda p: p.order)

    def sendable(self, now: float) -> list[Command]:
        """Take the commands to send now, in this order. They count as sent from here on."""
        if (limits := self._limits) is None:
            return []
        self._sendable_at = math.inf
        self._refill(limits, now)
        ready: list[Command] = []
        kept: list[_Pending] = []
        held: set[str | None] = set()
        for index, pending in enumerate(self._unsent):
            if self._inflight >= limits.inflight_commands_max or self._tokens < _ONE_TOKEN:
                if self._tokens < _ONE_TOKEN:
                    self._sendable_at = min(
                        self._sendable_at, now + (1 - self._tokens) / limits.commands_per_s
                    )
                kept.extend(self._unsent[index:])
                break
            if pending.retry_at > now or pending.stream in held:
                if pending.retry_at > now:
                    self._sendable_at = min(self._sendable_at, pending.retry_at)
                if pending.stream is not None:
                    held.add(pending.stream)
                kept.append(pending)
                continue
            self._tokens -= 1
            self._inflight += 1
            pending.inflight = True
            ready.append(msgspec.structs.replace(pending.command, resend=pending.uncertain))
        self._unsent = kept
        return ready

    def answered(self, reply: Accepted | Refused | Unknown, now: float) -> Settle | None:
        """What a reply settles. None if it asks for another try, or nobody waits for it."""
        pending = self._pending.get(reply.client_id or "")
        if pending is None:
            return None
        if isinstance(reply, Accepted):
            return self._settle(pending, reply)
        if not pending.inflight:
            return None  # a repeat of an answer that was acted on
        if isinstance(reply, Unknown):
            pending.uncertain = True
            self._again(pending, now + reply.retry_after_s)
            return None
        return self._refused(pending, reply, now)

    def _refused(self, pending: _Pending, reply: Refused, now: float) -> Settle | None:
        error = RefusedError.of(reply)
        if not (reply.retry or CODES[reply.code].retry):
            return self._settle(pending, error)
        retry_at = now + max(reply.retry_after_s or 0.0, self._policy.backoff_min_s)
        pending.refusal = error
        pending.refused_since = min(pending.refused_since, now)
        if retry_at > pending.refused_since + self._policy.refused_retry_for_s:
            return self._settle(pending, error)
        self._again(pending, retry_at)
        return None

    def expired(self, now: float) -> list[Settle]:
        """Give up what was tried for long enough. Deadlines lie in the order of the commands."""
        settled: list[Settle] = []
        for pending in list(self._pending.values()):
            if pending.give_up_at > now:
                break
            settled.append(self._given_up(pending, "There was no connection for it."))
        return settled

    def closed(self, error: ClosedError) -> list[Settle]:
        """The client is closed: settle all that is pending."""
        settled: list[Settle] = []
        for pending in list(self._pending.values()):
            certain = not (pending.uncertain or pending.inflight)
            outcome = error if certain else UnknownOutcomeError(pending.command.client_id)
            settled.append(self._settle(pending, outcome))
        return settled

    def deadline(self) -> float:
        """When ``expired`` or ``sendable`` has something new to say; infinity if only a reply can bring it."""
        first = next(iter(self._pending.values()), None)
        return min(self._sendable_at, math.inf if first is None else first.give_up_at)

    def _refill(self, limits: SessionLimits, now: float) -> None:
        earned = (now - self._tokens_at) * limits.commands_per_s
        self._tokens, self._tokens_at = min(limits.commands_burst, self._tokens + earned), now

    def _again(self, pending: _Pending, retry_at: float) -> None:
        pending.inflight = False
        self._inflight -= 1
        pending.retry_at = retry_at
        self._unsent.append(pending)
        self._unsent.sort(key=lambda p: p.order)

    def _given_up(self, pending: _Pending, why: str) -> Settle:
        if pending.uncertain or pending.inflight:
            return self._settle(pending, UnknownOutcomeError(pending.command.client_id))
        never_sent = RefusedError(Code.UNAVAILABLE, why, retry=True)
        return self._settle(pending, pending.refusal or never_sent)

    def _settle(self, pending: _Pending, outcome: Accepted | ClientError) -> Settle:
        self._drop(pending)
        return Settle(pending.command.client_id, outcome)

    def _drop(self, pending: _Pending) -> None:
        del self._pending[pending.command.client_id]
        if pending.inflight:
            self._inflight -= 1
        elif pending in self._unsent:
            self._unsent.remove(pending)
