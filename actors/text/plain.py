"""Texts without what can be varied freely in writing them, in time that grows with their length alone.

``unicodedata.normalize`` sorts the marks on one character, which takes the square of their number. So nothing here
gives it more than ``limits.MARKS_MAX`` in a row.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from actors.text.characters import ByCharacter
from protocol import limits

_POINTS: Final = range(10, 37)
"""Combining classes of the points of Hebrew, Arabic and Syriac."""
_ACCENTS: Final = range(200, 256)
_OVERLAY: Final = 1
_UNSEEN: Final = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)))
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
"""Characters that show nothing and aren't of the category of such: joiners, fillers, selectors of a form."""


def _decompose(char: str) -> str:
    return unicodedata.normalize("NFKD", char)


def _bare(char: str) -> str:
    plain = _decompose(_decompose(char).casefold())
    return "".join(c for c in plain if not is_left_out(c))


def is_left_out(char: str) -> bool:
    """Whether a word is read the same without it: accents and points, but no vowel signs of Hindi or Thai."""
    kind = unicodedata.category(char)
    if kind == "Cf" or char in _UNSEEN:
        return True
    order = unicodedata.combining(char)
    return kind == "Mn" and (order in _POINTS or order in _ACCENTS or order == _OVERLAY)


_DECOMPOSED: Final = ByCharacter(_decompose)
_SKELETON: Final = ByCharacter(_bare)


def decomposed_length(text: str) -> int:
    """How many characters a text has once every character is written out (NFKD)."""
    return len(text) if text.isascii() else len(text.translate(_DECOMPOSED))


def skeleton(text: str) -> str:
    """The text without case, accents, compatibility forms and invisible characters."""
    return text.casefold() if text.isascii() else text.translate(_SKELETON)


def composed(text: str, most: int) -> str:
    """The text in NFKC, cut where its characters written out are more than ``most``.

    Of more than ``limits.MARKS_MAX`` marks on one character the rest is left out.
    """
    return text[:most] if text.isascii() else unicodedata.normalize("NFKC", _cut(text, most))


def _cut(text: str, most: int) -> str:
    kept: list[str] = []
    length = marks = 0
    for char in text:
        written_out = _DECOMPOSED[ord(char)]
        marks = marks + 1 if unicodedata.combining(written_out[0]) else 0
        if marks > limits.MARKS_MAX:
            continue
        if (length := length + len(written_out)) > most:
            break
        kept.append(char)
    return "".join(kept)


def visible(text: str) -> str:
    """The text without invisible characters."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")
