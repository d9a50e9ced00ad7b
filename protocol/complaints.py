"""What is wrong with a message, said to people: msgspec says it in terms of Python and quotes patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from protocol import ids, text

_PATH: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED: Final = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<name>[^`]*)`")
_TYPE: Final = re.compile(r"Expected `(?P<type>[^`]*)`, got `[^`]*`")
_LENGTH: Final = re.compile(r"Expected `(?P<type>[^`]*)` of length (?P<how>[<>]?=?) ?(?P<many>[0-9]+)")
_BOUND: Final = re.compile(r"Expected `[^`]*` (?P<how>[<>]=?) (?P<bound>[-+.0-9e]+)")
_PATTERN: Final = re.compile(r"Expected `str` matching regex ")
_MULTIPLE: Final = re.compile(r"Expected `[^`]*` that's a multiple of (?P<of>[-+.0-9e]+)")
_VALUE: Final = re.compile(r"Invalid (?:enum )?value ")

_TYPES: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "bytes": "bytes",
    "null": "null",
}
_PARTS: Final = {"str": "character", "bytes": "byte", "array": "entry", "object": "field"}
_SEVERAL: Final = {"entry": "entries"}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
PATTERNS: Final = {
    text.NO_NUL: "The text must not hold U+0000.",
    text.EMOJI: "A reaction is one emoji.",
    text.HOST: "A host is a name in lower case, without scheme and port.",
    ids.STREAM_ID_PATTERN: "A stream id looks like kind:32hex.",
    ids.USER_ID_PATTERN: "A user id looks like user:32hex.",
    ids.CLIENT_ID_PATTERN: "A client_id is a UUID with dashes.",
}
"""What to say instead of quoting a pattern."""
_OTHERS: Final = {
    "Number out of range": "This number is too large.",
    "Integer value out of range": "This number is too large.",
    "Invalid base64 encoded string": "This isn't base64.",
}
OTHER_PATTERN: Final = "This isn't written as it must be: the document of the API says how."


def complaint(error: str) -> tuple[str, str | None]:
    """The sentence and the path in an error of msgspec; a field that is missing or unknown is named with its path."""
    found = _PATH.search(error)
    said, path = (error[: found.start()], found["path"]) if found else (error, "")
    if (named := _NAMED.match(said)) is not None:
        path = f"{path}.{named['name']}" if path else named["name"]
        return (
            "This field is missing." if named["how"] == "missing required" else "There is no such field."
        ), path
    return _sentence(said), path or None


def _sentence(said: str) -> str:
    if said in _OTHERS:
        return _OTHERS[said]
    for pattern, make in _MADE.items():
        if (found := pattern.match(said)) is not None:
            return make(found, said)
    return said


def _of_type(found: re.Match[str], _: str) -> str:
    kinds = [_TYPES.get(kind, kind) for kind in found["type"].split(" | ") if kind != "null"]
    return f"This must be {' or '.join(kinds) or 'null'}."


def _of_length(found: re.Match[str], _: str) -> str:
    part, many = _PARTS.get(found["type"], "part"), int(found["many"])
    named = part if many == 1 else _SEVERAL.get(part, part + "s")
    how = {">=": "at least ", "<=": "at most ", "": ""}[found["how"]]
    return f"This must have {how}{many} {named}."


def _of_bound(found: re.Match[str], _: str) -> str:
    return f"This must be {_BOUNDS[found['how']]} {found['bound']}."


def _of_pattern(_: re.Match[str], said: str) -> str:
    quoted = said.removeprefix("Expected `str` matching regex ")
    return next(
        (sentence for pattern, sentence in PATTERNS.items() if quoted == repr(pattern)), OTHER_PATTERN
    )


def _of_multiple(found: re.Match[str], _: str) -> str:
    return f"This must be a multiple of {found['of']}."


def _of_value(_: re.Match[str], __: str) -> str:
    return "This isn't one of the values there are."


_MADE: Final[dict[re.Pattern[str], Callable[[re.Match[str], str], str]]] = {
    _TYPE: _of_type,
    _LENGTH: _of_length,
    _BOUND: _of_bound,
    _PATTERN: _of_pattern,
    _MULTIPLE: _of_multiple,
    _VALUE: _of_value,
}
