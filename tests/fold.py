"""One stream's events in memory, for tests of a kind's pure functions: no runtime, no storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from actors.kind import SHARED_FACTS, Accept, Change, Decision, FactKey, Kind, Row, Update, tables_of
from actors.runtime.draft import Draft
from protocol.event import Header, decode_header, encode_header, encode_payload
from protocol.frames import Command
from storage.memory.people import MemoryPeople
from storage.tables import checked


class Folded:
    """A stream that decides, logs and projects like an actor, every event through its encoded bytes."""

    def __init__(self, kind: Kind[Any], stream: str) -> None:
        self.kind = kind
        self.stream = stream
        self.state: Any = kind.initial(stream)
        self.log: list[tuple[bytes, bytes | None]] = []
        self.rows: dict[FactKey, Row] = {}
        self.people = MemoryPeople()
        self.now = 1_000

    def do(self, command: Command, by: str) -> Decision:
        """Decide one command and adopt what it causes."""
        return self.do_at(command, by, now=self.now + 1)

    def fact(self, key: FactKey) -> Row | None:
        """A row of the stream, or a shared one."""
        return (self.people if key.table in SHARED_FACTS else self.rows).get(key)

    def do_at(self, command: Command, by: str, *, now: int) -> Decision:
        """The same, at this time."""
        self.now = now
        facts = {key: self.fact(key) for key in self.kind.facts(self.state, command, by=by)}
        decision = self.kind.decide(self.state, facts, command, by=by, now=self.now)
        if isinstance(decision, Accept):
            for emit in decision.events:
                header = Header(
                    stream=self.stream,
                    seq=len(self.log) + 1,
                    at=self.now,
                    author=by,
                    type=next(t for t, p in self.kind.wire.events.items() if p is type(emit.payload)),
                    revokes=emit.revokes,
                    erases=emit.erases,
                    marks=dict(emit.marks),
                )
                self._log(header, emit.payload)
        return decision

    def _log(self, header: Header, payload: Struct) -> None:
        self.log.append((encode_header(header), encode_payload(payload)))
        for seq in header.erases:
            self.log[seq - 1] = (self.log[seq - 1][0], None)
        self.state = self.kind.apply(self.state, header, payload if self.kind.applies_payloads else None)
        self._write(self.rows, header, payload)

    def _write(self, rows: dict[FactKey, Row], header: Header, payload: Struct | None) -> None:
        for change in self.kind.project(header, payload):
            self._change(rows, change)

    def adopt(self, draft: Draft) -> None:
        """Take what a batch came to."""
        for seq in draft.erases:
            self.log[seq - 1] = (self.log[seq - 1][0], None)
        self.log += [(row.header, row.payload) for row in draft.rows.values()]
        self.state, self.now = draft.state, draft.last_at
        for change in draft.append(1, pending=None, retry_at=None).changes:
            self._change(self.rows, change)

    def _change(self, rows: dict[FactKey, Row], change: Change) -> None:
        """Keep it as every storage does. Raises UnstorableError for what none can keep."""
        key, values = FactKey(change.table, change.key), checked(tables_of((self.kind,)), change)
        if values is None:
            rows.pop(key, None)
        elif not isinstance(change, Update):
            rows[key] = values
        elif key in rows:
            rows[key] = {**rows[key], **values}

    def headers(self) -> list[Header]:
        """All headers, from their bytes."""
        return [decode_header(header) for header, _ in self.log]

    def refolded(
        self, *, erased: Callable[[Header], bool] = lambda _: False
    ) -> tuple[Any, dict[FactKey, Row]]:
        """State and rows made again from the log, with the payloads of these events gone too."""
        state, rows = self.kind.initial(self.stream), dict[FactKey, Row]()
        for header_bytes, packed in self.log:
            header = decode_header(header_bytes)
            payload = None
            if packed is not None and not erased(header):
                payload = msgspec.msgpack.decode(packed, type=self.kind.wire.events[header.type])
            state = self.kind.apply(state, header, payload if self.kind.applies_payloads else None)
            self._write(rows, header, payload)
        return state, rows
