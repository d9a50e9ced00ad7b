"""Deciding a batch of commands against a working state: pure, and thrown away unless it is committed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from actors.kind import (
    Accept,
    Change,
    Delete,
    Emit,
    FactKey,
    Facts,
    Instant,
    Job,
    Kind,
    Refuse,
    Row,
    Send,
    Update,
    Upsert,
    tables_of,
)
from actors.ports.log import Append, JobRow, LogRow, Receipt
from actors.ports.trace import Step
from actors.refusals import refused
from actors.runtime.active import Active
from actors.runtime.envelope import RETRY_AFTER_S, Envelope, accepted, digest_of
from actors.runtime.limits import EFFECTS_OWED_MAX
from actors.runtime.owed import PendingEffect
from actors.runtime.publisher import Publisher
from actors.tables import Tables
from protocol import limits
from protocol.codes import Code
from protocol.event import Header, encode_header, encode_payload
from protocol.frames import Accepted, Command, Refused, StreamCommand
from protocol.ids import STREAM_ID_PATTERN

_STREAM_ID = re.compile(STREAM_ID_PATTERN)


class DecideError(Exception):
    """A kind's function raised on this command: a bug in the kind."""

    def __init__(self, envelope: Envelope) -> None:
        super().__init__(f"{type(envelope.command).__name__} failed")
        self.envelope = envelope


class _Overlay(Mapping[FactKey, Row | None]):
    """Facts as they were read, under the batch's own writes, which read as the storage will keep them."""

    def __init__(self, tables: Tables, read: Facts, written: Mapping[FactKey, Change]) -> None:
        self._tables = tables
        self._read = read
        self._written = written

    def __getitem__(self, key: FactKey) -> Row | None:
        match self._written.get(key):
            case None:
                return self._read[key]
            case Upsert(table=name, values=values):
                # The same command must find the same columns whether or not this write is committed yet.
                table = self._tables.get(name)
                return values if table is None else table.row(values)
            case Update(values=values):
                row = self._read[key]
                return None if row is None else {**row, **values}
            case _:
                return None

    def __iter__(self) -> Any:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


