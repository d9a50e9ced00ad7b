"""Texts that people wrote, taken apart: the one place where regular expressions run on them.

Every repetition here is possessive, so a pattern never goes back: it looks at each character once.
"""

from __future__ import annotations

import re
from typing import Final

TOKENS: Final = re.compile(r"\w++|\W")
"""A word, or a single character of another sort."""
LINK_PIECES: Final = re.compile(r"(?P<run>[\w.+-]++)|[/\\]{2,}+(?P<authority>[^\s/\\?#]*+)")
"""What links are made of: a run that can hold a scheme and hosts, or what follows two slashes and more."""


def tokens(text: str) -> list[str]:
    """Take a text apart into words and single characters; together they are the text."""
    return TOKENS.findall(text)


def is_word(token: str) -> bool:
    """Whether a token, or a character, belongs to a word."""
    return token[0].isalnum() or token[0] == "_"
