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
_empty_header: Final = struct.Struct(">3i").pack
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
    return _array_header(1, has_nulls, oid, count, 1) + body if count else _empty_header(0, 0, oid)


def _int_array(type_name: str, element: str, width: int, values: Sequence[int]) -> bytes:
    count = len(values)
    if not count:
        return _array(oid_of(type_name), 0, b"")
    fields = [width] * (2 * count)
    fields[1::2] = values
    return _array(oid_of(type_name), count, struct.pack(">" + element * count, *fields))


def _bytes_array(type_name: str, values: Sequence[bytes]) -> bytes:
    parts = [part for value in values for part in (_length(len(value)), value)]
    return _array(oid_of(type_name), len(values), b"".join(parts))


class RowEncoder:
    """Packs rows of one composite type as elements for composite_array.

    ``columns`` are the type names of its columns in order, for example ``("int4", "uuid", "bytea")``.
    Any value may be None. jsonb is given as UTF-8 bytes, text as str. All that has a fixed width, lengths
    included, is packed by one struct a row and then cut where the values of varying width belong.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns: Final = tuple(columns)
        self._uuids: Final = tuple(at for at, column in enumerate(columns) if column == "uuid")
        self._without_nulls: Final = _Layout(self._columns, (False,) * len(self._columns))
        self._with_nulls: Final[dict[tuple[bool, ...], _Layout]] = {}
        """By which columns are null; made when they first are."""

    def encode(self, *values: Any) -> bytes:
        """One row. Raises ValueError for a wrong number of values or a uuid that hasn't 16 bytes."""
        if len(values) != len(self._columns):
            raise ValueError(f"{len(values)} values for {len(self._columns)} columns")
        for at in self._uuids:
            # struct would silently pad or cut another length
            if values[at] is not None and len(values[at]) != UUID_BYTES:
                raise ValueError("a uuid has 16 bytes")
        if None not in values:
            return self._without_nulls.packed(values)
        nulls = tuple([value is None for value in values])
        layout = self._with_nulls.get(nulls)
        if layout is None:
            layout = self._with_nulls[nulls] = _Layout(self._columns, nulls)
        return layout.packed([value for value in values if value is not None])


class _Layout:
    """How rows with nulls in the same columns are packed."""

    __slots__ = ("_fields", "_pack", "_rest", "_size", "_varying")

    def __init__(self, columns: tuple[str, ...], nulls: tuple[bool, ...]) -> None:
        # Each value is one struct argument (its length is, if its width varies), and so is what stands before it:
        # nulls, its type, its width. The first of these values is the length of the whole row.
        fields: list[Any] = [b"", None]
        form, before = ">0si", _length(len(columns))
        cut = 0
        self._varying: Final[list[tuple[int, slice, Callable[[Any], bytes]]]] = []
        """Of each value of varying width: its place, what of the packed bytes stands before it, its own bytes."""
        for column, null in zip(columns, nulls, strict=True):
            oid, value_form, width = _TYPES[column]
            before += _length(oid)
            if null:
                before += _NULL
                continue
            if value_form is not None:
                before += _length(width)
            form += f"{len(before)}s{value_form or 'i'}"
            fields += (before, None)
            before = b""
            if value_form is None:
                end = struct.calcsize(form)
                self._varying.append((len(fields) // 2 - 1, slice(cut, end), _varying(column)))
                cut = end
        packer = struct.Struct(f"{form}{len(before)}s")
        self._pack: Final = packer.pack
        self._fields: Final = [*fields, before]
        self._rest: Final = slice(cut, None)
        self._size: Final = packer.size - 4  # a row's length doesn't count itself

    def packed(self, present: Sequence[Any]) -> bytes:
        """A row from its values that aren't null."""
        values: list[Any] = [self._size, *present]
        varying = [(part, to_bytes(values[at]), at) for at, part, to_bytes in self._varying]
        for _, data, at in varying:
            values[at] = len(data)
            values[0] += len(data)
        fields = self._fields.copy()
        fields[1::2] = values
        fixed = self._pack(*fields)
        parts: list[bytes] = []
        for part, data, _ in varying:
            parts += (fixed[part], data)
        parts.append(fixed[self._rest])
        return b"".join(parts)


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
