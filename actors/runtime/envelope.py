"""A command on its way to an actor, and the one reply it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from actors.ports.trace import Step, Trace
from actors.refusals import refused
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply, Unknown

RETRY_AFTER_S: Final = 1.0


class Envelope:
    """One command, who sent it, and whom to tell.

    Whoever answers first settles it: later answers go nowhere. A settled envelope is never decided.
    """

    __slots__ = (
        "by",
        "command",
        "epoch",
        "expires_at",
        "reply",
        "returned",
        "stream",
        "submitted",
        "trace",
        "tried",
    )

    def __init__(
        self,
        command: Command,
        by: str,
        stream: str,
        reply: Callable[[Reply], None] | None,
        expires_at: float,
        *,
        returned: Callable[[], None] | None = None,
        epoch: int | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.command = command
        self.by = by
        self.stream = stream
        """Where it goes."""
        self.reply = reply
        self.returned = returned
        """Set for one that isn't taken to other nodes: called instead of a reply when it can't be served here."""
        self.epoch = epoch
        """Of the shard as the peer that brought it saw it: it may be served at this one alone, however long it
        waited here, since the peer may have had another copy answered elsewhere after that. None: at any.
        """
        self.expires_at = expires_at
        """Monotonic seconds."""
        self.submitted = False
        """True from the moment a copy may be on its way to another node, or its events to the log: no refusal is
        certain any more.
        """
        self.tried = -1
        """The version of the view by which it was last forwarded."""
        self.trace = trace
        """None for nearly all: those that aren't sampled."""

    @property
    def settled(self) -> bool:
        """Whether it was answered."""
        return self.reply is None

    @property
    def key(self) -> tuple[str, str]:
        """(author, client_id): what a receipt is kept under."""
        return self.by, self.command.client_id

    def answer(self, reply: Reply) -> None:
        """Settle it, unless it is settled."""
        if self.reply is not None:
            told, self.reply = self.reply, None
            told(reply)
            if self.trace is not None:
                self.trace.end(_outcome(reply))

    def give_back(self) -> None:
        """Settle one that has ``returned``, unless it is settled: nothing happened to it here, nor will."""
        if self.reply is not None and self.returned is not None:
            self.reply = None
            self.returned()
            if self.trace is not None:
                self.trace.end("returned")

    def refuse(
        self,
        code: Code,
        stream: str | None = None,
        *,
        message: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """Settle it with a refusal, in the code's own words unless there are better ones."""
        client_id = self.command.client_id
        self.answer(
            refused(code, client_id=client_id, stream=stream, message=message, retry_after_s=retry_after_s)
        )

    def give_up(
        self, stream: str | None, code: Code = Code.UNAVAILABLE, *, message: str | None = None
    ) -> None:
        """Settle it when it can't be served now.

        A refusal says that nothing happened. That isn't known once the command was submitted, nor for a resend,
        whose earlier sending may have been accepted: those are answered ``unknown``.
        """
        if self.submitted or self.command.resend:
            self.answer(Unknown(client_id=self.command.client_id, stream=stream, retry_after_s=RETRY_AFTER_S))
        else:
            self.refuse(code, stream, message=message, retry_after_s=RETRY_AFTER_S)


def mark(envelopes: Iterable[Envelope], step: Step, **facts: int) -> None:
    """Mark a step of those that are traced."""
    for envelope in envelopes:
        if envelope.trace is not None:
            envelope.trace.mark(step, **facts)


def unavailable(envelope: Envelope) -> Refused:
    """The refusal of a command that certainly did nothing, and may soon."""
    client_id, stream = envelope.command.client_id, envelope.stream
    return refused(Code.UNAVAILABLE, client_id=client_id, stream=stream, retry_after_s=RETRY_AFTER_S)


def latest(envelopes: Sequence[Envelope]) -> float:
    """When the last of these is answered in any case (monotonic seconds): what is asked for them may take so long."""
    return max(envelope.expires_at for envelope in envelopes)


def _outcome(reply: Reply) -> str:
    match reply:
        case Accepted():
            return "accepted"
        case Refused(code=code):
            return str(code)
        case _:
            return "unknown"


def accepted(client_id: str, stream: str, first_seq: int, last_seq: int, answer: bytes | None) -> Accepted:
    """The answer to an accepted command and to every resend of it."""
    return Accepted(
        client_id=client_id,
        stream=stream,
        seq=last_seq,
        events=last_seq - first_seq + 1,
        answer=None if answer is None else msgspec.Raw(answer),
    )


def tag_of(command: Command) -> str:
    """What the command is called on the wire."""
    return str(command.__struct_config__.tag)


_encode = msgspec.msgpack.Encoder().encode


def digest_of(command: Command, key: bytes) -> bytes:
    """Tells a resend from another command under the same client_id, without keeping what a person wrote.

    Keyed, so that who reads the database can't test guesses of an erased body.
    """
    plain = msgspec.structs.replace(command, resend=False) if command.resend else command
    return blake2b(_encode(plain), digest_size=16, key=key).digest()
