"""What else than the exact type is read, and what is said of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct, inspect

import gatherup.app  # noqa: F401 - every type of the facade
from protocol import limits, text
from protocol.codec import FULL, Codec, InvalidFrameError, Subprotocol
from protocol.complaints import OTHER_PATTERN, PATTERNS, complaint
from protocol.decoding import Decoder
from protocol.frames import Hello, Position
from protocol.http.base import RequestBody
from protocol.room.commands import React

ID = "0fc0ffee-0000-4000-8000-000000000001"
ROOM = "room:" + "a" * 32
CODECS = {s: Codec(s, FULL) for s in Subprotocol}
PACKERS = {Subprotocol.JSON: msgspec.json, Subprotocol.MSGPACK: msgspec.msgpack}


@pytest.mark.parametrize("subprotocol", Subprotocol)
def test_whole_floats_and_capital_uuids_are_read_in_every_frame(subprotocol: Subprotocol) -> None:
    codec, encode = CODECS[subprotocol], PACKERS[subprotocol].encode
    hello = {"t": "hello", "token": "t", "positions": [{"stream": ROOM, "incarnation": 1.0, "seq": 4e0}]}
    assert codec.decode(encode(hello)) == Hello(
        token="t", positions=(Position(stream=ROOM, incarnation=1, seq=4),)
    )
    react = {"t": "room.react", "client_id": ID.upper(), "stream": ROOM, "message": 3.0, "reaction": "👍"}
    assert codec.decode(encode(react)) == React(client_id=ID, stream=ROOM, message=3, reaction="👍")
    for message in (3.5, "3", True, 2.0**53, 1e300, float("inf"), None, [3.0]):
        if message == float("inf") and subprotocol is Subprotocol.JSON:
            continue
        with pytest.raises(InvalidFrameError) as caught:
            codec.decode(encode({**react, "message": message}))
        assert caught.value.refused.field == "message"


def test_a_message_that_is_nested_deep_is_refused_as_before() -> None:
    deep = b"[" * 500 + b"1.0" + b"]" * 500
    data = b'{"t": "room.react", "client_id": "%s", "message": %s}' % (ID.encode(), deep)
    with pytest.raises(InvalidFrameError):
        CODECS[Subprotocol.JSON].decode(data)


class Inner(Struct):
    x: int


class Everything(Struct, forbid_unknown_fields=True):
    client_id: str = ""
    name: Annotated[str, Meta(min_length=3, max_length=5, pattern="^[a-z]*$")] = "abc"
    one: Annotated[str, Meta(min_length=1)] = "a"
    whole: Annotated[int, Meta(ge=1, le=5)] = 1
    number: Annotated[float, Meta(gt=1.5)] = 2
    step: Annotated[float, Meta(multiple_of=0.5)] = 1
    several: Annotated[tuple[int, ...], Meta(min_length=1, max_length=2)] = (1,)
    pair: tuple[int, int] = (1, 2)
    choice: Literal["a", "b"] = "a"
    maybe: int | None = None
    either: int | str = 1
    table: Annotated[dict[str, int], Meta(max_length=1)] | None = None
    flag: bool = True
    data: bytes = b""
    inner: Inner | None = None
    host: text.Host = "a"
    body: text.Body = "a"


@pytest.mark.parametrize(
    ("data", "sentence", "field"),
    [
        ({"name": "ab"}, "This must have at least 3 characters.", "name"),
        ({"one": ""}, "This must have at least 1 character.", "one"),
        ({"name": "abcdef"}, "This must have at most 5 characters.", "name"),
        ({"name": "ABC"}, OTHER_PATTERN, "name"),
        ({"name": 1}, "This must be text.", "name"),
        ({"whole": 0}, "This must be at least 1.", "whole"),
        ({"whole": 6.0}, "This must be at most 5.", "whole"),
        ({"whole": 1.5}, "This must be a whole number.", "whole"),
        ({"whole": "1"}, "This must be a whole number.", "whole"),
        ({"number": 1}, "This must be more than 1.5.", "number"),
        ({"step": 0.7}, "This must be a multiple of 0.5.", "step"),
        ({"several": []}, "This must have at least 1 entry.", "several"),
        ({"several": [1, 2, 3]}, "This must have at most 2 entries.", "several"),
        ({"several": ["x"]}, "This must be a whole number.", "several[0]"),
        ({"several": {}}, "This must be a list.", "several"),
        ({"pair": [1]}, "This must have 2 entries.", "pair"),
        ({"choice": "c"}, "This isn't one of the values there are.", "choice"),
        ({"maybe": "x"}, "This must be a whole number.", "maybe"),
        ({"either": []}, "This must be a whole number or text.", "either"),
        ({"table": {"a": 1, "b": 2}}, "This must have at most 1 field.", "table"),
        ({"flag": 1}, "This must be true or false.", "flag"),
        ({"data": "%"}, "This isn't base64.", "data"),
        ({"inner": {}}, "This field is missing.", "inner.x"),
        ({"inner": []}, "This must be an object.", "inner"),
        ({"more": 1}, "There is no such field.", "more"),
        ([], "This must be an object.", None),
        ({"host": "A"}, PATTERNS[text.HOST], "host"),
        ({"body": "a\0"}, PATTERNS[text.NO_NUL], "body"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(data: Any, sentence: str, field: str | None) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        Decoder[Everything](Everything, msgspec.json).decode(msgspec.json.encode(data))
    assert complaint(str(caught.value)) == (sentence, field)


def patterns(kind: inspect.Type, seen: set[type]) -> Iterator[str]:
    """Every pattern of a type and of all that it holds."""
    match kind:
        case inspect.StrType(pattern=str() as pattern):
            yield pattern
        case inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from patterns(field.type, seen)
        case inspect.Metadata():
            yield from patterns(kind.type, seen)
        case inspect.UnionType():
            for one in kind.types:
                yield from patterns(one, seen)
        case inspect.ListType() | inspect.VarTupleType():
            yield from patterns(kind.item_type, seen)
        case inspect.DictType():
            yield from patterns(kind.key_type, seen)
            yield from patterns(kind.value_type, seen)
        case _:
            pass


def test_no_pattern_is_quoted() -> None:
    seen: set[type] = set()
    found = {pattern for frame in FULL for pattern in patterns(inspect.type_info(frame), seen)}
    assert set(PATTERNS) & found
    for pattern in found:
        error = f"Expected `str` matching regex {pattern!r} - at `$.x`"
        sentence, _ = complaint(error)
        assert pattern not in sentence
        assert re.fullmatch(r"[A-Z][^`^\\]*\.", sentence)


def test_numbers_are_exact_to_where_floats_are() -> None:
    assert limits.SEQ_MAX < 2**53


def texts(kind: inspect.Type, at: str, seen: set[type]) -> Iterator[tuple[str, bool]]:
    """Every free text of a type and of all that it holds: where it is, and whether it has a form."""
    match kind:
        case inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from texts(field.type, f"{kind.cls.__name__}.{field.name}", seen)
        case inspect.Metadata():
            formed = text.TEXT in (kind.extra or {})
            yield from ((where, formed or form) for where, form in texts(kind.type, at, seen))
        case inspect.StrType(pattern=text.NO_NUL):
            yield at, False
        case inspect.UnionType():
            for one in kind.types:
                yield from texts(one, at, seen)
        case inspect.ListType() | inspect.VarTupleType():
            yield from texts(kind.item_type, at, seen)
        case _:
            pass


FORMLESS = {
    "SignIn.name": "compared alone",
    "handle": "has rules of its own: actors/text/handles.py",
    "words": "compared without what could hide them",
    **dict.fromkeys(("password", "old", "new"), "hashed, in a form of its own"),
    **dict.fromkeys(("code", "redirect_uri", "external_id"), "other programs' own"),
}
"""Texts that nobody is shown, by their field."""


def test_every_text_that_people_see_has_a_form() -> None:
    seen: set[type] = set()
    asked = [*FULL, *bodies(RequestBody)]
    found = {at for kind in asked for at, formed in texts(inspect.type_info(kind), "", seen) if not formed}
    assert {at if at in FORMLESS else at.partition(".")[2] for at in found} == FORMLESS.keys()


def bodies(kind: type[RequestBody]) -> Iterator[type[RequestBody]]:
    """What requests over HTTP may hold."""
    for one in kind.__subclasses__():
        yield one
        yield from bodies(one)
