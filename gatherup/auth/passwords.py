"""Password hashing: Argon2id, in worker processes, so that a storm of logins doesn't slow the chat."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from gatherup.auth.hashing import Match, hashed, matched
from gatherup.offloop.pool import OffLoop

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32


class Passwords:
    """Hashes and verifies."""

    def __init__(self, off_loop: OffLoop, *, memory_kib: int, passes: int) -> None:
        self._off_loop = off_loop
        self._memory_kib = memory_kib
        self._passes = passes
        self._nobody = _hash_of_nobody(memory_kib, passes)

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises NotCalledError."""
        return await self._off_loop.call(hashed, password, self._memory_kib, self._passes)

    async def verify(self, kept: str | None, password: str) -> Match:
        """Whether this is the password of that hash.

        With None it takes as long and isn't, so that time doesn't tell a wrong name from a wrong password.
        Raises NotCalledError.
        """
        found = await self._off_loop.call(matched, kept or self._nobody, password)
        return Match.NO if kept is None else found


def _hash_of_nobody(memory_kib: int, passes: int) -> str:
    """What looks like the hash of a password, which nobody knows, and costs as much to verify as one."""
    salt, value = (b64encode(bytes(length)).decode().rstrip("=") for length in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${value}"
