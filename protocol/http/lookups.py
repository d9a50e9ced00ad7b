"""Lookup tables over HTTP."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.http.base import Answer, RequestBody
from protocol.lookups import LookupKey, LookupTable
from protocol.text import NAME, NO_NUL

LookupName = Annotated[
    str, Meta(min_length=1, max_length=limits.LOOKUP_NAME_CHARS_MAX, pattern=NO_NUL, extra=NAME)
]
LookupPosition = Annotated[int, Meta(ge=0, le=limits.LOOKUP_POSITION_MAX)]


class NewLookupEntry(RequestBody, frozen=True, kw_only=True):
    """Add an entry to a lookup table."""

    key: LookupKey
    """Stays for ever; no other of the table, in whatever case."""
    name: LookupName
    position: LookupPosition | None = None
    """Where it stands in the table; None: at the end."""


class ChangedLookupEntry(RequestBody, frozen=True, kw_only=True):
    """Change an entry of a lookup table; what is left out stays as it is."""

    name: LookupName | None = None
    position: LookupPosition | None = None
    retired: bool | None = None
    """True: it can't be chosen any more, and what refers to it stays. False: it can be chosen again."""


class LookupEntry(Answer, frozen=True, kw_only=True):
    """An entry of a lookup table."""

    key: LookupKey
    """What others refer to it by. It never changes."""
    name: str
    position: int
    retired: bool
    """Whether it can't be chosen any more. What refers to it stays."""


class Lookup(Answer, frozen=True, kw_only=True):
    """A lookup table, in the order of its positions."""

    lookup: LookupTable
    entries: list[LookupEntry]