class Draft:
    """What a batch comes to: a working state, rows to write, and answers to give once they are written."""

    def __init__(
        self, kind: Kind[Any], stream: str, state: Struct, head: int, last_at: Instant, digest_key: bytes
    ) -> None:
        self.kind = kind
        self.stream = stream
        # The working state: each command is decided on what those before it did. A kind's apply returns a new state
        # and leaves the old one alone, so the cell's own still stands when this draft is thrown away.
        self.state = state
        self.head = head
        self.last_at = last_at
        # The append requires the log to stand exactly here. A newer head would let a batch in that was decided on
        # a state that no longer holds.
        self.started_at_head = head
        self._digest_key = digest_key
        self._types = _type_names(kind)
        # The receipts know of earlier batches only: a client_id that comes twice in this one is caught here.
        self._seen: dict[tuple[str, str], tuple[bytes, Accepted]] = {}
        self._written: dict[FactKey, Change] = {}
        self.rows: dict[int, LogRow] = {}
        self.headers: list[Header] = []
        self.receipts: list[Receipt] = []
        self.erases: list[int] = []
        self.jobs: list[JobRow] = []
        self.pending: list[PendingEffect] = []
        self.sends_max = EFFECTS_OWED_MAX
        """As soon as so many are pending, what would cause more is refused."""
        self.accepted: list[tuple[Envelope, Accepted]] = []
        self.refused: list[tuple[Envelope, Refused]] = []

    @property
    def writes(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.receipts)

    def decide(self, envelope: Envelope, facts: Facts, now: Instant) -> None:
        """Decide one command on top of those before it. Raises DecideError for a bug in the kind."""
        command = envelope.command
        try:
            digest = digest_of(command, self._digest_key)
            if (earlier := self._seen.get(envelope.key)) is not None:
                self._repeat(envelope, digest, *earlier)
                return
            at = max(now, self.last_at)  # the clock may have stepped back, or an earlier owner's was ahead
            overlay = _Overlay(_tables(self.kind), facts, self._written)
            decision = self.kind.decide(self.state, overlay, command, by=envelope.by, now=at)
            if isinstance(decision, Refuse):
                self._refuse(envelope, decision)
            else:
                self._accept(envelope, decision, digest, at)
        except Exception as error:
            raise DecideError(envelope) from error

    def _repeat(self, envelope: Envelope, digest: bytes, first: bytes, answer: Accepted) -> None:
        """The same client_id twice in one batch: the second gets the first one's fate."""
        if digest == first:
            self.accepted.append((envelope, answer))
        else:
            self._refuse(envelope, Refuse(Code.CLIENT_ID_REUSED))

    def _refuse(self, envelope: Envelope, refuse: Refuse) -> None:
        reply = refused(
            refuse.code,
            client_id=envelope.command.client_id,
            stream=self.stream,
            message=refuse.message,
            field=refuse.field,
            retry_after_s=refuse.retry_after_s,
        )
        self.refused.append((envelope, reply))

    def _accept(self, envelope: Envelope, decision: Accept, digest: bytes, at: Instant) -> None:
        if len(decision.events) > limits.EVENTS_PER_COMMAND_MAX:
            raise ValueError(f"{len(decision.events)} events for one command")
        # Everything is measured before the draft changes: a command refused half-way would leave its first events in
        # the working state.
        payloads = [encode_payload(emit.payload) for emit in decision.events]
        if any(len(p) > limits.PAYLOAD_BYTES_MAX for p in payloads):
            self._refuse(envelope, Refuse(Code.TOO_LARGE))
            return
        first = self.head + 1
        headers = [self._header(first + n, at, envelope.by, emit) for n, emit in enumerate(decision.events)]
        if len(self.pending) >= self.sends_max and any(pending_effects(self.kind, h) for h in headers):
            self._refuse(envelope, Refuse(Code.OVERLOADED, retry_after_s=RETRY_AFTER_S))
            return
        for header, emit, payload in zip(headers, decision.events, payloads, strict=True):
            self._log(header, emit.payload, payload)
        answer = None if decision.answer is None else msgspec.msgpack.encode(decision.answer)
        self.receipts.append(
            Receipt(envelope.by, envelope.command.client_id, first, self.head, digest, answer)
        )
        reply = accepted(envelope.command.client_id, self.stream, first, self.head, answer)
        self._seen[envelope.key] = (digest, reply)
        self.accepted.append((envelope, reply))

    def _header(self, seq: int, at: Instant, author: str, emit: Emit) -> Header:
        if len(emit.erases) > limits.ERASE_SEQS_MAX:
            raise ValueError(f"{len(emit.erases)} erased seqs in one event")
        return Header(
            stream=self.stream,
            seq=seq,
            at=at,
            author=author,
            type=self._types[type(emit.payload)],
            revokes=emit.revokes,
            erases=emit.erases,
            marks=dict(emit.marks),
        )

    def _log(self, header: Header, payload: Struct, encoded: bytes) -> None:
        # As when it is folded from the log: a kind that doesn't say so must not come to rely on payloads.
        applied = payload if self.kind.applies_payloads else None
        self.state = self.kind.apply(self.state, header, applied)
        self.head, self.last_at = header.seq, header.at
        self.headers.append(header)
        self.rows[header.seq] = LogRow(header.seq, encode_header(header), encoded)
        for seq in header.erases:
            # An event of this very batch isn't in the log yet, where the append could empty it: write it empty.
            if (own := self.rows.get(seq)) is not None:
                self.rows[seq] = LogRow(seq, own.header, None)
            else:
                self.erases.append(seq)
        for change in self.kind.project(header, payload):
            key = FactKey(change.table, change.key)
            # One final change for each row: a transaction that writes a row twice pays twice, and a statement
            # that does can't tell which comes last.
            earlier = self._written.get(key)
            self._written[key] = change if earlier is None else _both(earlier, change)
        for index, effect in enumerate(self.kind.effects(header)):
            match effect:
                case Job():
                    self.jobs.append(JobRow(header.seq, index, effect))
                case Send(command=StreamCommand(stream=stream)) if not _STREAM_ID.match(stream):
                    raise ValueError(f"an effect for {stream!r}")
                case Send(command=Command()):
                    self.pending.append(PendingEffect(header.seq, index, effect))
                case _:
                    raise TypeError(f"no effect: {effect!r}")

    def append(self, activation: int, *, pending: PendingEffect | None, retry_at: Instant | None) -> Append:
        """The transaction of this batch. ``pending`` is the oldest unsettled effect from before it, ``retry_at`` when
        it is tried next.
        """
        # What is owed from before this batch is older than anything the batch itself owes.
        oldest = pending or (self.pending[0] if self.pending else None)
        owed_at = self.last_at if self.pending or retry_at is None else retry_at
        return Append(
            stream=self.stream,
            activation=activation,
            head=self.started_at_head,
            at=self.last_at,
            events=tuple(self.rows.values()),
            receipts=tuple(self.receipts),
            erases=tuple(self.erases),
            changes=tuple(self._written.values()),
            jobs=tuple(self.jobs),
            wake_at=wake_at(self.kind, self.state, self.last_at, effects_at=owed_at if oldest else None),
            effects_seq=oldest.seq - 1 if oldest else self.head,
        )


