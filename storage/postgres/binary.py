"""PostgreSQL's binary format, for parameters that are packed once and sent as they are.

Sources: the *_send and *_recv functions of PostgreSQL's src/backend/utils/adt (array_recv, record_recv).
Values are given as the wire has them: a uuid is 16 bytes, a timestamptz is microseconds since
2000-01-01 UTC (see timestamp_us). A value out of its type's range raises struct.error, a wrong kind of
value struct.error, TypeError or AttributeError: these are errors of the program, not of users.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

POSTGRES_EPOCH_UNIX_US: Final = 946_684_800_000_000
"""2000-01-01T00:00Z, PostgreSQL's zero, in microseconds since 1970-01-01T00:00Z."""

UUID_BYTES: Final = 16

_length: Final = struct.Struct(">i").pack
_array_header: Final = struct.Struct(">5i").pack  # dimensions, has nulls, element type, count, lower bound
_length_and_int8: Final = struct.Struct(">iq").pack
_NULL: Final = _length(-1)

# name: (oid, struct format or None if the width varies, width in bytes)
_TYPES: Final[dict[str, tuple[int, str | None, int]]] = {
    "bool": (16, "?", 1),
    "bytea": (17, None, 0),
    "int8": (20, "q", 8),
    "int2": (21, "h", 2),
    "int4": (23, "i", 4),
    "text": (25, None, 0),
    "timestamptz": (1184, "q", 8),
    "uuid": (2950, "16s", 16),
    "jsonb": (3802, None, 0),
    # Array columns take what the array functions below return.
    "bytea[]": (1001, None, 0),
    "int4[]": (1007, None, 0),
    "text[]": (1009, None, 0),
    "int8[]": (1016, None, 0),
    "uuid[]": (2951, None, 0),
}


def oid_of(type_name: str) -> int:
    """The object id of a built-in type, for example ``int8[]``."""
    return _TYPES[type_name][0]


def timestamp_us(unix_us: int) -> int:
    """A timestamptz from microseconds since 1970."""
    return unix_us - POSTGRES_EPOCH_UNIX_US


def read_int(value: bytes) -> int:
    """An int2, int4 or int8 from a binary result."""
    return int.from_bytes(value, "big", signed=True)


def uuid_array(values: Sequence[bytes]) -> bytes:
    """A uuid[] from 16-byte values. Raises ValueError for another length."""
    body = b"".join([b"\0\0\0\x10" + value for value in values])
    if len(body) != 20 * len(values) or any(len(value) != UUID_BYTES for value in values):
        raise ValueError("a uuid has 16 bytes")
    return _array(oid_of("uuid"), len(values), body)


def int8_array(values: Sequence[int]) -> bytes:
    """An int8[]."""
    return _int_array("int8", "iq", 8, values)


def nullable_int8_array(values: Sequence[int | None]) -> bytes:
    """An int8[] in which some are null."""
    body = b"".join([_NULL if value is None else _length_and_int8(8, value) for value in values])
    return _array(oid_of("int8"), len(values), body, has_nulls=True)


def int4_array(values: Sequence[int]) -> bytes:
    """An int4[]."""
    return _int_array("int4", "ii", 4, values)


def text_array(values: Sequence[str]) -> bytes:
    """A text[]. PostgreSQL refuses U+0000 in it."""
    return _bytes_array("text", [value.encode() for value in values])


def bytea_array(values: Sequence[bytes]) -> bytes:
    """A bytea[]."""
    return _bytes_array("bytea", values)


def composite_array(row_oid: int, rows: Sequence[bytes]) -> bytes:
    """An array of a composite type, from rows packed by a RowEncoder. ``row_oid`` is the row type's."""
    return _array(row_oid, len(rows), b"".join(rows))


def _array(oid: int, count: int, body: bytes, *, has_nulls: bool = False) -> bytes:
    # An empty array has no dimension; PostgreSQL tells '{}' from one dimension of length 0.
    return _array_header(1, has_nulls, oid, count, 1) + body if count else _array_header(0, 0, oid, 0, 0)[:12]


