"""What every endpoint's description relies on, and a new endpoint, field or refusal must be added to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from gatherup.http.examples import LEFT_OUT, TOKEN, WORDS, example_of
from gatherup.http.openapi import PARTS
from gatherup.http.refusals import ANY, OF_STREAMS, STORING
from protocol.codes import Code
from tests.declared import endpoints, told_types
from tests.markdown import ROOT

TOKENS = {
    "access_token",
    "begun",
    "codes",
    "device_secret",
    "kid",
    "known_device",
    "message",
    "next",
    "previous",
    "refresh_token",
    "retry_key",
    "text",
    "ticket",
}
"""Fields whose example is right to look like a token."""


def test_every_part_of_a_path_is_explained() -> None:
    parts = {part for _, one in endpoints().values() for part in re.findall(r"<(\w+)>", one.path)}
    assert parts - PARTS.keys() == set(), (
        "say what this part of a path is: in PARTS of gatherup/http/openapi.py"
    )
    assert PARTS.keys() - parts == set(), "no path has this part: take it out of PARTS"


def test_every_text_has_an_example_that_says_something() -> None:
    bare = {name for kind in told_types() for name, value in texts(example_of(kind)) if value == TOKEN}
    assert bare - TOKENS == set(), (
        "give this field an example: in WORDS of gatherup/http/examples.py, or in its type; "
        "if it holds a token, name it in TOKENS here"
    )
    assert TOKENS - bare == set(), "no field of this name is left: take it out of TOKENS"


def test_no_example_is_left_over() -> None:
    names = {name for kind in told_types() for name in fields(msgspec.inspect.type_info(kind))}
    assert WORDS.keys() - names == set(), "no field has this name: take it out of WORDS"
    assert LEFT_OUT - names == set(), "no field has this name: take it out of LEFT_OUT"


def test_whatever_a_stream_refuses_is_in_the_description() -> None:
    """The codes that the sources of rooms, inboxes and hooks name, against the list that OpenAPI is made of."""
    sources = [*(ROOT / "actors" / "room").glob("*.py"), *(ROOT / "actors" / "inbox").glob("*.py")]
    sources += [ROOT / "gatherup" / "hooks.py"]
    named = {
        Code[word] for path in sources for word in re.findall(r"\bCode\.([A-Z_]+)", path.read_text("utf-8"))
    }
    assert named - {*OF_STREAMS, *ANY, *STORING} == set(), "add it to OF_STREAMS of gatherup/http/refusals.py"


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from texts(inner, key)
        case list():
            for inner in value:
                yield from texts(inner, name)
        case str():
            yield name, value
        case _:
            return


def fields(kind: msgspec.inspect.Type) -> Iterator[str]:
    match kind:
        case msgspec.inspect.StructType():
            for field in kind.fields:
                yield field.name
                yield from fields(field.type)
        case msgspec.inspect.UnionType():
            for part in kind.types:
                yield from fields(part)
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType():
            yield from fields(kind.item_type)
        case msgspec.inspect.Metadata():
            yield from fields(kind.type)
        case _:
            return
