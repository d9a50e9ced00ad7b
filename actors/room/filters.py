"""What a room's filter finds in a text: forbidden words, and links to where it doesn't let them lead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal

_LINK: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}(?P<authority>[^\s/\\?#]*)"
    r"|(?<![\w.-])(?P<www>www\.[\w.-]+)"
    r"|(?<![\w.@-])(?P<bare>(?:[\w-]+\.)+[\w-]*\w)(?=[/:?#])"
)
"""``scheme://host``, ``//host``, ``www.host``, and a bare ``host.name`` that a path or port follows."""
_DOTS: Final = str.maketrans("。．｡", "...")  # noqa: RUF001 - browsers read them as dots
_AFTER: Final = ".,;:!)>\"'"
"""What may follow a link in a sentence."""
_WORDS_CACHED: Final = 256


def found_word(body: str, words: Sequence[str]) -> bool:
    """Whether one of these words stands in the text by itself, whatever its case, accents or invisible characters."""
    pattern = _pattern(tuple(words))
    return pattern is not None and pattern.search(_skeleton(body)) is not None


def found_link(
    body: str, allowed: Literal["allowed", "known_hosts", "forbidden"], hosts: Iterable[str]
) -> bool:
    """Whether the text links to where it may not."""
    if allowed == "allowed":
        return False
    known = () if allowed == "forbidden" else tuple(hosts)
    return any(not _known(host, known) for host in linked_hosts(body))


def linked_hosts(body: str) -> list[str]:
    """The hosts that a text's links lead to, as a browser would read them; ``""`` for one it couldn't."""
    plain = _visible(unicodedata.normalize("NFKC", body)).translate(_DOTS).lower()
    return [_host(match) for match in _LINK.finditer(plain)]


def _host(match: re.Match[str]) -> str:
    if (authority := match["authority"]) is None:
        return (match["www"] or match["bare"]).strip(".")
    host = authority.rpartition("@")[2].rstrip(_AFTER)
    return re.sub(r":\d*$", "", host).rstrip(_AFTER)


def _known(host: str, known: Sequence[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in known)


@lru_cache(_WORDS_CACHED)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    plain = [re.escape(word) for word in map(_skeleton, words) if word]
    return re.compile(rf"(?<!\w)(?:{'|'.join(plain)})(?!\w)") if plain else None


def _skeleton(text: str) -> str:
    """The text without what can be varied freely: case, accents, compatibility forms, invisible characters."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        c for c in unicodedata.normalize("NFKD", plain) if unicodedata.category(c) not in ("Mn", "Cf")
    )


def _visible(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf")
