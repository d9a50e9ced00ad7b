"""What was really committed, as the checkers ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from msgspec import Struct, msgpack
from typing_extensions import override

from actors.kind import LISTENERS, LISTENS_AFTER, NOBODY, Delete, Kind, Upsert
from actors.ports.log import LogRow, Receipt
from protocol.event import Header, decode_header
from protocol.ids import kind_of


class Fact(Struct):
    """One committed event, with the payload it had when it was remembered."""

    header: Header
    payload: bytes | None
    state: Struct
    """The kind's state after it."""
    listeners: frozenset[str]
    """Who may listen after it."""
    readable_after: Mapping[str, int]
    """Of those who may not read everything: after which seq they may."""
    erased_by: int | None = None
    """The seq of the event that emptied it, if one did."""


class Truth(Protocol):
    """The log and the receipts, from wherever they are read: inside a memory database, or from PostgreSQL."""

    @property
    def story(self) -> Mapping[str, Sequence[Fact]]:
        """The committed events of each stream, in the order of the log."""
        ...

    def seqs(self, stream: str) -> Sequence[int]:
        """The seqs of the log's rows, in order."""
        ...

    def receipts(self, stream: str) -> Mapping[tuple[str, str], Receipt]:
        """The receipts of a stream by (author, client_id)."""
        ...

    def view(self, stream: str, seq: int, user: str) -> Any:
        """What a snapshot at this seq must show this user, as plain values."""
        ...


class Stories:
    """Folds log rows into the story of each stream. The rows of one stream come in order."""

    def __init__(self, kinds: Mapping[str, Kind[Any]]) -> None:
        self._kinds = kinds
        self.story: dict[str, list[Fact]] = {}
        self._rights: dict[str, dict[str, int]] = {}
        """By stream and listener: after which seq they may read."""

    def remember(self, stream: str, row: LogRow) -> None:
        """The next row of a stream."""
        story = self.story.setdefault(stream, [])
        kind = self._kinds[kind_of(stream)]
        header = decode_header(row.header)
        payload: Struct | None = None
        if row.payload is not None:
            payload = msgpack.decode(row.payload, type=kind.wire.events[header.type])
        state = kind.apply(story[-1].state if story else kind.initial(stream), header, payload)
        rights = dict(self._rights.get(stream, {})) if story else {}
        for change in kind.project(header, payload):
            if isinstance(change, Upsert) and change.table == LISTENERS:
                rights[change.key] = cast("int | None", change.values.get(LISTENS_AFTER)) or 0
            elif isinstance(change, Delete) and change.table == LISTENERS:
                rights.pop(change.key, None)
        self._rights[stream] = rights
        listeners = frozenset[str]() if NOBODY in rights else frozenset(rights)
        story.append(
            Fact(header, row.payload, state, listeners, {u: seq for u, seq in rights.items() if seq})
        )
        for seq in header.erases:
            story[seq - 1].erased_by = header.seq

    def view(self, stream: str, seq: int, user: str) -> Any:
        """What a snapshot at this seq must show this user."""
        kind = self._kinds[kind_of(stream)]
        story = self.story.get(stream, [])
        state = story[seq - 1].state if seq else kind.initial(stream)
        return msgpack.decode(msgpack.encode(kind.view(state, user)))


class StoredTruth(Truth):
    """A ``Truth`` made of rows that were read."""

    def __init__(self, kinds: Mapping[str, Kind[Any]]) -> None:
        self._stories = Stories(kinds)
        self._seqs: dict[str, list[int]] = {}
        self._receipts: dict[str, dict[tuple[str, str], Receipt]] = {}

    def add(self, stream: str, rows: Sequence[LogRow], receipts: Sequence[Receipt]) -> None:
        """Add one whole stream."""
        self._seqs[stream] = [row.seq for row in rows]
        self._receipts[stream] = {(receipt.author, receipt.client_id): receipt for receipt in receipts}
        self._stories.story[stream] = []
        for row in rows:
            self._stories.remember(stream, row)

    @property
    @override
    def story(self) -> Mapping[str, Sequence[Fact]]:
        return self._stories.story

    @override
    def seqs(self, stream: str) -> Sequence[int]:
        return self._seqs.get(stream, [])

    @override
    def receipts(self, stream: str) -> Mapping[tuple[str, str], Receipt]:
        return self._receipts.get(stream, {})

    @override
    def view(self, stream: str, seq: int, user: str) -> Any:
        return self._stories.view(stream, seq, user)