def _int_array(type_name: str, element: str, width: int, values: Sequence[int]) -> bytes:
    count = len(values)
    fields = [width] * (2 * count)
    fields[1::2] = values
    return _array(oid_of(type_name), count, struct.pack(">" + element * count, *fields))


def _bytes_array(type_name: str, values: Sequence[bytes]) -> bytes:
    parts = [part for value in values for part in (_length(len(value)), value)]
    return _array(oid_of(type_name), len(values), b"".join(parts))


class RowEncoder:
    """Packs rows of one composite type as elements for composite_array.

    ``columns`` are the type names of its columns in order, for example ``("int4", "uuid", "bytea")``.
    Any value may be None. jsonb is given as UTF-8 bytes, text as str. Runs of fixed-width columns, with
    the header of the column after them, are packed by one struct each: the cost is per run, not per column.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns: Final = tuple(columns)
        self._uuids: Final = tuple(at for at, column in enumerate(columns) if column == "uuid")
        self._row_header: Final = struct.Struct(">ii").pack
        self._runs: Final = _fixed_runs(self._columns)

    def encode(self, *values: Any) -> bytes:
        """One row. Raises ValueError for a wrong number of values or a uuid that hasn't 16 bytes."""
        if len(values) != len(self._columns):
            raise ValueError(f"{len(values)} values for {len(self._columns)} columns")
        for at in self._uuids:
            # struct would silently pad or cut another length
            if values[at] is not None and len(values[at]) != UUID_BYTES:
                raise ValueError("a uuid has 16 bytes")
        parts = self._pack_columns(values) if None in values else self._pack_runs(values)
        body = b"".join(parts)
        return self._row_header(4 + len(body), len(self._columns)) + body

    def _pack_runs(self, values: tuple[Any, ...]) -> list[bytes]:
        parts: list[bytes] = []
        for pack, template, start, end, to_bytes in self._runs:
            fields = template.copy()
            fields[1 : 2 * (end - start) : 2] = values[start:end]
            if to_bytes is None:
                parts.append(pack(*fields))
            else:
                data = to_bytes(values[end])
                parts.append(pack(*fields, len(data)))
                parts.append(data)
        return parts

    def _pack_columns(self, values: tuple[Any, ...]) -> list[bytes]:
        parts: list[bytes] = []
        for column, value in zip(self._columns, values, strict=True):
            oid, form, _ = _TYPES[column]
            if value is None:
                data, length = b"", _NULL
            else:
                data = struct.pack(">" + form, value) if form else _varying(column)(value)
                length = _length(len(data))
            parts += (_length(oid), length, data)
        return parts


_Run = tuple[Callable[..., bytes], list[Any], int, int, Callable[[Any], bytes] | None]


def _fixed_runs(columns: tuple[str, ...]) -> list[_Run]:
    """Cut the columns after each one of varying width.

    A run is: its struct's pack; the struct's arguments with a hole for each value; the first and the
    end index of its fixed columns; how the varying column at the end index becomes bytes, if it has one.
    """
    runs: list[_Run] = []
    form, template, start = ">", list[Any](), 0
    for at, column in enumerate(columns):
        oid, value_form, width = _TYPES[column]
        if value_form is None:
            # the value's length follows as the last argument
            runs.append(
                (struct.Struct(form + "4si").pack, [*template, _length(oid)], start, at, _varying(column))
            )
            form, template, start = ">", [], at + 1
        else:
            form += "8s" + value_form
            template += [struct.pack(">ii", oid, width), None]
    if template:
        runs.append((struct.Struct(form).pack, template, start, len(columns), None))
    return runs


def _varying(column: str) -> Callable[[Any], bytes]:
    match column:
        case "text":
            return str.encode
        case "jsonb":
            return _jsonb
        case _:
            return bytes


def _jsonb(value: bytes) -> bytes:
    return b"\x01" + value  # the format's version


def with_first_int4(row: bytes, value: int) -> bytes:
    """A packed row with another value in its first column, which must be a non-null int4.

    So a row can be packed before it is known to which element of a batch it will belong.
    """
    return row[:16] + _length(value) + row[20:]
