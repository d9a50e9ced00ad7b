"""Whom a text mentions: ``@handle`` somebody, ``@room`` everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from actors.room.pieces import is_word, tokens
from actors.room.plain_text import composed
from protocol import limits
from protocol.handles import folded

EVERYBODY: Final = "room"


class Mentions(Struct, frozen=True):
    """What was found in a text."""

    handles: tuple[str, ...] = ()
    """Folded, each once, in the order of the text; at most MENTIONS_MAX."""
    everyone: bool = False


NONE: Final = Mentions()


def mentions_in(body: str) -> Mentions:
    """The handles a body names. An ``@`` within a word, as in an address, names nobody."""
    return search_mentions(body)[0]


def search_mentions(body: str) -> tuple[Mentions, int]:
    """``mentions_in``, and the characters that were looked at.

    Nobody is named after the first ``limits.BODY_DECOMPOSED_CHARS_MAX`` characters, counted as NFKD writes them out.
    """
    if "@" not in body:
        return NONE, len(body)
    plain = composed(body, limits.BODY_DECOMPOSED_CHARS_MAX)
    found = dict.fromkeys(folded(name) for name in _named(tokens(plain)))
    everyone = found.pop(EVERYBODY, 0) is None
    return Mentions(tuple(found)[: limits.MENTIONS_MAX], everyone), len(body) + 2 * len(plain)


def _named(parts: list[str]) -> Iterator[str]:
    """The words after an ``@`` that stands at the beginning, or after neither a word nor another ``@``."""
    before, at = "", False
    for part in parts:
        if at and limits.HANDLE_CHARS_MIN <= len(part) <= limits.HANDLE_CHARS_MAX and is_word(part):
            yield part
        at = part == "@" and not (before == "@" or (before and is_word(before)))
        before = part
