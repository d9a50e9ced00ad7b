"""Argon2id. Worker processes import this module, so it imports no more than it must."""

from __future__ import annotations

import unicodedata
from enum import IntEnum

import argon2


class Match(IntEnum):
    """Whether a password is that of a hash."""

    NO = 0
    YES = 1
    AS_TYPED = 2
    """It is, but the hash is of the characters as they were typed, as older releases made it."""


def hashed(password: str, memory_kib: int, passes: int) -> str:
    """The hash to keep, of the password in NFC (RFC 8265): keyboards write one letter in several ways."""
    hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
    return hasher.hash(unicodedata.normalize("NFC", password))


def matched(kept: str, password: str) -> Match:
    """Whether this is the password of that hash."""
    composed = unicodedata.normalize("NFC", password)
    if _is_of(kept, composed):
        return Match.YES
    return Match.AS_TYPED if composed != password and _is_of(kept, password) else Match.NO


def _is_of(kept: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(kept, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False
