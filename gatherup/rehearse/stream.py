"""One stream in memory: commands are decided and applied as an actor does it, without waiting for anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from actors.kind import (
    SHARED_FACTS,
    Accept,
    Decision,
    Delete,
    Effect,
    FactKey,
    Instant,
    Kind,
    Row,
    Update,
    tables_of,
)
from protocol.event import Header
from protocol.frames import Command


class Stream:
    """Its state, its rows, and how many events it has. ``known`` tells rows that belong to no stream."""

    def __init__(self, kind: Kind[Any], stream: str, known: Callable[[FactKey], Row | None]) -> None:
        self.state: Any = kind.initial(stream)
        self.rows: Final[dict[FactKey, Row]] = {}
        self.events = 0
        self._kind = kind
        self._stream = stream
        self._known = known
        self._tables = tables_of((kind,))
        self._types = {payload: name for name, payload in kind.wire.events.items()}

    def do(
        self, command: Command, by: str, now: Instant, heard: Callable[[Header, list[Effect]], None]
    ) -> Decision:
        """Decide a command. ``heard`` is told of each event that it causes, with its effects, once all are applied."""
        kind = self._kind
        keys = kind.facts(self.state, command, by=by)
        facts = {key: self._known(key) if key.table in SHARED_FACTS else self.rows.get(key) for key in keys}
        decision = kind.decide(self.state, facts, command, by=by, now=now)
        headers: list[Header] = []
        for emit in decision.events if isinstance(decision, Accept) else ():
            self.events += 1
            header = Header(
                stream=self._stream,
                seq=self.events,
                at=now,
                author=by,
                type=self._types[type(emit.payload)],
                revokes=emit.revokes,
                erases=emit.erases,
                marks=dict(emit.marks),
            )
            self.state = kind.apply(self.state, header, emit.payload if kind.applies_payloads else None)
            for change in kind.project(header, emit.payload):
                self._write(change)
            headers.append(header)
        for header in headers:
            heard(header, [*kind.effects(header)])
        return decision

    def _write(self, change: Any) -> None:
        key, table = FactKey(change.table, change.key), self._tables.get(change.table)
        if isinstance(change, Delete):
            self.rows.pop(key, None)
        elif isinstance(change, Update):
            if key in self.rows:
                self.rows[key] = {**self.rows[key], **change.values}
        else:
            self.rows[key] = change.values if table is None else table.row(change.values)
