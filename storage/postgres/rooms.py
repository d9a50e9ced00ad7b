"""Rooms and messages as they are listed: the rows that the rooms' events wrote.

Every method may raise PostgresError. Rooms are ``room:32hex``, users ``user:32hex``, times Unix milliseconds.
"""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.pool import Pool
from storage.postgres.queries import rows


class RoomRow(Struct, frozen=True, kw_only=True):
    """A room, and whether the one who asks is a member."""

    room: str
    name: str | None
    public: bool
    creator: str
    created_at: Instant
    member: bool


class MessageRow(Struct, frozen=True, kw_only=True):
    """A message as it reads now; a deleted one has no body."""

    seq: int
    at: Instant
    author: str
    body: str | None
    edited_at: Instant | None
    deleted_at: Instant | None


_ONE = """
select r.stream_id, r.name, r.public, r.creator, r.created_at, exists (
    select from listener l where l.stream_id = r.stream_id and l.user_id = %(user)s
)
from room r where r.stream_id = %(room)s and r.deleted_at is null
"""

_PUBLIC = """
select r.stream_id, r.name, r.public, r.creator, r.created_at, exists (
    select from listener l where l.stream_id = r.stream_id and l.user_id = %(user)s
)
from room r
where r.public and r.deleted_at is null and (r.created_at, r.stream_id) < (%(at)s, %(after)s)
order by r.created_at desc, r.stream_id desc limit %(limit)s
"""

_MINE = """
select r.stream_id, r.name, r.public, r.creator, r.created_at, true
from listener l join room r on r.stream_id = l.stream_id
where l.user_id = %(user)s and r.deleted_at is null and (r.created_at, r.stream_id) < (%(at)s, %(after)s)
order by r.created_at desc, r.stream_id desc limit %(limit)s
"""

# The right to listen is asked in the statement that reads, so that nobody reads past their own kick.
_MESSAGES = """
select m.seq, m.at, m.author, m.body, m.edited_at, m.deleted_at
from message m
where m.stream_id = %(room)s and m.seq > %(after)s and m.seq < %(before)s
  and exists (select from listener l where l.stream_id = %(room)s and l.user_id = %(user)s)
order by m.seq """

_OLDEST_FIRST = _MESSAGES + "limit %(limit)s"
_NEWEST_FIRST = _MESSAGES + "desc limit %(limit)s"

_FIRST_PAGE = (2**62, UUID(int=2**128 - 1))
_SEQ_END = 2**62


class Rooms:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, user: str, room: str) -> RoomRow | None:
        """The room, public or not; the caller judges who may know of it."""
        found = await rows(self._pool, _ONE, {"user": user, "room": _uuid(room)})
        return _room(*found[0]) if found else None

    async def page(
        self, user: str, *, mine: bool, after: tuple[Instant, str] | None, limit: int
    ) -> list[RoomRow]:
        """Public rooms or the user's own, newest first, those after (created_at, room)."""
        at, room = _FIRST_PAGE if after is None else (after[0], _uuid(after[1]))
        parameters = {"user": user, "at": at, "after": room, "limit": limit}
        return [_room(*row) for row in await rows(self._pool, _MINE if mine else _PUBLIC, parameters)]

    async def messages(
        self, user: str, room: str, *, before: int | None, after: int | None, limit: int
    ) -> list[MessageRow]:
        """Messages in order of seq: the first ones after ``after``, else the last ones before ``before``.

        Nothing for who may not listen to the room.
        """
        parameters = {
            "user": user,
            "room": _uuid(room),
            "after": after or 0,
            "before": before or _SEQ_END,
            "limit": limit,
        }
        statement = _NEWEST_FIRST if after is None else _OLDEST_FIRST
        found = [_message(*row) for row in await rows(self._pool, statement, parameters)]
        return found if after is not None else found[::-1]


def _uuid(room: str) -> UUID:
    return UUID(hex=room.removeprefix("room:"))


def _room(room: UUID, name: str | None, public: bool, creator: str, created_at: int, member: bool) -> RoomRow:
    return RoomRow(
        room=f"room:{room.hex}",
        name=name,
        public=public,
        creator=creator,
        created_at=created_at,
        member=member,
    )


def _message(
    seq: int, at: int, author: str, body: str | None, edited_at: int | None, deleted_at: int | None
) -> MessageRow:
    return MessageRow(seq=seq, at=at, author=author, body=body, edited_at=edited_at, deleted_at=deleted_at)
