"""Webhooks: who is told of which events, what waits to be told, and how the telling went.

An event's delivery is a job, written by ``append_batch_v3`` in the event's own transaction, or by ``announce`` in the
transaction of what has no stream. Methods may raise PostgresError. Times are Unix milliseconds, ids 32 hexadecimal
digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.kind import Instant
from storage.postgres.audit_log import record
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent, rows
from storage.postgres.ids import uuid_of

QUEUE: Final = "webhook"

_ANNOUNCE = """
insert into job (queue, arguments)
select 'webhook', jsonb_build_object(
    'webhook', h.id, 'type', %(type)s::text, 'at', %(at)s::bigint, 'data', %(data)s::text::jsonb
)
from webhook h where h.active and %(type)s = any(h.types)
"""

_TEST = """
insert into job (queue, arguments) values ('webhook', jsonb_build_object(
    'webhook', %(id)s::uuid, 'type', %(type)s::text, 'at', %(at)s::bigint, 'data', '{}'::jsonb
))
"""

_COLUMNS = """
    id, url, types, secret_version, rotated_at, created_by, created_at, active, failures, failing_since, resume_at,
    last_error
"""
_ALL = f"select {_COLUMNS} from webhook order by created_at, id"  # noqa: S608 - a constant
_ONE = f"select {_COLUMNS} from webhook where id = %(id)s"  # noqa: S608 - a constant

# One at a time, so that the limit holds.
_LOCK = "lock table webhook in share row exclusive mode"
_COUNT = "select count(*) from webhook"
_INSERT = """
insert into webhook (id, url, types, patterns, created_by, created_at)
values (%(id)s, %(url)s, %(types)s, %(patterns)s, %(by)s, %(at)s)
"""

# Whoever changes it has looked at it: what failed counts no longer.
_CHANGE = """
update webhook
set url = coalesce(%(url)s, url), types = coalesce(%(types)s, types), patterns = coalesce(%(patterns)s, patterns),
    active = coalesce(%(active)s, active), failures = 0, failing_since = null, resume_at = null
where id = %(id)s returning id
"""
_ROTATE = """
update webhook set secret_version = secret_version + 1, rotated_at = %(at)s where id = %(id)s
returning secret_version
"""
_DELETE = "delete from webhook where id = %(id)s returning id"

_EVENT = """
select e.header, e.payload,
    exists (select from room r where r.stream_id = e.stream_id and r.access = 'direct')
from event e where e.stream_id = %(stream)s and e.seq = %(seq)s
"""

_DELIVERED = """
with told as (
    insert into webhook_delivery (webhook, message, type, at, attempt, status, took_ms)
    values (%(webhook)s, %(message)s, %(type)s, %(at)s, %(attempt)s, %(status)s, %(took_ms)s)
)
update webhook set failures = 0, failing_since = null, resume_at = null, last_error = null
where id = %(webhook)s and failures > 0
"""

# Attempts that ran at once count as one failure.
_FAILED = """
with told as (
    insert into webhook_delivery (webhook, message, type, at, attempt, status, took_ms, error)
    values (%(webhook)s, %(message)s, %(type)s, %(at)s, %(attempt)s, %(status)s, %(took_ms)s, %(error)s)
)
update webhook
set failures = failures + 1, failing_since = coalesce(failing_since, %(at)s), resume_at = %(resume_at)s,
    last_error = %(error)s
