"""Whom a text mentions: ``@handle`` somebody, ``@room`` everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from actors.text.plain import composed
from actors.text.words import BACKTICKS, is_word, stands_alone, tokens
from protocol import limits
from protocol.handles import folded

EVERYBODY: Final = "room"
_AT: Final = "@"
_FENCE: Final = 3
"""Backticks at the beginning of a line that begin code to the end of the text if nothing ends it."""
_AFTER_LINKS: Final = frozenset("<>\"'()[]{},;!")

Names = tuple[str, ...]
"""The handles that one ``@`` may mean, folded, the longest first: who reads it takes the first that somebody has."""


class Mentions(Struct, frozen=True):
    """What was found in a text."""

    names: tuple[Names, ...] = ()
    """Each once, in the order of the text; at most ``limits.MENTIONS_MAX``, of ``limits.MENTION_NAMES_MAX`` handles."""

    def handles(self) -> list[str]:
        """Every handle that may be meant."""
        return list(dict.fromkeys(handle for names in self.names for handle in names if handle != EVERYBODY))

    def whom(self, user: Callable[[str], str | None]) -> tuple[list[str], bool]:
        """The users that are meant, by who has a handle, and whether everybody is."""
        found: dict[str, None] = {}
        everyone = False
        for names in self.names:
            for handle in names:
                if handle == EVERYBODY:
                    everyone = True
                    break
                if (who := user(handle)) is not None:
                    found[who] = None
                    break
        return list(found), everyone


NONE: Final = Mentions()


def mentions_in(body: str) -> Mentions:
    """Whom a body may mention.

    Nobody by an ``@`` in code, in a link or in an address: after a word of a script that sets blanks between words, or
    before a host.
    """
    return search_mentions(body)[0]


def search_mentions(body: str) -> tuple[Mentions, int]:
    """``mentions_in``, and the characters that were looked at.

    Nobody is named after the first ``limits.BODY_DECOMPOSED_CHARS_MAX`` characters, counted as NFKD writes them out.
    """
    plain = composed(body, limits.BODY_DECOMPOSED_CHARS_MAX)
    if _AT not in plain:
        return NONE, len(body)
    found: dict[Names, None] = {}
    left = limits.MENTION_NAMES_MAX
    for names in _named(tokens(_without_code(plain))):
        if not names or names in found:
            continue
        left -= len(names)
        if left < 0 or len(found) == limits.MENTIONS_MAX:
            break
        found[names] = None
    return (Mentions(tuple(found)) if found else NONE), len(body) + 3 * len(plain)


def _without_code(text: str) -> str:
    """The text with a blank for each piece of code, as CommonMark finds it between equal numbers of backticks."""
    runs = [run.span() for run in BACKTICKS.finditer(text)]
    if not runs:
        return text
    ends: dict[int, int] = {}
    closes: list[int | None] = [None] * len(runs)
    for at in reversed(range(len(runs))):
        length = runs[at][1] - runs[at][0]
        closes[at] = ends.get(length)
        ends[length] = at
    kept: list[str] = []
    at = place = 0
    while at < len(runs):
        start, end = runs[at]
        if (close := closes[at]) is not None:
            kept += [text[place:start], " "]
            place, at = runs[close][1], close
        elif end - start >= _FENCE and text[start - 1 : start] in ("", "\n"):
            return "".join([*kept, text[place:start]])
        at += 1
    return "".join([*kept, text[place:]])


def _named(parts: list[str]) -> Iterator[Names]:
    """The handles that each ``@`` outside links and addresses may mean."""
    link = dotted = False
    before = two_before = ""
    for at, part in enumerate(parts):
        if part.isspace() or part in _AFTER_LINKS or not (part.isascii() or is_word(part)):
            link = dotted = False
        elif part == "/":
            link = link or (before == "/" and two_before == ":")
        elif part == ".":
            dotted = True
        elif part == _AT and not (link or _in_address(before) or (before == "/" and dotted)):
            yield tuple(dict.fromkeys(map(folded, _names(parts, at + 1))))
        two_before, before = before, part


def _in_address(before: str) -> bool:
    return before == _AT or (before != "" and is_word(before) and not stands_alone(before))


def _names(parts: list[str], first: int) -> list[str]:
    """What may be a handle from here on, the longest first.

    It ends where a word does, with or without the ``_`` at its end.
    """
    found: list[str] = []
    name = ""
    for at in range(first, min(first + limits.HANDLE_CHARS_MAX, len(parts))):
        part = parts[at]
        if not is_word(part) or len(name) > limits.HANDLE_CHARS_MAX:
            break
        name += part
        if parts[at + 1 : at + 2] == [_AT] and not stands_alone(part):
            break  # it goes on as an address: @ann@another.example
        found += [name.rstrip("_"), name] if name[-1] == "_" else [name]
    fit = (name for name in found if limits.HANDLE_CHARS_MIN <= len(name) <= limits.HANDLE_CHARS_MAX)
    return list(fit)[::-1]
