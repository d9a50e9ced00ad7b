"""Argon2id. Worker processes import this module, so it imports no more than it must."""

from __future__ import annotations

import argon2


def hashed(password: str, memory_kib: int, passes: int) -> str:
    """The hash to keep."""
    return argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1).hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether this is the password of that hash."""
    try:
        return argon2.PasswordHasher().verify(kept, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False
