"""Calendars of tournaments: what is in them, and the tokens of those who subscribe to them.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from protocol.event import decode_header
from protocol.gathering import KIND as GATHERING
from protocol.ids import kind_of
from protocol.series import KIND as SERIES
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import stream_of, user_of, uuid_of
from storage.postgres.streams.visible import VISIBLE as VISIBLE_STREAM
from storage.postgres.tournaments.reading import VISIBLE, VOID


class CalendarRow(Struct, frozen=True):
    """A tournament, a gathering or a series in a calendar."""

    stream: str
    incarnation: int
    seq: int
    changed_at: Instant
    """When its last event was."""
    name: str | None
    phase: str
    registration_at: Instant | None
    check_in_at: Instant | None
    start_at: Instant | None
    started_at: Instant | None
    ended_at: Instant | None
    entrant: int | None
    """The number of the one who asks, if they take part."""
    staff: bool
    closes_at: Instant | None = None
    """When the registration and the check-in of a gathering end."""
    recurrence: str | None = None
    """Of a series, as JSON."""
    next_at: Instant | None = None
    """When the next tournament of a series starts that isn't made yet."""


class CalendarMatchRow(Struct, frozen=True):
    """A match in a calendar, which was opened or put off."""

    tournament: str
    number: int
    starts_at: Instant
    ended_at: Instant | None
    a: str | None
    b: str | None
    """What its sides are called; None when it was erased, or nobody is there."""


class SubscriptionRow(Struct, frozen=True):
    """Whose calendar it is, and of which tournament or gathering; None for all of theirs."""

    user: str
    stream: str | None


_TOURNAMENTS: Final = f"""
select t.stream_id, i.number, s.head, (
    select e.header from event e where e.stream_id = s.id and e.seq = s.head
), t.name, t.phase, t.registration_at, t.check_in_at, t.start_at, t.started_at, t.ended_at, p.entrant,
    exists (select from tournament_staff f where f.stream_id = t.stream_id and f.user_id = %(user)s)
from incarnation i
cross join tournament t
join stream s on s.id = t.stream_id and {VISIBLE}
left join tournament_player p
    on p.stream_id = t.stream_id and p.user_id = %(user)s and p.role = 'player'
where {{which}}
order by t.created_at desc, t.stream_id limit %(limit)s
"""  # noqa: S608
_ONE: Final = _TOURNAMENTS.format(which="t.stream_id = %(stream)s")
_GATHERED: Final = _TOURNAMENTS.format(
    which="""t.gathering = %(gathering)s and t.stream_id in (
        select uuid(substr(c.tournament, 12)) from gathering_competition c where c.stream_id = %(stream)s
    )"""
)
_GATHERING: Final = f"""
select g.stream_id, i.number, s.head, (
    select e.header from event e where e.stream_id = s.id and e.seq = s.head
), g.name, g.phase, g.registration_at, g.check_in_at, null, null, null, null, false, g.closes_at
from incarnation i
join stream s on s.id = %(stream)s and s.kind = 'gathering' and {VISIBLE_STREAM}
join gathering g on g.stream_id = s.id
"""  # noqa: S608
_IN_SERIES: Final = _TOURNAMENTS.format(
    which="""t.stream_id in (
        select uuid(substr(x.tournament, 12)) from series_tournament x where x.stream_id = %(stream)s
    )"""
)
_SERIES: Final = f"""
select r.stream_id, i.number, s.head, (
    select e.header from event e where e.stream_id = s.id and e.seq = s.head
), r.name, r.phase, null, null, null, null, null, null, false, null, r.recurrence,
case when r.phase = 'running' then r.next_at end
from incarnation i
join stream s on s.id = %(stream)s and s.kind = 'series' and {VISIBLE_STREAM}
join series r on r.stream_id = s.id
"""  # noqa: S608
_MINE: Final = _TOURNAMENTS.format(
    which="""t.stream_id in (
        select stream_id from tournament_player where user_id = %(user)s and role = 'player'
        union select stream_id from tournament_staff where user_id = %(user)s
    )"""
)
_MATCHES: Final = f"""
select m.stream_id, m.number,
    coalesce(case when m.phase = 'scheduled' then m.until end, m.opened_at), m.ended_at,
    (select coalesce(e.name, a.display_name) from tournament_entrant e
        left join account a on a.id = uuid(substr(e.user_id, 6)) and a.deleted_at is null
        where e.stream_id = m.stream_id and e.number = m.a),
    (select coalesce(e.name, a.display_name) from tournament_entrant e
        left join account a on a.id = uuid(substr(e.user_id, 6)) and a.deleted_at is null
        where e.stream_id = m.stream_id and e.number = m.b)
from unnest(%(tournaments)s::uuid[], %(entrants)s::bigint[]) asked(stream_id, entrant)
join tournament_match m on m.stream_id = asked.stream_id and m.opened_at is not null and not {VOID}
    and (asked.entrant is null or asked.entrant in (m.a, m.b))
order by m.opened_at desc, m.stream_id, m.number limit %(limit)s
"""  # noqa: S608
_LOCK: Final = "select id from account where id = %(account)s and deleted_at is null for no key update"
_COUNT: Final = """
select count(*) from tournament_calendar
where account = %(account)s and stream_id is distinct from %(stream)s
"""
_SUBSCRIBE: Final = """
insert into tournament_calendar (digest, account, stream_id, created_at)
values (%(digest)s, %(account)s, %(stream)s, %(at)s)
on conflict (account, stream_id) do update set digest = excluded.digest, created_at = excluded.created_at
"""
_UNSUBSCRIBE: Final = """
delete from tournament_calendar where account = %(account)s and stream_id is not distinct from %(stream)s
"""
_BY_DIGEST: Final = """
select c.account, c.stream_id, s.kind from tournament_calendar c
join account a on a.id = c.account and a.deleted_at is null and a.banned_at is null
left join stream s on s.id = c.stream_id
where c.digest = %(digest)s
"""


