"""What every endpoint's description relies on, and a new endpoint, field or refusal must be added to."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from actors.kind import Kind
from gatherup.feature import combined
from gatherup.http.examples import LEFT_OUT, TOKEN, WORDS, example_of
from gatherup.http.refusals import ANY, COMMAND, STORING
from gatherup.kinds import kinds_of
from protocol.codes import Code
from tests.declared import endpoints, features, told_types
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
    used = {part for _, one in endpoints().values() for part in re.findall(r"<(\w+)>", one.path)}
    said = Counter(part.name for part in combined(features()).path_parts)
    assert used - said.keys() == set(), (
        "say what this part of a path is: in Feature.path_parts of its feature"
    )
    assert said.keys() - used == set(), "no path has this part: take it out of Feature.path_parts"
    assert [name for name, times in said.items() if times > 1] == [], (
        "two features say what this part of a path is: give it another name in one of them"
    )


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


EVERY_STREAM = {*COMMAND, *ANY, *STORING}


def codes(sources: Iterable[Path]) -> set[Code]:
    """Those that these name."""
    return {
        Code[word] for path in sources for word in re.findall(r"\bCode\.([A-Z_]+)", path.read_text("utf-8"))
    }


def shared(sources: Iterable[Path]) -> set[Path]:
    """The modules of what several kinds have in common, as far as these use them."""
    used = {
        name for path in sources for name in re.findall(r"from actors\.(\w+) import", path.read_text("utf-8"))
    }
    return {path for name in used if (path := ROOT / "actors" / f"{name}.py").exists()}


@pytest.mark.parametrize("kind", [kind for kind in kinds_of(b"k" * 32) if kind.wire.commands], ids=repr)
def test_whatever_a_kind_refuses_with_is_in_the_description(kind: Kind[Any]) -> None:
    own = [*Path(inspect.getfile(type(kind))).parent.glob("*.py")]
    named = codes([*own, *shared(own)])
    assert named, "the sources of this kind aren't found any more"
    assert named - {*kind.wire.refuses} - EVERY_STREAM == set(), "add it to WireKind.refuses of this kind"
    assert {*kind.wire.refuses} - named == set(), "the kind never says this: take it out of WireKind.refuses"


def test_whatever_any_stream_or_a_hook_refuses_with_is_in_the_description() -> None:
    named = codes([*(ROOT / "actors" / "runtime").glob("*.py"), ROOT / "gatherup" / "hooks.py"])
    assert {Code.CLIENT_ID_REUSED, Code.HOOK_REFUSED} <= named
    assert named - EVERY_STREAM == set(), "add it to COMMAND of gatherup/http/refusals.py"


class Ballot(msgspec.Struct):
    options: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    notes: list[str]
    first: Annotated[int, msgspec.Meta(lt=10)]


def test_an_example_keeps_to_the_bounds_of_its_type() -> None:
    ballot = example_of(Ballot)
    assert (len(ballot["options"]), len(ballot["notes"]), ballot["first"]) == (2, 1, 9)


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
