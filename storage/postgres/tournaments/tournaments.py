"""Tournaments: the rows that their events wrote.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of
from storage.postgres.tournaments.entrants import ENTRANTS
from storage.postgres.tournaments.reading import VISIBLE, Head


class TournamentRow(Struct, frozen=True):
    """A tournament."""

    tournament: str
    name: str | None
    """None once it was erased."""
    description: str | None
    game: str | None
    platform: str | None
    region: str | None
    format: str
    third_place: bool
    reset: bool
    best_of: int
    stages: str
    """As JSON."""
    entrants_max: int
    visibility: str
    entry: str
    ready_s: int
    confirm_s: int
    rounds: str
    """As JSON."""
    team_min: int
    team_max: int
    substitutes: int
    play_s: int
    rooms: bool
    phase: str
    owner: str | None
    created_at: Instant
    registration_at: Instant | None
    check_in_at: Instant | None
    start_at: Instant | None
    started_at: Instant | None
    ended_at: Instant | None
    reason: str | None
    """Why it was cancelled."""
    entrants: int
    draw: str | None
    deleted_at: Instant | None
    """When it was removed; None if it is there."""
    gathering: str | None
    """The gathering that it is a competition of."""


class OwnRow(Struct, frozen=True):
    """What somebody is in a tournament."""

    entrant: int
    status: str
    checked_in: bool


class TournamentRead(Struct, frozen=True):
    """A tournament, its staff, what the one who asks is in it, and where its log stood."""

    head: Head
    row: TournamentRow
    staff: list[tuple[str, str]]
    """User ids and roles, the owner among them."""
    own: OwnRow | None
    """None if they have never entered."""
    role: str | None
    """Of the one who asks."""


class TournamentKey(Struct, frozen=True, array_like=True):
    """Where a tournament stands in a list: by when it was created, or by when it starts."""

    at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    tournament: StreamId


class TournamentFilter(Struct, frozen=True, kw_only=True):
    """Which tournaments; None for any."""

    mine: bool = False
    upcoming: bool = False
    removed: bool = False
    """Those that were removed; else those that weren't."""
    phase: str | None = None
    game: str | None = None
    region: str | None = None
    owner: str | None = None

    def key_of(self, row: TournamentRow) -> TournamentKey:
        """Where it stands in the list of these."""
        at = row.start_at if self.upcoming else row.created_at
        assert at is not None  # upcoming ones have a time to start
        return TournamentKey(at, row.tournament)


_COLUMNS: Final = """
t.stream_id, t.name, t.description, t.game, t.platform, t.region, t.format, t.third_place, t.reset, t.best_of,
t.stages, t.entrants_max, t.visibility, t.entry, t.ready_s, t.confirm_s, t.rounds, t.team_min,
t.team_max, t.substitutes, t.play_s, t.rooms, t.phase, t.owner, t.created_at,
t.registration_at, t.check_in_at, t.start_at, t.started_at, t.ended_at, t.reason, t.entrants, t.draw,
t.deleted_at, t.gathering
"""
_ONE: Final = f"""
select i.number, s.head, own.number, own.status, own.checked_in, mine.role, (
    select json_agg(json_build_array(o.user_id, o.role) order by o.user_id)
    from tournament_staff o where o.stream_id = t.stream_id
), {_COLUMNS}
from incarnation i
join stream s on s.id = %(tournament)s and {VISIBLE}
join tournament t on t.stream_id = s.id
left join tournament_staff mine on mine.stream_id = t.stream_id and mine.user_id = %(user)s
left join tournament_player p on p.stream_id = t.stream_id and p.user_id = %(user)s and p.role = 'player'
left join lateral ({ENTRANTS} and e.number = p.entrant) own on true
"""  # noqa: S608
_LIST: Final = f"select {_COLUMNS} from tournament t where "  # noqa: S608
_MINE: Final = """
t.stream_id in (
    select stream_id from tournament_player where user_id = %(user)s and role <> 'invited'
    union select stream_id from tournament_staff where user_id = %(user)s
) and exists (select from listener l where l.stream_id = t.stream_id and l.user_id in (%(user)s, '*'))
"""
_PUBLIC: Final = "t.visibility = 'public' and t.phase <> 'draft'"
_UPCOMING: Final = "t.phase in ('draft', 'registration', 'check_in') and t.start_at is not null"
_GIVEN: Final[dict[str, str]] = {
    "phase": "t.phase = %(phase)s",
    "game": "t.game = %(game)s",
    "region": "t.region = %(region)s",
    "owner": "t.owner = %(owner)s",
}
_EDGE: Final = """
(t.{at}, t.stream_id) {beside} (%(at)s, %(from)s) order by t.{at} {direction}, t.stream_id {direction} limit %(limit)s
"""
_NEWEST: Final = TournamentKey(2**62, f"{TOURNAMENT}:" + "f" * 32)
_NEXT: Final = TournamentKey(0, f"{TOURNAMENT}:" + "0" * 32)


class Tournaments:
    """Reads tournaments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, user: str, tournament: str) -> TournamentRead | None:
        """A tournament; None if there is none, or the user may not see it."""
        found = await rows(self._pool, _ONE, {"user": user, "tournament": uuid_of(tournament)})
        if not found:
            return None
        incarnation, seq, number, status, checked_in, role, staff, *columns = found[0]
        own = None if number is None else OwnRow(number, status, checked_in)
        people = [(who, held) for who, held in staff or ()]
        return TournamentRead(Head(incarnation, seq), _tournament(*columns), people, own, role)

    async def page(
        self,
        user: str,
        matching: TournamentFilter,
        *,
        beside: TournamentKey | None,
        back: bool,
        limit: int,
    ) -> list[TournamentRow]:
        """Tournaments after ``beside`` in the order of the list; ``back``: before it, backwards.

        Drafts and those that aren't public are only found among one's own. Of removed ones all are found: say whose.
        """
        beside = beside or (_NEXT if matching.upcoming else _NEWEST)
        given = {name: value for name in _GIVEN if (value := getattr(matching, name)) is not None}
        wanted = [_whose(matching), *(_GIVEN[name] for name in given)]
        if matching.upcoming:
            wanted.append(_UPCOMING)
        rising = matching.upcoming is not back
        edge = _EDGE.format(
            at="start_at" if matching.upcoming else "created_at",
            beside=">" if rising else "<",
            direction="asc" if rising else "desc",
        )
        statement = _LIST + " and ".join([*wanted, edge])
        parameters = {
            **given,
            "user": user,
            "at": beside.at,
            "from": uuid_of(beside.tournament),
            "limit": limit,
        }
        return [_tournament(*row) for row in await rows(self._pool, statement, parameters)]


def _whose(matching: TournamentFilter) -> str:
    if matching.removed:
        return "t.deleted_at is not null"
    return "t.deleted_at is null and " + (_MINE if matching.mine else _PUBLIC)


def _tournament(tournament: UUID, *columns: Any) -> TournamentRow:
    return TournamentRow(stream_of(TOURNAMENT, tournament), *columns)
