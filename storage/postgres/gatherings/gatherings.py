"""Gatherings: the rows that their events wrote, and how their competitions stand by those of the tournaments.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.gathering import KIND as GATHERING
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of
from storage.postgres.streams.visible import VISIBLE
from storage.postgres.tournaments.entrants import ENTRANTS
from storage.postgres.tournaments.reading import Head


class GatheringRow(Struct, frozen=True):
    """A gathering."""

    gathering: str
    name: str | None
    """None once it was erased."""
    description: str | None
    games: list[str]
    players_max: int
    visibility: str
    registration_at: Instant | None
    check_in_at: Instant | None
    closes_at: Instant | None
    phase: str
    owner: str | None
    created_at: Instant
    deleted_at: Instant | None
    """When it was removed; None if it is there."""
    reason: str | None
    """Why it was cancelled."""
    registered: int
    checked_in: int


class RegistrationRow(Struct, frozen=True):
    """What somebody is in a gathering."""

    number: int
    status: str
    checked_in: bool


class GatheringRead(Struct, frozen=True):
    """A gathering, its organisers, what the one who asks is in it, and where its log stood."""

    head: Head
    row: GatheringRow
    organisers: list[str]
    """Without the owner."""
    own: RegistrationRow | None
    """None if they have never registered."""
    role: str | None
    """Of the one who asks."""


class CompetitionRow(Struct, frozen=True):
    """A competition, and what the one who asks is in it. None where there is no such tournament any more."""

    tournament: str
    joined: bool
    name: str | None
    game: str | None
    format: str | None
    phase: str | None
    start_at: Instant | None
    entrants: int | None
    entrants_max: int | None
    chosen: bool
    status: str | None


class GatheringKey(Struct, frozen=True, array_like=True):
    """Where a gathering stands in a list: by when it was created."""

    at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    gathering: StreamId


class GatheringFilter(Struct, frozen=True, kw_only=True):
    """Which gatherings; None for any."""

    mine: bool = False
    removed: bool = False
    """Those that were removed; else those that weren't."""
    phase: str | None = None
    game: str | None = None
    owner: str | None = None


_COLUMNS: Final = """
g.stream_id, g.name, g.description, g.games, g.players_max, g.visibility, g.registration_at, g.check_in_at,
g.closes_at, g.phase, g.owner, g.created_at, g.deleted_at, g.reason, g.registered, g.checked_in
"""
_ONE: Final = f"""
select i.number, s.head, own.number, own.status, own.checked_in, mine.role, array(
    select o.user_id from gathering_staff o where o.stream_id = g.stream_id and o.role = 'organiser'
    order by o.since, o.user_id
), {_COLUMNS}
from incarnation i
join stream s on s.id = %(gathering)s and s.kind = 'gathering' and {VISIBLE}
join gathering g on g.stream_id = s.id
left join gathering_staff mine on mine.stream_id = g.stream_id and mine.user_id = %(user)s
left join gathering_player own on own.stream_id = g.stream_id and own.user_id = %(user)s
"""  # noqa: S608
_COMPETITIONS: Final = f"""
select c.tournament, t.gathering is not distinct from %(gathering_id)s, t.name, t.game, t.format, t.phase,
    t.start_at, t.entrants, t.entrants_max, c.tournament = any(coalesce(me.tournaments, array[]::text[])), own.status
from gathering_competition c
left join tournament t on t.stream_id = uuid(substr(c.tournament, 12)) and t.deleted_at is null
left join gathering_player me on me.stream_id = c.stream_id and me.user_id = %(user)s
left join tournament_player p on p.stream_id = t.stream_id and p.user_id = %(user)s and p.role = 'player'
left join lateral ({ENTRANTS} and e.number = p.entrant) own on true
where c.stream_id = %(gathering)s order by c.attached_at, c.tournament
"""  # noqa: S608
_LIST: Final = f"select {_COLUMNS} from gathering g where "  # noqa: S608
_MINE: Final = """
g.stream_id in (
    select stream_id from gathering_player where user_id = %(user)s
    union select stream_id from gathering_staff where user_id = %(user)s
)
"""
_PUBLIC: Final = "g.visibility = 'public' and g.phase <> 'draft'"
_GIVEN: Final[dict[str, str]] = {
    "phase": "g.phase = %(phase)s",
    "game": "%(game)s = any(g.games)",
    "owner": "g.owner = %(owner)s",
}
_EDGE: Final = """
(g.created_at, g.stream_id) {beside} (%(at)s, %(from)s)
order by g.created_at {direction}, g.stream_id {direction} limit %(limit)s
"""
_NEWEST: Final = GatheringKey(2**62, f"{GATHERING}:" + "f" * 32)


class Gatherings:
    """Reads gatherings."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, user: str, gathering: str) -> GatheringRead | None:
        """A gathering; None if there is none, or the user may not see it."""
        found = await rows(self._pool, _ONE, {"user": user, "gathering": uuid_of(gathering)})
        if not found:
            return None
        incarnation, seq, number, status, checked_in, role, organisers, *columns = found[0]
        own = None if number is None else RegistrationRow(number, status, checked_in)
        return GatheringRead(Head(incarnation, seq), _gathering(*columns), organisers, own, role)

    async def competitions(self, user: str, gathering: str) -> list[CompetitionRow]:
        """Its competitions in the order in which they were attached."""
        parameters = {"user": user, "gathering": uuid_of(gathering), "gathering_id": gathering}
        return [CompetitionRow(*row) for row in await rows(self._pool, _COMPETITIONS, parameters)]

    async def page(
        self, user: str, matching: GatheringFilter, *, beside: GatheringKey | None, back: bool, limit: int
    ) -> list[GatheringRow]:
        """Gatherings after ``beside``, the newest first; ``back``: before it, backwards.

        Drafts and those that aren't public are only found among one's own. Of removed ones all are found: say whose.
        """
        beside = beside or _NEWEST
        given = {name: value for name in _GIVEN if (value := getattr(matching, name)) is not None}
        edge = _EDGE.format(beside=">" if back else "<", direction="asc" if back else "desc")
        statement = _LIST + " and ".join([_whose(matching), *(_GIVEN[name] for name in given), edge])
        parameters = {
            **given,
            "user": user,
            "at": beside.at,
            "from": uuid_of(beside.gathering),
            "limit": limit,
        }
        return [_gathering(*row) for row in await rows(self._pool, statement, parameters)]


def _whose(matching: GatheringFilter) -> str:
    if matching.removed:
        return "g.deleted_at is not null"
    return "g.deleted_at is null and " + (_MINE if matching.mine else _PUBLIC)


def _gathering(gathering: UUID, *columns: Any) -> GatheringRow:
    return GatheringRow(stream_of(GATHERING, gathering), *columns)
