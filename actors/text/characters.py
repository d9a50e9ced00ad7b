"""What a character is to a word: part of one with its neighbours of the same script, or a word by itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Final, cast

from confusable_homoglyphs import categories  # pyright: ignore[reportMissingTypeStubs]

_REMEMBERED: Final = 20_000

SIGN: Final = "sign"
"""Belongs to no word."""
EXTENDS: Final = "extends"
"""A mark, or the rest of a syllable of Hangul: it belongs to what stands before it."""
JOINS: Final = "joins"
"""A digit or ``_``: it goes with letters of any script but those that stand alone."""
ALONE: Final = "alone"
"""A letter of a script that sets no blanks between words, or whose words have particles at their end."""

_ALONE: Final = frozenset(
    {"HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR"}
)
_ANY_SCRIPT: Final = frozenset({"COMMON", "INHERITED"})
_LONG_VOWEL: Final = "\u30fc"
"""It lengthens a vowel of both Kana, so Unicode gives it to no script."""
_REST_OF_A_SYLLABLE: Final = ((0x1160, 0x11FF), (0xD7B0, 0xD7FB))
"""Vowels and final consonants of Hangul, as NFKD writes syllables out."""


class ByCharacter(dict[int, str]):
    """A table for ``str.translate`` that asks for each character once and keeps the answers, up to a number."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of: Final = of

    def __missing__(self, code: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[code] = found = self._of(chr(code))
        return found


def script(char: str) -> str:
    """A character's script by its name in Unicode, in capitals: ``LATIN``; ``COMMON`` for what many use."""
    return cast("str", cast(Any, categories).alias(char))


def _sort(char: str) -> str:
    kind = unicodedata.category(char)
    if kind[0] == "M" or any(first <= ord(char) <= last for first, last in _REST_OF_A_SYLLABLE):
        return EXTENDS
    if kind[0] != "L":
        return JOINS if char == "_" or char.isalnum() else SIGN
    if char == _LONG_VOWEL or (name := script(char)) in _ALONE:
        return ALONE
    return JOINS if name in _ANY_SCRIPT else name


SORTS: Final = ByCharacter(_sort)
"""By code point: ``SIGN``, ``EXTENDS``, ``JOINS``, ``ALONE``, or the script of a letter that makes words."""
