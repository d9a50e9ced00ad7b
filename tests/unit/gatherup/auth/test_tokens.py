"""Access tokens: what is accepted, and all that isn't."""

from __future__ import annotations

import base64
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from actors.ports.logins import InvalidTokenError, Login
from gatherup.auth.tokens import AccessTokens

KEY = b"k" * 32
USER = "user:" + "1" * 32
LOGIN = "2" * 32
NO_KEY: Any = None
NOW = 1_800_000_000_000
TOKENS = AccessTokens(KEY, lifetime_s=900)


def claims(**changes: Any) -> dict[str, Any]:
    good = {
        "iss": "gatherup",
        "aud": "gatherup",
        "sub": USER,
        "sid": LOGIN,
        "iat": NOW // 1000,
        "exp": NOW // 1000 + 9,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signer(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes() -> bytes:
    """The published key, as who confuses algorithms would sign with it."""
    return base64.urlsafe_b64decode(TOKENS.published[0].x + "=")


SIGNER = signer(KEY)


def signed(key: Any = SIGNER, algorithm: str = "EdDSA", kid: str | None = None, **changes: Any) -> str:
    good = jwt.get_unverified_header(TOKENS.issue(USER, LOGIN, NOW)[0])["kid"]
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid or good})


def test_an_issued_token_is_read() -> None:
    token, expires_at = TOKENS.issue(USER, LOGIN, NOW)
    assert expires_at == NOW + 900_000
    assert TOKENS.verify(token, NOW) == Login(user=USER, login=LOGIN, expires_at=expires_at)
    assert TOKENS.verify(signed(), NOW).user == USER  # so the refusals below are for their one change


def test_expiry_is_judged_by_the_given_time() -> None:
    token, expires_at = TOKENS.issue(USER, LOGIN, NOW)
    assert TOKENS.verify(token, expires_at - 1).user == USER
    with pytest.raises(InvalidTokenError) as caught:
        TOKENS.verify(token, expires_at)
    assert caught.value.expired


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "\u2603",
        "." * 4096,
        "x" * 5000,
        base64.urlsafe_b64encode(b'{"kid":' + b"[" * 1500).decode().rstrip("=") + ".e30.AAAA",  # nested deep
        jwt.encode(claims(), NO_KEY, "none"),
        jwt.encode(claims(), NO_KEY, "none", headers={"kid": TOKENS.issue(USER, LOGIN, NOW)[0]}),
        signed(key=signer(b"another key of thirty-two bytes!")),
        signed(algorithm="HS256", key=KEY),
        signed(algorithm="HS256", key=public_bytes()),
        signed(kid="other"),
        signed(iss="elsewhere"),
        signed(aud="elsewhere"),
        signed(sub="user:nobody"),
        signed(sub="system"),
        signed(exp="soon"),
        signed(iss=None),
        signed(aud=None),
        signed(sub=None),
        signed(sid=None),
        signed(sid="login"),
        signed(exp=None),
    ],
)
def test_anything_else_is_invalid(token: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        TOKENS.verify(token, NOW)
    assert not caught.value.expired


def test_a_changed_token_is_invalid() -> None:
    token, _ = TOKENS.issue(USER, LOGIN, NOW)
    header, payload, signature = token.split(".")
    for other in (f"{header}.{payload}.", f"{header}.{payload[:-2]}AA.{signature}", f"{header}.{payload}"):
        with pytest.raises(InvalidTokenError):
            TOKENS.verify(other, NOW)


def test_a_token_of_another_key_is_invalid() -> None:
    token, _ = AccessTokens(b"o" * 32, lifetime_s=900).issue(USER, LOGIN, NOW)
    with pytest.raises(InvalidTokenError):
        TOKENS.verify(token, NOW)


def test_tokens_of_further_keys_are_accepted() -> None:
    last, after = (
        AccessTokens(b"o" * 32, lifetime_s=900),
        AccessTokens(KEY, lifetime_s=900, accepted=[b"o" * 32]),
    )
    assert after.verify(last.issue(USER, LOGIN, NOW)[0], NOW).user == USER
    assert after.verify(TOKENS.issue(USER, LOGIN, NOW)[0], NOW).user == USER
    assert TOKENS.verify(after.issue(USER, LOGIN, NOW)[0], NOW).user == USER  # the first key signs
    assert [key.kid for key in after.published] == [TOKENS.published[0].kid, last.published[0].kid]


def test_who_has_the_published_keys_can_check_tokens() -> None:
    token, _ = TOKENS.issue(USER, LOGIN, NOW)
    (key,) = TOKENS.published
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": key.kid, "typ": "JWT"}
    public = Ed25519PublicKey.from_public_bytes(public_bytes())
    said = jwt.decode(
        token, public, ["EdDSA"], audience="gatherup", issuer="gatherup", options={"verify_iat": False}
    )
    assert said["sub"] == USER
    assert KEY.hex() not in repr(key)
