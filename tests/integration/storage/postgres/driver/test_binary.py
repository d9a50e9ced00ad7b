"""What binary.py packs, as the real server reads it back."""

import struct
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import pq

from storage.postgres.driver import binary
from storage.postgres.driver.binary import ArrayOf

pytestmark = pytest.mark.real

ARRAYS: dict[str, tuple[ArrayOf, st.SearchStrategy[object]]] = {
    "int4": (binary.int4_array, st.integers(-(2**31), 2**31 - 1)),
    "int8": (binary.int8_array, st.integers(-(2**63), 2**63 - 1)),
    "bool": (binary.bool_array, st.booleans()),
    "uuid": (binary.uuid_array, st.binary(min_size=16, max_size=16)),
    "bytea": (binary.bytea_array, st.binary(max_size=300)),
    "text": (
        binary.text_array,
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100),
    ),
    "jsonb": (binary.jsonb_array, st.integers(0, 10**9).map(lambda n: b'{"n": %d}' % n)),
}


@pytest.fixture(scope="module")
def server(postgres_server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        yield connection


def read_back(server: psycopg.Connection, query: str, param: bytes) -> list[tuple[bytes | None, ...]]:
    result = server.pgconn.exec_params(query.encode(), [param], None, [pq.Format.BINARY], pq.Format.BINARY)
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    return [tuple(result.get_value(r, c) for c in range(result.nfields)) for r in range(result.ntuples)]


def oid(server: psycopg.Connection, name: str) -> int:
    row = server.execute("select %s::regtype::oid", (name,)).fetchone()
    assert row
    return row[0]


def test_oids_are_the_servers(server: psycopg.Connection) -> None:
    for name in binary.OIDS:
        assert binary.OIDS[name] == oid(server, name)


@pytest.mark.parametrize("element", ARRAYS)
def test_arrays(server: psycopg.Connection, element: str) -> None:
    pack, values = ARRAYS[element]

    @given(column=st.lists(st.none() | values, max_size=5) | st.lists(values, max_size=5))
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.nested_given])
    def comes_back(column: list[object]) -> None:
        expected = [(None if value is None else as_wire(element, value),) for value in column]
        assert read_back(server, f"select unnest($1::{element}[])", pack(column)) == expected

    comes_back()
    assert read_back(server, f"select ($1::{element}[] = '{{}}')::text", pack([])) == [(b"true",)]


def as_wire(element: str, value: object) -> bytes:
    match value:
        case bool():
            return b"\x01" if value else b"\0"
        case int():
            return value.to_bytes(int(element[3:]), "big", signed=True)
        case str():
            return value.encode()
        case _:
            return (b"\x01" if element == "jsonb" else b"") + bytes(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [b"short", b"x" * 17])
def test_a_uuid_of_another_length_is_an_error(value: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        binary.uuid_array([value])


def test_two_wrong_lengths_do_not_cancel_out() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        binary.uuid_array([b"x" * 15, b"x" * 17])


@pytest.mark.parametrize("other", [[], [None]])
def test_wrong_values_are_errors(other: list[None]) -> None:
    for array, value in ((binary.int4_array, 2**31), (binary.int8_array, 2**63), (binary.int8_array, "1")):
        with pytest.raises(struct.error):
            array([value, *other])
    with pytest.raises((TypeError, AttributeError)):
        binary.text_array([1, *other])
