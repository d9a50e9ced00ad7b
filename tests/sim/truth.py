"""What was really committed: an observer inside the memory database, from which the checkers judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, msgpack

from actors.kind import LISTENERS, Delete, Kind, Upsert
from actors.ports import Append, LogRow
from protocol.event import Header, decode_header
from protocol.ids import kind_of
from storage.memory.database import MemoryDatabase


class Fact(Struct):
    """One committed event, with the payload it had before any erasure."""

    header: Header
    payload: bytes | None
    state: Struct
    """The kind's state after it."""
    listeners: frozenset[str]
    """Who may listen after it."""
    erased_by: int | None = None


class ObservedDatabase(MemoryDatabase):
    """A MemoryDatabase that keeps, for each stream, the story of what was committed."""

    def __init__(self, kinds: dict[str, Kind[Any]]) -> None:
        super().__init__()
        self._kinds = kinds
        self.story: dict[str, list[Fact]] = {}

    def commit(self, appends: Sequence[Append]) -> None:
        """Commit, then remember."""
        super().commit(appends)
        for append in appends:
            for row in append.events:
                self._remember(append.stream, row)

    def _remember(self, stream: str, row: LogRow) -> None:
        story = self.story.setdefault(stream, [])
        kind = self._kinds[kind_of(stream)]
        header = decode_header(row.header)
        payload: Struct | None = None
        if row.payload is not None:
            payload = msgpack.decode(row.payload, type=kind.events[header.type])
        state = kind.apply(story[-1].state if story else kind.initial(stream), header, payload)
        listeners = set(story[-1].listeners if story else ())
        for change in kind.project(header, payload):
            if isinstance(change, Upsert) and change.table == LISTENERS:
                listeners.add(change.key)
            elif isinstance(change, Delete) and change.table == LISTENERS:
                listeners.discard(change.key)
        story.append(Fact(header, row.payload, state, frozenset(listeners)))
        for seq in header.erases:
            story[seq - 1].erased_by = header.seq

    def view(self, stream: str, seq: int, user: str) -> Any:
        """What a snapshot at this seq must show this user."""
        kind = self._kinds[kind_of(stream)]
        story = self.story.get(stream, [])
        state = story[seq - 1].state if seq else kind.initial(stream)
        return msgpack.decode(msgpack.encode(kind.view(state, user)))
