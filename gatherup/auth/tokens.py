"""Access tokens: short-lived, signed, read without I/O.

An access token is a JWT (RFC 7519) signed with Ed25519 (RFC 8037). Who has the published keys can check one, and can't
make one; see docs/adr/0019. Algorithm, issuer and audience are pinned; ``kid`` names the key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from actors.kind import Instant
from actors.ports.logins import InvalidTokenError, Login
from gatherup.config import Config
from protocol import limits
from protocol.http.accounts.accounts import Jwk
from protocol.ids import UserId
from protocol.inbox import LoginId

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "gatherup"
AUDIENCE: Final = "gatherup"
KID_CHARS: Final = 16

_OPTIONS: Final[Any] = {
    "require": ["exp", "iat", "iss", "aud", "sub"],
    # Times are judged by the Clock port, not by the wall clock of the library.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class _Claims(Struct, frozen=True):
    sub: UserId
    sid: LoginId
    iat: int
    exp: int


class AccessTokens:
    """Issues access tokens with one key and reads those of that key and of further ones. Implements the Tokens port.

    Keys are seeds of 32 bytes. To change the key: let every node accept the next one, then let it sign and accept the
    last one, and forget that once its tokens have expired.
    """

    def __init__(self, key: bytes, *, lifetime_s: int, accepted: Iterable[bytes] = ()) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self._lifetime_s = lifetime_s
        public = [self._key.public_key()]
        public += [Ed25519PrivateKey.from_private_bytes(other).public_key() for other in accepted]
        self._readers = {key_id(reader): reader for reader in public}
        self._kid = key_id(public[0])

    @property
    def published(self) -> list[Jwk]:
        """The public keys, for whoever wants to check tokens."""
        return [Jwk(kid=kid, x=_x(reader)) for kid, reader in self._readers.items()]

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

    def verify(self, token: str, now: Instant) -> Login:
        """Who the token speaks for. Raises InvalidTokenError."""
        if len(token) > limits.TOKEN_CHARS_MAX:
            raise InvalidTokenError
        try:
            reader = self._readers.get(jwt.get_unverified_header(token).get("kid", ""))
            if reader is None:
                raise InvalidTokenError
            raw: object = jwt.decode(
                token, reader, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options=_OPTIONS
            )
            claims = msgspec.convert(raw, _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, UnicodeError):
            raise InvalidTokenError from None
        if claims.exp * 1000 <= now:
            raise InvalidTokenError(expired=True)
        return Login(user=claims.sub, login=claims.sid, expires_at=claims.exp * 1000)


def access_tokens(config: Config) -> AccessTokens:
    """Access tokens as they are configured."""
    accepted = config.auth.token_keys_accepted
    return AccessTokens(
        config.auth.token_key.key,
        lifetime_s=config.auth.access_token_s,
        accepted=() if accepted is None else accepted.keys,
    )


def key_id(public: Ed25519PublicKey) -> str:
    """The beginning of the key's thumbprint (RFC 7638)."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_x(public)}"}}'
    return _base64url(hashlib.sha256(members.encode()).digest())[:KID_CHARS]


def _x(public: Ed25519PublicKey) -> str:
    return _base64url(public.public_bytes_raw())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
