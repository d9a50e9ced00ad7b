"""What a change of the wire or of HTTP would break: a comparison of two descriptions, pure.

Old and new clients and nodes talk to each other during a roll, and stored bytes are read for ever. So a type only gains
optional fields. What clients send may become wider, never narrower; what the server sends keeps its types and bounds,
and may gain members of a tagged union, because readers skip those they don't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

Json = Mapping[str, Any]

_TEXTS: Final = frozenset({"description", "summary", "title", "example", "examples"})
_AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_EXACT: Final = ("pattern", "format", "contentEncoding")


class Sender(Enum):
    """Who sends the values of a type."""

    CLIENT = "client"
    SERVER = "server"


def bare(value: Any, *, names: bool = False) -> Any:
    """The description without its texts for people. ``names``: the keys of ``value`` are names that somebody chose."""
    if isinstance(value, Mapping):
        return {
            key: bare(held, names=key in {"properties", "$defs", "schemas"} and not names)
            for key, held in value.items()
            if names or key not in _TEXTS
        }
    return [bare(held) for held in value] if isinstance(value, list) else value


def broken_wire(old: Json, new: Json) -> list[str]:
    """What the second JSON Schema of the wire breaks of the first, each in a line."""
    comparison = _Comparison(old, new)
    for name, sender in (("ClientFrame", Sender.CLIENT), ("ServerFrame", Sender.SERVER)):
        frame = {"$ref": f"#/$defs/{name}"}
        comparison.compare(frame, frame, name, sender)
    for part in ("x-event-payloads", "x-snapshots", "x-answers"):
        for tag, ref in old[part].items():
            if tag not in new[part]:
                comparison.say(f"{part}.{tag}", "is gone")
            else:
                comparison.compare({"$ref": ref}, {"$ref": new[part][tag]}, f"{part}.{tag}", Sender.SERVER)
    return comparison.broken


def broken_http(old: Json, new: Json) -> list[str]:
    """What the second OpenAPI document breaks of the first, each in a line."""
    comparison = _Comparison(old, new)
    for path, operations in old["paths"].items():
        for method, operation in operations.items():
            now, where = new["paths"].get(path, {}).get(method), f"{method.upper()} {path}"
            if now is None:
                comparison.say(where, "is gone")
                continue
            _compare_parameters(comparison, operation, now, where)
            _compare_body(comparison, operation.get("requestBody"), now.get("requestBody"), where)
            _compare_answers(comparison, operation["responses"], now["responses"], where)
    return comparison.broken


def _compare_parameters(comparison: _Comparison, old: Json, new: Json, where: str) -> None:
    before = {(p["in"], p["name"]): p for p in old.get("parameters", ())}
    after = {(p["in"], p["name"]): p for p in new.get("parameters", ())}
    for key, parameter in before.items():
        if key not in after:
            comparison.say(f"{where} {key[1]}", "is gone")
        else:
            comparison.compare(parameter["schema"], after[key]["schema"], f"{where} {key[1]}", Sender.CLIENT)
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            comparison.say(f"{where} {key[1]}", "is required now")


def _compare_body(comparison: _Comparison, old: Json | None, new: Json | None, where: str) -> None:
    where = f"{where} body"
    if new is not None and new.get("required") and not (old or {}).get("required"):
        comparison.say(where, "is required now")
    if old is not None:
        _compare_content(comparison, old, new or {}, where, Sender.CLIENT)


def _compare_answers(comparison: _Comparison, old: Json, new: Json, where: str) -> None:
    """Refusals share one document; a status of theirs may come and go with its causes."""
    for status, answer in old.items():
        if status in new:
            _compare_content(comparison, answer, new[status], f"{where} {status}", Sender.SERVER)
        elif status < "400":
            comparison.say(f"{where} {status}", "is gone")


def _compare_content(comparison: _Comparison, old: Json, new: Json, where: str, sender: Sender) -> None:
    for media, held in old.get("content", {}).items():
        now = new.get("content", {}).get(media)
        if now is None:
            comparison.say(f"{where} {media}", "is gone")
        elif "schema" in held:
            comparison.compare(held["schema"], now.get("schema", {}), where, sender)


class _Comparison:
    """Walks two schemas side by side."""

    def __init__(self, old: Json, new: Json) -> None:
        self.broken: list[str] = []
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, Sender]] = set()

    def say(self, where: str, what: str) -> None:
        """Something is broken."""
        self.broken.append(f"{where} {what}")

    def compare(self, old: Json, new: Json, where: str, sender: Sender) -> None:
        """Two schemas of one value."""
        if "default" in old and old["default"] != new.get("default"):
            self.say(where, f"was {old['default']!r} by default and is {new.get('default')!r}")
        refs = (old.get("$ref", ""), new.get("$ref", ""), sender)
        if refs[0]:
            if refs in self._seen:
                return  # said already, and types may hold themselves
            self._seen.add(refs)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        before, after = _alternatives(self._old, old), _alternatives(self._new, new)
        if len(before) > 1 or len(after) > 1:
            self._compare_alternatives(before, after, where, sender)
            return
        self._compare_kind(old, new, where, sender)
        self._compare_bounds(old, new, where, sender)
        self._compare_fields(old, new, where, sender)
        for part in ("items", "additionalProperties"):
            if isinstance(held := old.get(part), Mapping):
                now = new.get(part)
                self.compare(held, now if isinstance(now, Mapping) else {}, f"{where}[]", sender)

    def _compare_alternatives(
        self, before: Mapping[str, Json], after: Mapping[str, Json], where: str, sender: Sender
    ) -> None:
        for name, old in before.items():
            if name not in after:
                self.say(where, f"is never {name} any more")
            else:
                self.compare(old, after[name], f"{where}.{name}" if _is_tag(name) else where, sender)
        if sender is Sender.SERVER:
            for name in after.keys() - before.keys():
                if not _is_tag(name):
                    self.say(where, f"may be {name} now")

    def _compare_kind(self, old: Json, new: Json, where: str, sender: Sender) -> None:
        if old.get("type", new.get("type")) != new.get("type") and (
            new.get("type") or sender is Sender.SERVER
        ):
            self.say(where, f"was {old.get('type')} and is {new.get('type')}")
        before, after = set(_values(old)), set(_values(new))
        for value in sorted(before - after, key=str) if after else ():
            self.say(where, f"is never {value!r} any more")
        if sender is Sender.SERVER and before:
            for value in sorted(after - before, key=str):
                self.say(where, f"may be {value!r} now")
            if not after:
                self.say(where, "may be anything now")
        if sender is Sender.CLIENT and after and not before:
            self.say(where, f"must be one of {sorted(map(str, after))} now")

    def _compare_bounds(self, old: Json, new: Json, where: str, sender: Sender) -> None:
        for name in (*_AT_MOST, *_AT_LEAST, *_EXACT):
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            wider = after is None or (
                before is not None
                and ((name in _AT_MOST and after > before) or (name in _AT_LEAST and after < before))
            )
            if sender is Sender.SERVER or not wider:
                self.say(where, f"had {name} {before} and has {after}")

    def _compare_fields(self, old: Json, new: Json, where: str, sender: Sender) -> None:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in before.items():
            if name not in after:
                self.say(f"{where}.{name}", "is gone")
            else:
                self.compare(field, after[name], f"{where}.{name}", sender)
        for name in sorted(needs - needed):
            self.say(f"{where}.{name}", "is required now")
        if sender is Sender.SERVER:
            for name in sorted((needed - needs) & after.keys()):
                self.say(f"{where}.{name}", "may be missing now")


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _alternatives(document: Json, schema: Json) -> dict[str, Json]:
    """The alternatives of a union by their tag, else by their type; a plain schema alone has just one."""
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices is None:
        return {_name(schema): schema}
    found: dict[str, Json] = {}
    for choice in choices:
        resolved = _resolved(document, choice)
        if "anyOf" in resolved or "oneOf" in resolved:
            found |= _alternatives(document, resolved)
        else:
            found[_name(resolved)] = choice
    return found


def _name(schema: Json) -> str:
    tag = _values(schema.get("properties", {}).get("t", {}))
    return f"t={tag[0]}" if tag else str(schema.get("type", "one of" if _values(schema) else "anything"))


def _is_tag(name: str) -> bool:
    return name.startswith("t=")


def _values(schema: Json) -> tuple[Any, ...]:
    return (schema["const"],) if "const" in schema else tuple(schema.get("enum", ()))
