"""What is kept of keys and webhooks, and how long."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.integrations.keys import ApiKeys
from storage.postgres.integrations.webhooks import Webhooks

WEBHOOKS: Final = Keep(what="webhooks", tables=("webhook",), until="Until an admin deletes it.")
KEYS: Final = Keep(
    what="ended keys",
    tables=("api_key",),
    until="From when it was revoked or has expired; good ones stay.",
    setting="keep.ended_keys_days",
)
DELIVERIES: Final = Keep(
    what="webhook deliveries",
    tables=("webhook_delivery",),
    until="From the attempt.",
    setting="keep.deliveries_days",
)


def integration_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    return (
        WEBHOOKS,
        KEYS.by(ApiKeys(base.pool).delete_ended, base.config),
        DELIVERIES.by(Webhooks(base.pool).delete_deliveries, base.config),
    )
