"""Ids keep their form and their derivation; every code says what it means."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codes import CLOSE_SENTENCES, CODES, CloseCode, Code, may_come_back
from protocol.ids import (
    SYSTEM,
    Author,
    ClientId,
    StreamId,
    UserId,
    client_key,
    derive_client_id,
    derive_stream,
    kind_of,
    stream_key,
)
from tests.unit.protocol.samples import ANN, CLIENT_ID, ROOM


def test_derived_ids_never_change() -> None:
    """They stand in logs and receipts for ever: another value here would make resends take effect twice."""
    assert derive_stream("room", ANN, CLIENT_ID) == "room:9fc1ffe20e2dc9a62ad141ed9b98d63a"
    assert derive_client_id(ROOM, "7", "0") == "5ccff579-e0c3-c36e-e590-069784953563"


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_equal_causes_and_only_they_derive_equal_ids(one: list[str], other: list[str]) -> None:
    assert (derive_client_id(*one) == derive_client_id(*other)) == (one == other)
    msgspec.convert(derive_client_id(*one), ClientId)


def test_a_creating_command_derives_one_stream_per_kind_author_and_client_id() -> None:
    ids = {
        derive_stream(kind, author, client)
        for kind in ("room", "counter")
        for author in (ANN, SYSTEM)
        for client in (CLIENT_ID, derive_client_id("x"))
    }
    assert len(ids) == 8
    for stream in ids:
        msgspec.convert(stream, StreamId)


def test_keys_are_sixteen_bytes() -> None:
    assert stream_key(ROOM).hex() == ROOM[5:]
    assert client_key(CLIENT_ID).hex() == CLIENT_ID.replace("-", "")
    assert kind_of(ROOM) == "room"


@pytest.mark.parametrize("type_", [StreamId, UserId, Author, ClientId])
@pytest.mark.parametrize(
    "wrong", ["", "x", ANN + "\n", ROOM + "\n", CLIENT_ID + "\n", "system\n", "\n" + ANN]
)
def test_a_malformed_id_is_refused(type_: type[str], wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, type_)


@pytest.mark.parametrize(
    ("type_", "right"),
    [(StreamId, ROOM), (UserId, ANN), (Author, SYSTEM), (Author, ROOM), (Author, ANN), (ClientId, CLIENT_ID)],
)
def test_a_well_formed_id_is_taken(type_: type[str], right: str) -> None:
    assert msgspec.convert(right, type_) == right


def test_every_code_is_explained() -> None:
    assert set(CODES) == set(Code), "say in CODES what the code means, and whether one may try again"
    for code, row in CODES.items():
        assert re.fullmatch(r"[a-z][a-z_]+", code)
        assert row.sentence.endswith(".")
        assert 400 <= row.http_status <= 599
    assert {code for code, row in CODES.items() if row.retry} == {
        Code.MUTED,
        Code.SLOW_MODE,
        Code.LOCKED_OUT,
        Code.RATE_LIMITED,
        Code.OVERLOADED,
        Code.UNAVAILABLE,
        Code.UNKNOWN_OUTCOME,
    }


def test_every_close_code_is_explained_and_in_its_range() -> None:
    assert set(CLOSE_SENTENCES) == set(CloseCode), "say in CLOSE_SENTENCES what the close code means"
    for code, sentence in CLOSE_SENTENCES.items():
        assert sentence.endswith(".")
        assert len(sentence.encode()) <= 123, "what a Close frame can carry"
        assert code in range(1000, 1016) or code in range(4000, 4200)
        if code >= 4000:
            assert may_come_back(code) == (code < 4100)


@pytest.mark.parametrize(
    ("code", "back"), [(1001, True), (1006, True), (4099, True), (4100, False), (4199, False), (1002, False)]
)
def test_unknown_close_codes_go_by_their_range(code: int, back: bool) -> None:
    assert may_come_back(code) is back
