"""The standings of a series, from the places of its tournaments as they are now.

Nothing of it is kept: so a correction, a tournament that runs again, one that was removed, and other points count at
once. What is read are the places that have points, of at most SERIES_TOURNAMENTS_MAX tournaments.
"""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from protocol.ids import UserId
from protocol.limits import SEQ_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.tournaments.reading import PLACE


class SeriesStandingRow(Struct, frozen=True):
    """How somebody stands."""

    place: int
    user: str
    points: int
    results: int
    counted: int


class SeriesStandingKey(Struct, frozen=True, array_like=True):
    """Where somebody stands: by place, and among those who share it by their id."""

    place: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    user: UserId


_FINISHED: Final = """
select t.stream_id from series_tournament x
join tournament t on t.stream_id = uuid(substr(x.tournament, 12))
where x.stream_id = %(series)s and t.phase = 'finished' and t.deleted_at is null and t.visibility <> 'invited'
"""
# Who plays for a team has its points, as each of them is rated. Names without an account are nobody's, and whoever was
# disqualified has no points.
_RANKED: Final = f"""
with plan as (
    select points, best, cardinality(points) as places from series where stream_id = %(series)s
), finished as ({_FINISHED}), placed as (
    select e.stream_id, e.number, {PLACE} as place from finished f
    join tournament_entrant e on e.stream_id = f.stream_id and e.place <= (select places from plan)
    union all
    select g.stream_id, o.number, o.place from finished f
    join tournament_stage g on g.stream_id = f.stream_id,
    unnest(g.entrants, g.places) o(number, place)
    where o.place between 1 and (select places from plan)
), result as (
    select p.stream_id, who.id, max(plan.points[p.place]) as points
    from placed p cross join plan
    join tournament_entrant e
        on e.stream_id = p.stream_id and e.number = p.number and e.status <> 'disqualified'
    cross join lateral unnest(
        case when cardinality(e.roster) > 0 then e.roster::text[] else array[e.user_id] end
    ) who(id)
    where p.place is not null and who.id is not null
    group by p.stream_id, who.id
), ordered as (
    select id, points, row_number() over (partition by id order by points desc) as nth
    from result where points > 0
), total as (
    select o.id, sum(o.points) filter (where counts)::bigint as points, count(*) as results,
        count(*) filter (where counts) as counted
    from ordered o cross join plan cross join lateral (select plan.best = 0 or o.nth <= plan.best) c(counts)
    group by o.id
), ranked as (
    select rank() over (order by t.points desc) as place, a.id, t.points, t.results, t.counted
    from total t join account a on a.id = uuid(substr(t.id, 6)) and a.deleted_at is null
)
select place, id, points, results, counted from ranked
where (place, id) {{beside}} (%(place)s, %(user)s) order by place {{direction}}, id {{direction}} limit %(limit)s
"""  # noqa: S608
_PAGES: Final = {
    False: _RANKED.format(beside=">", direction="asc"),
    True: _RANKED.format(beside="<", direction="desc"),
}
_COUNT: Final = f"select count(*) from ({_FINISHED}) f"  # noqa: S608
_FIRST: Final = SeriesStandingKey(0, "user:" + "0" * 32)


class SeriesStandingRows:
    """Reads standings. Every method may raise PostgresError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, series: str, *, beside: SeriesStandingKey | None, back: bool, limit: int
    ) -> list[SeriesStandingRow]:
        """Who has points, the first after ``beside`` first; ``back``: before it, backwards."""
        edge = beside or _FIRST
        parameters = {
            "series": uuid_of(series),
            "place": edge.place,
            "user": uuid_of(edge.user),
            "limit": limit,
        }
        return [_standing(*row) for row in await rows(self._pool, _PAGES[back], parameters)]

    async def finished(self, series: str) -> int:
        """How many tournaments count."""
        return (await rows(self._pool, _COUNT, {"series": uuid_of(series)}))[0][0]


def _standing(place: int, account: UUID, points: int, results: int, counted: int) -> SeriesStandingRow:
    return SeriesStandingRow(place, user_of(account), points, results, counted)
