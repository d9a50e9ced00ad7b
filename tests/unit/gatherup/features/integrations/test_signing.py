"""Signatures of webhooks: what is genuine, and every kind of forgery."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from gatherup.features.integrations.signing import ForgedWebhookError, derived_secret, signature, verify

SECRET = derived_secret(b"k" * 32, "w" * 32, 1)
OTHER = derived_secret(b"k" * 32, "w" * 32, 2)
BODY = b'{"type":"room.posted"}'
NOW_S = 1_700_000_000


def headers(**changes: str) -> dict[str, str]:
    signed = signature([SECRET], "m-1", NOW_S, BODY)
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return {
        "Webhook-Id": "m-1",
        "webhook-timestamp": str(NOW_S),
        "webhook-signature": signed,
        **named,
    }


def test_a_genuine_message_is_its_body() -> None:
    assert verify(SECRET, headers(), BODY, now_s=NOW_S + 60.0) == {"type": "room.posted"}


def test_it_is_standard_webhooks() -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, b"m-1." + str(NOW_S).encode() + b"." + BODY, hashlib.sha256).digest()
    assert signature([SECRET], "m-1", NOW_S, BODY) == "v1," + base64.b64encode(digest).decode()


def test_either_secret_is_good_while_it_is_replaced() -> None:
    both = headers(webhook_signature=signature([OTHER, SECRET], "m-1", NOW_S, BODY))
    assert verify(SECRET, both, BODY, now_s=NOW_S)
    assert verify(OTHER, both, BODY, now_s=NOW_S)


@pytest.mark.parametrize(
    "forged",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,é"},
        {"webhook_signature": signature([OTHER], "m-1", NOW_S, BODY)},
        {"webhook_signature": signature([SECRET], "m-1", NOW_S, BODY).removeprefix("v1,")},
        {"webhook_signature": signature([SECRET], "m-1", NOW_S, BODY + b" ")},
        {"Webhook_Id": "m-2"},
        {"webhook_timestamp": str(NOW_S + 1)},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": f" {NOW_S}"},
    ],
)
def test_forged(forged: dict[str, str]) -> None:
    with pytest.raises(ForgedWebhookError):
        verify(SECRET, headers(**forged), BODY, now_s=NOW_S)


def test_changed_old_and_bare_messages_are_forged() -> None:
    with pytest.raises(ForgedWebhookError):
        verify(SECRET, headers(), BODY.replace(b"posted", b"joined"), now_s=NOW_S)
    for now_s in (NOW_S - 301, NOW_S + 301):
        with pytest.raises(ForgedWebhookError, match="too old"):
            verify(SECRET, headers(), BODY, now_s=now_s)
    with pytest.raises(ForgedWebhookError):
        verify(SECRET, {}, BODY, now_s=NOW_S)


def test_secrets_differ_by_webhook_version_and_key() -> None:
    made = {
        derived_secret(key * 32, webhook, version)
        for key in (b"a", b"b")
        for webhook in ("1", "2")
        for version in (1, 2)
    }
    assert len(made) == 8
