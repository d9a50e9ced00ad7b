"""Access tokens: short-lived, signed, read without I/O. Refresh tokens: random, kept only as a digest.

An access token is a JWT (RFC 7519) signed with HS256. The same nodes issue and read them, so a shared key
is enough and verifying costs microseconds, which matters when thousands reconnect at once; EdDSA would let
others verify without the key, which nobody needs. Algorithm, issuer and audience are pinned; ``kid`` names
the key.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

import jwt
import msgspec
from msgspec import Struct

from actors.kind import Instant
from actors.ports import InvalidTokenError, Login, Randomness
from protocol import limits
from protocol.ids import UserId

ALGORITHM: Final = "HS256"
ISSUER: Final = "gatherup"
AUDIENCE: Final = "gatherup"
REFRESH_TOKEN_BYTES: Final = 32


class Access(Struct, frozen=True, kw_only=True):
    """What a good access token says: its user, the login it came from, and until when (Unix milliseconds)."""

    user: str
    login: str
    expires_at: Instant


class _Claims(Struct, frozen=True):
    sub: UserId
    sid: str
    iat: int
    exp: int


class AccessTokens:
    """Issues and reads access tokens with one key of 32 bytes. Implements the Tokens port."""

    def __init__(self, key: bytes, *, lifetime_s: int) -> None:
        self._key = key
        self._lifetime_s = lifetime_s
        self._kid = hashlib.blake2b(b"kid", key=key, digest_size=6).hexdigest()

    def issue(self, user: str, login: str, now: Instant) -> tuple[str, Instant]:
        """A token for this user's login, and when it expires (Unix milliseconds)."""
        issued_s = now // 1000
        expires_s = issued_s + self._lifetime_s
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "sid": login,
            "iat": issued_s,
            "exp": expires_s,
        }
        return jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._kid}), expires_s * 1000

    def read(self, token: str, now: Instant) -> Access:
        """Everything the token says. Raises InvalidTokenError."""
        if len(token) > limits.TOKEN_CHARS_MAX:
            raise InvalidTokenError
        try:
            if jwt.get_unverified_header(token).get("kid") != self._kid:
                raise InvalidTokenError
            # Times are judged below: by the Clock port, not by the wall clock of the library.
            raw: object = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            claims = msgspec.convert(raw, _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, UnicodeError):
            raise InvalidTokenError from None
        if claims.exp * 1000 <= now:
            raise InvalidTokenError(expired=True)
        return Access(user=claims.sub, login=claims.sid, expires_at=claims.exp * 1000)

    def verify(self, token: str, now: Instant) -> Login:
        """Who the token speaks for. Raises InvalidTokenError."""
        access = self.read(token, now)
        return Login(user=access.user, expires_at=access.expires_at)


def new_refresh_token(randomness: Randomness) -> str:
    """43 characters that nobody can guess."""
    return base64.urlsafe_b64encode(randomness.token(REFRESH_TOKEN_BYTES)).rstrip(b"=").decode()


def refresh_digest(token: str) -> bytes:
    """What is kept of a refresh token: SHA-256. A slow hash isn't needed for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
