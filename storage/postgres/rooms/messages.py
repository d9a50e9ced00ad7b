"""Messages of rooms and reactions to them: the rows that the rooms' events wrote.

Every method may raise PostgresError. Whoever may not listen to the room gets nothing: the right is asked in the
statement that reads, so that nobody reads past their own kick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from actors.kind import Instant
from protocol.ids import UserId
from protocol.text import Reaction
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.rooms.rooms import uuid_of


class ReactionCountRow(Struct, frozen=True):
    """How many have put a reaction, and whether the one who asks has."""

    reaction: str
    count: int
    mine: bool


class MessageRow(Struct, frozen=True, kw_only=True):
    """A message as it reads now; a deleted one has no body."""

    seq: int
    number: int
    at: Instant
    author: str
    body: str | None
    edited_at: Instant | None
    deleted_at: Instant | None
    reply_to: int | None
    thread: int | None
    reactions: tuple[ReactionCountRow, ...]


class ReactionRow(Struct, frozen=True):
    """Who put which reaction."""

    user: str
    reaction: str


class ReactionKey(Struct, frozen=True, array_like=True):
    """Where a reaction stands in the list of a message's."""

    reaction: Reaction
    user: UserId


# Null for who may not listen, which no seq is greater than. A scalar, so that a page is read along the index.
_READABLE_AFTER: Final = """(
    select coalesce(min(coalesce(l.after, 0)), 0)
    from listener l where l.stream_id = %(room)s and l.user_id in (%(user)s, '*')
    having count(*) > 0
    and not exists (select from listener n where n.stream_id = %(room)s and n.user_id = '!')
)"""

COLUMNS: Final = """
m.seq, m.number, m.at, m.author, m.body, m.edited_at, m.deleted_at, m.reply_to, m.thread,
case when m.reactions > 0 then (
    select json_agg(json_build_array(c.reaction, c.count, exists (
        select from reaction x where x.stream_id = m.stream_id and x.message = m.seq
        and x.reaction = c.reaction and x.author = %(user)s
    )) order by c.count desc, c.reaction)
    from reaction_count c where c.stream_id = m.stream_id and c.message = m.seq and c.count > 0
) end
"""
"""Of ``message m``, as ``message_of`` takes them; %(user)s asks."""

_MESSAGES: Final = (
    "select " + COLUMNS + "from message m where m.stream_id = %(room)s and m.seq > " + _READABLE_AFTER
)
_PART: Final = _MESSAGES + " and m.seq > %(after)s and m.seq < %(before)s "
_OF_THREAD: Final = "and m.thread = %(thread)s "
_OLDEST_FIRST: Final = "order by m.seq limit %(limit)s"
_NEWEST_FIRST: Final = "order by m.seq desc limit %(limit)s"

_SOME: Final = _MESSAGES + " and m.seq = any(%(seqs)s)"

_REACTIONS: Final = (
    """
select x.author, x.reaction from reaction x
where x.stream_id = %(room)s and x.message = %(message)s
    and (%(reaction)s::text is null or x.reaction = %(reaction)s) and x.message > """
    + _READABLE_AFTER
)
_FORWARD: Final = """
and (x.reaction, x.author) > (%(from_reaction)s, %(from_user)s) order by x.reaction, x.author limit %(limit)s
"""
_BACK: Final = """
and (x.reaction, x.author) < (%(from_reaction)s, %(from_user)s)
order by x.reaction desc, x.author desc limit %(limit)s
"""

_SEQ_END: Final = 2**62


class Messages:
    """Reads and writes messages."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def part(
        self, user: str, room: str, *, thread: int | None, before: int | None, after: int | None, limit: int
    ) -> list[MessageRow]:
        """Messages in order of seq: the first ones after ``after``, else the last ones before ``before``.

        With ``thread`` only those of this message's thread, itself not among them.
        """
        parameters = {
            "user": user,
            "room": uuid_of(room),
            "thread": thread,
            "after": after or 0,
            "before": before or _SEQ_END,
            "limit": limit,
        }
        statement = _PART + (_OF_THREAD if thread is not None else "")
        statement += _NEWEST_FIRST if after is None else _OLDEST_FIRST
        found = [message_of(*row) for row in await rows(self._pool, statement, parameters)]
        return found if after is not None else found[::-1]

    async def some(self, user: str, room: str, seqs: Sequence[int]) -> dict[int, MessageRow]:
        """Those of these messages that the user may read, by seq."""
        parameters = {"user": user, "room": uuid_of(room), "seqs": list(seqs)}
        found = [message_of(*row) for row in await rows(self._pool, _SOME, parameters)]
        return {row.seq: row for row in found}

    async def reactions(
        self,
        user: str,
        room: str,
        message: int,
        *,
        reaction: str | None,
        beside: ReactionKey | None,
        back: bool,
        limit: int,
    ) -> list[ReactionRow]:
        """Who put what to a message, by reaction and user, after ``beside``; ``back``: before it, backwards."""
        beside = beside or ReactionKey("", "")
        parameters = {
            "user": user,
            "room": uuid_of(room),
            "message": message,
            "reaction": reaction,
            "from_reaction": beside.reaction,
            "from_user": beside.user,
            "limit": limit,
        }
        statement = _REACTIONS + (_BACK if back else _FORWARD)
        return [ReactionRow(*row) for row in await rows(self._pool, statement, parameters)]


def message_of(
    seq: int,
    number: int,
    at: int,
    author: str,
    body: str | None,
    edited_at: int | None,
    deleted_at: int | None,
    reply_to: int | None,
    thread: int | None,
    reactions: list[Any] | None,
) -> MessageRow:
    """A message from its COLUMNS."""
    return MessageRow(
        seq=seq,
        number=number,
        at=at,
        author=author,
        body=body,
        edited_at=edited_at,
        deleted_at=deleted_at,
        reply_to=reply_to,
        thread=thread,
        reactions=tuple(ReactionCountRow(*counted) for counted in reactions or ()),
    )
