"""The exported schemas are current, valid, and say what the codecs do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from protocol import schema
from protocol.codec import FULL, codecs
from protocol.codes import CloseCode, Code
from protocol.frames import SERVER_FRAMES
from tests.markdown import ROOT
from tests.unit.protocol import samples

TEXT = codecs()["gatherup.v1.json"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document: Any, ref: str) -> Any:
    assert ref.startswith("#/")
    for step in ref[2:].split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


@pytest.mark.parametrize("name", schema.document())
def test_the_files_in_docs_are_current(name: str) -> None:
    text = (ROOT / schema.DIRECTORY / name).read_text(encoding="utf-8")
    assert text == schema.document()[name], "run: python -m protocol.schema --write"


def test_the_command_writes_and_checks(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    assert schema.main(["--check", str(folder)]) == 1
    assert schema.main(["--write", str(folder)]) == 0
    assert schema.main(["--check", str(folder)]) == 0
    (folder / "asyncapi.json").write_text("{}")
    assert schema.outdated(folder) == ["asyncapi.json"]


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "protocol.schema", "--write", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": "4711"}, check=True)
    assert schema.outdated(tmp_path) == []


@pytest.mark.parametrize("name", schema.document())
def test_every_reference_resolves(name: str) -> None:
    document = json.loads(schema.document()[name])
    found = set(references(document))
    assert len(found) > 10
    for ref in found:
        assert resolve(document, ref)


def test_the_json_schema_is_one() -> None:
    document = schema.json_schema()
    Draft202012Validator.check_schema(document)
    for definition in document["$defs"].values():
        Draft202012Validator.check_schema(definition)


def test_patterns_mean_the_same_in_other_languages() -> None:
    for text in schema.document().values():
        for pattern in re.findall(r'"pattern": "([^"]*)"', text):
            assert "(?" not in pattern


def validator(document: Any, ref: str) -> Draft202012Validator:
    return Draft202012Validator({**document, "$ref": ref})


def test_the_json_schema_takes_every_real_message() -> None:
    document = schema.json_schema()
    client, server = (validator(document, f"#/$defs/{side}Frame") for side in ("Client", "Server"))
    for _, message in samples.CLIENT:
        client.validate(message)
        assert not server.is_valid(message)
    for _, message in samples.server(TEXT):
        server.validate(message)
    for kind, _, payload in samples.EVENTS:
        validator(document, document["x-event-payloads"][kind]).validate(payload)
    validator(document, document["x-snapshots"]["room"]).validate(samples.VIEW_MAP)


@pytest.mark.parametrize(
    "wrong",
    [
        {"t": "room.levitate"},
        {"t": "room.post", "client_id": samples.CLIENT_ID, "stream": samples.ROOM},
        {"t": "room.post", "client_id": samples.CLIENT_ID, "stream": samples.ROOM, "body": "a\0"},
        {"t": "room.post", "client_id": "x", "stream": samples.ROOM, "body": "a"},
        {"t": "room.typing", "stream": "room:x"},
    ],
)
def test_the_json_schema_refuses_what_the_codec_refuses(wrong: Any) -> None:
    assert not validator(schema.json_schema(), "#/$defs/ClientFrame").is_valid(wrong)


def test_asyncapi_takes_every_real_message() -> None:
    document = schema.asyncapi()
    messages = document["components"]["messages"]
    for _, message in [*samples.CLIENT, *samples.server(TEXT)]:
        name = message["t"]
        if name == "event":
            narrow = messages[f"event.{message['header']['type']}"]["payload"]
            Draft202012Validator({**document, **narrow}).validate(message)
            erased = {**message, "payload": None}
            Draft202012Validator({**document, **narrow}).validate(erased)
        validator(document, messages[name]["payload"]["$ref"]).validate(message)


def test_asyncapi_tells_event_types_apart() -> None:
    document = schema.asyncapi()
    posted = document["components"]["messages"]["event.room.posted"]["payload"]
    events = [m for _, m in samples.server(TEXT) if m["t"] == "event" and m["payload"] is not None]
    taken = [m["header"]["type"] for m in events if Draft202012Validator({**document, **posted}).is_valid(m)]
    assert taken == ["room.posted"]


def test_asyncapi_has_the_parts_its_version_asks_for() -> None:
    document = schema.asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    channel = document["channels"]["socket"]
    assert channel["address"].startswith("/")
    assert set(channel["messages"]) == set(document["components"]["messages"])
    asked: set[str] = set()
    told: set[str] = set()
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"] == {"$ref": "#/channels/socket"}
        names = {ref["$ref"].rpartition("/")[2] for ref in operation["messages"]}
        answers = {ref["$ref"].rpartition("/")[2] for ref in operation.get("reply", {}).get("messages", [])}
        asked |= names if operation["action"] == "receive" else set()
        told |= answers | (names if operation["action"] == "send" else set())
    assert asked == {tag(frame) for frame in FULL}, "name the frame in an operation: _operations of schema.py"
    assert {name if not name.startswith("event.") else "event" for name in told} == {
        tag(frame) for frame in SERVER_FRAMES
    }, "name the frame in an operation: _operations of schema.py"


def tag(frame: Any) -> str:
    return str(frame.__struct_config__.tag)


def test_asyncapi_lists_codes_limits_and_subprotocols() -> None:
    document = schema.asyncapi()
    assert set(document["x-error-codes"]) == set(Code)
    assert set(document["x-close-codes"]) == {str(int(code)) for code in CloseCode}
    assert document["x-close-codes"]["4001"]["retry"] is True
    assert document["x-close-codes"]["4103"]["retry"] is False
    assert document["x-limits"]["FRAME_BYTES_MAX"] == 65536
    assert set(document["x-subprotocols"]) == set(codecs())
