"""Texts that people wrote, taken apart: the one place where regular expressions run on them.

Every repetition here is possessive, so a pattern never goes back: it looks at each character once.
"""

from __future__ import annotations

import re
from typing import Final

from actors.text.characters import ALONE, EXTENDS, JOINS, SIGN, SORTS

ASCII_TOKENS: Final = re.compile(r"\w++|\W")
"""A word, or a single character of another sort."""
LINK_PIECES: Final = re.compile(r"(?P<run>[\w.+-]++)|[/\\]{2,}+(?P<authority>[^\s/\\?#]*+)")
"""What links are made of: a run that can hold a scheme and hosts, or what follows two slashes and more."""
BACKTICKS: Final = re.compile(r"`++")
"""What begins and ends code."""


def tokens(text: str) -> list[str]:
    """Take a text apart into words and single characters; together they are the text.

    A word ends where its script does. Letters of Han, Kana, Hangul, Thai and their like are words one by one, each with
    its marks: there, words stand without blanks between them or have particles at their end. The other rules of UAX 29
    are left out: they make one word of ``bad.idea`` and ``bad'un``, which would hide what a filter looks for.
    """
    if text.isascii():
        return ASCII_TOKENS.findall(text)
    found: list[str] = []
    start, word = 0, SIGN
    for at, char in enumerate(text):
        sort = SORTS[ord(char)]
        if sort == EXTENDS:
            continue
        if (
            word not in (SIGN, ALONE)
            and sort not in (SIGN, ALONE)
            and (JOINS in (word, sort) or sort == word)
        ):
            word = sort if word == JOINS else word
            continue
        if at:
            found.append(text[start:at])
        start, word = at, sort
    found.append(text[start:])
    return found


def is_word(token: str) -> bool:
    """Whether a token, or a character, belongs to a word."""
    return token[0].isalnum() or token[0] == "_"


def stands_alone(token: str) -> bool:
    """Whether a token is a letter that is a word by itself."""
    return SORTS[ord(token[0])] == ALONE
