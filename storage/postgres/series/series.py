"""Series: the rows that their events wrote, and how their tournaments stand.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from protocol.series import KIND as SERIES
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of
from storage.postgres.streams.visible import VISIBLE
from storage.postgres.tournaments.reading import Head


class SeriesRow(Struct, frozen=True):
    """A series."""

    series: str
    name: str | None
    """None once it was erased."""
    description: str | None
    visibility: str
    settings: str
    recurrence: str | None
    """Both as JSON."""
    create_s: int
    registration_s: int
    check_in_s: int
    points: list[int]
    best: int
    phase: str
    owner: str | None
    created_at: Instant
    deleted_at: Instant | None
    """When it was removed; None if it is there."""
    next_at: Instant | None
    made: int
    tournaments: int


class SeriesRead(Struct, frozen=True):
    """A series, its staff, and where its log stood."""

    head: Head
    row: SeriesRow
    staff: list[tuple[str, str]]
    """User ids and roles, the owner among them."""
    role: str | None
    """Of the one who asks."""


class SeriesTournamentRow(Struct, frozen=True):
    """A tournament of a series."""

    tournament: str
    number: int | None
    at: Instant
    name: str | None
    phase: str | None


class SeriesKey(Struct, frozen=True, array_like=True):
    """Where a series stands in a list, or a tournament in its series: by a time."""

    at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    stream: StreamId


class SeriesFilter(Struct, frozen=True, kw_only=True):
    """Which series; None for any."""

    mine: bool = False
    removed: bool = False
    """Those that were removed; else those that weren't."""
    owner: str | None = None


_COLUMNS: Final = """
r.stream_id, r.name, r.description, r.visibility, r.settings, r.recurrence, r.create_s, r.registration_s,
r.check_in_s, r.points, r.best, r.phase, r.owner, r.created_at, r.deleted_at,
case when r.phase = 'running' then r.next_at end, r.made, r.tournaments
"""
_ONE: Final = f"""
select i.number, s.head, mine.role, (
    select json_agg(json_build_array(o.user_id, o.role) order by o.user_id)
    from series_staff o where o.stream_id = r.stream_id
), {_COLUMNS}
from incarnation i
join stream s on s.id = %(series)s and s.kind = 'series' and {VISIBLE}
join series r on r.stream_id = s.id
left join series_staff mine on mine.stream_id = r.stream_id and mine.user_id = %(user)s
"""  # noqa: S608
_LIST: Final = f"select {_COLUMNS} from series r where "  # noqa: S608
_MINE: Final = "r.stream_id in (select stream_id from series_staff where user_id = %(user)s)"
_EDGE: Final = """
(r.created_at, r.stream_id) {beside} (%(at)s, %(from)s)
order by r.created_at {direction}, r.stream_id {direction} limit %(limit)s
"""
_TOURNAMENTS: Final = """
select x.tournament, x.number, x.at, t.name, t.phase from series_tournament x
left join tournament t on t.stream_id = uuid(substr(x.tournament, 12)) and t.deleted_at is null
where x.stream_id = %(series)s and (x.at, x.tournament) {beside} (%(at)s, %(from)s)
order by x.at {direction}, x.tournament {direction} limit %(limit)s
"""
_NEWEST: Final = SeriesKey(2**62, f"{SERIES}:" + "f" * 32)
_LATEST: Final = SeriesKey(2**62, "tournament:" + "f" * 32)


class SeriesRows:
    """Reads series."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, user: str, series: str) -> SeriesRead | None:
        """A series; None if there is none, or the user may not see it."""
        found = await rows(self._pool, _ONE, {"user": user, "series": uuid_of(series)})
        if not found:
            return None
        incarnation, seq, role, staff, *columns = found[0]
        people = [(who, held) for who, held in staff or ()]
        return SeriesRead(Head(incarnation, seq), _series(*columns), people, role)

    async def page(
        self, user: str, matching: SeriesFilter, *, beside: SeriesKey | None, back: bool, limit: int
    ) -> list[SeriesRow]:
        """Series after ``beside``, the newest first; ``back``: before it, backwards.

        Those that aren't public are only found among one's own. Of removed ones all are found: say whose.
        """
        beside = beside or _NEWEST
        edge = _EDGE.format(beside=">" if back else "<", direction="asc" if back else "desc")
        wanted = [_whose(matching), *([] if matching.owner is None else ["r.owner = %(owner)s"]), edge]
        parameters = {
            "user": user,
            "owner": matching.owner,
            "at": beside.at,
            "from": uuid_of(beside.stream),
            "limit": limit,
        }
        return [_series(*row) for row in await rows(self._pool, _LIST + " and ".join(wanted), parameters)]

    async def tournaments(
        self, series: str, *, beside: SeriesKey | None, back: bool, limit: int
    ) -> list[SeriesTournamentRow]:
        """Its tournaments after ``beside``, the latest first; ``back``: before it, backwards."""
        edge = beside or _LATEST
        statement = _TOURNAMENTS.format(beside=">" if back else "<", direction="asc" if back else "desc")
        parameters = {"series": uuid_of(series), "at": edge.at, "from": edge.stream, "limit": limit}
        return [SeriesTournamentRow(*row) for row in await rows(self._pool, statement, parameters)]


def _whose(matching: SeriesFilter) -> str:
    if matching.removed:
        return "r.deleted_at is not null"
    return "r.deleted_at is null and " + (_MINE if matching.mine else "r.visibility = 'public'")


def _series(series: UUID, *columns: Any) -> SeriesRow:
    return SeriesRow(stream_of(SERIES, series), *columns)
