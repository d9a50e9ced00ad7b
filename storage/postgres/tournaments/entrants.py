"""Entrants of tournaments: the rows that their events wrote.

Every method may raise PostgresError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from protocol.limits import SEQ_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.reading import PLACE, Read, part_of, read_part


class EntrantRow(Struct, frozen=True):
    """Somebody who takes part in a tournament, or wanted to."""

    number: int
    user: str | None
    name: str | None
    status: str
    checked_in: bool
    seed: int | None
    place: int | None
    reason: str | None
    """Why staff removed them."""
    roster: list[str]
    """The players of a team, the captain first."""
    invited: list[str]
    """Whom it has invited; none since the start."""
    half_byes: int
    """How many rounds are worth a draw to them, since they came late."""
    tags: list[str]


class NameRow(Struct, frozen=True):
    """What an entrant is called; None when it was erased. And its place, once it plays no more."""

    number: int
    name: str | None
    place: int | None


class StandingRow(Struct, frozen=True):
    """An entrant who has a place."""

    number: int
    user: str | None
    name: str | None
    place: int


class WithdrawnRow(Struct, frozen=True):
    """Somebody who has left while a stage with standings ran."""

    number: int
    forfeits_from: int
    """The first match that they forfeited by it, within the stage."""


class LateRow(Struct, frozen=True):
    """Somebody who has come after the start, and has points for what they have missed."""

    number: int
    half_byes: int
    """How many rounds of the first stage, from its first one on, are worth a draw to them."""


class EntrantKey(Struct, frozen=True, array_like=True):
    """Where an entrant stands in the list."""

    number: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


class StandingKey(Struct, frozen=True, array_like=True):
    """Where an entrant stands in the standings."""

    place: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    number: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


# The start writes no row for each entrant: its seeds say who takes part.
ENTRANTS: Final = f"""
select e.number, e.user_id, e.name, case
    when t.started_at is null or e.status not in ('entered', 'pending', 'waiting') then e.status
    when seeded.seed is null and e.late_seed is null then 'dropped'
    else 'entered'
end as status, e.checked_in, coalesce(seeded.seed, e.late_seed) as seed, coalesce({PLACE}, settled.place),
e.reason, e.roster,
case when t.started_at is null then e.invited else array[]::text[] end as invited, e.half_byes, e.tags
from tournament_entrant e
left join unnest(t.seeds) with ordinality seeded(number, seed) on seeded.number = e.number
left join lateral (
    select o.number, o.place from tournament_stage g, unnest(g.entrants, g.places) o(number, place)
    where g.stream_id = t.stream_id and o.place > 0
) settled on settled.number = e.number
where e.stream_id = t.stream_id
"""  # noqa: S608
"""Of ``tournament t``, as EntrantRow takes them; more conditions may follow."""

_LISTED: Final = f"""
select found.number as key, found.* from ({ENTRANTS}) found
where (%(status)s::text is null or found.status = %(status)s) and found.number {{beside}} %(number)s
order by found.number {{direction}} limit %(limit)s
"""  # noqa: S608
_PLACED: Final = f"""
select array[p.place, p.number] as key, p.number, e.user_id, e.name, p.place
from (
    select e.number, {PLACE} as place from tournament_entrant e
    where e.stream_id = t.stream_id and e.place is not null and {PLACE} is not null
    union all
    select o.number, o.place from tournament_stage g, unnest(g.entrants, g.places) o(number, place)
    where g.stream_id = t.stream_id and o.place > 0
) p
join tournament_entrant e on e.stream_id = t.stream_id and e.number = p.number
where (p.place, p.number) {{beside}} (%(place)s, %(number)s)
order by p.place {{direction}}, p.number {{direction}} limit %(limit)s
"""  # noqa: S608
_NAMES: Final = part_of(
    f"""
select e.number as key, e.number, coalesce(e.name, a.display_name), {PLACE}
from tournament_entrant e
left join account a on a.id = uuid(substr(e.user_id, 6)) and a.deleted_at is null
where e.stream_id = t.stream_id and e.number = any(%(numbers)s)
"""  # noqa: S608
)
_NAMED: Final = part_of(
    """
select e.number as key, e.number, e.user_id, e.name, 0
from tournament_entrant e where e.stream_id = t.stream_id and e.number = any(%(numbers)s)
"""
)
_WITHDRAWN: Final = part_of(
    """
select e.number as key, e.number, e.forfeits_from
from tournament_entrant e where e.stream_id = t.stream_id and e.left_stage = %(stage)s and (
    e.status in ('left', 'removed', 'disqualified') or exists (
        select from tournament_stage g
        where g.stream_id = t.stream_id and g.number = %(stage)s and g.ended_at is not null
    )
)
"""
)
_LATE: Final = part_of(
    """
select e.number as key, e.number, e.half_byes
from tournament_entrant e where e.stream_id = t.stream_id and e.half_byes > 0
"""
)
_BESIDE: Final = {False: {"beside": ">", "direction": "asc"}, True: {"beside": "<", "direction": "desc"}}
_LIST: Final = {back: part_of(_LISTED.format(**_BESIDE[back]), back=back) for back in _BESIDE}
_STANDINGS: Final = {back: part_of(_PLACED.format(**_BESIDE[back]), back=back) for back in _BESIDE}


class Entrants:
    """Reads entrants and their places."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self,
        user: str,
        tournament: str,
        *,
        status: str | None,
        beside: EntrantKey | None,
        back: bool,
        limit: int,
    ) -> Read[EntrantRow] | None:
        """Entrants by number after ``beside``; ``back``: before it, backwards. None if the user may not see it."""
        parameters = {
            "user": user,
            "tournament": uuid_of(tournament),
            "status": status,
            "number": 0 if beside is None else beside.number,
            "limit": limit,
        }
        return await read_part(self._pool, _LIST[back], parameters, EntrantRow)

    async def names(self, user: str, tournament: str, numbers: Iterable[int]) -> Read[NameRow] | None:
        """What these entrants are called, of people the name that their profile shows; and their places."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "numbers": [*numbers]}
        return await read_part(self._pool, _NAMES, parameters, NameRow)

    async def placed(self, user: str, tournament: str, places: Mapping[int, int]) -> Read[StandingRow] | None:
        """These entrants with the places that they are given, in this order."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "numbers": [*places]}
        read = await read_part(self._pool, _NAMED, parameters, StandingRow)
        if read is None:
            return None
        rows = {row.number: row for row in read.rows}
        return replace(read, rows=[replace(rows[entrant], place=place) for entrant, place in places.items()])

    async def withdrawn(self, user: str, tournament: str, stage: int) -> Read[WithdrawnRow] | None:
        """Who has left while this stage ran, and hadn't come back when it was over."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "stage": stage}
        return await read_part(self._pool, _WITHDRAWN, parameters, WithdrawnRow)

    async def late(self, user: str, tournament: str) -> Read[LateRow] | None:
        """Who has points for rounds that they have missed before they came."""
        parameters = {"user": user, "tournament": uuid_of(tournament)}
        return await read_part(self._pool, _LATE, parameters, LateRow)

    async def standings(
        self, user: str, tournament: str, *, beside: StandingKey | None, back: bool, limit: int
    ) -> Read[StandingRow] | None:
        """Those who have a place, the best after ``beside`` first; ``back``: before it, backwards."""
        beside = beside or StandingKey(0, 0)
        parameters = {
            "user": user,
            "tournament": uuid_of(tournament),
            "place": beside.place,
            "number": beside.number,
            "limit": limit,
        }
        return await read_part(self._pool, _STANDINGS[back], parameters, StandingRow)
