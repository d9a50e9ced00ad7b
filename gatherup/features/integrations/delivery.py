"""The queue ``webhook``: from an event to a signed request, as often as it takes."""

from __future__ import annotations

from ssl import SSLContext  # noqa: TID251 - a type
from typing import Any, Final, Protocol
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from actors.kind import Instant
from actors.ports.jobs import TakenJob
from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from gatherup.config import Webhooks as WebhookSettings
from gatherup.features.integrations.signing import ID, SIGNATURE, TIMESTAMP, derived_secret, signature
from gatherup.features.integrations.targets import (
    Lookup,
    RefusedTargetError,
    Target,
    system_lookup,
    target_of,
)
from gatherup.jobs.queue import JobFailedError, JobNotNowError, JobOverError, JobUnknownError, Queue
from protocol.event import decode_header
from protocol.http.integrations import WebhookMessage
from storage.postgres.integrations.webhooks import QUEUE, Attempt, LoggedEvent, WebhookRow

AT_ONCE: Final = 16
WEBHOOK_AT_ONCE: Final = 4
"""Of them, those of one webhook: one that hangs leaves room for the others."""
ATTEMPTS_MAX: Final = 15
BACKOFF_MIN_S: Final = 5.0
BACKOFF_MAX_S: Final = 7200.0
LOOKUP_S: Final = 10.0
"""Beyond the receiver's time: for looking up its address and writing down how it went."""
OLD_SECRET_S: Final = 24 * 3600
"""How long after a change of the secret messages are signed with the former one too."""
GONE: Final = 410
"""The receiver wants no further events, ever."""


class WebhookRows(Protocol):
    """``storage.postgres.integrations.webhooks.Webhooks``, as far as delivering needs it."""

    async def get(self, webhook: str) -> WebhookRow | None:
        """The one of this id."""
        ...

    async def event(self, stream: UUID, seq: int) -> LoggedEvent | None:
        """An event of the log."""
        ...

    async def delivered(self, attempt: Attempt) -> None:
        """Note a success."""
        ...

    async def failed(self, attempt: Attempt, *, resume_at: Instant, disable: bool) -> None:
        """Note a failure."""
        ...


class OfLog(Struct, frozen=True, kw_only=True):
    """An order to tell of an event of a stream."""

    webhook: UUID
    stream: UUID
    seq: int


class OfAct(Struct, frozen=True, kw_only=True):
    """An order to tell of something that isn't in a stream."""

    webhook: UUID
    type: str
    at: Instant
    data: dict[str, Any]


class Outcome(Struct, frozen=True):
    """How one request went: taken by the receiver if there is no error."""

    status: int | None
    error: str | None


