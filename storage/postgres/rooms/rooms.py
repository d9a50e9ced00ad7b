"""Rooms as they are listed: the rows that the rooms' events wrote.

Every method may raise PostgresError. Rooms are ``room:32hex``, users ``user:32hex``, times Unix milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from protocol.room import KIND as ROOM
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of

Scope = Literal["public", "mine", "invited", "removed"]


class RoomRow(Struct, frozen=True, kw_only=True):
    """A room, as far as it concerns the one who asks."""

    room: str
    name: str | None
    topic: str | None
    access: str
    history: bool
    slow_mode_s: int
    creator: str
    peer: str | None
    """In a direct room, the other one."""
    created_at: Instant
    archived_at: Instant | None
    deleted_at: Instant | None
    member: bool
    invited: bool
    """Whether they were invited, and haven't joined."""


class FilterRow(Struct, frozen=True):
    """What messages may not hold."""

    words: list[str]
    links: str
    hosts: list[str]


class RoomKey(Struct, frozen=True, array_like=True):
    """Where a room stands in a list."""

    created_at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    room: StreamId


# Of a removed room whoever was in it still has a row, and so has '!': nobody may listen.
_ROOMS: Final = """
select r.stream_id, r.name, r.topic, r.access, r.history, r.slow_mode_s, r.creator,
    case when r.creator = %(user)s then r.peer when r.peer is not null then r.creator end,
    r.created_at, r.archived_at, r.deleted_at,
    mine.stream_id is not null and nobody.stream_id is null, invited.stream_id is not null
from room r
left join listener mine on mine.stream_id = r.stream_id and mine.user_id = %(user)s
left join listener nobody on nobody.stream_id = r.stream_id and nobody.user_id = '!'
left join projection_row invited
    on invited.stream_id = r.stream_id and invited.name = 'invited' and invited.key = %(user)s
"""

_ONE: Final = _ROOMS + "where r.stream_id = %(room)s and r.deleted_at is null"

_MEMBERS: Final = "select count(*) from listener where stream_id = %(room)s and user_id like 'user:%%'"

_FILTER: Final = """
select value from projection_row where stream_id = %(room)s and name = 'filter' and key = ''
"""

_SCOPES: Final[dict[Scope, str]] = {
    "public": _ROOMS + "where r.access = 'public' and r.deleted_at is null",
    "mine": _ROOMS + "where mine.user_id = %(user)s and r.deleted_at is null",
    "invited": _ROOMS + "where invited.key = %(user)s and r.deleted_at is null",
    "removed": _ROOMS + "where mine.user_id = %(user)s and r.deleted_at > %(removed_after)s",
}
_OLDER: Final = """
 and (r.created_at, r.stream_id) < (%(at)s, %(from)s) order by r.created_at desc, r.stream_id desc limit %(limit)s
"""
_NEWER: Final = """
 and (r.created_at, r.stream_id) > (%(at)s, %(from)s) order by r.created_at, r.stream_id limit %(limit)s
"""
_FIRST: Final = RoomKey(2**62, "room:" + "f" * 32)


class Rooms:
    """Reads and writes rooms."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, user: str, room: str) -> RoomRow | None:
        """The room, of whatever access, unless it was removed; the caller judges who may know of it."""
        found = await rows(self._pool, _ONE, {"user": user, "room": uuid_of(room)})
        return _room(*found[0]) if found else None

    async def members(self, room: str) -> int:
        """How many members it has."""
        ((count,),) = await rows(self._pool, _MEMBERS, {"room": uuid_of(room)})
        return count

    async def filter(self, room: str) -> FilterRow:
        """The room's filter; that of a room without one lets everything pass."""
        found = await rows(self._pool, _FILTER, {"room": uuid_of(room)})
        return FilterRow(**found[0][0]) if found else FilterRow([], "allowed", [])

    async def page(
        self,
        user: str,
        scope: Scope,
        *,
        beside: RoomKey | None,
        back: bool,
        removed_after: Instant,
        limit: int,
    ) -> list[RoomRow]:
        """Rooms older than ``beside``, the newest first; ``back``: newer ones, the oldest first.

        ``removed``: those that were removed after this time, and that the user was in.
        """
        beside = beside or _FIRST
        parameters = {
            "user": user,
            "at": beside.created_at,
            "from": uuid_of(beside.room),
            "removed_after": removed_after,
            "limit": limit,
        }
        statement = _SCOPES[scope] + (_NEWER if back else _OLDER)
        return [_room(*row) for row in await rows(self._pool, statement, parameters)]


def _room(
    room: UUID,
    name: str | None,
    topic: str | None,
    access: str,
    history: bool,
    slow_mode_s: int,
    creator: str,
    peer: str | None,
    created_at: int,
    archived_at: int | None,
    deleted_at: int | None,
    member: bool,
    invited: bool,
) -> RoomRow:
    return RoomRow(
        room=stream_of(ROOM, room),
        name=name,
        topic=topic,
        access=access,
        history=history,
        slow_mode_s=slow_mode_s,
        creator=creator,
        peer=peer,
        created_at=created_at,
        archived_at=archived_at,
        deleted_at=deleted_at,
        member=member,
        invited=invited,
    )
