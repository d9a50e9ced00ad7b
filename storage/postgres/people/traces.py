"""Where streams hold something of a person: found by the rows that every kind's events project.

The SQL is made from what kinds declare (``Kind.texts``, ``Kind.people``), so it covers a community's own. Every method
may raise PostgresError; users are ``user:32hex``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from actors.kind import AUTHORED, Kind, Texts
from actors.tables import Table
from protocol.ids import kind_of
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import uuid_of

_START: Final = UUID(int=0)
_LISTENED: Final = "select stream_id, null as kind from listener where user_id = %(user)s"
_NAMED: Final = "select stream_id, {kind} from {source} where {named}"
_OTHERS: Final = "(select stream_id, key, value from projection_row where name = {name}) rows"
_STREAMS: Final = """
select distinct s.id, s.kind || ':' || replace(s.id::text, '-', '')
from ({found}) found join stream s on s.id = found.stream_id and (found.kind is null or found.kind = s.kind)
where s.kind = any(%(kinds)s) and s.id > %(after)s
order by s.id limit %(limit)s
"""
_WRITTEN: Final = "select seq from ({found}) found limit %(limit)s"
_SEQS: Final = """
(
    select {seq} as seq from {source}
    where {written} and stream_id = %(stream)s order by 1 limit %(limit)s
)
"""
_AUTHORED: Final = Texts(AUTHORED, author="author")


class Traces:
    """The repository."""

    def __init__(self, pool: Pool, kinds: Iterable[Kind[Any]]) -> None:
        self._pool = pool
        self._kinds = {kind.wire.name: kind for kind in kinds}
        self._streams = streams_query(self._kinds.values())
        self._written = {name: written_query(kind) for name, kind in self._kinds.items()}

    async def streams(self, user: str, *, after: str | None, limit: int) -> list[str]:
        """Streams in which there is something of this user, in order of their ids, those after this one."""
        last = _START if after is None else uuid_of(after)
        parameters = {"user": user, "after": last, "limit": limit, "kinds": list(self._kinds)}
        return [stream for _, stream in await rows(self._pool, self._streams, parameters)]

    async def written(self, user: str, stream: str, *, limit: int) -> list[int]:
        """Seqs of events of a stream that hold a text of this user: some of them."""
        parameters = {"user": user, "stream": uuid_of(stream), "limit": limit}
        return [seq for (seq,) in await rows(self._pool, self._written[kind_of(stream)], parameters)]


def streams_query(kinds: Iterable[Kind[Any]]) -> str:
    """Finds streams by what all kinds have in common, and by what each declares for its own."""
    authored = Rows(AUTHORED, None)
    found = [_LISTENED, _NAMED.format(kind="null", source=authored.source, named=authored.by(_AUTHORED))]
    found += [
        _NAMED.format(kind=_literal(kind.wire.name), source=source, named=named)
        for kind in kinds
        for source, named in _own_rows(kind)
    ]
    return _STREAMS.format(found=" union ".join(found))


def written_query(kind: Kind[Any]) -> str:
    """Finds the texts of a user in a stream of this kind."""
    parts: list[str] = []
    for texts in (_AUTHORED, *kind.texts):
        rows_ = _rows_of(kind, texts.table)
        parts.append(_SEQS.format(seq=rows_.seq, source=rows_.source, written=rows_.by(texts)))
    return _WRITTEN.format(found=" union all ".join(parts))


def _own_rows(kind: Kind[Any]) -> Iterator[tuple[str, str]]:
    """The tables that a kind declares, each with the condition that its rows name the user."""
    for texts in kind.texts:
        rows_ = _rows_of(kind, texts.table)
        yield rows_.source, rows_.by(texts)
    for table in kind.people:
        rows_ = _rows_of(kind, table)
        yield rows_.source, f"{rows_.key} = %(user)s"


def _rows_of(kind: Kind[Any], name: str) -> Rows:
    return Rows(name, next((table for table in kind.tables if table.name == name), None))


class Rows(Struct, frozen=True):
    """What a table of projected rows is in SQL: itself where it is declared, else its part of ``projection_row``."""

    name: str
    table: Table | None

    @property
    def source(self) -> str:
        """What to select from."""
        # The name stands in the statement, not in a parameter: partial indexes are found by it.
        return _OTHERS.format(name=_literal(self.name)) if self.table is None else _name(self.name)

    @property
    def key(self) -> str:
        """The column of the key."""
        return "key" if self.table is None or self.table.key is None else _name(self.table.key.name)

    @property
    def seq(self) -> str:
        """The key as the seq of an event."""
        return self.key if self.table is not None and self.table.by_seq else f"{self.key}::bigint"

    def by(self, texts: Texts) -> str:
        """The condition that a row names the user as the author of a text that is still there."""
        by = f"{self._column(texts.author)} = %(user)s"
        return f"{by} and {self._column(texts.text)} is not null" if texts.text else by

    def _column(self, name: str) -> str:
        return f"value ->> {_literal(name)}" if self.table is None else _name(name)


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _literal(word: str) -> str:
    return "'" + word.replace("'", "''").replace("%", "%%") + "'"
