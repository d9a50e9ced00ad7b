"""Who is in a room, who may come in and who is kept out: the rows that the room's events wrote.

Every method may raise PostgresError. The caller judges who may see this. Lists are by user id; those that are read
backwards come in that order.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from actors.kind import Instant
from protocol.ids import UserId
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.rooms.rooms import uuid_of


class MemberRow(Struct, frozen=True):
    """A member; what their role is stands in the room's state."""

    user: str
    muted_until: Instant | None


class MemberRows(Struct, frozen=True):
    """Members, and where the room's log stood as they were read: one statement sees one state of the database."""

    incarnation: int
    seq: int
    rows: list[MemberRow]


class BanRow(Struct, frozen=True):
    """Somebody who is kept out."""

    user: str
    by: str
    at: Instant
    until: Instant | None
    reason: str | None


class InvitedRow(Struct, frozen=True):
    """Somebody who was invited and hasn't joined."""

    user: str
    by: str
    at: Instant


class InviteRow(Struct, frozen=True):
    """An invite that lets people in."""

    invite: int
    by: str
    at: Instant
    expires_at: Instant
    uses: int | None
    used: int


class InvitedToRow(Struct, frozen=True):
    """The room that an invite leads to."""

    name: str | None
    access: str
    members: int
    expires_at: Instant


class UserKey(Struct, frozen=True, array_like=True):
    """Where somebody stands in a list of users."""

    user: UserId


_MEMBERS: Final = """
select i.number, s.head, l.user_id,
    case when (m.value ->> 'until')::bigint > %(now)s then (m.value ->> 'until')::bigint end
from incarnation i
join stream s on s.id = %(room)s
left join lateral (
    select user_id from listener
    where stream_id = s.id and user_id like 'user:%%' and user_id {beside} %(user)s
    order by user_id {direction} limit %(limit)s
) l on true
left join projection_row m on m.stream_id = s.id and m.name = 'mute' and m.key = l.user_id
order by l.user_id {direction}
"""

_BANS: Final = """
select key, value ->> 'by', (value ->> 'at')::bigint, (value ->> 'until')::bigint, value ->> 'reason'
from projection_row
where stream_id = %(room)s and name = 'ban' and key {beside} %(user)s
and coalesce((value ->> 'until')::bigint > %(now)s, true)
order by key {direction} limit %(limit)s
"""

_INVITED: Final = """
select key, value ->> 'by', (value ->> 'at')::bigint from projection_row
where stream_id = %(room)s and name = 'invited' and key {beside} %(user)s
order by key {direction} limit %(limit)s
"""

_GOOD: Final = """
(i.value ->> 'expires_at')::bigint > %(now)s
and coalesce((i.value ->> 'used')::bigint < (i.value ->> 'uses')::bigint, true)
"""

_INVITES: Final = (
    """
select i.key::bigint, i.value ->> 'by', (i.value ->> 'at')::bigint, (i.value ->> 'expires_at')::bigint,
    (i.value ->> 'uses')::bigint, (i.value ->> 'used')::bigint
from projection_row i where i.stream_id = %(room)s and i.name = 'invite' and """
    + _GOOD
    + "order by i.key::bigint"
)

_INVITED_TO: Final = f"""
select r.name, r.access, (select count(*) from listener l where l.stream_id = r.stream_id),
    (i.value ->> 'expires_at')::bigint
from room r join projection_row i on i.stream_id = r.stream_id and i.name = 'invite' and i.key = %(invite)s
where r.stream_id = %(room)s and r.deleted_at is null and {_GOOD}
"""  # noqa: S608

_FORWARD: Final = {"beside": ">", "direction": "asc"}
_BACK: Final = {"beside": "<", "direction": "desc"}


class RoomPeople:
    """Reads and writes members, invitations and bans."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def members(
        self, room: str, *, beside: UserKey | None, back: bool, now: Instant, limit: int
    ) -> MemberRows:
        """Members after ``beside``, or before it. The room must exist."""
        found = await self._list(_MEMBERS, room, beside, back, now, limit)
        incarnation, seq, *_ = found[0]
        # Without members there is one row, which names nobody.
        members = [MemberRow(user, until) for _, _, user, until in found if user is not None]
        return MemberRows(incarnation, seq, members)

    async def bans(
        self, room: str, *, beside: UserKey | None, back: bool, now: Instant, limit: int
    ) -> list[BanRow]:
        """Bans that hold now, after ``beside``, or before it."""
        return [BanRow(*row) for row in await self._list(_BANS, room, beside, back, now, limit)]

    async def invited(
        self, room: str, *, beside: UserKey | None, back: bool, now: Instant, limit: int
    ) -> list[InvitedRow]:
        """Who was invited and hasn't joined, after ``beside``, or before it."""
        return [InvitedRow(*row) for row in await self._list(_INVITED, room, beside, back, now, limit)]

    async def invites(self, room: str, *, now: Instant) -> list[InviteRow]:
        """The invites that work now, the oldest first."""
        found = await rows(self._pool, _INVITES, {"room": uuid_of(room), "now": now})
        return [InviteRow(*row) for row in found]

    async def invited_to(self, room: str, invite: int, *, now: Instant) -> InvitedToRow | None:
        """What an invite leads to; None if it isn't good now, or the room is gone."""
        parameters = {"room": uuid_of(room), "invite": str(invite), "now": now}
        found = await rows(self._pool, _INVITED_TO, parameters)
        return InvitedToRow(*found[0]) if found else None

    async def _list(
        self, statement: str, room: str, beside: UserKey | None, back: bool, now: Instant, limit: int
    ) -> list[tuple[Any, ...]]:
        parameters = {
            "room": uuid_of(room),
            "user": "" if beside is None else beside.user,
            "now": now,
            "limit": limit,
        }
        return await rows(self._pool, statement.format(**(_BACK if back else _FORWARD)), parameters)
