"""Texts without what can be varied freely in writing them, in time that grows with their length alone.

``unicodedata.normalize`` sorts the marks on one character, which takes the square of their number. So nothing here
gives it more than MARKS_MAX in a row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

MARKS_MAX: Final = 30
"""Marks on one character that are looked at: the number of Unicode's Stream-Safe Text Format."""
_REMEMBERED: Final = 20_000


class _ByCharacter(dict[int, str]):
    """A table for ``str.translate`` that asks for each character once and keeps the answers, up to a number."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of: Final = of

    def __missing__(self, code: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[code] = found = self._of(chr(code))
        return found


def _decompose(char: str) -> str:
    return unicodedata.normalize("NFKD", char)


def _bare(char: str) -> str:
    plain = _decompose(_decompose(char).casefold())
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))


_DECOMPOSED: Final = _ByCharacter(_decompose)
_SKELETON: Final = _ByCharacter(_bare)


def decomposed_length(text: str) -> int:
    """How many characters a text has once every character is written out (NFKD)."""
    return len(text) if text.isascii() else len(text.translate(_DECOMPOSED))


def skeleton(text: str) -> str:
    """The text without case, accents, compatibility forms and invisible characters."""
    return text.casefold() if text.isascii() else text.translate(_SKELETON)


def composed(text: str, most: int) -> str:
    """The text in NFKC, cut where its characters written out are more than ``most``.

    Of more than MARKS_MAX marks on one character the rest is left out.
    """
    return text[:most] if text.isascii() else unicodedata.normalize("NFKC", _cut(text, most))


def _cut(text: str, most: int) -> str:
    kept: list[str] = []
    length = marks = 0
    for char in text:
        written_out = _DECOMPOSED[ord(char)]
        marks = marks + 1 if unicodedata.combining(written_out[0]) else 0
        if marks > MARKS_MAX:
            continue
        if (length := length + len(written_out)) > most:
            break
        kept.append(char)
    return "".join(kept)


def visible(text: str) -> str:
    """The text without invisible characters."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")
