"""Which pages may reach a node: origins (RFC 6454) as operators write them, compared as browsers send them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

import idna

NULL: Final = "null"
"""What browsers send for pages without an origin: files, sandboxed frames."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_ANY_BELOW: Final = "*."
_DOTS_MIN: Final = 2
"""Dots of a pattern: a whole top-level domain belongs to many."""


class OriginError(ValueError):
    """This is no origin; the message is a sentence."""


class Origins:
    """Those that may; all, if None is given. Raises OriginError."""

    def __init__(self, allowed: Sequence[str] | None) -> None:
        parsed = [canonical_origin(one) for one in allowed or ()]
        self.all: Final = allowed is None
        self._exact: Final = frozenset(parsed)
        self._below: Final = [_around(one) for one in parsed if _ANY_BELOW in one]

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may."""
        if self.all:
            return True
        try:
            wanted = canonical_origin(origin)
        except OriginError:
            return False
        if _ANY_BELOW in wanted:
            return False
        return wanted in self._exact or any(_is_below(wanted, *around) for around in self._below)


def canonical_origin(written: str) -> str:
    """An origin as browsers write it: in lower case, hosts of other scripts in their xn-- form, no default port.

    ``https://*.example.org`` stands for every host below example.org. Raises OriginError.
    """
    if written == NULL:
        return NULL
    try:
        parts = urlsplit(written)
        port = parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise OriginError(f"{written!r} is no origin.") from None
    if (
        not parts.scheme
        or not host
        or written.rstrip("/") != f"{written.partition('://')[0]}://{parts.netloc}"
    ):
        raise OriginError(
            f"{written!r} is no origin: it looks like https://example.org or https://example.org:8443."
        )
    if "@" in parts.netloc:
        raise OriginError(f"{written!r} is no origin: it holds a user's name.")
    if "*" in host and (not host.startswith(_ANY_BELOW) or "*" in host[1:] or host.count(".") < _DOTS_MIN):
        raise OriginError(
            f"{written!r} is no origin: * stands for a host's first label alone, as in https://*.example.org."
        )
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (
        "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    )


def problems_of(allowed: Iterable[str]) -> list[str]:
    """What is wrong with these, a sentence each."""
    found: list[str] = []
    for one in allowed:
        try:
            canonical_origin(one)
        except OriginError as error:
            found.append(str(error))
    return found


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    pattern = host.startswith(_ANY_BELOW)
    encoded = idna.encode(host.removeprefix(_ANY_BELOW), uts46=True).decode()  # IDNAError is a ValueError
    return _ANY_BELOW + encoded if pattern else encoded


def _around(pattern: str) -> tuple[str, str]:
    before, _, after = pattern.partition("*")
    return before, after


def _is_below(origin: str, before: str, after: str) -> bool:
    return origin.startswith(before) and origin.endswith(after) and len(origin) > len(before) + len(after)
