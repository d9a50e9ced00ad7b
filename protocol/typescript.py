"""The wire as TypeScript: what clients/typescript/src/protocol.ts says. Equal sources give equal text.

What a client sends has its optional fields marked so. What it reads has every field: the reader fills in what the
server left out, by the tables at the end of the file.

``python -m protocol.typescript`` renews the file; a test tells when it is stale.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec import inspect as types

from protocol import limits
from protocol.codec import Subprotocol, client_frames
from protocol.codes import CLOSE_SENTENCES, CODES, may_come_back
from protocol.event import Header
from protocol.frames import SERVER_FRAMES, Command, Event, Position, RoomHead, SessionLimits, Signal
from protocol.kind import WireKind
from protocol.kinds import KINDS, answers_of, events_of, views_of

FILE: Final = Path("clients/typescript/src/protocol.ts")
_MADE: Final = "// Made from protocol/ by `make docs`: change it there."
_NAMES: Final = {Event: "EventFrame"}
"""Types whose own name means something else to a reader of the SDK."""
_LETTERS: Final[Mapping[type[types.Type], str]] = {
    types.StrType: "s",
    types.EnumType: "s",
    types.LiteralType: "s",
    types.IntType: "n",
    types.FloatType: "n",
    types.BoolType: "b",
    types.ListType: "a",
    types.VarTupleType: "a",
    types.DictType: "o",
    types.NoneType: "0",
    types.RawType: "*",
}


def source(kinds: Sequence[WireKind] = KINDS) -> str:
    """The text of the file."""
    sent = client_frames(kinds)
    events, views, answers = events_of(kinds), views_of(kinds), answers_of(kinds)
    read = (Header, Position, SessionLimits, RoomHead, *SERVER_FRAMES)
    payloads = (*events.values(), *views.values(), *answers.values())
    named = {*sent, *read, *payloads}
    sent_within = [kind for kind in dict.fromkeys(_within(sent)) if kind not in named]
    read_within = [kind for kind in dict.fromkeys(_within(payloads)) if kind not in {*named, *sent_within}]
    parts = [
        _MADE,
        *_limits(limits),
        *_codes(),
        *_subprotocols(),
        *(_interface(kind, "sent") for kind in (*sent_within, *sent)),
        *(_interface(kind, "read") for kind in (*read, *read_within, *dict.fromkeys(payloads))),
        _map("Commands", "Every command, by its tag.", _tagged(k for k in sent if issubclass(k, Command))),
        _map(
            "Signals",
            "Every signal a client sends, by its tag.",
            _tagged(k for k in sent if issubclass(k, Signal)),
        ),
        _map("Events", "What an event's payload is, by the header's type.", events),
        _map("Views", "What a snapshot shows, by the stream's kind.", views),
        _map("Answers", "What `accepted.answer` is, by the command's tag.", answers),
        _union("ClientFrame", sent),
        _union("ServerFrame", SERVER_FRAMES),
        _shapes(read),
        _defaults(
            "PAYLOAD_DEFAULTS",
            "What a payload's field is if the event is older than the field, by the header's type.",
            events,
        ),
        _defaults(
            "VIEW_DEFAULTS",
            "What a view's field is if the server is older than the field, by the stream's kind.",
            views,
        ),
    ]
    return "\n\n".join(parts) + "\n"


# --- constants -----------------------------------------------------------------------------------------


def _limits(module: ModuleType) -> Iterator[str]:
    notes = _notes(ast.parse(inspect.getsource(module)).body)
    for name, value in vars(module).items():
        if name.isupper():
            yield _comment(notes.get(name, "")) + f"export const {name} = {json.dumps(value)}"


def _codes() -> Iterator[str]:
    codes = [
        f"  {code}: {{ retry: {json.dumps(row.retry)}, sentence: {_quoted(row.sentence)} }},"
        for code, row in CODES.items()
    ]
    yield _block("Why something is refused.", "export const CODES = {", codes, "} as const")
    yield "export type Code = keyof typeof CODES"
    names = [f"  {code.name}: {int(code)}," for code in CLOSE_SENTENCES]
    yield _block("Why the server closes a socket.", "export const CloseCode = {", names, "} as const")
    rows = [
        f"  {int(code)}: {{ comeBack: {json.dumps(may_come_back(code))}, sentence: {_quoted(sentence)} }},"
        for code, sentence in CLOSE_SENTENCES.items()
    ]
    yield "export interface CloseInfo {\n  readonly comeBack: boolean\n  readonly sentence: string\n}"
    yield _block("", "export const CLOSES: Readonly<Record<number, CloseInfo>> = {", rows, "}")


def _subprotocols() -> Iterator[str]:
    for name in Subprotocol:
        yield f"export const SUBPROTOCOL_{name.name} = {_quoted(name)}"


# --- types ---------------------------------------------------------------------------------------------


def _interface(kind: type[Struct], use: str) -> str:
    """An interface. ``use`` is "sent" where fields with a default may be left out, else "read"."""
    info = _info(kind)
    notes = _field_notes(kind)
    body = [f"  t: {_quoted(str(info.tag))}"] if info.tag_field else []
    readonly = "readonly " if use == "read" else ""
    for field in info.fields:
        mark = "?" if use == "sent" and not field.required else ""
        body += textwrap.indent(_comment(notes.get(field.name, "")), "  ").splitlines()
        body.append(f"  {readonly}{field.encode_name}{mark}: {_type(field.type)}")
    return _block(inspect.cleandoc(kind.__doc__ or ""), f"export interface {_name(kind)} {{", body, "}")


def _within(kinds: Iterable[type[Struct]]) -> Iterator[type[Struct]]:
    """The structs that the fields of these hold, before those that hold them; one may come more than once."""
    for kind in kinds:
        for field in _info(kind).fields:
            for held in _structs(field.type):
                yield from _within((held,))
                yield held


def _structs(wanted: types.Type) -> Iterator[type[Struct]]:
    match wanted:
        case types.StructType(cls=kind):
            yield kind
        case (
            types.Metadata(type=inner) | types.ListType(item_type=inner) | types.VarTupleType(item_type=inner)
        ):
            yield from _structs(inner)
        case types.DictType(value_type=inner):
            yield from _structs(inner)
        case types.UnionType(types=parts):
            for part in parts:
                yield from _structs(part)
        case _:
            pass


def _type(wanted: types.Type) -> str:
    match wanted:
        case types.Metadata():
            return _type(wanted.type)
        case types.StrType():
            return "string"
        case types.IntType() | types.FloatType():
            return "number"
        case types.BoolType():
            return "boolean"
        case types.NoneType():
            return "null"
        case types.RawType() | types.AnyType():
            return "unknown"
        case types.LiteralType():
            return " | ".join(_quoted(v) if isinstance(v, str) else str(v) for v in wanted.values)
        case types.EnumType():
            return wanted.cls.__name__
        case types.StructType():
            return _name(wanted.cls)
        case types.UnionType():
            return " | ".join(_type(part) for part in wanted.types)
        case types.ListType() | types.VarTupleType():
            inner = _type(wanted.item_type)
            return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
        case types.DictType():
            return f"Readonly<Record<string, {_type(wanted.value_type)}>>"
        case _:
            raise TypeError(f"no TypeScript for {wanted}")


def _map(name: str, doc: str, members: Mapping[str, type[Struct]]) -> str:
    """An interface that names types by a word on the wire; kinds of one's own can be added to it."""
    body = [f"  {_quoted(key)}: {_name(kind)}" for key, kind in members.items()]
    return _block(doc, f"export interface {name} {{", body, "}")


