"""What an OpenID provider says of somebody: its signed ID token, checked (OpenID Connect Core 1.0, 3.1.3.7). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Meta, Struct

from actors.kind import Instant
from protocol import limits

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Only signatures that who checks them can't make: with ``none`` or HS256 a published key would be enough."""
SKEW_S: Final = 60
"""How far the provider's clock may be off."""
SUBJECT_CHARS_MAX: Final = 255
RSA_BITS_MIN: Final = 2048
"""Shorter keys can be broken (RFC 7518, 3.3)."""

Keys = Mapping[str, jwt.PyJWK]
"""The provider's keys by key id."""


class IdTokenError(Exception):
    """The token isn't for us, not from them, or not of this sign-in. The message is for logs."""


class UnknownKeyError(IdTokenError):
    """It is signed with a key that we don't have, perhaps a new one."""


class Who(Struct, frozen=True):
    """Somebody, as the provider knows them."""

    subject: str
    name: str | None


class _Claims(Struct, frozen=True):
    iss: str
    sub: Annotated[str, Meta(min_length=1, max_length=SUBJECT_CHARS_MAX, pattern=r"^[^\x00]+$")]
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    azp: str | None = None
    name: str | None = None


def keys_of(document: bytes) -> Keys:
    """The signing keys of a JWK set; those we can't use are left out. Raises IdTokenError."""
    try:
        entries = msgspec.json.decode(document, type=dict[str, Any]).get("keys", [])
        found: dict[str, jwt.PyJWK] = {}
        for entry in entries:
            # What a key is for may be said in both ways (RFC 7517, 4.2 and 4.3).
            if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ["verify"]):
                continue
            try:
                key = jwt.PyJWK.from_dict(entry)
            except jwt.PyJWTError:
                continue
            if not isinstance(key.key, RSAPublicKey) or key.key.key_size >= RSA_BITS_MIN:
                found[str(entry.get("kid", ""))] = key
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError):
        raise IdTokenError("the keys aren't a JWK set") from None
    return found


def read_id_token(token: str, keys: Keys, *, issuer: str, client_id: str, nonce: str, now: Instant) -> Who:
    """Who the token speaks of. Raises IdTokenError."""
    if len(token) > limits.HTTP_BODY_BYTES_MAX:
        raise IdTokenError("it is too long")
    try:
        header = jwt.get_unverified_header(token)
        key = _key(header, keys)
        raw: object = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=issuer,
            audience=client_id,
            # Times are judged below: by the Clock port, not by the wall clock of the library.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        claims = msgspec.convert(raw, _Claims)
        # UnicodeEncodeError for half a surrogate pair, which the library lets through.
        msgspec.json.encode(claims)
    except (jwt.PyJWTError, msgspec.ValidationError, UnicodeError) as error:
        raise IdTokenError(str(error)) from None
    if claims.iss != issuer:
        raise IdTokenError("it is of another issuer")
    several = isinstance(claims.aud, list) and len(claims.aud) > 1
    if (several or claims.azp is not None) and claims.azp != client_id:
        raise IdTokenError("it was made for another client")
    if not hmac.compare_digest(claims.nonce.encode(), nonce.encode()):
        raise IdTokenError("it is of another sign-in")
    if claims.exp + SKEW_S <= now / 1000 or claims.iat - SKEW_S > now / 1000:
        raise IdTokenError("it has expired, or isn't good yet")
    return Who(claims.sub, claims.name)


def _key(header: dict[str, Any], keys: Keys) -> jwt.PyJWK:
    kid = header.get("kid")
    key = next(iter(keys.values())) if kid is None and len(keys) == 1 else keys.get(str(kid))
    if key is None:
        raise UnknownKeyError("it is signed with a key that isn't published")
    if header.get("alg") != key.algorithm_name or key.algorithm_name not in ALGORITHMS:
        raise IdTokenError("it is signed in a way that isn't taken")
    return key
