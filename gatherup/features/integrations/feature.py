"""What games' own backends use: API keys, the server API, webhooks."""

from __future__ import annotations

from typing import Final

from actors.limiting.rate_limit import Rate
from gatherup.auth.seal import derived_key
from gatherup.feature import Base, Feature
from gatherup.features.accounts.parts import AccountParts
from gatherup.features.integrations.delivery import WebhookDelivery, webhook_client
from gatherup.features.integrations.keeps import integration_keeps
from gatherup.features.integrations.keys import KeysResource
from gatherup.features.integrations.server_api import MintResource, ServerRoomsResource
from gatherup.features.integrations.webhooks import WebhooksResource
from gatherup.http.commands import Commands
from gatherup.http.endpoint import PathPart
from gatherup.http.throttle import Throttle
from gatherup.kinds import webhook_visible
from protocol import limits
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.integrations.keys import ApiKeys
from storage.postgres.integrations.webhooks import Webhooks
from storage.postgres.people.people import People

PATH_PARTS: Final = (
    PathPart("key", "the id of an API key"),
    PathPart("webhook", "the id of a webhook"),
)


def integrations_of(base: Base, accounts: AccountParts) -> Feature:
    """The feature."""
    pool, clock, randomness = base.pool, base.clock, base.randomness
    rate = Rate(limits.SERVER_COMMANDS_PER_S, limits.SERVER_COMMANDS_BURST)
    commands = Commands(base.streams, Throttle(clock, rate, keys_max=limits.KEYS_MAX))
    audit = AuditLog(pool)
    keys, webhooks, settings = ApiKeys(pool), Webhooks(pool), base.config.webhooks
    secret = derived_key(base.config.runtime.receipt_key.key, b"webhooks")
    delivery = WebhookDelivery(webhooks, webhook_client(), settings, clock, randomness, key=secret)
    return Feature(
        resources=(
            KeysResource(keys, Admins(pool), clock, randomness),
            ServerRoomsResource(commands, base.streams, audit, People(pool)),
            MintResource(accounts.accounts, accounts.sign_in_service, audit, clock),
            WebhooksResource(
                webhooks,
                clock,
                randomness,
                key=secret,
                types=[name for kind in base.kinds if webhook_visible(kind) for name in kind.wire.events],
                allow_private=settings.allow_private,
            ),
        ),
        path_parts=PATH_PARTS,
        keeps=integration_keeps(base),
        queues=(delivery.queue(),),
    )
