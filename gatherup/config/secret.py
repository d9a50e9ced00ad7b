"""Settings that nobody may see, and the forms they must have."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from storage.postgres.driver.conninfo import check_conninfo
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


class Keys(Secret):
    """Secret keys of 32 bytes each, separated by commas."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.keys = tuple(Key(part.strip()).key for part in text.split(","))


class OidcProvider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site that users may sign in with, as its operators registered this server there."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$(?!\n)")]
    """What stands in paths."""
    title: Annotated[str, Meta(min_length=1, max_length=64)]
    """What users read."""
    issuer: Annotated[str, Meta(pattern=r"^https?://[^\s?#]+$(?!\n)")]
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: str | None = None
    """None for a public client."""
    redirect_uris: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Where browsers may be sent back to; the first is taken if a client names none."""
    scopes: tuple[str, ...] = ("openid", "profile")


class OidcProviders(Secret):
    """A JSON list of ``OidcProvider``. Secret for the client secrets in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        try:
            self.providers = tuple(msgspec.json.decode(text, type=list[OidcProvider]))
        except msgspec.DecodeError as error:
            path = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "its beginning"
            raise ValueError(
                f"must be a JSON list of providers; see docs/accounts.md. At fault: {path}"
            ) from None
        if len({provider.name for provider in self.providers}) < len(self.providers):
            raise ValueError("each provider must have a name of its own")
        if len({provider.issuer for provider in self.providers}) < len(self.providers):
            raise ValueError("each provider must have an issuer of its own")
        for provider in self.providers:
            url = urlsplit(provider.issuer)
            if url.scheme != "https" and url.hostname not in {"127.0.0.1", "::1", "localhost"}:
                raise ValueError(f"the issuer of {provider.name} must be an https address")


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
