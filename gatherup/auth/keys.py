"""API keys: their text, and who a request with one speaks for.

A key's text is ``gu_<id>_<secret>``: 32 hexadecimal digits, then 43 characters for 256 random bits. The prefix lets
scanners of source code find one that was published.
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from typing import Final, Protocol

from msgspec import Struct

from actors.kind import Instant
from actors.ports.logins import InvalidTokenError
from actors.ports.time import Clock, Randomness
from gatherup.auth.one_time import new_token, token_digest
from storage.postgres.integrations.keys import KeyRow

PREFIX: Final = "gu_"
KNOWN_S: Final = 5.0
"""A key that was revoked may be good for so long on a node that has just used it."""
KNOWN_MAX: Final = 1000
USED_S: Final = 60.0
"""How exactly the last use is kept."""

_TEXT: Final = re.compile(r"gu_(?P<id>[0-9a-f]{32})_(?P<secret>[A-Za-z0-9_-]{43})")


class NewKeyText(Struct, frozen=True):
    """A new key: the text that is shown once, and what is stored of it."""

    id: str
    text: str
    secret_hash: bytes


class KeyRows(Protocol):
    """``storage.postgres.integrations.keys.ApiKeys``, as far as telling callers needs it."""

    async def get(self, key: str) -> KeyRow | None:
        """The key of this id."""
        ...

    async def used(self, key: str, at: Instant) -> None:
        """Note when a key was used."""
        ...


class _Known:
    """A key as the database had it."""

    __slots__ = ("read_at", "row", "used_at")

    def __init__(self, row: KeyRow | None, read_at: float) -> None:
        self.row = row
        self.read_at = read_at
        self.used_at: float | None = None


def new_key(randomness: Randomness) -> NewKeyText:
    """A key that nobody can guess."""
    number = randomness.token(16).hex()
    secret = new_token(randomness)
    return NewKeyText(number, f"{PREFIX}{number}_{secret}", token_digest(secret))


class KeyRing:
    """Tells who shows a key. Remembers keys for KNOWN_S, so that a busy backend costs few reads."""

    def __init__(self, rows: KeyRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def knows(self, text: str) -> bool:
        """Whether this text can be read without asking the database."""
        found = _TEXT.fullmatch(text)
        known = None if found is None else self._known.get(found["id"])
        return known is not None and self._clock.monotonic() - known.read_at < KNOWN_S

    async def read(self, text: str) -> KeyRow:
        """The key of this text. Raises InvalidTokenError."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise InvalidTokenError
        known = await self._find(found["id"])
        row = known.row
        # Compared even if there is no such key, so that time doesn't tell.
        kept = row.secret_hash if row is not None else bytes(32)
        if (
            not hmac.compare_digest(kept, token_digest(found["secret"]))
            or row is None
            or row.revoked_at is not None
        ):
            raise InvalidTokenError
        if row.expires_at is not None and row.expires_at <= self._clock.now():
            raise InvalidTokenError(expired=True)
        now = self._clock.monotonic()
        if known.used_at is None or now - known.used_at >= USED_S:
            known.used_at = now
            await self._rows.used(row.id, self._clock.now())
        return row

    async def _find(self, key: str) -> _Known:
        now = self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now - known.read_at < KNOWN_S:
            return known
        fresh = _Known(await self._rows.get(key), now)
        if known is not None:
            fresh.used_at = known.used_at
        self._known[key] = fresh
        self._known.move_to_end(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return fresh
