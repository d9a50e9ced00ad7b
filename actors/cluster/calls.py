"""Commands and questions of this node that wait for another node's answer.

A call keeps its number when it is sent again; each copy tells which one it is. What an earlier copy brought about
holds: accepted, or shown. What it didn't, says nothing of the later one: of refusals only the newest copy's counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Final

import msgspec
from msgspec import Raw

from actors.cluster.limits import CALLS_MAX
from actors.cluster.ownership import There
from actors.ports.log import Fence
from actors.refusals import refused
from actors.runtime.envelope import RETRY_AFTER_S, Envelope
from actors.runtime.peers import RemoteSnapshot
from protocol.codes import Code
from protocol.frames import Accepted, Refused, Reply, Unknown
from protocol.garbled import UNREADABLE
from protocol.nodes import Ask, Forward, NodeMessage

Answered = RemoteSnapshot | Refused | None
_COPIES: Final = 1 << 10
"""More than there are copies of a call: each is repeated once a RECOVERY_S at most, and nobody waits so long."""
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_reply: Final = msgspec.msgpack.Decoder(Accepted | Refused | Unknown).decode


def decoded(reply: Raw) -> Reply | None:
    """The reply in these bytes; None for bytes that are none."""
    try:
        return _decode_reply(reply)
    except UNREADABLE:
        return None


def number_of(name: int) -> int:
    """The number of the call of which this names a copy."""
    return name // _COPIES


class CommandCall:
    """A command at its owner."""

    __slots__ = ("_sole", "copies", "envelope", "stream", "to")

    def __init__(self, to: There, stream: str, envelope: Envelope) -> None:
        self.to: Final = to
        self.stream: Final = stream
        self.envelope: Final = envelope
        self.copies = 0
        """So many were sent beside the first."""
        self._sole = not envelope.submitted
        """No other copy of the command was ever sent anywhere."""
        if not self._sole:
            _mark_resend(envelope)
        envelope.submitted = True

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.envelope.settled

    def message(self, name: int) -> Forward:
        """The copy with this name."""
        envelope = self.envelope
        trace = None if envelope.trace is None else envelope.trace.parent
        return Forward(name, self.stream, self.to.epoch, envelope.by, Raw(_encode(envelope.command)), trace)

    def repeat(self) -> None:
        """Another copy is about to be sent, here or elsewhere."""
        self.copies += 1
        self._sole = False
        _mark_resend(self.envelope)

    def answered(self, reply: Reply | None) -> bool:
        """Settle it with the owner's reply. False if that is none: the outcome is unknown then."""
        if reply is None:
            self.envelope.give_up(self.stream)
        else:
            self.envelope.answer(reply)
        return reply is not None

    def returned(self, route: Callable[[Envelope], None]) -> None:
        """The owner didn't take it: if no other copy was sent, nothing happened."""
        if self._sole:
            self.envelope.submitted = False
        route(self.envelope)

    def moved(self, route: Callable[[Envelope], None]) -> None:
        """The stream has another owner."""
        self.repeat()
        route(self.envelope)

    def expire(self, now: float) -> bool:
        """Whether it is over. The router settles commands whose time is up."""
        return self.over


class ViewCall:
    """A question for a snapshot at its stream's owner. Asking again changes nothing."""

    __slots__ = ("_answer", "_expires_at", "copies", "stream", "to", "user")

    def __init__(
        self, to: There, stream: str, user: str, answer: Callable[[Answered], None], expires_at: float
    ) -> None:
        self.to: Final = to
        self.stream: Final = stream
        self.user: Final = user
        self._answer: Callable[[Answered], None] | None = answer
        self.copies = 0
        self._expires_at = expires_at  # monotonic seconds

    @property
    def over(self) -> bool:
        """Whether it was answered."""
        return self._answer is None

    def message(self, name: int) -> Ask:
        """The question."""
        return Ask(name, self.stream, self.to.epoch, self.user)

    def repeat(self) -> None:
        """Another copy is about to be sent. It has the name of the first: any one's answer will do, and an owner that
        still has the first in hand needs to answer only once.
        """

    def shown(self, head: int, view: bytes) -> None:
        """Settle it with what the owner shows."""
        self._settle(RemoteSnapshot(head, view))

    def answered(self, reply: Reply | None) -> bool:
        """Settle it with the owner's refusal. False if it is none."""
        self._settle(reply if isinstance(reply, Refused) else _unavailable(self.stream))
        return isinstance(reply, Refused)

    def returned(self, route: Callable[[Envelope], None]) -> None:
        """The owner isn't the owner."""
        self._settle(None)

    def moved(self, route: Callable[[Envelope], None]) -> None:
        """The stream has another owner."""
        self._settle(None)

    def expire(self, now: float) -> bool:
        """Settle it if its time is up; whether it is over."""
        if now >= self._expires_at:
            self._settle(_unavailable(self.stream))
        return self.over

    def _settle(self, answered: Answered) -> None:
        if self._answer is not None:
            told, self._answer = self._answer, None
            told(answered)


Call = CommandCall | ViewCall


class Calls:
    """The calls that wait, by the run they are at and by number."""

    def __init__(self) -> None:
        self._by_run: dict[Fence, dict[int, Call]] = {}
        self._numbers = count(1)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def full(self) -> bool:
        """Whether there is no room for another."""
        return self._size >= CALLS_MAX

    def add(self, call: Call) -> int:
        """Keep a call until it is taken; the name of its first copy."""
        number = next(self._numbers)
        self._by_run.setdefault(call.to.member.run, {})[number] = call
        self._size += 1
        return number * _COPIES

    def repeat(self, run: Fence, number: int) -> NodeMessage | None:
        """The next copy of the call with this number; None if nobody waits for it any more."""
        call = self._by_run.get(run, {}).get(number)
        if call is None or call.over:
            return None
        call.repeat()
        return call.message(number * _COPIES + min(call.copies, _COPIES - 1))

    def take(self, run: Fence, name: int, *, holds: bool) -> Call | None:
        """The call that this run answers, once. An answer that doesn't hold for later copies too must be the newest
        copy's.
        """
        calls = self._by_run.get(run, {})
        number, copy = divmod(name, _COPIES)
        call = calls.get(number)
        if call is None or not (holds or copy == call.copies):
            return None
        del calls[number]
        self._size -= 1
        if not calls:
            del self._by_run[run]
        return call

    def numbers(self, run: Fence) -> Sequence[int]:
        """All that wait at this run, in the order in which they were sent first."""
        return tuple(self._by_run.get(run, ()))

    def take_moved(self, stays: Callable[[Call], bool]) -> list[Call]:
        """All that somebody waits for and that aren't where they should be."""
        return [call for call in self._take(lambda call: not stays(call)) if not call.over]

    def expire(self, now: float) -> None:
        """Forget those that are over, or whose time is up."""
        self._take(lambda call: call.expire(now))

    def _take(self, chosen: Callable[[Call], bool]) -> Iterable[Call]:
        taken: list[Call] = []
        for calls in self._by_run.values():
            numbers = [number for number, call in calls.items() if chosen(call)]
            taken += [calls.pop(number) for number in numbers]
        self._by_run = {run: calls for run, calls in self._by_run.items() if calls}
        self._size -= len(taken)
        return taken


def _mark_resend(envelope: Envelope) -> None:
    """A second copy tells the owner that the first may have taken effect."""
    if not envelope.command.resend:
        envelope.command = msgspec.structs.replace(envelope.command, resend=True)


def _unavailable(stream: str) -> Refused:
    return refused(Code.UNAVAILABLE, stream=stream, retry_after_s=RETRY_AFTER_S)