def settlement(kind: Kind[Any], stream: str, active: Active) -> Append:
    """The transaction that notes which effects are settled, and when the stream must be woken, without any event."""
    pending = active.owed.oldest
    effects_at = (active.retry_at or active.last_at) if pending else None
    return Append(
        stream=stream,
        activation=active.activation,
        head=active.head,
        at=active.last_at,
        wake_at=wake_at(kind, active.state, active.last_at, effects_at=effects_at),
        # Everything up to the event before the oldest unsettled effect has taken effect: a later activation derives
        # effects again from there on. Too high a number would lose one; too low only repeats some.
        effects_seq=pending.seq - 1 if pending else active.head,
    )


def wake_at(
    kind: Kind[Any], state: Struct, last_at: Instant, *, effects_at: Instant | None
) -> Instant | None:
    """When a stream must be woken: for its timer or its pending effects, at once for its work; None for never."""
    due = kind.due(state)
    if kind.work(state) is not None:
        effects_at = last_at
    return due if effects_at is None else effects_at if due is None else min(effects_at, due)


def _both(earlier: Change, later: Change) -> Change:
    """One change for two of the same row, in this order."""
    match earlier, later:
        case (Upsert(), Update()) | (Update(), Update()):
            return replace(earlier, values={**earlier.values, **later.values})
        case Delete(), Update():
            return earlier
        case _:
            return later


@cache
def _type_names(kind: Kind[Any]) -> Mapping[type[Struct], str]:
    """The header's ``type`` by the payload's; a node has few kinds, for as long as it lives."""
    return {payload: name for name, payload in kind.wire.events.items()}


@cache
def _tables(kind: Kind[Any]) -> Tables:
    return tables_of((kind,))


def fact_keys(
    kind: Kind[Any], state: Struct, envelopes: Sequence[Envelope], enough: Callable[[], bool]
) -> tuple[list[FactKey], int]:
    """What a batch needs to know, each key once; and how many of these commands it has, one at least: once it is
    ``enough``, no more are looked at. Kinds name keys by the command and the state before the batch.
    """
    keys: dict[FactKey, None] = {}
    for number, envelope in enumerate(envelopes, 1):
        try:
            for key in kind.facts(state, envelope.command, by=envelope.by):
                keys[key] = None
        except Exception as error:
            raise DecideError(envelope) from error
        if number < len(envelopes) and enough():
            return list(keys), number
    return list(keys), len(envelopes)


def pending_effects(kind: Kind[Any], header: Header) -> list[PendingEffect]:
    """The sends of an event of the log that may not be settled, derived again."""
    sends = enumerate(kind.effects(header))
    return [PendingEffect(header.seq, i, e, tried=True) for i, e in sends if isinstance(e, Send)]


def trace_events(publisher: Publisher, stream: str, draft: Draft) -> None:
    """Mark in the traces of its commands that their events are published, and let these go on with the events."""
    for envelope, reply in draft.accepted:
        if envelope.trace is not None and reply.events and reply.seq is not None:
            envelope.trace.mark(Step.PUBLISHED, events=reply.events)
            publisher.traced(stream, reply.seq, envelope.trace.parent)