where id = %(webhook)s and (resume_at is null or resume_at <= %(at)s)
"""
_DISABLE = "update webhook set active = false where id = %(id)s and active returning id"

_DELIVERIES = """
select id, message, type, at, attempt, status, took_ms, error from webhook_delivery
where webhook = %(webhook)s and id < %(before)s order by id desc limit %(limit)s
"""
# The oldest have the lowest ids: younger ones aren't looked at.
_DELETE_DELIVERIES = """
with oldest as (
    select id, at from webhook_delivery order by id limit %(rows)s
), gone as (
    delete from webhook_delivery d using oldest o where d.id = o.id and o.at < %(before)s returning 1
)
select count(*) from gone
"""
_ID_END: Final = 2**62


class TooManyWebhooksError(Exception):
    """There are as many webhooks as may be."""


class WebhookRow(Struct, frozen=True, kw_only=True):
    """A webhook."""

    id: str
    url: str
    types: list[str]
    secret_version: int
    rotated_at: Instant | None
    created_by: str
    created_at: Instant
    active: bool
    failures: int
    """Attempts since the last success."""
    failing_since: Instant | None
    resume_at: Instant | None
    """Until then nothing is tried, so that a receiver that is down isn't kept down."""
    last_error: str | None


class LoggedEvent(Struct, frozen=True):
    """An event as it stands in the log, and whether it is of a direct room, which is nobody else's."""

    header: bytes
    payload: bytes | None
    direct: bool


class Attempt(Struct, frozen=True, kw_only=True):
    """How one delivery went."""

    webhook: str
    message: str
    """What the receiver tells repeats by."""
    type: str
    at: Instant
    attempt: int
    status: int | None
    """The HTTP status; None when there was no answer."""
    took_ms: int
    error: str | None


class DeliveryRow(Struct, frozen=True, kw_only=True):
    """An attempt as it is listed."""

    id: int
    message: str
    type: str
    at: Instant
    attempt: int
    status: int | None
    took_ms: int
    error: str | None


async def announce(connection: TrioConnection, what: str, data: Mapping[str, Any], *, at: Instant) -> None:
    """Tell the webhooks that chose this type of event, once the caller's transaction commits.

    ``data`` holds ids and settings. Costs one look at a small table when nobody chose it.
    """
    parameters = {"type": what, "at": at, "data": msgspec.json.encode(data).decode()}
    await connection.execute(_ANNOUNCE.encode(), parameters)


def pattern(name: str) -> bytes:
    """How this type stands in the MessagePack of an event's header."""
    return msgspec.msgpack.encode("type") + msgspec.msgpack.encode(name)