class WebhookDelivery:
    """Tells receivers: signs, sends, judges the answer, and leaves alone for a while who doesn't answer well."""

    def __init__(
        self,
        store: WebhookRows,
        client: httpx.AsyncClient,
        settings: WebhookSettings,
        clock: Clock,
        randomness: Randomness,
        *,
        key: bytes,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._store = store
        self._client = client
        self._settings = settings
        self._clock = clock
        self._randomness = randomness
        self._key = key
        self._lookup = lookup

    def queue(self) -> Queue:
        """What the worker does with this queue."""
        return Queue(
            name=QUEUE,
            handle=self._deliver,
            at_once=AT_ONCE,
            lane_at_once=WEBHOOK_AT_ONCE,
            attempts_max=ATTEMPTS_MAX,
            timeout_s=self._settings.timeout_s + LOOKUP_S,
            backoff_min_s=BACKOFF_MIN_S,
            backoff_max_s=BACKOFF_MAX_S,
        )

    async def _deliver(self, job: TakenJob) -> None:
        order = _order(job)
        webhook = await self._store.get(order.webhook.hex)
        if webhook is None or not webhook.active:
            raise JobOverError("The webhook is gone, or off.")
        now = self._clock.now()
        if webhook.resume_at is not None and webhook.resume_at > now:
            # Spread out, or all that waits would come at once.
            wait_s = (webhook.resume_at - now) / 1000 + self._randomness.uniform(0, BACKOFF_MIN_S)
            raise JobNotNowError(wait_s, webhook.last_error or "")
        message = await self._message(order, job, webhook)
        if message is None:
            return
        begun = self._clock.monotonic()
        outcome = await self._request(webhook, message)
        took_ms = round((self._clock.monotonic() - begun) * 1000)
        attempt = Attempt(
            webhook=webhook.id,
            message=message.id,
            type=message.type,
            at=now,
            attempt=job.attempts,
            status=outcome.status,
            took_ms=took_ms,
            error=outcome.error,
        )
        if outcome.error is None:
            await self._store.delivered(attempt)
            return
        await self._store.failed(
            attempt, resume_at=self._resume_at(webhook), disable=self._ends(webhook, outcome, now)
        )
        raise JobFailedError(outcome.error)

    async def _message(
        self, order: OfLog | OfAct, job: TakenJob, webhook: WebhookRow
    ) -> WebhookMessage | None:
        """Make the message for an event; None if this webhook doesn't get it."""
        if isinstance(order, OfAct):
            message = f"{webhook.id}-{job.id}"
            return WebhookMessage(id=message, type=order.type, at=order.at, data=order.data)
        event = await self._store.event(order.stream, order.seq)
        if event is None or event.direct:
            return None
        header = decode_header(event.header)
        if header.type not in webhook.types:
            return None
        return WebhookMessage(
            id=f"{webhook.id}-{order.stream.hex}-{order.seq}",
            type=header.type,
            at=header.at,
            stream=header.stream,
            seq=header.seq,
            author=header.author,
            marks=header.marks,
            data=None if event.payload is None else msgspec.msgpack.decode(event.payload),
        )

    async def _request(self, webhook: WebhookRow, message: WebhookMessage) -> Outcome:
        try:
            with self._clock.deadline(self._settings.timeout_s) as scope:
                target = await target_of(
                    webhook.url, self._lookup, allow_private=self._settings.allow_private
                )
                return await self._sent(webhook, target, message)
        except RefusedTargetError as error:
            return Outcome(None, str(error))
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            return Outcome(None, f"The receiver can't be reached: {type(error).__name__}.")
        assert scope.cancelled_caught
        return Outcome(None, f"The receiver didn't answer within {self._settings.timeout_s:g} s.")

    async def _sent(self, webhook: WebhookRow, target: Target, message: WebhookMessage) -> Outcome:
        body = msgspec.json.encode(message)
        now_s = self._clock.now() // 1000
        headers = {
            "Host": target.host_header,
            "Content-Type": "application/json",
            "User-Agent": "GatherUp-Webhook/1",
            ID: message.id,
            TIMESTAMP: str(now_s),
            SIGNATURE: signature(self._secrets(webhook, now_s), message.id, now_s, body),
        }
        extensions = {"sni_hostname": target.host}
        async with self._client.stream(
            "POST", target.url, content=body, headers=headers, extensions=extensions
        ) as response:
            pass  # the status is all that counts: of a body, however long, nothing is read
        if response.is_success:
            return Outcome(response.status_code, None)
        what = "redirects, which isn't followed" if response.is_redirect else "refuses"
        return Outcome(response.status_code, f"The receiver {what} ({response.status_code}).")

    def _secrets(self, webhook: WebhookRow, now_s: int) -> list[str]:
        versions = [webhook.secret_version]
        if webhook.rotated_at is not None and now_s - webhook.rotated_at // 1000 < OLD_SECRET_S:
            versions.append(webhook.secret_version - 1)
        return [derived_secret(self._key, webhook.id, version) for version in versions]

    def _resume_at(self, webhook: WebhookRow) -> Instant:
        wait_s = backoff(self._randomness, webhook.failures + 1, BACKOFF_MIN_S, BACKOFF_MAX_S)
        return self._clock.now() + round(wait_s * 1000)

    def _ends(self, webhook: WebhookRow, outcome: Outcome, now: Instant) -> bool:
        if outcome.status == GONE:
            return True
        since = webhook.failing_since
        return since is not None and now - since >= self._settings.disable_after_s * 1000


def webhook_client(tls: SSLContext | None = None) -> httpx.AsyncClient:
    """A client that follows nothing, takes nothing from the environment and uses no connection twice: the next
    request to the same address may be for another host. So it has nothing to close when its node ends. ``tls`` says
    whose certificates are good, the usual authorities' without it.
    """
    return httpx.AsyncClient(
        trust_env=False,
        verify=True if tls is None else tls,
        follow_redirects=False,
        timeout=None,  # noqa: S113 - the delivery's own deadline holds for all of it
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0),
    )


def _order(job: TakenJob) -> OfLog | OfAct:
    try:
        if "stream" in job.arguments:
            return msgspec.convert(job.arguments, OfLog)
        return msgspec.convert(job.arguments, OfAct)
    except msgspec.ValidationError:
        raise JobUnknownError("The row holds no delivery that this release knows.") from None