def _union(name: str, members: Iterable[type[Struct]]) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {_name(kind)}" for kind in members)


# --- tables for the reader -------------------------------------------------------------------------------


def _shapes(kinds: Iterable[type[Struct]]) -> str:
    rows: list[str] = []
    for kind in kinds:
        info = _info(kind)
        fields = ", ".join(f"{field.encode_name}: [{_shape(field)}]" for field in info.fields)
        rows.append(f"  {info.tag or _name(kind)}: {{ {fields} }},")
    doc = """\
Per type that is read its fields: what each may be, and what it is if the server left it out.

`s` string, `n` number, `b` boolean, `a` array, `o` map, `0` null, `*` anything, `@Name` another of these types,
`a@Name` an array of them."""
    shape = "export type Shape = Readonly<Record<string, readonly [string, unknown?]>>"
    return f"{shape}\n\n" + _block(doc, "export const SHAPES: Readonly<Record<string, Shape>> = {", rows, "}")


def _shape(field: types.Field) -> str:
    letters = _quoted(_letters(field.type))
    return letters if field.required else f"{letters}, {_default(field)}"


def _letters(wanted: types.Type) -> str:
    match wanted:
        case types.Metadata():
            return _letters(wanted.type)
        case types.StructType():
            return f"@{_name(wanted.cls)}"
        case types.UnionType():
            return "".join(_letters(part) for part in wanted.types)
        case types.VarTupleType(item_type=types.StructType(cls=kind)):
            return f"a@{_name(kind)}"
        case _:
            return _LETTERS[type(wanted)]


def _defaults(name: str, doc: str, types_by_word: Mapping[str, type[Struct]]) -> str:
    rows: list[str] = []
    for word, kind in types_by_word.items():
        optional = [field for field in _info(kind).fields if not field.required]
        if optional:
            fields = ", ".join(f"{field.encode_name}: {_default(field)}" for field in optional)
            rows.append(f"  {_quoted(word)}: {{ {fields} }},")
    return _block(doc, f"export const {name}: Readonly<Record<string, object>> = {{", rows, "}")


def _default(field: types.Field) -> str:
    value: object = field.default if field.default is not NODEFAULT else field.default_factory()
    return json.dumps(msgspec.to_builtins(value))


# --- text ------------------------------------------------------------------------------------------------


def _block(doc: str, opening: str, body: Sequence[str], closing: str) -> str:
    if not body and opening.endswith("{"):
        return f"{_comment(doc)}{opening}{closing}"
    return "\n".join([_comment(doc) + opening, *body, closing])


def _comment(text: str) -> str:
    if not text:
        return ""
    lines = text.replace("``", "`").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */", ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"


def _name(kind: type[Any]) -> str:
    return _NAMES.get(kind, kind.__name__)


def _info(kind: type[Struct]) -> types.StructType:
    return cast(types.StructType, types.type_info(kind))


def _tagged(kinds: Iterable[type[Struct]]) -> dict[str, type[Struct]]:
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


def _field_notes(kind: type[Struct]) -> dict[str, str]:
    """The texts that stand below the fields in the source, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, Struct) and base.__module__.startswith("protocol"):
            (definition,) = ast.parse(inspect.getsource(base)).body
            found |= _notes(cast(ast.ClassDef, definition).body)
    return found


def _notes(body: Sequence[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node, after in itertools.pairwise(body):
        match node, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
            case _:
                continue
    return found


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
