"""What binary.py packs, as the real server reads it back."""

import struct
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import pq

from storage.postgres.driver import binary
from storage.postgres.driver.binary import RowEncoder

pytestmark = pytest.mark.real

COLUMNS = {
    "a": "int4",
    "b": "uuid",
    "c": "int8",
    "d": "text",
    "e": "bytea",
    "f": "timestamptz",
    "g": "jsonb",
    "h": "bool",
    "i": "int2",
    "j": "int8[]",
}
VALUE = {
    "int2": st.integers(-(2**15), 2**15 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "uuid": st.binary(min_size=16, max_size=16),
    "bytea": st.binary(max_size=300),
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100),
    "timestamptz": st.integers(-(10**15), 10**16),
    "jsonb": st.integers(0, 10**9).map(lambda n: b'{"n": %d}' % n),
    "int8[]": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
}


@pytest.fixture(scope="module")
def server(postgres_server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute(
            b"create type binary_row as (%s)" % ", ".join(map(" ".join, COLUMNS.items())).encode()
        )
        yield connection
        connection.execute("drop type binary_row")


def read_back(server: psycopg.Connection, query: str, param: bytes) -> list[tuple[bytes | None, ...]]:
    result = server.pgconn.exec_params(query.encode(), [param], None, [pq.Format.BINARY], pq.Format.BINARY)
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    return [tuple(result.get_value(r, c) for c in range(result.nfields)) for r in range(result.ntuples)]


def oid(server: psycopg.Connection, name: str) -> int:
    row = server.execute("select %s::regtype::oid", (name,)).fetchone()
    assert row
    return row[0]


def test_oids_are_the_servers(server: psycopg.Connection) -> None:
    for name in binary._TYPES:
        assert binary.oid_of(name) == oid(server, name)


@pytest.mark.parametrize(
    ("pack", "element", "values"),
    [
        (binary.uuid_array, "uuid", [bytes(range(16)), b"\xff" * 16]),
        (binary.int8_array, "int8", [0, -1, 2**63 - 1, -(2**63)]),
        (binary.int4_array, "int4", [0, -1, 2**31 - 1, -(2**31)]),
        (binary.text_array, "text", ["", "é", "𝄞", "NULL", '"{},\\']),
        (binary.bytea_array, "bytea", [b"", b"\0", bytes(range(256))]),
    ],
)
def test_arrays(server: psycopg.Connection, pack, element: str, values: list) -> None:
    def wire(value: object) -> bytes:
        match value:
            case int():
                return value.to_bytes(int(element[3:]), "big", signed=True)
            case str():
                return value.encode()
            case _:
                return bytes(value)  # type: ignore[arg-type]

    assert read_back(server, f"select unnest($1::{element}[])", pack(values)) == [(wire(v),) for v in values]
    assert read_back(server, f"select ($1::{element}[] = '{{}}')::text", pack([])) == [(b"true",)]


@given(rows=st.lists(st.tuples(*[st.none() | VALUE[kind] for kind in COLUMNS.values()]), max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows(server: psycopg.Connection, rows: list[tuple]) -> None:
    kinds = list(COLUMNS.values())
    encoder = RowEncoder(kinds)
    packed = [
        encoder.encode(
            *[
                binary.int8_array(v) if k == "int8[]" and v is not None else v
                for k, v in zip(kinds, row, strict=True)
            ]
        )
        for row in rows
    ]
    query = "select a, b, c, d, e, f, g, h, i, j::text from unnest($1::binary_row[])"
    expected = [
        tuple(None if v is None else as_wire(k, v) for k, v in zip(kinds, row, strict=True)) for row in rows
    ]
    assert read_back(server, query, binary.composite_array(oid(server, "binary_row"), packed)) == expected


def as_wire(kind: str, value) -> bytes:
    match kind:
        case "int2" | "int4" | "int8":
            return value.to_bytes(int(kind[3:]), "big", signed=True)
        case "timestamptz":
            return value.to_bytes(8, "big", signed=True)
        case "bool":
            return b"\x01" if value else b"\0"
        case "text":
            return value.encode()
        case "jsonb":
            return b"\x01" + value
        case "int8[]":
            return ("{" + ",".join(map(str, value)) + "}").encode()
        case _:
            return value


def test_timestamps_and_uuids_mean_what_they_should(server: psycopg.Connection) -> None:
    row = RowEncoder(["timestamptz", "uuid"]).encode(binary.timestamp_us(1_000_001), uuid.UUID(int=7).bytes)
    server.execute("create type stamped as (at timestamptz, id uuid)")
    query = "select extract(epoch from at)::text, id::text from unnest($1::stamped[])"
    assert read_back(server, query, binary.composite_array(oid(server, "stamped"), [row])) == [
        (b"1.000001", str(uuid.UUID(int=7)).encode())
    ]
    server.execute("drop type stamped")


def test_a_packed_row_can_be_renumbered(server: psycopg.Connection) -> None:
    encoder = RowEncoder(["int4", "bytea"])
    for nullable in (b"body", None):
        assert binary.with_first_int4(encoder.encode(0, nullable), 77) == encoder.encode(77, nullable)


@pytest.mark.parametrize("value", [b"short", b"x" * 17])
def test_a_uuid_of_another_length_is_an_error(value: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        RowEncoder(["int4", "uuid"]).encode(1, value)
    with pytest.raises(ValueError, match="16 bytes"):
        binary.uuid_array([value])


def test_two_wrong_lengths_do_not_cancel_out() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        binary.uuid_array([b"x" * 15, b"x" * 17])


def test_wrong_values_are_errors() -> None:
    with pytest.raises(struct.error):
        RowEncoder(["int4"]).encode(2**31)
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        RowEncoder(["int4"]).encode(1, 2)
    with pytest.raises(struct.error):
        binary.int8_array([2**63])
