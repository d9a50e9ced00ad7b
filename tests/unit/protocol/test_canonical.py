# ruff: noqa: RUF001 - texts of many scripts
"""In which form texts are taken, and which aren't."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.canonical import canonical
from protocol.codec import FULL, Codec, InvalidFrameError, Subprotocol
from protocol.http.rooms.rooms import NewRoom
from protocol.room.commands import ChangeRoom, CreateRoom, PostMessage, React
from protocol.tournament.commands import AddEntrants, NewEntrant

ID = "0fc0ffee-0000-4000-8000-000000000001"
ROOM = "room:" + "0" * 32
CODECS = [Codec(subprotocol, FULL) for subprotocol in Subprotocol]


def named(name: str) -> str | None:
    return canonical(CreateRoom(client_id=ID, name=name)).name


def posted(body: str) -> str:
    return canonical(PostMessage(client_id=ID, stream=ROOM, body=body)).body


def why(made: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        canonical(made)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "Lobby",
        "Ann's room",
        "Zoë",
        "다리",
        "傻瓜俱乐部",
        "ห้องแชท",
        "می\u200cخواهم",  # Persian joins no letters here
        "क्\u200dष",
        "👨\u200d👩\u200d👧 home",
        "❤\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "שלום",
        "مرحبا \u0600",
        "  a  ",
    ],
)
def test_names_that_people_have(name: str) -> None:
    assert named(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        " ",
        "\t",
        "\u3000\u00a0",
        "\u2800\u2800",
        "\u3164",
        "\u200b",
        "a\u200bb",
        "\ufeffa",
        "a\u2060b",
        "so\u00adft",
        "\u200da",
        "a\u200d",
        "a\u200c\u200cb",
        "a\nb",
        "a\rb",
        "a\x1bb",
        "a\x7fb",
        "é\x85",
        "é\u2028",
        "\u202egpj.exe",
        "a\u2066b\u2069",
        "\u200ea",
        "a\U000e0061",
        "e" + "\u0316" * 31,
        "\u0301",
        "a\u034f",
    ],
)
def test_names_that_nobody_could_read(name: str) -> None:
    assert " - at `$.name`" in why(CreateRoom(client_id=ID, name=name))


def test_a_name_is_composed_and_is_as_long_as_it_may_be_after_that() -> None:
    assert named("Zoe\u0308") == "Zoë"
    longest = "\u0958" * limits.ROOM_NAME_CHARS_MAX  # which NFC takes apart
    assert str(limits.ROOM_NAME_CHARS_MAX) in why(CreateRoom(client_id=ID, name=longest))


@pytest.mark.parametrize(
    "body",
    [
        "one\ntwo\r\n\tthree",
        "👨\u200d👩\u200d👧",
        "Zoe\u0308",
        " ",
        "\u2067שלום\u2069!\n\u202bx\u202c",
        "\u2068a \u2067b\u2069\u2069",
        "\u200fא",
        "e" + "\u0316" * 30,
        "ก็" * 50,
    ],
)
def test_bodies_stay_as_they_were_written(body: str) -> None:
    assert posted(body) == body


@pytest.mark.parametrize(
    "body",
    [
        "\x1b[2J",
        "é\x1b",
        "a\x08",
        "é\x9b31m",
        "\u202eabc",
        "\u2067abc\n\u2069",
        "abc\u202c",
        "\u2067a\u202bb\u2069\u202c",
        "e" + "\u0316" * 31,
    ],
)
def test_bodies_that_would_reach_beyond_their_end(body: str) -> None:
    assert " - at `$.body`" in why(PostMessage(client_id=ID, stream=ROOM, body=body))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("❤", "❤\ufe0f"),
        ("👍\ufe0f", "👍"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("🏳\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("👁\u200d🗨", "👁\ufe0f\u200d🗨\ufe0f"),
        ("☝🏽", "☝🏽"),
        ("⛹🏻\u200d♂", "⛹🏻\u200d♂\ufe0f"),
        ("🇩🇪", "🇩🇪"),
        ("㊙", "㊙\ufe0f"),
        ("⭐\ufe0f", "⭐"),
    ],
)
def test_a_reaction_is_one_whatever_its_selector(one: str, other: str) -> None:
    for emoji in (one, other):
        react = React(client_id=ID, stream=ROOM, message=1, reaction=emoji)
        assert canonical(react).reaction == other


def test_texts_within_lists_are_taken_in_the_same_form() -> None:
    entrants = (NewEntrant(name="Ann"), NewEntrant(name="Zoe\u0308"))
    added = AddEntrants(client_id=ID, stream="tournament:" + "0" * 32, entrants=entrants)
    assert [entrant.name for entrant in canonical(added).entrants] == ["Ann", "Zoë"]
    bad = msgspec.structs.replace(added, entrants=(NewEntrant(name="\u200b"),))
    assert why(bad).endswith("at `$.entrants[...].name`")


def test_what_needs_no_change_is_not_copied() -> None:
    for made in (
        CreateRoom(client_id=ID, name="Lobby"),
        ChangeRoom(client_id=ID, stream=ROOM, topic="of the day"),
        NewRoom(name="Lobby"),
    ):
        assert canonical(made) is made


@given(st.text(min_size=1, max_size=limits.ROOM_NAME_CHARS_MAX))
def test_a_name_that_is_taken_is_taken_again_the_same(name: str) -> None:
    made = CreateRoom(client_id=ID, name=name)
    try:
        taken = canonical(made)
    except msgspec.ValidationError:
        return
    assert canonical(taken) is taken
    assert taken.name == unicodedata.normalize("NFC", name)


# --- at the door -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.subprotocol.value)
def test_a_frame_is_read_in_that_form(codec: Codec) -> None:
    made = codec.decode(codec.encode(CreateRoom(client_id=ID, name="Zoe\u0308")))
    assert made == CreateRoom(client_id=ID, name="Zoë")
    with pytest.raises(InvalidFrameError) as caught:
        codec.decode(codec.encode(CreateRoom(client_id=ID, name="\u202ex")))
    refused = caught.value.refused
    assert (refused.client_id, refused.field) == (ID, "name")
    assert refused.message == "A name can't hold characters that show nothing."
