"""PostgreSQL's binary format, for parameters that are packed once and sent as they are: arrays, one a column.

Source: array_recv and the *_recv functions of PostgreSQL's src/backend/utils/adt. Any element may be None. A uuid is
given as its 16 bytes, jsonb as UTF-8. A value out of its type's range raises struct.error, a wrong kind of value
struct.error, TypeError or AttributeError, a uuid of another length ValueError: these are errors of the program, not of
users.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

UUID_BYTES: Final = 16

_length: Final = struct.Struct(">i").pack
_array_header: Final = struct.Struct(">5i").pack  # dimensions, has nulls, element type, count, lower bound
_empty_header: Final = struct.Struct(">3i").pack
_NULL: Final = _length(-1)

OIDS: Final = {
    "bool": 16,
    "bytea": 17,
    "int8": 20,
    "int4": 23,
    "text": 25,
    "uuid": 2950,
    "jsonb": 3802,
}
"""The object ids of the element types, which are the same on every server."""

ArrayOf = Callable[[Sequence[Any]], bytes]
"""Packs the values of one column."""


def read_int(value: bytes) -> int:
    """An int2, int4 or int8 from a binary result."""
    return int.from_bytes(value, "big", signed=True)


def _array(type_name: str, values: Sequence[Any], body: bytes, *, has_nulls: bool) -> bytes:
    # An empty array has no dimension; PostgreSQL tells '{}' from one dimension of length 0.
    oid = OIDS[type_name]
    return _array_header(1, has_nulls, oid, len(values), 1) + body if values else _empty_header(0, 0, oid)


def _fixed(type_name: str, form: str, width: int) -> ArrayOf:
    """Values of one width, packed by one struct unless some are None."""
    one = struct.Struct(">i" + form).pack

    def packed(values: Sequence[Any]) -> bytes:
        if None in values:
            body = b"".join([_NULL if value is None else one(width, value) for value in values])
            return _array(type_name, values, body, has_nulls=True)
        fields = [width] * (2 * len(values))
        fields[1::2] = values
        body = struct.pack(">" + ("i" + form) * len(values), *fields)
        return _array(type_name, values, body, has_nulls=False)

    return packed


def _varying(type_name: str, to_bytes: Callable[[Any], bytes]) -> ArrayOf:
    """Values that each stand after their length."""

    def packed(values: Sequence[Any]) -> bytes:
        parts: list[bytes] = []
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                data = to_bytes(value)
                parts += (_length(len(data)), data)
        return _array(type_name, values, b"".join(parts), has_nulls=None in values)

    return packed


class Columns:
    """Rows as one array a column."""

    def __init__(self, *types: ArrayOf) -> None:
        self._types: Final = types
        self._empty: Final = [array(()) for array in types]

    def packed(self, rows: Sequence[tuple[object, ...]]) -> list[bytes]:
        """The columns of these rows. Raises ValueError if one has another number of values."""
        if not rows:
            return self._empty
        return [array(values) for array, values in zip(self._types, zip(*rows, strict=True), strict=True)]


def _uuid(value: bytes) -> bytes:
    if len(value) != UUID_BYTES:
        raise ValueError("a uuid has 16 bytes")
    return value


def _jsonb(value: bytes) -> bytes:
    return b"\x01" + value  # the format's version


bool_array: Final = _fixed("bool", "?", 1)
int4_array: Final = _fixed("int4", "i", 4)
int8_array: Final = _fixed("int8", "q", 8)
bytea_array: Final = _varying("bytea", bytes)
text_array: Final = _varying("text", str.encode)
uuid_array: Final = _varying("uuid", _uuid)
jsonb_array: Final = _varying("jsonb", _jsonb)
