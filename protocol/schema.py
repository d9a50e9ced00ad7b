"""The wire, described for other languages: JSON Schema of every type and an AsyncAPI document of the socket.

``python -m protocol.schema --write`` renews the files under docs/schema; ``--check`` tells whether they are
current. Equal sources give equal bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from protocol import ids, limits
from protocol.codec import Subprotocol, client_frames
from protocol.codes import CLOSE_SENTENCES, CODES, may_come_back
from protocol.frames import (
    SERVER_FRAMES,
    Accepted,
    Command,
    Heads,
    Hello,
    MarkRead,
    Ping,
    Position,
    RefreshToken,
    Refused,
    Signal,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    WatchHeads,
    Welcome,
)
from protocol.kind import WireKind
from protocol.kinds import KINDS, answers_of, events_of, views_of
from protocol.presence import SetStatus, WatchPresence

Json = dict[str, Any]

DIRECTORY: Final = Path("docs/schema")
ADDRESS: Final = "/v1/stream"

_CONTENT: Final = {
    Subprotocol.MSGPACK: {"contentType": "application/msgpack", "opcode": "binary"},
    Subprotocol.JSON: {"contentType": "application/json", "opcode": "text"},
}
_DESCRIPTION: Final = """\
One WebSocket carries everything realtime. Every message is a map whose `t` names its type; both subprotocols
hold the same maps. The first message is `hello`, answered by `welcome` or by a close code. Events of a stream
come with seq 1, 2, 3 ... without gap or repeat; a position given back in `hello` or `subscribe` resumes
there. Commands are answered by `accepted`, `refused` (certainly nothing happened) or `unknown` (send it again
with the same client_id). Readers skip fields and event types they don't know, and count their seq.
"""


def json_schema(kinds: Sequence[WireKind] = KINDS) -> Json:
    """The JSON Schema (2020-12) of every frame, event payload and snapshot view."""
    definitions = _definitions("#/$defs/{name}", kinds)
    definitions["ClientFrame"] = _one_of("#/$defs/", client_frames(kinds))
    definitions["ServerFrame"] = _one_of("#/$defs/", SERVER_FRAMES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"GatherUp protocol {limits.PROTOCOL_VERSION}",
        "x-event-payloads": _by_name(events_of(kinds)),
        "x-snapshots": _by_name(views_of(kinds)),
        "x-answers": _by_name(answers_of(kinds)),
        "$defs": dict(sorted(definitions.items())),
    }


def asyncapi(kinds: Sequence[WireKind] = KINDS) -> Json:
    """The AsyncAPI 3.0 document of the socket: messages of both directions, codes and limits."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "GatherUp",
            "version": str(limits.PROTOCOL_VERSION),
            "description": _DESCRIPTION.replace("\n", " ").strip(),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {"socket": _channel(kinds)},
        "operations": _operations(kinds),
        "components": {
            "messages": _messages(kinds),
            "schemas": _definitions("#/components/schemas/{name}", kinds),
        },
        "x-subprotocols": {str(name): content for name, content in _CONTENT.items()},
        "x-error-codes": {
            str(code): {"retry": row.retry, "httpStatus": row.http_status, "sentence": row.sentence}
            for code, row in CODES.items()
        },
        "x-close-codes": {
            str(int(code)): {"name": code.name, "retry": may_come_back(code), "sentence": sentence}
            for code, sentence in CLOSE_SENTENCES.items()
        },
        "x-limits": {name: value for name, value in sorted(vars(limits).items()) if name.isupper()},
    }


def document() -> dict[str, str]:
    """The text of every file, by its name."""
    made = {"gatherup.v1.schema.json": json_schema(), "asyncapi.json": asyncapi()}
    return {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()}


