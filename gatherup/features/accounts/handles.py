"""Which handles there may be, and which look alike.

A handle is 3 to 32 letters, digits or ``_`` in NFKC, of one script (or of scripts that are written together), and
compared in two ways: by ``folded``, and by ``skeleton``, what it looks like (Unicode Technical Standard 39). A handle
that is equal to a taken one in either way is taken.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Final, cast

from confusable_homoglyphs import categories, confusables  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

from protocol import limits
from protocol.codes import Code
from protocol.handles import folded

RESERVED: Final = frozenset(
    {
        "admin",
        "administrator",
        "all",
        "channel",
        "deleted",
        "everybody",
        "everyone",
        "gatherup",
        "here",
        "mod",
        "moderator",
        "nobody",
        "null",
        "official",
        "owner",
        "room",
        "root",
        "security",
        "staff",
        "support",
        "system",
        "undefined",
    }
)
"""Handles that nobody gets: those that mention many, and those that speak for the server."""

_LETTERS_AND_DIGITS: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters that show nothing."""
_ANY_SCRIPT: Final = frozenset({"COMMON", "INHERITED"})
_WRITTEN_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
)
"""UTS 39, 5.2, 'highly restrictive'."""
_PASSES_MAX: Final = 4


class HandleError(Exception):
    """The handle can't be had: ``invalid``, or ``handle_taken`` for a reserved one. The message is a sentence."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Handle(Struct, frozen=True):
    """A handle that may be had, if nobody has it."""

    text: str
    """As it is shown, in NFKC."""
    folded: str
    skeleton: str


def checked(handle: str) -> Handle:
    """The handle in the forms that are kept. Raises HandleError."""
    text = unicodedata.normalize("NFKC", handle)
    if not limits.HANDLE_CHARS_MIN <= len(text) <= limits.HANDLE_CHARS_MAX:
        raise _invalid(
            f"A handle has {limits.HANDLE_CHARS_MIN} to {limits.HANDLE_CHARS_MAX} letters, digits or _."
        )
    if not all(_allowed(char) for char in text) or not any(char != "_" for char in text):
        raise _invalid("A handle is made of letters, digits and _, and not of _ alone.")
    if not _of_one_script(text):
        raise _invalid("A handle keeps to the letters and digits of one script.")
    made = Handle(text, folded(text), skeleton(text))
    if made.folded in RESERVED or made.skeleton in _reserved_skeletons():
        raise HandleError(Code.HANDLE_TAKEN, "This handle is reserved.")
    return made


def skeleton(handle: str) -> str:
    """What a handle looks like: equal for handles that can be mistaken for one another, whatever the script.

    UTS 39's skeleton, repeated with the case folded until it stays, since case doesn't tell handles apart either.
    """
    looks = handle
    for _ in range(_PASSES_MAX):
        decomposed = unicodedata.normalize("NFD", looks)
        mapped = "".join(_prototypes().get(char, char) for char in decomposed)
        again = unicodedata.normalize("NFD", mapped.casefold())
        if again == looks:
            break
        looks = again
    return looks


def _allowed(char: str) -> bool:
    if char == "_":
        return True
    return unicodedata.category(char) in _LETTERS_AND_DIGITS and char not in _FILLERS


def _of_one_script(text: str) -> bool:
    scripts = {cast(str, cast(Any, categories).alias(char)) for char in text} - _ANY_SCRIPT
    zeros = {ord(char) - unicodedata.decimal(char) for char in text if char.isdecimal()}
    alone = len(scripts) <= 1 or any(scripts <= together for together in _WRITTEN_TOGETHER)
    return alone and len(zeros) <= 1


@cache
def _prototypes() -> dict[str, str]:
    """What each character stands for in a skeleton, if not for itself.

    The package tells of each character which others look like it, both ways. In Unicode's table a character has one
    prototype and a prototype has none, so what has several lookalikes is a prototype; of two that have only each
    other the smaller one is taken.
    """
    alike: dict[str, list[str]] = {}
    for char, others in cast(
        "dict[str, list[dict[str, str]]]", cast(Any, confusables).confusables_data
    ).items():
        # Those written from right to left stand between marks that say so.
        alike[char.strip("\u200e")] = [other["c"].strip("\u200e") for other in others]
    found: dict[str, str] = {}
    for char, others in alike.items():
        if len(char) == 1 and len(others) == 1:
            (other,) = others
            if len(alike.get(other, ())) > 1 or other < char:
                found[char] = other
    return found


@cache
def _reserved_skeletons() -> frozenset[str]:
    """Of both cases: ADM1N looks like ADMIN alone."""
    return frozenset(skeleton(form) for handle in RESERVED for form in (handle, handle.upper()))


def _invalid(sentence: str) -> HandleError:
    return HandleError(Code.INVALID, sentence)


_reserved_skeletons()  # made now, not while somebody waits
