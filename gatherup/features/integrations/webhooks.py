"""Webhooks, for keys with the scope ``webhooks.manage``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from actors.ports.time import Clock, Randomness
from gatherup.features.integrations.signing import derived_secret
from gatherup.features.integrations.targets import RefusedTargetError, checked_url
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import hex_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.integrations import (
    ChangedWebhook,
    Deliveries,
    DeliveriesQuery,
    Delivery,
    NewWebhook,
    Webhook,
    WebhookMade,
    Webhooks,
    WebhookSecret,
)
from protocol.limits import WEBHOOKS_MAX
from storage.postgres.integrations.webhooks import TooManyWebhooksError, WebhookRow
from storage.postgres.integrations.webhooks import Webhooks as Store

GROUP: Final = "webhooks"
SCOPE: Final = "webhooks.manage"
ACCOUNT_TYPES: Final = frozenset({"account.created"})
"""What is announced without a stream."""
TEST: Final = "webhook.test"
"""Told on request, to whoever chose whatever."""
WEBHOOK: Final = "/v1/server/webhooks/<webhook>"


class WebhooksResource:
    """The resource of webhooks: which URLs get which events."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        randomness: Randomness,
        *,
        key: bytes,
        types: Collection[str],
        allow_private: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._key = key
        self._types = frozenset(types) | ACCOUNT_TYPES
        self._allow_private = allow_private

    @endpoint(
        "POST",
        "/v1/server/webhooks",
        body=NewWebhook,
        answer=WebhookMade,
        status=201,
        scope=SCOPE,
        refuses=(Code.TOO_MANY,),
        group=GROUP,
    )
    async def create(self, caller: Caller, body: NewWebhook) -> WebhookMade:
        """Make a webhook: a URL is told of events from now on."""
        self._check(body.url, body.types)
        number, types = self._randomness.token(16).hex(), sorted(set(body.types))
        try:
            await self._store.add(
                number,
                body.url,
                types,
                by=caller.user,
                address=caller.address,
                at=self._clock.now(),
                most=WEBHOOKS_MAX,
            )
        except TooManyWebhooksError:
            raise ProblemError(Code.TOO_MANY, f"There are at most {WEBHOOKS_MAX} webhooks.") from None
        row = await self._get(number)
        return WebhookMade(webhook=told(row), secret=self._secret(number, row.secret_version))

    @endpoint("GET", "/v1/server/webhooks", answer=Webhooks, scope=SCOPE, group=GROUP)
    async def page(self, caller: Caller) -> Webhooks:
        """List all webhooks with their state, and the types of events there are."""
        return Webhooks(webhooks=[told(row) for row in await self._store.all()], types=sorted(self._types))

    @endpoint("PATCH", WEBHOOK, body=ChangedWebhook, answer=Webhook, scope=SCOPE, group=GROUP)
    async def change(self, caller: Caller, webhook: str, body: ChangedWebhook) -> Webhook:
        """Change the settings of a webhook; earlier failures are forgotten."""
        self._check(body.url, body.types)
        changed = await self._store.change(
            hex_id(webhook),
            url=body.url,
            types=None if body.types is None else sorted(set(body.types)),
            active=body.active,
            by=caller.user,
            address=caller.address,
        )
        if not changed:
            raise ProblemError(Code.NOT_FOUND)
        return told(await self._get(webhook))

    @endpoint("DELETE", WEBHOOK, status=204, scope=SCOPE, group=GROUP)
    async def delete(self, caller: Caller, webhook: str) -> None:
        """Delete a webhook; events that wait for it aren't delivered."""
        if not await self._store.delete(hex_id(webhook), by=caller.user, address=caller.address):
            raise ProblemError(Code.NOT_FOUND)

    @endpoint("POST", WEBHOOK + "/rotate", answer=WebhookSecret, scope=SCOPE, group=GROUP)
    async def rotate(self, caller: Caller, webhook: str) -> WebhookSecret:
        """Replace the secret of a webhook. For a day messages are signed with both."""
        version = await self._store.rotate(
            hex_id(webhook), at=self._clock.now(), by=caller.user, address=caller.address
        )
        if version is None:
            raise ProblemError(Code.NOT_FOUND)
        return WebhookSecret(secret=self._secret(webhook, version))

    @endpoint("POST", WEBHOOK + "/test", status=202, scope=SCOPE, group=GROUP)
    async def test(self, caller: Caller, webhook: str) -> None:
        """Send a ``webhook.test`` to a webhook."""
        row = await self._get(webhook)
        await self._store.test(row.id, TEST, self._clock.now())

    @endpoint(
        "GET", WEBHOOK + "/deliveries", query=DeliveriesQuery, answer=Deliveries, scope=SCOPE, group=GROUP
    )
    async def deliveries(self, caller: Caller, webhook: str, query: DeliveriesQuery) -> Deliveries:
        """List the attempts to deliver events to a webhook, the newest first."""
        row = await self._get(webhook)
        found = await self._store.deliveries(row.id, before=query.before, limit=query.limit + 1)
        page = found[: query.limit]
        return Deliveries(
            deliveries=[
                Delivery(
                    message=one.message,
                    type=one.type,
                    at=one.at,
                    attempt=one.attempt,
                    status=one.status,
                    took_ms=one.took_ms,
                    error=one.error,
                )
                for one in page
            ],
            before=page[-1].id if len(found) > query.limit else None,
        )

    async def _get(self, webhook: str) -> WebhookRow:
        row = await self._store.get(hex_id(webhook))
        if row is None:
            raise ProblemError(Code.NOT_FOUND)
        return row

    def _check(self, url: str | None, types: list[str] | None) -> None:
        if url is not None:
            try:
                checked_url(url, allow_private=self._allow_private)
            except RefusedTargetError as error:
                raise ProblemError(Code.INVALID, str(error), field="url") from None
        for unknown in sorted(set(types or ()) - self._types):
            raise ProblemError(Code.INVALID, f"There is no event type {unknown}.", field="types")

    def _secret(self, webhook: str, version: int) -> str:
        return derived_secret(self._key, webhook, version)


def told(row: WebhookRow) -> Webhook:
    """A webhook as it may be seen."""
    return Webhook(
        webhook=row.id,
        url=row.url,
        types=row.types,
        active=row.active,
        created_by=row.created_by,
        created_at=row.created_at,
        failures=row.failures,
        failing_since=row.failing_since,
        last_error=row.last_error,
    )
