"""What a room's filter finds in a text: forbidden words, and links to where it doesn't let them lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal

from actors.text.links import is_known, known_hosts, search_links
from actors.text.plain import decomposed_length, skeleton
from actors.text.word_search import WordSearch
from actors.text.words import tokens
from protocol import limits

_WORDS_CACHED: Final = 256


def too_long(body: str) -> bool:
    """Whether a text is too long to be looked through once its characters are written out."""
    length = decomposed_length(body)
    if length <= limits.BODY_CHARS_MAX:
        return False
    # Letters that are written out still make one word to look for; signs are looked for one by one.
    return length > limits.BODY_DECOMPOSED_CHARS_MAX or len(tokens(skeleton(body))) > limits.BODY_CHARS_MAX


def unfit_words(words: Iterable[str]) -> str | None:
    """Why a filter can't have these words; None if it can."""
    left = limits.FILTER_TOKENS_MAX
    for word in words:
        if _word_too_long(word):
            return (
                f"A word has at most {limits.FILTERED_WORD_DECOMPOSED_CHARS_MAX} characters, "
                "counted after they are written out (NFKD)."
            )
        left -= len(tokens(skeleton(word)))
        if left < 0:
            return f"All words together have at most {limits.FILTER_TOKENS_MAX} parts."
    return None


def found_word(body: str, words: Sequence[str]) -> bool:
    """Whether one of these words stands in the text by itself, whatever its case, accents or invisible characters."""
    return search_words(body, words)[0]


def search_words(body: str, words: Sequence[str]) -> tuple[bool, int]:
    """``found_word``, and the characters that were looked at, without those of the words themselves."""
    search = _search(tuple(words))
    if search is None:
        return False, 0
    plain = skeleton(body)
    found, states = search.search(tokens(plain))
    return found, len(body) + len(plain) + states


def found_link(
    body: str, allowed: Literal["allowed", "known_hosts", "forbidden"], hosts: Iterable[str]
) -> bool:
    """Whether the text links to where it may not."""
    if allowed == "allowed":
        return False
    known = known_hosts(() if allowed == "forbidden" else hosts)
    return any(not is_known(host, known) for host in linked_hosts(body))


def linked_hosts(body: str) -> list[str]:
    """The hosts that a text's links lead to, as a browser would read them; ``""`` for one it couldn't."""
    return search_links(body)[0]


@lru_cache(_WORDS_CACHED)
def _search(words: tuple[str, ...]) -> WordSearch | None:
    """Words that ``unfit_words`` would refuse are left out: filters of older releases may have them."""
    kept: list[list[str]] = []
    left = limits.FILTER_TOKENS_MAX
    for word in words:
        if _word_too_long(word):
            continue
        parts = tokens(skeleton(word))
        if parts and len(parts) <= left:
            kept.append(parts)
            left -= len(parts)
    return WordSearch(kept) if kept else None


def _word_too_long(word: str) -> bool:
    return decomposed_length(word) > limits.FILTERED_WORD_DECOMPOSED_CHARS_MAX