def export(directory: Path) -> None:
    """Write every file into this directory, which is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in document().items():
        (directory / name).write_text(text, encoding="utf-8")


def outdated(directory: Path) -> list[str]:
    """The names of the files that are missing there or say something else."""
    return [name for name, text in document().items() if _read(directory / name) != text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files; the exit status is 1 if any is outdated."""
    parser = argparse.ArgumentParser(
        prog="python -m protocol.schema", description="Export the wire's schemas."
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the files")
    action.add_argument("--check", action="store_true", help="fail if a file is not current")
    parser.add_argument("directory", nargs="?", type=Path, default=DIRECTORY)
    given = parser.parse_args(arguments)
    if given.write:
        export(given.directory)
        return 0
    names = outdated(given.directory)
    for name in names:
        sys.stderr.write(f"{given.directory / name} is not current: run with --write\n")
    return 1 if names else 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _definitions(template: str, kinds: Sequence[WireKind]) -> Json:
    payloads = (*events_of(kinds).values(), *views_of(kinds).values(), *answers_of(kinds).values())
    types = (*client_frames(kinds), *SERVER_FRAMES, Position, *payloads)
    _, found = msgspec.json.schema_components(types, ref_template=template)
    return cast(Json, _portable(dict(sorted(found.items()))))


def _portable(value: object) -> object:
    """Patterns end in a plain ``$``: outside Python it means the end of the text and nothing else."""
    if isinstance(value, dict):
        return {key: _portable(inner) for key, inner in cast(Json, value).items()}
    if isinstance(value, list):
        return [_portable(inner) for inner in cast("list[object]", value)]
    return value.replace(ids.END, "$") if isinstance(value, str) else value


def _one_of(prefix: str, types: Iterable[type[Struct]]) -> Json:
    return {"oneOf": [{"$ref": prefix + frame.__name__} for frame in types]}


def _by_name(types: Mapping[str, type[Struct]]) -> Json:
    return {name: f"#/$defs/{found.__name__}" for name, found in types.items()}


def _tag(frame: type[Struct]) -> str:
    return str(frame.__struct_config__.tag)


def _event(tag: str) -> str:
    return f"event.{tag}"


def _messages(kinds: Sequence[WireKind]) -> Json:
    """A message per frame, and one per type of event: an ``event`` whose header names that type."""
    plain = {_tag(frame): _message(_tag(frame), frame) for frame in (*client_frames(kinds), *SERVER_FRAMES)}
    events = {_event(tag): _event_message(tag, payload) for tag, payload in events_of(kinds).items()}
    return {**plain, **events}


def _message(tag: str, frame: type[Struct]) -> Json:
    return {"name": tag, "summary": _summary(frame), "payload": _schema_ref(frame)}


def _event_message(tag: str, payload: type[Struct]) -> Json:
    erasable = {"anyOf": [{"type": "null"}, _schema_ref(payload)]}
    header = {"type": "object", "properties": {"type": {"const": tag}}}
    narrowed = {"type": "object", "properties": {"header": header, "payload": erasable}}
    return {
        "name": "event",
        "title": tag,
        "summary": _summary(payload),
        "payload": {"allOf": [{"$ref": "#/components/schemas/Event"}, narrowed]},
    }


def _summary(frame: type[Struct]) -> str:
    return (frame.__doc__ or "").strip().partition("\n")[0]


def _schema_ref(frame: type[Struct]) -> Json:
    return {"$ref": f"#/components/schemas/{frame.__name__}"}


def _channel(kinds: Sequence[WireKind]) -> Json:
    names = [*_messages(kinds)]
    header = {"type": "string", "enum": [str(name) for name in Subprotocol]}
    return {
        "address": ADDRESS,
        "description": "The client names one subprotocol, which decides how messages are encoded.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": {"Sec-WebSocket-Protocol": header}},
            }
        },
    }


def _operations(kinds: Sequence[WireKind]) -> Json:
    """One operation per question with its answers, one for all that the server tells unasked."""
    frames = client_frames(kinds)
    commands = [frame for frame in frames if issubclass(frame, Command)]
    signals = [frame for frame in frames if issubclass(frame, Signal)]
    told = [
        _tag(frame)
        for frame in SERVER_FRAMES
        if _tag(frame) in {"goodbye", "heads", "unsubscribed", "signal", "subscribed", "refused"}
    ]
    return {
        "hello": _receives([Hello], [Welcome]),
        "refreshToken": _receives([RefreshToken], [Accepted, Refused]),
        "subscribe": _receives([Subscribe], [Subscribed, Refused, Unknown]),
        "unsubscribe": _receives([Unsubscribe], [Accepted, Refused]),
        "command": _receives(commands, [Accepted, Refused, Unknown]),
        "watchHeads": _receives([WatchHeads], [Accepted, Heads, Refused]),
        "watchPresence": _receives([WatchPresence], [Accepted, Refused]),
        "ping": _receives([Ping], [Accepted, Refused]),
        "signal": _receives([*signals, MarkRead, SetStatus], []),
        "tell": {
            "action": "send",
            "channel": {"$ref": "#/channels/socket"},
            "messages": _on_channel([*told, *(_event(tag) for tag in events_of(kinds))]),
        },
    }


def _receives(asked: Sequence[type[Struct]], answers: Sequence[type[Struct]]) -> Json:
    channel = {"$ref": "#/channels/socket"}
    operation: Json = {
        "action": "receive",
        "channel": channel,
        "messages": _on_channel(_tag(frame) for frame in asked),
    }
    if answers:
        operation["reply"] = {"channel": channel, "messages": _on_channel(_tag(frame) for frame in answers)}
    return operation


def _on_channel(names: Iterable[str]) -> list[Json]:
    return [{"$ref": f"#/channels/socket/messages/{name}"} for name in names]


if __name__ == "__main__":
    raise SystemExit(main())