class Webhooks:
    """The repository. Changes are noted in the audit log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[WebhookRow]:
        """All of them, the oldest first."""
        return [_webhook(*row) for row in await rows(self._pool, _ALL, {})]

    async def get(self, webhook: str) -> WebhookRow | None:
        """The one of this id."""
        found = await rows(self._pool, _ONE, {"id": uuid_of(webhook)})
        return _webhook(*found[0]) if found else None

    async def add(
        self, webhook: str, url: str, types: Sequence[str], *, by: str, address: str, at: Instant, most: int
    ) -> None:
        """Make one. Raises TooManyWebhooksError beyond ``most``."""
        parameters = {
            "id": uuid_of(webhook),
            "url": url,
            "types": list(types),
            "patterns": [pattern(t) for t in types],
            "by": by,
            "at": at,
        }
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_LOCK)
            cursor = await connection.execute(_COUNT)
            if ((await cursor.fetchone()) or (0,))[0] >= most:
                raise TooManyWebhooksError
            await connection.execute(_INSERT.encode(), parameters)
            after = {"url": url, "types": " ".join(types)}
            await record(connection, "webhook.create", by=by, on=webhook, from_address=address, after=after)

    async def change(
        self,
        webhook: str,
        *,
        url: str | None,
        types: Sequence[str] | None,
        active: bool | None,
        by: str,
        address: str,
    ) -> bool:
        """Give it other settings, and another chance; None leaves one as it is. False if there is no such webhook."""
        parameters = {
            "id": uuid_of(webhook),
            "url": url,
            "types": None if types is None else list(types),
            "patterns": None if types is None else [pattern(t) for t in types],
            "active": active,
        }
        after = {"url": url, "types": None if types is None else " ".join(types), "active": active}
        return await self._audited("webhook.change", _CHANGE, parameters, by=by, address=address, after=after)

    async def rotate(self, webhook: str, *, at: Instant, by: str, address: str) -> int | None:
        """Give it the next secret: its version. None if there is no such webhook."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_ROTATE.encode(), {"id": uuid_of(webhook), "at": at})
            found = await cursor.fetchone()
            if found is None:
                return None
            await record(connection, "webhook.rotate", by=by, on=webhook, from_address=address)
            return found[0]

    async def delete(self, webhook: str, *, by: str, address: str) -> bool:
        """End it, with what waits for it. False if there is no such webhook."""
        return await self._audited(
            "webhook.delete", _DELETE, {"id": uuid_of(webhook)}, by=by, address=address
        )

    async def test(self, webhook: str, what: str, at: Instant) -> None:
        """Have it told of something that it needn't have chosen."""
        await execute(self._pool, _TEST, {"id": uuid_of(webhook), "type": what, "at": at})

    async def event(self, stream: UUID, seq: int) -> LoggedEvent | None:
        """An event of the log; None when it is gone, with its stream."""
        for header, payload, direct in await rows(self._pool, _EVENT, {"stream": stream, "seq": seq}):
            return LoggedEvent(bytes(header), None if payload is None else bytes(payload), direct)
        return None

    async def delivered(self, attempt: Attempt) -> None:
        """Note an attempt that succeeded: whatever failed before is forgotten."""
        await execute(self._pool, _DELIVERED, _attempt(attempt))

    async def failed(self, attempt: Attempt, *, resume_at: Instant, disable: bool) -> None:
        """Note one that failed; nothing is tried before ``resume_at``, or ever again with ``disable``."""
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_FAILED.encode(), {**_attempt(attempt), "resume_at": resume_at})
            if disable:
                cursor = await connection.execute(_DISABLE, {"id": uuid_of(attempt.webhook)})
                if await cursor.fetchone() is not None:
                    await record(connection, "webhook.disable", by="system", on=attempt.webhook)

    async def deliveries(self, webhook: str, *, before: int | None, limit: int) -> list[DeliveryRow]:
        """Attempts of a webhook, the newest first."""
        parameters = {"webhook": uuid_of(webhook), "before": before or _ID_END, "limit": limit}
        return [_delivery(*row) for row in await rows(self._pool, _DELIVERIES, parameters)]

    async def delete_deliveries(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` attempts that are older than this; how many."""
        ((gone,),) = await rows(self._pool, _DELETE_DELIVERIES, {"before": before, "rows": rows_max})
        return gone

    async def _audited(
        self,
        act: str,
        statement: str,
        parameters: dict[str, Any],
        *,
        by: str,
        address: str,
        after: Mapping[str, str | bool | None] | None = None,
    ) -> bool:
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(statement.encode(), parameters)
            if await cursor.fetchone() is None:
                return False
            await record(connection, act, by=by, on=parameters["id"].hex, from_address=address, after=after)
            return True


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {**msgspec.structs.asdict(attempt), "webhook": uuid_of(attempt.webhook)}


def _webhook(
    webhook: UUID,
    url: str,
    types: list[str],
    secret_version: int,
    rotated_at: int | None,
    created_by: str,
    created_at: int,
    active: bool,
    failures: int,
    failing_since: int | None,
    resume_at: int | None,
    last_error: str | None,
) -> WebhookRow:
    return WebhookRow(
        id=webhook.hex,
        url=url,
        types=types,
        secret_version=secret_version,
        rotated_at=rotated_at,
        created_by=created_by,
        created_at=created_at,
        active=active,
        failures=failures,
        failing_since=failing_since,
        resume_at=resume_at,
        last_error=last_error,
    )


def _delivery(
    number: int,
    message: str,
    what: str,
    at: int,
    attempt: int,
    status: int | None,
    took_ms: int,
    error: str | None,
) -> DeliveryRow:
    return DeliveryRow(
        id=number,
        message=message,
        type=what,
        at=at,
        attempt=attempt,
        status=status,
        took_ms=took_ms,
        error=error,
    )
