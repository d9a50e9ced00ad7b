"""Password hashing: Argon2id, in a bounded number of threads behind a bounded queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import argon2
import trio

T = TypeVar("T")

RETRY_AFTER_S: Final = 2.0


class TooManyHashesError(Exception):
    """As many hashes wait as may wait; ``retry_after_s`` says when to come again."""

    retry_after_s = RETRY_AFTER_S


class Passwords:
    """Hashes and verifies. Argon2 releases the GIL, so sockets go on while a hash runs."""

    def __init__(self, *, hashers: int, waiting_max: int, memory_kib: int, passes: int) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._limiter = trio.CapacityLimiter(hashers)
        self._present_max = hashers + waiting_max
        self._present = 0
        self._nobody = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises TooManyHashesError."""
        return await self._in_thread(lambda: self._argon2.hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether this is the password of that hash.

        With None it takes as long and is false, so that time doesn't tell a wrong name from a wrong password.
        Raises TooManyHashesError.
        """
        return (
            await self._in_thread(lambda: self._matches(kept or self._nobody, password)) and kept is not None
        )

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._argon2.verify(kept, password)
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._present >= self._present_max:
            raise TooManyHashesError
        self._present += 1
        try:
            return await trio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._present -= 1
