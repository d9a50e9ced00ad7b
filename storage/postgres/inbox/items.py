"""A user's inbox as it is listed: the rows that its events wrote.

Every method may raise PostgresError. Users are ``user:32hex``, times Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.inbox.project import ITEM, READ, item_key
from actors.kind import Row
from protocol import limits
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import uuid_of


class ItemRow(Struct, frozen=True, kw_only=True):
    """One item."""

    seq: int
    values: Row
    """The item's columns, as ``actors.inbox.project`` wrote them."""


class InboxRows(Struct, frozen=True, kw_only=True):
    """A part of an inbox, and how much of the whole is unread: all from one snapshot."""

    items: Sequence[ItemRow]
    """The newest first."""
    unread: int
    read_up_to: int


# One row without an item where there is none, so that one statement tells everything. Keys sort as seqs do.
_PAGE = """
with read as (
    select coalesce((
        select (value->>'up_to')::bigint from projection_row
        where stream_id = %(inbox)s and name = %(read)s and key = ''
    ), 0) as up_to
), unread as (
    select count(*) as number from (
        select from projection_row p, read
        where p.stream_id = %(inbox)s and p.name = %(item)s and p.key > lpad(read.up_to::text, %(digits)s, '0')
        limit %(unread_max)s
    ) counted
), page as (
    select key, value from projection_row
    where stream_id = %(inbox)s and name = %(item)s and key > %(after)s and key < %(before)s
    order by key {order} limit %(limit)s
)
select read.up_to, unread.number, page.key, page.value
from read cross join unread left join page on true
order by page.key desc
"""
_NEWEST = _PAGE.format(order="desc")
_OLDEST = _PAGE.format(order="asc")


class Inboxes:
    """Reads and writes inbox items."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, user: str, *, before: int | None, after: int | None, limit: int) -> InboxRows:
        """So many items: the first ones after ``after``, else the last ones before ``before``."""
        parameters = {
            "inbox": uuid_of(user),
            "item": ITEM,
            "read": READ,
            "digits": len(item_key(0)),
            "unread_max": limits.INBOX_UNREAD_MAX,
            "after": item_key(after or 0),
            "before": item_key(before or limits.SEQ_MAX + 1),
            "limit": limit,
        }
        found = await rows(self._pool, _NEWEST if after is None else _OLDEST, parameters)
        read_up_to, unread = found[0][:2]
        items = [ItemRow(seq=int(key), values=value) for _, _, key, value in found if key is not None]
        return InboxRows(items=items, unread=unread, read_up_to=read_up_to)