class Calendars:
    """Reads calendars, and keeps who subscribes to them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self, user: str, stream: str | None, *, limit: int) -> list[CalendarRow]:
        """This tournament, or this gathering or series and its tournaments, if the user may see it; or all tournaments
        that they take part in or are on the staff of, the newest first.
        """
        parameters = {
            "user": user,
            "stream": None if stream is None else uuid_of(stream),
            "gathering": stream,
            "limit": limit,
        }
        if stream is None:
            return await self._rows(TOURNAMENT, _MINE, parameters)
        if kind_of(stream) == TOURNAMENT:
            return await self._rows(TOURNAMENT, _ONE, parameters)
        if kind_of(stream) == SERIES:
            series = await self._rows(SERIES, _SERIES, parameters)
            return [*series, *(await self._rows(TOURNAMENT, _IN_SERIES, parameters))] if series else []
        gathering = await self._rows(GATHERING, _GATHERING, parameters)
        return [*gathering, *(await self._rows(TOURNAMENT, _GATHERED, parameters))] if gathering else []

    async def _rows(self, kind: str, statement: str, parameters: Mapping[str, Any]) -> list[CalendarRow]:
        return [_row(kind, *row) for row in await rows(self._pool, statement, parameters)]

    async def matches(self, asked: Sequence[tuple[str, int | None]], *, limit: int) -> list[CalendarMatchRow]:
        """Of these tournaments the matches of an entrant, or all (None), the ones opened last first."""
        if not asked:
            return []
        parameters = {
            "tournaments": [uuid_of(tournament) for tournament, _ in asked],
            "entrants": [entrant for _, entrant in asked],
            "limit": limit,
        }
        return [
            CalendarMatchRow(stream_of(TOURNAMENT, tournament), *columns)
            for tournament, *columns in await rows(self._pool, _MATCHES, parameters)
        ]

    async def subscribe(
        self, user: str, stream: str | None, *, digest: bytes, at: Instant, most: int
    ) -> bool:
        """Keep the digest of a token, instead of the one before of the same calendar; False: there are too many."""
        parameters = _of(user, stream) | {"digest": digest, "at": at}
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_LOCK.encode(), parameters)
            counted = await (await connection.execute(_COUNT.encode(), parameters)).fetchone()
            if counted is not None and counted[0] >= most:
                return False
            await connection.execute(_SUBSCRIBE.encode(), parameters)
            return True

    async def unsubscribe(self, user: str, stream: str | None) -> None:
        """Forget the token of a calendar, if there is one."""
        async with lent(self._pool) as connection:
            await connection.execute(_UNSUBSCRIBE.encode(), _of(user, stream))

    async def subscription(self, digest: bytes) -> SubscriptionRow | None:
        """What a token is for; None if it is for nothing any more, or its user may not sign in."""
        found = await rows(self._pool, _BY_DIGEST, {"digest": digest})
        if not found:
            return None
        account, stream, kind = found[0]
        return SubscriptionRow(
            user_of(account), None if stream is None else stream_of(kind or TOURNAMENT, stream)
        )


def _of(user: str, stream: str | None) -> dict[str, Any]:
    return {"account": uuid_of(user), "stream": None if stream is None else uuid_of(stream)}


def _row(kind: str, stream: UUID, incarnation: int, seq: int, header: bytes, *columns: Any) -> CalendarRow:
    return CalendarRow(stream_of(kind, stream), incarnation, seq, decode_header(header).at, *columns)
