"""Codes of authenticators and recovery codes."""

from __future__ import annotations

import base64

import pytest

from gatherup.auth import totp
from gatherup.randomness import SystemRandomness

# The test vectors of RFC 6238, appendix B (SHA-1), to six digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (2000000000, "279037")]


@pytest.mark.parametrize(("at_s", "code"), VECTORS)
def test_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    assert totp.matching_step(SECRET, code, at_s * 1000) == at_s // 30


def test_a_code_is_good_in_the_steps_beside_its_own_and_no_further() -> None:
    at_s, code = VECTORS[2]
    step = at_s // 30
    found = [totp.matching_step(SECRET, code, (at_s + 30 * off) * 1000) for off in (-2, -1, 0, 1, 2)]
    assert found == [None, step, step, step, None]


def test_a_wrong_code_matches_nothing() -> None:
    assert totp.matching_step(SECRET, "000000", 59_000) is None
    assert totp.matching_step(SECRET, "", 59_000) is None


def test_an_authenticator_reads_the_uri() -> None:
    secret = totp.new_secret(SystemRandomness())
    uri = totp.uri(secret, account="Änn: of Green", issuer="Our Game")
    assert uri.startswith("otpauth://totp/Our%20Game:")
    assert f"secret={secret}" in uri
    assert len(base64.b32decode(secret)) == 20


def test_recovery_codes_are_random_and_read_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes(SystemRandomness())
    assert len(set(codes)) == totp.RECOVERY_CODES
    digest = totp.recovery_digest(b"k" * 32, "user:1", codes[0])
    assert digest == totp.recovery_digest(b"k" * 32, "user:1", codes[0].lower().replace("-", " "))
    assert digest != totp.recovery_digest(b"k" * 32, "user:2", codes[0])
    assert digest != totp.recovery_digest(b"o" * 32, "user:1", codes[0])
    assert digest != totp.recovery_digest(b"k" * 32, "user:1", codes[1])
