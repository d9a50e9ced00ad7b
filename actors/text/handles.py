"""Which handles there may be, and which look alike.

A handle is 3 to 32 letters with their vowel signs, digits or ``_`` in NFKC, of one script (or of scripts that are
written together). Two are compared in two ways: by ``folded``, and by ``skeleton``, what they look like (Unicode
Technical Standard 39). A handle that is equal to a taken one in either way is taken.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Final, cast

from confusable_homoglyphs import confusables  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

from actors.text.characters import script
from actors.text.plain import is_left_out
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
SPEAKING: Final = frozenset(
    {
        "admin",
        "administrator",
        "gatherup",
        "mod",
        "moderator",
        "official",
        "security",
        "staff",
        "support",
    }
)
"""Nor do they with digits at the end, or with more after a ``_``: those that speak for the server."""

_LETTERS_AND_DIGITS: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters that show nothing."""
_MARKS: Final = frozenset({"Mn", "Mc"})
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
    if not _is_written(text):
        raise _invalid("A handle is made of letters, digits and _, and not of _ alone.")
    if not _of_one_script(text):
        raise _invalid("A handle keeps to the letters and digits of one script.")
    made = Handle(text, folded(text), skeleton(text))
    if made.skeleton in _skeletons(RESERVED) or skeleton(_speaker(text)) in _skeletons(SPEAKING):
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


def _is_written(text: str) -> bool:
    """Whether it is made of what handles are made of: each mark follows a letter, and few of them one."""
    marks = limits.HANDLE_MARKS_MAX
    for char in text:
        if unicodedata.category(char) in _MARKS and not is_left_out(char):
            marks += 1
        elif char == "_":
            marks = limits.HANDLE_MARKS_MAX
        elif unicodedata.category(char) in _LETTERS_AND_DIGITS and char not in _FILLERS:
            marks = 0
        else:
            return False
        if marks > limits.HANDLE_MARKS_MAX:
            return False
    return text.strip("_") != ""


def _speaker(handle: str) -> str:
    """Whom a handle seems to speak for: what stands before the first ``_``, without digits at its end."""
    return handle.strip("_").partition("_")[0].rstrip("0123456789")


def _of_one_script(text: str) -> bool:
    scripts = {script(char) for char in text} - _ANY_SCRIPT
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
def _skeletons(handles: frozenset[str]) -> frozenset[str]:
    """Of both cases: ADM1N looks like ADMIN alone."""
    return frozenset(skeleton(form) for handle in handles for form in (handle, handle.upper()))


def _invalid(sentence: str) -> HandleError:
    return HandleError(Code.INVALID, sentence)


for _handles in (RESERVED, SPEAKING):
    _skeletons(_handles)  # made now, not while somebody waits
