"""How projected rows go into append_batch and come back as facts, one declaration per table.

The set-based statements that write them stand in migrations (``write_projections``), beside the row types
named here. A table without a declaration is a row of ``projection_row``, so a kind of one's own needs no SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from tests.released.code.actors.kind import SHARED_FACTS, Change, Row, Update, Upsert
from tests.released.code.storage.postgres.binary import RowEncoder, int8_array, text_array
from tests.released.code.storage.tables import TABLES, Table, Type, UnstorableError, checked, seq_of

_COLUMN_TYPES: Final = {
    Type.TEXT: "text",
    Type.INTEGER: "int8",
    Type.BOOLEAN: "bool",
    Type.INTEGERS: "int8[]",
    Type.TEXTS: "text[]",
}
_ARRAYS: Final[dict[Type, Callable[[Any], bytes]]] = {Type.INTEGERS: int8_array, Type.TEXTS: text_array}
_json: Final = msgspec.json.Encoder().encode


class Projection(Struct, frozen=True):
    """One table's row type, and the statement that reads its facts.

    The statement takes stream, kind and keys, and returns the key as text, then the columns in order.
    """

    row_type: str
    encode: Callable[[int, Change], bytes]
    """The row of a change to the call's i-th stream. Raises what a RowEncoder raises, or UnstorableError."""
    facts: str
    keys: Callable[[Sequence[str]], list[Any]]
    """Keys as the statement takes them; one that can't exist is left out."""
    row: Callable[[Sequence[Any]], Row]
    """A row from its columns."""


_FACTS_OF_LISTENER: Final = """
    select l.user_id, l.after from stream s join listener l on l.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and l.user_id = any(%(keys)s::text[])
"""
_FACTS_OF_ROOM: Final = """
    select '', r.name, r.topic, r.access, r.history, r.slow_mode_s, r.creator, r.peer, r.created_at, r.archived_at,
        r.deleted_at
    from stream s join room r on r.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and '' = any(%(keys)s::text[])
"""
_FACTS_OF_MESSAGE: Final = """
    select m.seq::text, m.number, m.author, m.body, m.at, m.edited_at, m.deleted_at, m.edits, m.reply_to, m.thread,
        m.mentions, m.everyone, m.reactions
    from stream s join message m on m.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and m.seq = any(%(keys)s::bigint[])
"""
_FACTS_OF_REACTION: Final = """
    select r.key, r.message, r.author, r.reaction, r.at from stream s join reaction r on r.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and r.key = any(%(keys)s::text[])
"""
_FACTS_OF_REACTION_COUNT: Final = """
    select r.key, r.message, r.reaction, r.count from stream s join reaction_count r on r.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and r.key = any(%(keys)s::text[])
"""
_FACTS_OF_OTHERS: Final = """
    select p.key, p.value from stream s join projection_row p on p.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and p.name = %(table)s and p.key = any(%(keys)s::text[])
"""


def _declared(name: str, row_type: str, facts: str, *, key_type: str | None = "text") -> Projection:
    table = TABLES[name]
    names = tuple(column.name for column in table.columns)
    return Projection(
        row_type=row_type,
        encode=_encoding(table, key_type),
        facts=facts,
        keys=_seqs if table.seq_key else list[str],
        row=lambda values: dict(zip(names, values, strict=True)),
    )


def _encoding(table: Table, key_type: str | None) -> Callable[[int, Change], bytes]:
    columns = tuple(_COLUMN_TYPES[column.type] for column in table.columns)
    names = tuple(column.name for column in table.columns)
    arrays = tuple((at, _ARRAYS[c.type]) for at, c in enumerate(table.columns) if c.type in _ARRAYS)
    known = frozenset(names)
    row = RowEncoder(("int4", "bool", *((key_type,) if key_type else ()), *columns)).encode
    nothing = (None,) * len(names)

    def encode(i: int, change: Change) -> bytes:
        key = (seq_of(change.key) if table.seq_key else change.key,) if key_type else ()
        if not isinstance(change, Upsert):
            return row(i, True, *key, *nothing)
        if not change.values.keys() <= known:
            raise UnstorableError(f"{table.name} has no column {sorted(change.values.keys() - known)}")
        values: list[Any] = list(map(change.values.get, names))
        for at, array in arrays:
            if values[at] is not None:
                values[at] = array(values[at])
        return row(i, False, *key, *values)

    return encode


def _seqs(keys: Sequence[str]) -> list[int]:
    found: list[int] = []
    for key in keys:
        try:
            found.append(seq_of(key))
        except UnstorableError:
            continue  # there can't be such a row
    return found


_other_row: Final = RowEncoder(("int4", "bool", "text", "text", "jsonb")).encode


def _encode_other(i: int, change: Change) -> bytes:
    if change.table in SHARED_FACTS:
        raise UnstorableError(f"{change.table} is no table of a stream")
    if isinstance(change, Upsert):
        return _other_row(i, False, change.table, change.key, _json(change.values))
    return _other_row(i, True, change.table, change.key, None)


_update: Final = RowEncoder(("int4", "text", "text", "jsonb")).encode


def encoded_update(i: int, change: Update) -> bytes:
    """The row of an update to the call's i-th stream. Raises UnstorableError."""
    return _update(i, change.table, change.key, _json(checked(change)))


OTHERS: Final = Projection(
    row_type="projection_write",
    encode=_encode_other,
    facts=_FACTS_OF_OTHERS,
    keys=list[str],
    row=lambda values: cast("Row", values[0]),
)
DECLARED: Final = {
    "listener": _declared("listener", "listener_write", _FACTS_OF_LISTENER),
    "room": _declared("room", "room_write", _FACTS_OF_ROOM, key_type=None),
    "message": _declared("message", "message_write", _FACTS_OF_MESSAGE, key_type="int8"),
    "reaction": _declared("reaction", "reaction_write", _FACTS_OF_REACTION),
    "reaction_count": _declared("reaction_count", "reaction_count_write", _FACTS_OF_REACTION_COUNT),
}


def projection_of(table: str) -> Projection:
    """The declaration of this table, or the common one."""
    return DECLARED.get(table, OTHERS)
