"""Read positions in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from typing_extensions import override

from actors.ports.log import LogUnavailableError
from actors.ports.reading import ReadMark, ReadMoved, ReadPositions
from protocol import limits
from protocol.frames import RoomHead
from protocol.ids import kind_of
from protocol.room import KIND
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import Row, rows
from storage.postgres.ids import stream_of, uuid_of

# A room's messages are numbered without a gap, so its last row by seq has the last number, and the newest n rows are
# the last n numbers: the key of the table is all the index that this needs.

# All nodes write the rows in one order, so that they wait for one another and never deadlock.
_KEEP: Final = """
    with kept as (
        insert into read_position as p (user_id, stream_id, number)
        select q.user_id, s.id, least(q.number, last.number)
        from unnest(%(users)s::text[], %(rooms)s::uuid[], %(numbers)s::bigint[]) q(user_id, room, number)
        join stream s on s.id = q.room and s.kind = 'room' and s.deleted_at is null
        join listener l on l.stream_id = s.id and l.user_id = q.user_id
        cross join lateral (
            select m.number from message m where m.stream_id = s.id order by m.seq desc limit 1
        ) last
        where q.number > 0
          and not exists (select from listener n where n.stream_id = s.id and n.user_id = '!')
        order by q.user_id, s.id
        on conflict (user_id, stream_id) do update set number = excluded.number
        where p.number < excluded.number
        returning user_id, stream_id, number
    )
    select k.user_id, k.stream_id, k.number, coalesce(r.access = 'direct', false)
    from kept k left join room r on r.stream_id = k.stream_id
"""
_COUNTS: Final = """
    select s.id, s.head, coalesce(last.number, 0), mine.number, new.unread, new.mentions, peer.number
    from unnest(%(rooms)s::uuid[], %(read)s::bigint[]) with ordinality q(room, read, position)
    join stream s on s.id = q.room and s.kind = 'room' and s.deleted_at is null
    join listener l on l.stream_id = s.id and l.user_id = %(user)s
    left join read_position p on p.user_id = %(user)s and p.stream_id = s.id
    left join lateral (
        select m.number from message m where m.stream_id = s.id order by m.seq desc limit 1
    ) last on true
    cross join lateral (
        select least(greatest(p.number, q.read), coalesce(last.number, 0)) as number
    ) mine
    cross join lateral (
        select count(*) as unread, count(*) filter (where u.mentions) as mentions
        from (
            select coalesce(m.everyone, false) or coalesce(%(user)s = any(m.mentions), false) as mentions
            from (
                select m.author, m.deleted_at, m.everyone, m.mentions from message m
                where m.stream_id = s.id and m.seq > coalesce(l.after, 0)
                order by m.seq desc
                limit least(coalesce(last.number, 0) - mine.number, %(scanned_max)s)
            ) m
            where m.author <> %(user)s and m.deleted_at is null
            limit %(unread_max)s
        ) u
    ) new
    left join lateral (
        select coalesce(o.number, 0) as number from room r
        left join read_position o on o.stream_id = s.id
         and o.user_id = case when r.creator = %(user)s then r.peer else r.creator end
        where r.stream_id = s.id and r.access = 'direct'
    ) peer on true
    where not exists (select from listener n where n.stream_id = s.id and n.user_id = '!')
    order by q.position
"""
_MINE: Final = """
    select l.stream_id from listener l
    join stream s on s.id = l.stream_id and s.kind = 'room' and s.deleted_at is null
    where l.user_id = %(user)s and l.stream_id {beside} %(room)s
      and not exists (select from listener n where n.stream_id = l.stream_id and n.user_id = '!')
    order by l.stream_id {order} limit %(limit)s
"""
_AFTER: Final = _MINE.format(beside=">", order="asc")
_BEFORE: Final = _MINE.format(beside="<", order="desc")
_BEFORE_ALL: Final = UUID(int=0)


_ERASE = b"delete from read_position where user_id = %(user)s"


async def erase_read_positions(connection: TrioConnection, user: str) -> None:
    """The eraser of read positions."""
    await connection.execute(_ERASE, {"user": user})


class PostgresReadPositions(ReadPositions):
    """The ReadPositions port on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @override
    async def keep(self, marks: Sequence[ReadMark]) -> list[ReadMoved]:
        marks = [mark for mark in marks if kind_of(mark.room) == KIND]
        parameters = {
            "users": [mark.user for mark in marks],
            "rooms": [uuid_of(mark.room) for mark in marks],
            "numbers": [mark.number for mark in marks],
        }
        found = await self._rows(_KEEP, parameters)
        return [
            ReadMoved(user, stream_of(KIND, room), number, direct) for user, room, number, direct in found
        ]

    @override
    async def counts(self, user: str, rooms: Mapping[str, int]) -> list[RoomHead]:
        asked = {room: read for room, read in rooms.items() if kind_of(room) == KIND}
        parameters = {
            "user": user,
            "rooms": [uuid_of(room) for room in asked],
            "read": list(asked.values()),
            "scanned_max": limits.UNREAD_SCANNED_MAX,
            "unread_max": limits.UNREAD_MAX,
        }
        return [_head(*row) for row in await self._rows(_COUNTS, parameters)]

    async def rooms(self, user: str, *, beside: str | None, back: bool, limit: int) -> list[str]:
        """The rooms the user is in, by id, those after this one, or backwards those before it.

        May raise PostgresError.
        """
        room = _BEFORE_ALL if beside is None else uuid_of(beside)
        statement = _BEFORE if back else _AFTER
        found = await rows(self._pool, statement, {"user": user, "room": room, "limit": limit})
        return [stream_of(KIND, room) for (room,) in found]

    async def _rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        try:
            return await rows(self._pool, statement, parameters)
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error


def _head(
    room: UUID, seq: int, number: int, read: int, unread: int, mentions: int, peer_read: int | None
) -> RoomHead:
    return RoomHead(
        room=stream_of(KIND, room),
        seq=seq,
        number=number,
        read=read,
        unread=unread,
        mentions=mentions,
        peer_read=peer_read,
    )
