"""The one form in which texts are taken, and what no text may hold.

A name is one line that people read as what it is: NFC, without characters that show nothing or turn what stands around
them. A text of lines keeps them as they were written, but no control that would reach beyond its end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

from protocol import limits
from protocol.emoji import in_colour
from protocol.text import TEXT

S = TypeVar("S", bound=Struct)
Fix = Callable[[Any, str], Any]
"""The canonical form of a value at a path. Raises msgspec.ValidationError. The same object if it was in that form."""

_OPENS: Final = {
    "\u202a": "\u202c",
    "\u202b": "\u202c",
    "\u202d": "\u202c",
    "\u202e": "\u202c",
} | dict.fromkeys("\u2066\u2067\u2068", "\u2069")
"""Controls of writing direction, each with what ends it."""
_CLOSES: Final = frozenset(_OPENS.values())
_JOINERS: Final = frozenset("\u200c\u200d")
"""They change the letters and pictographs between which they stand."""
_COUNTING: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Of the category of what shows nothing, but seen."""
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_BLANK: Final = "\u2800"
_FLAG: Final = "\U0001f3f4"
_TAGS: Final = range(0xE0020, 0xE0080)
_SEEN: Final = frozenset("LNPS")


class _Unfit(Exception):
    """A text can't be taken; the message is a sentence."""


def canonical(value: S, at: str = "$") -> S:
    """A decoded message with all its texts in the form that is kept.

    Raises msgspec.ValidationError, which names the path as msgspec does.
    """
    changed: dict[str, Any] = {}
    for name, encoded, fix in _fields(type(value)):
        if (was := getattr(value, name)) is None:
            continue
        if (now := fix(was, f"{at}.{encoded}")) is not was:
            changed[name] = now
    return msgspec.structs.replace(value, **changed) if changed else value


def name(text: str) -> str:
    """A name's canonical form. Raises _Unfit."""
    if text.isascii():
        if not text.isprintable():
            raise _Unfit("A name can't hold control characters.")
        if text.isspace():
            raise _Unfit("A name must show something.")
        return text
    _check_marks(text)
    text = unicodedata.normalize("NFC", text)
    for at, char in enumerate(text):
        _check_in_name(text, at, char)
    if not any(_shows(char) for char in text):
        raise _Unfit("A name must show something.")
    return text


def lines(text: str) -> str:
    """The text itself, if it can be taken. Raises _Unfit."""
    if text.isascii() and text.isprintable():
        return text
    _check_marks(text)
    ends: list[str] = []
    for char in text:
        if char in "\n\u2029":
            _check_ended(ends)
        elif char in _OPENS:
            ends.append(_OPENS[char])
        elif char in _CLOSES:
            if not ends or ends.pop() != char:
                raise _Unfit("The text holds the end of a writing direction that nothing began.")
        elif char not in "\t\r" and unicodedata.category(char) == "Cc":
            raise _Unfit("The text can't hold control characters other than line breaks and tabs.")
    _check_ended(ends)
    return text


def _check_in_name(text: str, at: int, char: str) -> None:
    kind = unicodedata.category(char)
    if kind in ("Cc", "Zl", "Zp"):
        raise _Unfit("A name can't hold control characters.")
    if (
        kind == "Cf"
        and char not in _COUNTING
        and not _joins(text, at, char)
        and not _is_of_flag(text, at, char)
    ):
        raise _Unfit("A name can't hold characters that show nothing.")
    if char in _FILLERS:
        raise _Unfit("A name can't hold characters that show nothing.")


def _joins(text: str, at: int, char: str) -> bool:
    around = text[at - 1 : at], text[at + 1 : at + 2]
    return char in _JOINERS and all(one and unicodedata.category(one)[0] in "LMNS" for one in around)


def _is_of_flag(text: str, at: int, char: str) -> bool:
    before = text[at - 1 : at]
    return ord(char) in _TAGS and before != "" and (before == _FLAG or ord(before) in _TAGS)


def _shows(char: str) -> bool:
    return unicodedata.category(char)[0] in _SEEN and char != _BLANK


def _check_marks(text: str) -> None:
    """More than Unicode's Stream-Safe Text Format has on one character are there to be drawn over other lines."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks > limits.MARKS_MAX:
            raise _Unfit(f"A character has at most {limits.MARKS_MAX} marks on it.")


def _check_ended(ends: list[str]) -> None:
    if ends:
        raise _Unfit("The text begins a writing direction that doesn't end on its line.")


_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "name": name,
    "lines": lines,
    "reaction": in_colour,
}


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, str, Fix], ...]:
    """The fields that hold texts, each with its name on the wire."""
    info = cast(inspect.StructType, inspect.type_info(kind))
    found = ((field.name, field.encode_name, _fix(field.type)) for field in info.fields)
    return tuple((name, encoded, fix) for name, encoded, fix in found if fix is not None)


def _fix(kind: inspect.Type) -> Fix | None:
    match kind:
        case inspect.Metadata() if TEXT in (extra := cast("dict[str, str]", cast(Any, kind).extra or {})):
            return _text(_FORMS[extra[TEXT]], cast(inspect.StrType, kind.type).max_length)
        case inspect.Metadata():
            return _fix(kind.type)
        case inspect.UnionType():
            return _first([fix for one in kind.types if (fix := _fix(one)) is not None])
        case inspect.StructType():
            return canonical
        case inspect.ListType() | inspect.VarTupleType():
            return _each(_fix(kind.item_type))
        case _:
            return None


def _first(fixes: list[Fix]) -> Fix | None:
    """That of a field that may also be null, or be one of several messages: they are told apart by their class."""
    return fixes[0] if fixes else None


def _text(form: Callable[[str], str], most: int | None) -> Fix:
    def fix(value: str, at: str) -> str:
        try:
            found = form(value)
        except _Unfit as unfit:
            raise msgspec.ValidationError(f"{unfit} - at `{at}`") from None
        if most is not None and len(found) > most:  # NFC takes some characters apart
            raise msgspec.ValidationError(f"Expected `str` of length <= {most} - at `{at}`")
        return found

    return fix


def _each(inner: Fix | None) -> Fix | None:
    if inner is None:
        return None

    def fix(values: Any, at: str) -> Any:
        found = [inner(value, f"{at}[...]") for value in values]
        same = all(now is was for now, was in zip(found, values, strict=True))
        return values if same else type(values)(found)

    return fix
