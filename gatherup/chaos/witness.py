"""Judges a record without the log: what clients saw must agree, and hold all that was accepted."""

from __future__ import annotations

from typing import Any, Final

from gatherup.chaos import records
from gatherup.chaos.history import Harm
from gatherup.chaos.judge import VIOLATIONS_MAX, Broken, Verdict
from gatherup.chaos.records import Record

POST: Final = "room.post"


class Witnesses:
    """Takes entries in the order of time. Finds less than ``Judge``: what no client saw it can't miss."""

    def __init__(self) -> None:
        self._verdict = Verdict()
        self._at = 0.0
        self._users: dict[str, str] = {}
        self._sent: dict[tuple[str, str], records.Sent] = {}
        self._answers: dict[tuple[str, str], records.Answered] = {}
        self._reached: dict[tuple[str, str], int] = {}
        """Where each live subscription stands; a stream stands in it while it is subscribed."""
        self._seen: dict[tuple[str, int], records.Delivered] = {}

    def take(self, record: Record) -> None:
        """The next entry."""
        self._at = record.at
        match record:
            case records.Connected(client=client, user=user):
                self._users[client] = user
                self._verdict.connections += 1
            case records.Closed(client=client):
                self._reached = {key: seq for key, seq in self._reached.items() if key[0] != client}
            case records.Sent():
                self._sent[record.client, record.client_id] = record
            case records.Answered():
                self._answers[record.client, record.client_id] = record
            case records.Subscribed():
                self._subscribed(record)
            case records.Unsubscribed(client=client, stream=stream):
                self._reached.pop((client, stream), None)
            case records.Delivered():
                self._delivered(record)
            case records.Settled():
                self._settled()
            case _:
                pass

    def finish(self) -> Verdict:
        """What it all comes to."""
        verdict = self._verdict
        for key, sent in self._sent.items():
            answer = self._answers.get(key)
            verdict.commands += 1
            verdict.accepted += answer is not None and answer.answer == "accepted"
            verdict.refused += answer is not None and answer.answer == "refused"
            verdict.unknown += answer is None or answer.answer == "unknown"
            if sent.kind == POST and answer is not None and answer.answer == "accepted":
                self._accepted(sent, answer)
        self._doubles()
        return verdict

    def _broken(self, promise: int, harm: Harm, what: str) -> None:
        verdict = self._verdict
        verdict.harms[harm] = verdict.harms.get(harm, 0) + 1
        if len(verdict.broken) < VIOLATIONS_MAX:
            verdict.broken.append(Broken(self._at, promise, harm, f"promise {promise}: {what}"))

    def _subscribed(self, record: records.Subscribed) -> None:
        self._reached[record.client, record.stream] = record.seq
        if record.snapshot is not None:
            self._verdict.snapshots += 1
            return
        self._verdict.replays += 1
        if record.since is None or record.since.seq != record.seq:
            self._broken(4, "reordered", f"{record.client} resumed {record.since} and stands at {record.seq}")

    def _delivered(self, record: records.Delivered) -> None:
        header, key = record.header, (record.client, record.header.stream)
        self._verdict.deliveries += 1
        reached = self._reached.get(key)
        where = f"{record.client} gets {header.stream} {header.seq}"
        if reached is None:
            self._broken(6, "revoked", f"{where} without a subscription")
        elif header.seq != reached + 1:
            harm: Harm = "lost" if header.seq > reached else "reordered"
            self._broken(2, harm, f"{where} after {reached}")
        if reached is not None:
            self._reached[key] = header.seq
        first = self._seen.setdefault((header.stream, header.seq), record)
        both = None not in (first.payload, record.payload)  # else it was erased in between
        if first.header != header or (both and first.payload != record.payload):
            self._broken(2, "untrue", f"{where} as something else than {first.client} did")
        if self._users[record.client] in header.revokes:
            self._verdict.revocations += 1
            self._reached.pop(key, None)

    def _settled(self) -> None:
        heads: dict[str, int] = {}
        for stream, seq in self._seen:
            heads[stream] = max(heads.get(stream, 0), seq)
        for (client, stream), seq in self._reached.items():
            if seq < heads.get(stream, 0):
                self._broken(2, "lost", f"{client} stands at {seq} of {heads[stream]} in {stream} at the end")

    def _accepted(self, sent: records.Sent, answer: records.Answered) -> None:
        seen = self._seen.get((sent.stream, answer.seq or 0))
        if seen is None:
            self._broken(1, "lost", f"{sent.client_id} was accepted at {answer.seq}, which nobody saw")
        elif seen.header.author != self._users[sent.client]:
            self._broken(1, "untrue", f"{sent.client_id} was accepted at {answer.seq}, which is another's")

    def _doubles(self) -> None:
        """The bodies of one author are all different in this load."""
        bodies: dict[tuple[str, str, Any], int] = {}
        for (stream, seq), seen in self._seen.items():
            if seen.header.type == "room.posted" and seen.payload is not None:
                key = (stream, seen.header.author, seen.payload["body"])
                if (other := bodies.setdefault(key, seq)) != seq:
                    self._broken(3, "doubled", f"{stream} has one post at {other} and {seq}")
