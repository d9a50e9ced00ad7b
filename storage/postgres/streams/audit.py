"""Whole streams as they are stored, for who holds them against what clients saw.

Every function may raise PostgresError.
"""

from __future__ import annotations

from actors.ports.log import LogRow, Receipt
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import uuid_of

_EVENTS = "select seq, header, payload from event where stream_id = %(stream)s order by seq"
_NOTES = "select (after ->> 'seq')::bigint, act from audit_log where after ->> 'room' = %(stream)s"
_RECEIPTS = """
    select author, client_id::text, first_seq, last_seq, digest, answer from receipt where stream_id = %(stream)s
"""


async def events_of(pool: Pool, stream: str) -> list[LogRow]:
    """All rows of a stream's log, in order."""
    found = await rows(pool, _EVENTS, {"stream": uuid_of(stream)})
    return [LogRow(*row) for row in found]


async def notes_of(pool: Pool, room: str) -> list[tuple[int, str]]:
    """The acts in a room that the audit log has, by the seq of the event; reads all of that log."""
    return [(seq, act) for seq, act in await rows(pool, _NOTES, {"stream": room})]


async def receipts_of(pool: Pool, stream: str) -> list[Receipt]:
    """All receipts of a stream that are still kept."""
    found = await rows(pool, _RECEIPTS, {"stream": uuid_of(stream)})
    return [Receipt(*row) for row in found]
