"""The links in a text: ``scheme://host``, ``//host``, ``www.host``, and ``host.name`` before a path or port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from actors.text.plain import composed, visible
from actors.text.words import LINK_PIECES, is_word
from protocol import limits

_DOTS: Final = str.maketrans("。．｡", "...")  # noqa: RUF001 - browsers read them as dots
_SLASHES: Final = ("/", "\\")
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_OF_SCHEMES: Final = _LETTERS | frozenset("0123456789+.-")
_AFTER: Final = ".,;:!)>\"'"
"""What may follow a link in a sentence."""
_AFTER_BARE: Final = ("/", ":", "?", "#")
_WWW: Final = "www."
_HOST_CHARS_MAX: Final = 253


def search_links(body: str) -> tuple[list[str], int]:
    """The hosts that a text's links lead to, and the characters that were looked at.

    Hosts are as a browser would read them; ``""`` for one it couldn't.
    """
    plain = visible(composed(body, limits.BODY_DECOMPOSED_CHARS_MAX)).translate(_DOTS).lower()
    hosts: list[str] = []
    looked = len(body) + len(plain)
    for piece in LINK_PIECES.finditer(plain):
        if (authority := piece["authority"]) is not None:
            hosts.append(_host(authority))
        elif "." in piece["run"]:
            hosts += _hosts_in_run(plain, piece.start(), piece.end())
        looked += 2 * (piece.end() - piece.start())  # for its schemes, and for its hosts
    return hosts, looked


def is_known(host: str, known: frozenset[str]) -> bool:
    """Whether a host is one of these or below one. It looks at the host's end alone, and once for each of its dots."""
    if host in known:
        return True
    end = host[-_HOST_CHARS_MAX - 1 :]
    dot = end.find(".")
    while dot >= 0:
        if end[dot + 1 :] in known:
            return True
        dot = end.find(".", dot + 1)
    return False


def known_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Make these ready for ``is_known``."""
    return frozenset(hosts)


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2].rstrip(_AFTER)
    before, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        host = before
    return host.rstrip(_AFTER)


def _hosts_in_run(text: str, start: int, end: int) -> Iterator[str]:
    """The hosts without a scheme in a run, up to where the scheme of a link begins."""
    letters = _scheme_starts(text, start, end)
    scheme = next(letters, end)
    for part_start, part_end in _parts(text, start, end):
        if scheme <= part_start:
            return
        part = text[part_start:part_end]
        if _is_www(part) or (part_end == end and _is_bare(text, part, start=part_start, end=end)):
            yield part.strip(".")
            while scheme < part_end:
                scheme = next(letters, end)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What stands between the pluses, which no host has."""
    while start < end:
        plus = text.find("+", start, end)
        stop = end if plus < 0 else plus
        if start < stop:
            yield start, stop
        start = stop + 1


def _scheme_starts(text: str, start: int, end: int) -> Iterator[int]:
    """Where a scheme may begin that ends with this run: at each letter after which only its characters come."""
    if text[end : end + 1] != ":" or not all(text[i : i + 1] in _SLASHES for i in (end + 1, end + 2)):
        return
    first = end
    while first > start and text[first - 1] in _OF_SCHEMES:
        first -= 1
    yield from (i for i in range(first, end) if text[i] in _LETTERS)


def _is_www(part: str) -> bool:
    return part.startswith(_WWW) and len(part) > len(_WWW)


def _is_bare(text: str, part: str, *, start: int, end: int) -> bool:
    """Whether this is a host's name: labels with dots between them, before a path or port, and no address's end."""
    if text[end : end + 1] not in _AFTER_BARE or text[start - 1 : start] == "@":
        return False
    return "." in part and ".." not in part and part[0] != "." and is_word(part[-1])
