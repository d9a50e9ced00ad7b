"""Text that isn't UTF-8, in a message that couldn't be decoded for it: which field has it.

Half a surrogate pair is such text: browsers make one of an emoji that was cut in two, and JSON has an escape for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

SENTENCE: Final = "The text isn't valid UTF-8."

UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What decoding raises for bytes that no sound peer sends."""
# Each has a fixed length, so a search looks at few characters from each place.
_PAIR: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_MARK: Final = rb"\uFfFe"
"""Stands for what isn't text. The code point is no character, and nobody else writes it so."""
_MARK_TEMPLATE: Final = _MARK.replace(b"\\", rb"\\")
_MARKED: Final = "\ufffe"

_json_fields: Final[Callable[[bytes], dict[str, Raw]]] = msgspec.json.Decoder(dict[str, Raw]).decode
_json_value: Final[Callable[[Raw], object]] = msgspec.json.Decoder().decode
_msgpack_fields: Final[Callable[[bytes], dict[str, Raw]]] = msgspec.msgpack.Decoder(dict[str, Raw]).decode
_msgpack_value: Final[Callable[[Raw], object]] = msgspec.msgpack.Decoder().decode


class Garbled(Struct, frozen=True):
    """A message that is sound but for its text."""

    fields: Mapping[str, object]
    """Those of its fields that were asked for and are text."""
    field: str | None
    """The first one at fault; None if it has no name that could be said."""


def is_text(text: str) -> bool:
    """Whether UTF-8 can hold it: whether it is free of half surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def garbled_json(data: bytes, *asked: str) -> Garbled | None:
    """What is wrong with the text of a JSON object, or of bytes that would be one if they were UTF-8; None if nothing.

    Takes time that grows with the data alone.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        # Each byte at fault becomes half a surrogate pair, which is then written as JSON writes one.
        data = data.decode(errors="surrogateescape").encode(errors="backslashreplace")
    # An escaped backslash begins no escape. Nothing changes its length, so every other place stays what it was.
    plain = _PAIR.sub(b"____________", data.replace(rb"\\", b"__"))
    marked = _HALF.sub(_MARK_TEMPLATE, plain)
    if marked == plain:
        return None
    try:
        fields = _json_fields(marked)
        found = {name: _json_value(fields[name]) for name in asked if name in fields}
    except UNREADABLE:
        return None
    guilty = next((name for name, raw in fields.items() if _MARKED in name or _MARK in bytes(raw)), None)
    return Garbled(found, None if guilty is None else guilty.replace(_MARKED, "\ufffd"))


def garbled_msgpack(data: bytes, *asked: str) -> Garbled | None:
    """What is wrong with the text of a map in MessagePack; None if nothing, or if its names aren't text."""
    try:
        fields = _msgpack_fields(data)
    except UNREADABLE:
        return None
    found: dict[str, object] = {}
    guilty: str | None = None
    for name, raw in fields.items():
        try:
            value = _msgpack_value(raw)
        except UnicodeDecodeError:
            guilty = guilty or name
        except UNREADABLE:
            return None
        else:
            if name in asked:
                found[name] = value
    return None if guilty is None else Garbled(found, guilty)
