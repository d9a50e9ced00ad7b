"""What an OpenID provider says of somebody: what is believed, and all that isn't."""

from __future__ import annotations

import warnings
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.warnings import InsecureKeyLengthWarning

from gatherup.auth.id_token import IdTokenError, UnknownKeyError, Who, keys_of, read_id_token

NOW = 1_800_000_000_000
ISSUER, CLIENT, NONCE = "https://issuer.example", "our-client", "a-nonce"
NO_KEY: Any = None
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(algorithm: Any, key: Any, **more: Any) -> dict[str, Any]:
    return {**msgspec.json.decode(algorithm.to_jwk(key.public_key())), **more}


PUBLISHED = keys_of(
    msgspec.json.encode(
        {
            "keys": [
                jwk(RSAAlgorithm, KEY, kid="rsa", alg="RS256", use="sig"),
                jwk(ECAlgorithm, CURVE_KEY, kid="ec", alg="ES256"),
                jwk(RSAAlgorithm, FOREIGN, kid="enc", use="enc"),
                jwk(RSAAlgorithm, FOREIGN, kid="signs", key_ops=["sign"]),
                jwk(RSAAlgorithm, FOREIGN, kid="no list", key_ops="sign"),
                jwk(RSAAlgorithm, FOREIGN, kid="nothing", key_ops=[]),
                jwk(ECAlgorithm, CURVE_KEY, kid="verifies", key_ops=["sign", "verify"]),
                jwk(RSAAlgorithm, SHORT, kid="short", alg="RS256", use="sig"),
                {
                    "kid": "shared",
                    "kty": "oct",
                    "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2gtZm9yLUhTMjU2",
                    "alg": "HS256",
                },
                {"kid": "odd", "kty": "unheard of"},
            ]
        }
    )
)


def token(key: Any = KEY, algorithm: str = "RS256", kid: str | None = "rsa", **changes: Any) -> str:
    good = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "ann",
        "nonce": NONCE,
        "iat": NOW // 1000,
        "exp": NOW // 1000 + 300,
        "name": "Ann",
    }
    claims = {name: value for name, value in {**good, **changes}.items() if value is not None}
    with warnings.catch_warnings(action="ignore", category=InsecureKeyLengthWarning):
        return jwt.encode(claims, key, algorithm, headers={} if kid is None else {"kid": kid})


def read(text: str, now: int = NOW) -> Who:
    return read_id_token(text, PUBLISHED, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=now)


def test_a_good_token_says_who_it_is() -> None:
    assert read(token()) == Who("ann", "Ann")
    for kid in ("ec", "verifies"):
        assert read(token(CURVE_KEY, "ES256", kid, name=None)) == Who("ann", None)
    assert read(token(aud=[CLIENT, "another"], azp=CLIENT)) == Who("ann", "Ann")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "\u2603",
        token(iss="https://elsewhere.example"),
        token(aud="another"),
        token(aud=[CLIENT, "another"]),
        token(aud=[CLIENT, "another"], azp="another"),
        token(azp="another"),
        token(nonce="another"),
        token(nonce=None),
        token(sub=None),
        token(sub=""),
        token(sub="a\0b"),
        token(sub="half an emoji \ud83d"),
        token(name="half an emoji \ud83d"),
        token(nonce="half an emoji \ud83d"),
        token(sub="x" * 256),
        token(sub=7),
        token(exp=None),
        token(exp=NOW // 1000 - 61),
        token(iat=NOW // 1000 + 61),
        token(FOREIGN),
        token(FOREIGN, kid="enc"),
        token(FOREIGN, kid="signs"),
        token(FOREIGN, kid="no list"),
        token(FOREIGN, kid="nothing"),
        token(SHORT, kid="short"),
        token(kid="unknown"),
        token(kid=None),
        token(algorithm="RS512"),
        token(algorithm="PS256"),
        token(b"secret-that-is-long-enough-for-HS256", "HS256", "shared"),
        token(b"secret-that-is-long-enough-for-HS256", "HS256", "rsa"),
        jwt.encode(
            {"iss": ISSUER, "aud": CLIENT, "sub": "ann", "nonce": NONCE},
            NO_KEY,
            "none",
            headers={"kid": "rsa"},
        ),
    ],
)
def test_nothing_else_is_believed(text: str) -> None:
    with pytest.raises(IdTokenError):
        read(text)


def test_a_new_key_is_told_from_a_wrong_token() -> None:
    with pytest.raises(UnknownKeyError):
        read(token(kid="new"))


def test_the_provider_s_clock_may_be_off_a_little() -> None:
    assert read(token(iat=NOW // 1000 + 59)).subject == "ann"
    assert read(token(), now=NOW + 359_000).subject == "ann"


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"keys": 7}', b'{"keys": [7]}', b"\xff"])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(IdTokenError):
        keys_of(document)
