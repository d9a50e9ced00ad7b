"""The codes of invites: a number and a secret that only the server can make, so none has to be kept."""

from __future__ import annotations

from hashlib import blake2b
from hmac import compare_digest
from typing import Final

_SECRET_BYTES: Final = 12


class InviteCodes:
    """Makes and checks codes by a key that all nodes share."""

    def __init__(self, key: bytes) -> None:
        self._key: Final = key

    def code(self, room: str, number: int) -> str:
        """The code of a room's invite."""
        secret = blake2b(f"{room}|{number}".encode(), key=self._key, digest_size=_SECRET_BYTES)
        return f"{number}-{secret.hexdigest()}"

    def number(self, room: str, code: str) -> int | None:
        """Which of the room's invites this is the code of; None for a wrong one. Compared in constant time."""
        number = code.partition("-")[0]
        if not (number.isascii() and number.isdecimal()):
            return None
        return int(number) if compare_digest(self.code(room, int(number)).encode(), code.encode()) else None
