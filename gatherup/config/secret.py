"""Settings that nobody may see, and the forms they must have."""

from __future__ import annotations

import re
from typing import Final

from storage.postgres.conninfo import check_conninfo
from storage.redis.address import parse_address

HIDDEN: Final = "<hidden>"
KEY_BYTES: Final = 32


class Secret:
    """Text that is never shown: not by repr, str, format or an error message."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class Key(Secret):
    """A secret key of 32 bytes, written as 64 hexadecimal digits."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        try:
            self.key = bytes.fromhex(text)
        except ValueError:
            self.key = b""
        if len(self.key) != KEY_BYTES:
            raise ValueError(
                f"must be {KEY_BYTES * 2} hexadecimal digits, as `openssl rand -hex 32` prints them"
            )


class DatabaseUrl(Secret):
    """Where PostgreSQL is: a URL, or libpq's ``host=… dbname=…``. Secret for the password in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if not re.match(r"postgres(ql)?://|\w+ *=", text):  # not urlsplit: it knows one host
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        check_conninfo(text)


class RedisUrl(Secret):
    """Where Redis or Valkey is, in one of the forms of storage/redis/address.py. Secret for its password."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        parse_address(text)
