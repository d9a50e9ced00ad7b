"""Whom a text mentions: ``@handle`` somebody, ``@room`` everybody."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from msgspec import Struct

from protocol import limits
from protocol.handles import folded

EVERYBODY: Final = "room"
_MENTION: Final = re.compile(rf"(?<![\w@])@(\w{{{limits.HANDLE_CHARS_MIN},{limits.HANDLE_CHARS_MAX}}})(?!\w)")


class Mentions(Struct, frozen=True):
    """What was found in a text."""

    handles: tuple[str, ...] = ()
    """Folded, each once, in the order of the text; at most MENTIONS_MAX."""
    everyone: bool = False


NONE: Final = Mentions()


def mentions_in(body: str) -> Mentions:
    """The handles a body names. An ``@`` within a word, as in an address, names nobody."""
    if "@" not in body:
        return NONE
    names = dict.fromkeys(folded(name) for name in _MENTION.findall(unicodedata.normalize("NFKC", body)))
    everyone = names.pop(EVERYBODY, 0) is None
    return Mentions(tuple(names)[: limits.MENTIONS_MAX], everyone)
