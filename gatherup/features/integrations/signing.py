"""What webhook messages are signed with, and how whoever receives them tells a forged one.

The form is that of Standard Webhooks (standardwebhooks.com), for which there are libraries in most languages:
``webhook-id`` names the message, the same one in each attempt; ``webhook-timestamp`` is when it was sent, in Unix
seconds; ``webhook-signature`` holds ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``, several of them
separated by spaces while a secret is being replaced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - not a secret, what one begins with
TOLERANCE_S: Final = 300.0
ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"


class ForgedWebhookError(Exception):
    """The message isn't from the sender that has the secret, was changed, or is an old one."""


def derived_secret(key: bytes, webhook: str, version: int) -> str:
    """The secret of a webhook: nobody without the nodes' key can tell it, and it is kept nowhere."""
    text = f"{webhook} {version}".encode()
    digest = hashlib.blake2b(text, key=key, person=b"webhook", digest_size=32).digest()
    return SECRET_PREFIX + base64.b64encode(digest).decode()


def signature(secrets: Iterable[str], message: str, timestamp_s: int, body: bytes) -> str:
    """The signature header, with one signature for each secret."""
    return " ".join(_sign(secret, message, str(timestamp_s), body) for secret in secrets)


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float, tolerance_s: float = TOLERANCE_S
) -> dict[str, Any]:
    """The message, if it is genuine: call it with the raw body, before parsing, and the time of now (Unix seconds).

    Raises ForgedWebhookError; answer 400 then. A genuine message may come again: remember ``webhook-id``.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message, timestamp, signatures = given[ID], given[TIMESTAMP], given[SIGNATURE]
        sent_s = int(timestamp)
    except (KeyError, ValueError):
        raise ForgedWebhookError("a header is missing or malformed") from None
    if abs(now_s - sent_s) > tolerance_s:
        raise ForgedWebhookError("the message is too old, or one of the clocks is wrong")
    expected = _sign(secret, message, timestamp, body).encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in signatures.split(" ")):
        raise ForgedWebhookError("no signature fits")
    return msgspec.json.decode(body, type=dict[str, Any])


def _sign(secret: str, message: str, timestamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook's secret looks like whsec_ and base64") from None
    signed = b".".join((message.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
