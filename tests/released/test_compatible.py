"""The comparison finds what breaks, and leaves alone what only adds: on the released descriptions, doctored."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.released.compatible import bare, broken_http, broken_wire
from tests.released.write import BASELINE

Json = dict[str, Any]
Change = Callable[[Json], object]

WIRE: Json = json.loads((BASELINE / "gatherup.v1.schema.json").read_text(encoding="utf-8"))
HTTP: Json = json.loads((BASELINE / "openapi.json").read_text(encoding="utf-8"))
TEXT = {"type": "string"}
KEYWORDS = {
    *("$ref", "anyOf", "oneOf", "type", "enum", "const", "default", "properties", "required", "items"),
    *("additionalProperties", "maximum", "minimum", "maxLength", "minLength", "maxItems", "minItems"),
    *("maxProperties", "minProperties", "pattern", "format", "contentEncoding"),
}
"""Of JSON Schema, what the comparison understands."""


def changed(document: Json, change: Change) -> Json:
    copy = deepcopy(document)
    change(copy)
    return copy


def fields(name: str) -> Callable[[Json], Json]:
    return lambda document: (document.get("$defs") or document["components"]["schemas"])[name]["properties"]


def gain(name: str, field: str, *, required: bool) -> Change:
    """A change: a type gains a field."""

    def change(document: Json) -> None:
        types = document.get("$defs") or document["components"]["schemas"]
        types[name]["properties"][field] = TEXT
        if required:
            types[name].setdefault("required", []).append(field)

    return change


def lose(name: str, field: str) -> Change:
    """A change: a type loses a field."""
    return lambda document: fields(name)(document).pop(field)


def put(name: str, field: str, **keywords: Any) -> Change:
    """A change: a field is described in another way, as far as these keywords go."""
    return lambda document: fields(name)(document)[field].update(keywords)


def loosen(name: str, field: str) -> Change:
    """A change: a field is required no more."""
    return lambda document: document["$defs"][name]["required"].remove(field)


def operation(document: Json, method: str = "get", path: str = "/v1/rooms") -> Json:
    return document["paths"][path][method]


def test_the_released_descriptions_break_nothing_of_themselves() -> None:
    assert broken_wire(WIRE, WIRE) == []
    assert broken_http(HTTP, HTTP) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (gain("RoomView", "colour", required=True), "x-snapshots.room.colour is required now"),
        (lose("RoomView", "members"), "x-snapshots.room.members is gone"),
        (loosen("RoomView", "members"), "x-snapshots.room.members may be missing now"),
        (put("RoomView", "messages", type="string"), "x-snapshots.room.messages was integer and is string"),
        (put("RoomView", "access", enum=["secret"]), "x-snapshots.room.access may be 'secret' now"),
        (put("RoomView", "access", enum=["group"]), "x-snapshots.room.access is never 'public' any more"),
        (put("RoomView", "room", maxLength=99), "x-snapshots.room.room had maxLength 49 and has 99"),
        (put("RoomView", "owner", anyOf=[TEXT]), "x-snapshots.room.owner is never null any more"),
        (
            put("RoomView", "owner", anyOf=[TEXT, {"type": "null"}, {"type": "integer"}]),
            "x-snapshots.room.owner may be integer now",
        ),
        (lambda wire: wire["x-snapshots"].pop("inbox"), "x-snapshots.inbox is gone"),
        (lambda wire: wire["x-event-payloads"].pop("room.posted"), "x-event-payloads.room.posted is gone"),
        (lambda wire: wire["$defs"]["ServerFrame"]["oneOf"].pop(), "ServerFrame is never t=goodbye any more"),
        (gain("PostMessage", "colour", required=True), "ClientFrame.t=room.post.colour is required now"),
        (lose("PostMessage", "thread"), "ClientFrame.t=room.post.thread is gone"),
        (
            put("PostMessage", "body", maxLength=9),
            "ClientFrame.t=room.post.body had maxLength 4000 and has 9",
        ),
        (
            put("PostMessage", "body", pattern="^a"),
            "ClientFrame.t=room.post.body had pattern ^[^\\x00]*$ and has ^a",
        ),
        (
            put("CreateRoom", "access", enum=["group", "public"]),
            "ClientFrame.t=room.create.access is never 'private' any more",
        ),
        (
            put("CreateRoom", "access", default="group"),
            "ClientFrame.t=room.create.access was 'public' by default and is 'group'",
        ),
        (put("CreateRoom", "name", enum=["a"]), "ClientFrame.t=room.create.name must be one of ['a'] now"),
    ],
)
def test_what_breaks_the_wire_is_found(change: Change, found: str) -> None:
    assert found in broken_wire(WIRE, changed(WIRE, change))


@pytest.mark.parametrize(
    "change",
    [
        gain("RoomView", "colour", required=False),
        gain("PostMessage", "colour", required=False),
        loosen("PostMessage", "body"),
        put("PostMessage", "body", maxLength=9999),
        put("CreateRoom", "access", enum=["group", "private", "public", "secret"]),
        lambda wire: wire["x-event-payloads"].update({"room.painted": "#/$defs/RoomView"}),
        lambda wire: wire["$defs"]["ServerFrame"]["oneOf"].append(
            {"type": "object", "properties": {"t": {"enum": ["new"]}}}
        ),
    ],
)
def test_what_only_adds_to_the_wire_is_left_alone(change: Change) -> None:
    assert broken_wire(WIRE, changed(WIRE, change)) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda http: http["paths"].pop("/v1/rooms"), "GET /v1/rooms is gone"),
        (lambda http: http["paths"]["/v1/rooms"].pop("post"), "POST /v1/rooms is gone"),
        (lambda http: operation(http)["parameters"].pop(0), "GET /v1/rooms scope is gone"),
        (
            lambda http: operation(http)["parameters"].append(
                {"in": "query", "name": "colour", "required": True, "schema": TEXT}
            ),
            "GET /v1/rooms colour is required now",
        ),
        (
            lambda http: operation(http)["parameters"][2]["schema"].update(maximum=9),
            "GET /v1/rooms limit had maximum 200 and has 9",
        ),
        (gain("NewRoom", "colour", required=True), "POST /v1/rooms body.colour is required now"),
        (lose("NewRoom", "history"), "POST /v1/rooms body.history is gone"),
        (gain("RoomPage", "colour", required=True), "GET /v1/rooms 200.colour is required now"),
        (lose("RoomPage", "next"), "GET /v1/rooms 200.next is gone"),
        (lambda http: operation(http)["responses"].pop("200"), "GET /v1/rooms 200 is gone"),
        (
            lambda http: operation(http)["responses"]["200"].update(content={"text/plain": {}}),
            "GET /v1/rooms 200 application/json is gone",
        ),
    ],
)
def test_what_breaks_http_is_found(change: Change, found: str) -> None:
    assert found in broken_http(HTTP, changed(HTTP, change))


@pytest.mark.parametrize(
    "change",
    [
        lambda http: http["paths"].update({"/v1/new": http["paths"]["/v1/rooms"]}),
        lambda http: operation(http)["parameters"].append({"in": "query", "name": "colour", "schema": TEXT}),
        lambda http: operation(http)["responses"].update({"418": {}}),
        gain("NewRoom", "colour", required=False),
        gain("RoomPage", "colour", required=False),
    ],
)
def test_what_only_adds_to_http_is_left_alone(change: Change) -> None:
    assert broken_http(HTTP, changed(HTTP, change)) == []


@pytest.mark.parametrize("document", [WIRE, HTTP], ids=["wire", "http"])
def test_every_keyword_is_compared(document: Json) -> None:
    types = document.get("$defs") or document["components"]["schemas"]
    assert set().union(*map(keywords, types.values())) <= KEYWORDS


def keywords(schema: Json) -> set[str]:
    """The keywords of a schema and of those it holds."""
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    inner += [
        schema[name] for name in ("items", "additionalProperties") if isinstance(schema.get(name), dict)
    ]
    return {*schema}.union(*map(keywords, inner))


def test_texts_for_people_are_no_part_of_it() -> None:
    described = {"title": "A", "properties": {"title": {"type": "string", "description": "B"}}}
    assert bare(described) == {"properties": {"title": TEXT}}
