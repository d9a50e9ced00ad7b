"""What is declared in ``protocol.kinds`` reaches every description of the wire, and a further kind does so alike."""

from __future__ import annotations

from collections import Counter

import pytest
from jsonschema import Draft202012Validator

from protocol import schema, typescript
from protocol.codec import FULL, client_frames, codecs
from protocol.frames import SERVER_FRAMES
from protocol.ids import derive_client_id
from protocol.kind import WireKind
from protocol.kinds import KINDS, answers_of, events_of, views_of
from tests import counter_kind

THREE = (*KINDS, counter_kind.WIRE)


def test_no_two_types_of_the_wire_share_a_name() -> None:
    types = {*client_frames(THREE), *SERVER_FRAMES}
    types |= {kind for of in (events_of, views_of, answers_of) for kind in of(THREE).values()}
    twice = [name for name, times in Counter(kind.__name__ for kind in types).items() if times > 1]
    assert twice == [], "schemas and SDKs know a type by its name alone: rename one of each"


@pytest.mark.parametrize("kind", THREE, ids=lambda kind: kind.name)
def test_words_on_the_wire_begin_with_the_kind(kind: WireKind) -> None:
    tags = [str(frame.__struct_config__.tag) for frame in (*kind.all_commands, *kind.signals)]
    odd = [word for word in (*tags, *kind.events) if not word.startswith(f"{kind.name}.")]
    assert odd == [], f"begin the tags of commands and events with '{kind.name}.'"
    assert set(kind.answers) <= set(tags)


def test_a_kind_that_is_added_to_the_list_is_described() -> None:
    document, made = schema.json_schema(THREE), typescript.source(THREE)
    Draft202012Validator.check_schema(document)
    assert document["x-event-payloads"]["counter.added"] == "#/$defs/Added"
    assert document["x-snapshots"]["counter"] == "#/$defs/Counter"
    assert {"$ref": "#/$defs/Add"} in document["$defs"]["ClientFrame"]["oneOf"]
    assert "counter.add" in schema.asyncapi(THREE)["components"]["messages"]
    for line in ("export interface Add {", "  'counter.added': Added", "  counter: Counter", "  | SetBell"):
        assert f"{line}\n" in made.replace("'counter': ", "counter: "), line


def test_a_kind_that_is_added_to_the_list_is_spoken() -> None:
    frame = counter_kind.Ring(client_id=derive_client_id("ring"), stream="counter:" + "1" * 32)
    for codec in codecs(client_frames(THREE)).values():
        assert codec.decode(codec.encode(frame)) == frame
    assert client_frames(KINDS) == FULL
