"""Time-based one-time passwords (RFC 6238) and the recovery codes beside them: pure."""

from __future__ import annotations

import base64
import hmac
from hashlib import blake2b
from typing import Final

from pyotp.totp import TOTP

from actors.kind import Instant
from actors.ports.time import Randomness

STEP_S: Final = 30
STEPS_OFF_MAX: Final = 1
"""A code is good in the step before and after its own: clocks of phones differ, and people type slowly."""
SECRET_BYTES: Final = 20
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
_GROUP_CHARS: Final = 4


def new_secret(randomness: Randomness) -> str:
    """A secret in base32, as authenticators take it."""
    return base64.b32encode(randomness.token(SECRET_BYTES)).decode()


def uri(secret: str, *, account: str, issuer: str) -> str:
    """What an authenticator reads from a QR code."""
    return TOTP(secret, interval=STEP_S).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, now: Instant) -> int | None:
    """The time step whose code this is, if it is near; the caller must see that no step is used twice."""
    totp = TOTP(secret, interval=STEP_S)
    step = now // 1000 // STEP_S
    found = None
    for near in range(step - STEPS_OFF_MAX, step + STEPS_OFF_MAX + 1):
        if hmac.compare_digest(totp.generate_otp(near), code):
            found = near
    return found


def new_recovery_codes(randomness: Randomness) -> list[str]:
    """Codes of 80 random bits, in groups that are easy to copy."""
    return [_grouped(randomness.token(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def recovery_digest(key: bytes, user: str, code: str) -> bytes:
    """What is kept of a recovery code, however it was typed."""
    plain = code.upper().replace("-", "").replace(" ", "")
    return blake2b(f"{user}\0{plain}".encode(), key=key, digest_size=32).digest()


def _grouped(data: bytes) -> str:
    text = base64.b32encode(data).decode()
    return "-".join(text[at : at + _GROUP_CHARS] for at in range(0, len(text), _GROUP_CHARS))
