"""Holds the record of a run against the truth, after the run: every promise it breaks, and what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Raw, Struct, msgpack

from gatherup.chaos import records
from gatherup.chaos.history import Followed, Harm, History, Violation
from gatherup.chaos.records import Record
from gatherup.chaos.truth import Truth
from protocol.codes import Code
from protocol.frames import Accepted, Event, Refused, Subscribed

VIOLATIONS_MAX: Final = 1000
"""More are counted and not kept."""


class Broken(Struct, frozen=True):
    """A broken promise, and when it was seen."""

    at: float
    promise: int
    harm: Harm
    what: str


class Verdict(Struct, kw_only=True):
    """What a run comes to."""

    broken: list[Broken] = []
    harms: dict[Harm, int] = {}
    """How many of each, also of those that aren't kept."""
    commands: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    """Commands whose senders never learned the outcome."""
    took_effect: int = 0
    """Of the unknown ones."""
    deliveries: int = 0
    snapshots: int = 0
    replays: int = 0
    revocations: int = 0
    connections: int = 0

    def add(self, at: float, promise: int, harm: Harm, what: str) -> None:
        """A promise was broken."""
        self.harms[harm] = self.harms.get(harm, 0) + 1
        if len(self.broken) < VIOLATIONS_MAX:
            self.broken.append(Broken(at, promise, harm, what))

    @property
    def held(self) -> bool:
        """Whether no promise was broken."""
        return not self.harms


class Judge:
    """Takes entries in the order of time."""

    def __init__(self, truth: Truth) -> None:
        self._at = 0.0
        self._truth = truth
        self._history = History(truth, now=lambda: self._at, live=False)
        self._users: dict[str, str] = {}
        self._connections: dict[str, int] = {}
        self._followed: dict[tuple[str, str], Followed] = {}
        self._reached: dict[tuple[str, str], tuple[int, int]] = {}
        """Incarnation and seq of the last event a client got of a stream, on whatever connection."""
        self._verdict = Verdict()

    def take(self, record: Record) -> None:
        """The next entry."""
        self._at = record.at
        try:
            self._judge(record)
        except Violation as violation:
            self._keep(violation)

    def finish(self) -> Verdict:
        """What it all comes to."""
        for violation in self._history.broken():
            self._keep(violation)
        verdict, history = self._verdict, self._history
        for sent in history.sent.values():
            verdict.commands += 1
            match sent.answers[-1] if sent.answers else None:
                case Accepted():
                    verdict.accepted += 1
                case Refused() if not sent.resent_since_refusal:
                    verdict.refused += 1
                case _:
                    verdict.unknown += 1
                    verdict.took_effect += history.receipt(sent) is not None
        verdict.deliveries, verdict.revocations = history.deliveries, history.revocations
        verdict.snapshots, verdict.replays = history.snapshots, history.replays
        return verdict

    def _keep(self, violation: Violation) -> None:
        self._verdict.add(self._at, violation.promise, violation.harm, str(violation))

    def _judge(self, record: Record) -> None:
        match record:
            case records.Connected(client=client, user=user):
                self._users[client] = user
                self._connections[client] = self._connections.get(client, 0) + 1
                self._verdict.connections += 1
            case records.Closed(client=client):
                self._followed = {key: f for key, f in self._followed.items() if key[0] != client}
            case records.Sent():
                self._sent(record)
            case records.Answered():
                self._answered(self._users[record.client], record)
            case records.GivenUp(client=client, client_id=client_id):
                self._history.given_up(self._users[client], client_id)
            case records.Subscribed():
                self._subscribed(record)
            case records.Unsubscribed(client=client, stream=stream):
                self._followed.pop((client, stream), None)
            case records.Delivered():
                self._delivered(record)
            case records.Complaint(client=client, times=times):
                raise self._history.fail(2, f"the SDK of {client} saw {times} broken promises")
            case records.Settled():
                self._settled()
            case records.Begun() | records.Fault():
                pass

    def _sent(self, record: records.Sent) -> None:
        self._history.sending(
            self._users[record.client],
            record.client_id,
            record.stream,
            f"{record.kind} {record.client_id} of {record.client}",
            again=record.again,
            connection=self._connections[record.client],
        )

    def _answered(self, user: str, record: records.Answered) -> None:
        sent = self._history.sent[user, record.client_id]
        if record.answer == "accepted":
            reply = Accepted(
                client_id=record.client_id, stream=sent.stream, seq=record.seq, events=record.events
            )
            self._history.accepted(user, reply)
        elif record.answer == "refused":
            self._history.refused(
                user,
                Refused(
                    client_id=record.client_id,
                    code=Code(record.code),
                    message=record.message,
                    retry_after_s=record.retry_after_s,
                ),
            )
        else:
            sent.resent_since_refusal = True  # it may have taken effect, whatever was said before

    def _subscribed(self, record: records.Subscribed) -> None:
        key = (record.client, record.stream)
        packed = None if record.snapshot is None else Raw(msgpack.encode(record.snapshot))
        reply = Subscribed(
            stream=record.stream,
            incarnation=record.incarnation,
            seq=record.seq,
            head=record.head,
            snapshot=packed,
        )
        # Kept even if the check fails, so that one fault isn't counted again with each event that follows.
        self._followed[key] = Followed(record.incarnation, record.seq, max(record.head, record.seq))
        user, since = self._users[record.client], record.since
        reached = self._reached.get(key)
        if since is not None and reached is not None and (since.incarnation, since.seq) > reached:
            raise self._history.fail(
                4, f"{record.client} resumes at {since}, having reached {reached}", "lost"
            )
        self._history.subscribed(user, since, reply, record.snapshot)
        self._reached[key] = (record.incarnation, record.seq)

    def _delivered(self, record: records.Delivered) -> None:
        header, user = record.header, self._users[record.client]
        key = (record.client, header.stream)
        followed = self._followed.get(key)
        payload = None if record.payload is None else Raw(msgpack.encode(record.payload))
        try:
            self._history.event(user, followed, Event(header=header, payload=payload), record.payload)
        except Violation:
            if followed is not None:
                followed.seq = header.seq
            raise
        finally:
            if followed is not None:
                self._reached[key] = (followed.incarnation, header.seq)

    def _settled(self) -> None:
        """Whoever listens now has everything."""
        for (client, stream), followed in self._followed.items():
            head = len(self._truth.story.get(stream, ()))
            if followed.open and followed.seq < head:
                what = f"{client} stands at {followed.seq} of {head} in {stream} after everything was healed"
                self._keep(self._history.fail(2, what, "lost"))


def judge(entries: Iterable[Record], truth: Truth) -> Verdict:
    """The verdict on a whole record."""
    court = Judge(truth)
    for record in entries:
        court.take(record)
    return court.finish()
