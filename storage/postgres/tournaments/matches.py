"""Matches of tournaments: the rows that their events wrote.

The start writes no row for each match: who begins where follows from the seeds. A match has a row from when a result
leads somebody to it, or it is opened.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from actors.kind import Instant
from actors.tournament.engine.swiss.published import matches_in
from actors.tournament.numbers import Numbers
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from protocol.tournament import KIND as TOURNAMENT
from protocol.tournament import BestOf, Format
from protocol.tournament.stage import Stage, stages_of
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of
from storage.postgres.tournaments.reading import PLACE, VOID, Read, part_of, read_part


class MatchRow(Struct, frozen=True):
    """Where a match stands."""

    number: int
    a: int | None
    b: int | None
    """The entrants on its sides; 0 for nobody, None while it isn't known."""
    phase: str
    ready_a: bool = False
    ready_b: bool = False
    until: Instant | None = None
    picks: Sequence[int] = ()
    """What was chosen in the steps of its picks and bans."""
    held: bool = False
    latest: Instant | None = None
    proposed_by: int | None = None
    proposed_at: Instant | None = None
    room: str | None = None
    reported_by: int | None = None
    scores: Sequence[int] = ()
    """Side a and side b of each game, one after the other."""
    disputed_by: int | None = None
    disputed_scores: Sequence[int] = ()
    note: str | None = None
    evidence: str | None = None
    winner: int | None = None
    kind: str | None = None
    decision: str | None = None
    opened_at: Instant | None = None
    ended_at: Instant | None = None
    part: str | None = None
    round: int | None = None
    """Both None until it is opened."""
    void: int | None = None
    """The stage that it was of, if it is void."""


class SeatingRow(Struct, frozen=True):
    """What the matches of a stage follow from. From its start on only ``cancelled`` and what is published change."""

    settings: Stage
    seeds: Sequence[int]
    """The entrants, the best first."""
    number: int = 1
    """Of the stage, from 1 on."""
    numbers: Numbers = Numbers()
    """Of its matches."""
    cancelled: bool = False
    """Whether the tournament was cancelled: matches that aren't done are, too."""
    published: Sequence[Sequence[int]] = ()
    """The pairs of each round, where rounds are published one after the other."""


class OwnMatchRow(Struct, frozen=True):
    """Where somebody stands in a tournament that runs."""

    tournament: str
    started_at: Instant
    entrant: int
    seed: int
    seating: SeatingRow
    """With seeds instead of entrants, and rounds of nobody, so that no page holds all entrants of many tournaments."""
    match: MatchRow | None
    """The match that they play or wait in; None: the one that the seeds lead them to."""
    begun: int
    """The last match of the tournament that has a row, by number; 0 for none."""


class SubstitutionRow(Struct, frozen=True):
    """Who plays instead of whom from a match on."""

    entrant: int
    player: str
    substitute: str


class MatchKey(Struct, frozen=True, array_like=True):
    """Where a match stands in the list."""

    number: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


class OwnMatchKey(Struct, frozen=True, array_like=True):
    """Where a tournament stands in the list of one's matches."""

    started_at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    tournament: StreamId


_PHASE: Final = f"""
case when {VOID} then 'void' when t.phase = 'cancelled' and m.phase <> 'done' then 'cancelled' else m.phase end
"""
"""The end of a tournament or stage writes no row for each match: readers say what it made of them."""
_VOID_STAGE: Final = """
(select v.stage from tournament_void v where v.stream_id = m.stream_id and m.number between v.first and v.last
order by v.first desc limit 1)
"""
_COLUMNS: Final = f"""
m.number, m.a, m.b, {_PHASE}, m.ready_a, m.ready_b,
case when t.phase <> 'cancelled' and not {VOID} then m.until end, m.picks,
m.held and t.phase <> 'cancelled' and not {VOID}, m.latest, m.proposed_by, m.proposed_at, m.room,
m.reported_by, m.scores, m.disputed_by, m.disputed_scores, m.note, m.evidence, m.winner, m.kind, m.decision,
m.opened_at, m.ended_at, m.part, m.round, {_VOID_STAGE}
"""
_SETTINGS: Final = "t.stages, t.format, t.third_place, t.reset, t.best_of, t.phase = 'cancelled'"
_SETTINGS_COUNT: Final = 9
"""Of those and where the stage and its rounds begin."""
_ROUNDS: Final = """
tournament_round r where r.stream_id = t.stream_id and not exists (
    select from tournament_void v where v.stream_id = r.stream_id and r.first between v.first and v.last
) and r.stage
"""
_SEEDS: Final = """
(t.seeds || array(
    select e.number from tournament_entrant e
    where e.stream_id = t.stream_id and e.late_seed is not null order by e.late_seed
))
"""
"""Of the first stage: those of the start, and who has come late."""
_SEATINGS: Final = part_of(
    f"""
select g.number as key, g.seeds, (select json_agg(r.pairs order by r.seq) from {_ROUNDS} = g.number),
    array(select r.first from {_ROUNDS} = g.number order by r.seq), g.number, g.first, {_SETTINGS}
from (
    select 1 as number, {_SEEDS} as seeds, 1 as first where t.started_at is not null
    union all
    select o.number, o.seeds, o.first from tournament_stage o where o.stream_id = t.stream_id and o.number > 1
) g
"""  # noqa: S608
)
_LATEST: Final = """
left join lateral (
    select g.number, g.first, g.seeds from tournament_stage g
    where g.stream_id = t.stream_id and g.number > 1 order by g.number desc limit 1
) latest on true
"""
"""The stage of ``tournament t`` that is being played, if it isn't the first one."""
_ALL: Final = part_of(
    f"""
select m.number as key, m.number, m.a, m.b, {_PHASE}, m.scores, m.winner, m.kind
from tournament_match m where m.stream_id = t.stream_id and not {VOID}
"""  # noqa: S608
)
_ONE: Final = part_of(
    f"""
select m.number as key, {_COLUMNS} from tournament_match m
where m.stream_id = t.stream_id and m.number = %(number)s
"""  # noqa: S608
)
_SOME: Final = part_of(
    f"""
select m.number as key, {_COLUMNS} from tournament_match m
where m.stream_id = t.stream_id and m.number = any(%(numbers)s)
"""  # noqa: S608
)
_SUBSTITUTIONS: Final = part_of(
    """
select b.seq as key, b.entrant, b.player, b.substitute from tournament_substitution b
where b.stream_id = t.stream_id and b.match = %(number)s
"""
)
_LISTED: Final = f"""
select m.number as key, {_COLUMNS} from tournament_match m
where m.stream_id = t.stream_id
    and ({_PHASE} = %(phase)s::text or (%(phase)s::text is null and not {VOID}))
    and (m.part is not null or not {VOID})
    and (%(numbers)s::bigint[] is null or m.number = any(%(numbers)s))
    and (%(entrant)s::bigint is null or %(entrant)s in (m.a, m.b))
    and (not %(mine)s or exists (
        select from tournament_player p
        where p.stream_id = t.stream_id and p.user_id = %(user)s and p.role = 'player' and p.entrant in (m.a, m.b)
    ))
    and m.number {{beside}} %(number)s
order by m.number {{direction}} limit %(limit)s
"""  # noqa: S608
_LIST: Final = {
    False: part_of(_LISTED.format(beside=">", direction="asc")),
    True: part_of(_LISTED.format(beside="<", direction="desc"), back=True),
}
_OWN: Final = f"""
select t.stream_id, t.started_at, p.entrant, array_position(coalesce(latest.seeds, {_SEEDS}), p.entrant),
    coalesce(last.number, 0), cardinality(coalesce(latest.seeds, {_SEEDS})),
    array(select r.matches from {_ROUNDS} = coalesce(latest.number, 1) order by r.seq),
    array(select r.first from {_ROUNDS} = coalesce(latest.number, 1) order by r.seq),
    coalesce(latest.number, 1), coalesce(latest.first, 1), {_SETTINGS}, {_COLUMNS}
from tournament_player p
join tournament t on t.stream_id = p.stream_id and t.phase = 'running'
{_LATEST}
join tournament_entrant e on e.stream_id = p.stream_id and e.number = p.entrant
    and {PLACE} is null and e.status in ('entered', 'pending', 'waiting')
    and p.entrant = any(coalesce(latest.seeds, {_SEEDS}))
    and not exists (
        select from tournament_stage g
        where g.stream_id = p.stream_id and g.places[array_position(g.entrants, p.entrant)] > 0
    )
left join lateral (
    select max(m.number) as number from tournament_match m where m.stream_id = p.stream_id and not {VOID}
) last on true
left join lateral (
    select * from tournament_match m
    where m.stream_id = p.stream_id and m.phase <> 'done' and p.entrant in (m.a, m.b) and not {VOID}
    order by m.number limit 1
) m on true
where p.user_id = %(user)s and p.role = 'player' and (t.started_at, t.stream_id) {{beside}} (%(at)s, %(from)s)
    and (%(gathering)s::text is null or t.gathering = %(gathering)s)
order by t.started_at {{direction}}, t.stream_id {{direction}} limit %(limit)s
"""  # noqa: S608
_OWN_BESIDE: Final = {
    False: _OWN.format(beside="<", direction="desc"),
    True: _OWN.format(beside=">", direction="asc"),
}
_SEEDED: Final = f"""
select t.stream_id, (coalesce(latest.seeds, {_SEEDS}))[asked.seed]
from unnest(%(tournaments)s::uuid[], %(seeds)s::bigint[]) asked(tournament, seed)
join tournament t on t.stream_id = asked.tournament
{_LATEST}
"""  # noqa: S608
_NEWEST: Final = OwnMatchKey(2**62, f"{TOURNAMENT}:" + "f" * 32)


class MatchFilter(Struct, frozen=True, kw_only=True):
    """Which matches; None for any."""

    phase: str | None = None
    numbers: Sequence[int] | None = None
    """By which they are found."""
    entrant: int | None = None
    mine: bool = False


class Matches:
    """Reads matches. Whoever may not see the tournament gets None."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def seatings(self, user: str, tournament: str) -> Read[SeatingRow] | None:
        """What the matches of each stage that has started follow from, the first one first; none before the start."""
        return await read_part(self._pool, _SEATINGS, _asked(user, tournament), _seating)

    async def all(self, user: str, tournament: str) -> Read[MatchRow] | None:
        """All matches that have a row, by number: their sides and results."""
        return await read_part(self._pool, _ALL, _asked(user, tournament), _result)

    async def one(self, user: str, tournament: str, number: int) -> Read[MatchRow] | None:
        """One match, if it has a row."""
        parameters = _asked(user, tournament) | {"number": number}
        return await read_part(self._pool, _ONE, parameters, MatchRow)

    async def substitutions(self, user: str, tournament: str, number: int) -> Read[SubstitutionRow] | None:
        """Who plays instead of whom from this match on, in the order in which it was said."""
        parameters = _asked(user, tournament) | {"number": number}
        return await read_part(self._pool, _SUBSTITUTIONS, parameters, SubstitutionRow)

    async def some(self, user: str, tournament: str, numbers: Sequence[int]) -> Read[MatchRow] | None:
        """Of these matches those that have a row."""
        parameters = _asked(user, tournament) | {"numbers": list(numbers)}
        return await read_part(self._pool, _SOME, parameters, MatchRow)

    async def page(
        self,
        user: str,
        tournament: str,
        matching: MatchFilter,
        *,
        beside: MatchKey | None,
        back: bool,
        limit: int,
    ) -> Read[MatchRow] | None:
        """Matches that have a row, by number after ``beside``; ``back``: before it, backwards. Of void ones those that
        were opened, if asked for by their phase.
        """
        parameters = _asked(user, tournament) | {
            "phase": matching.phase,
            "numbers": None if matching.numbers is None else list(matching.numbers),
            "entrant": matching.entrant,
            "mine": matching.mine,
            "number": 0 if beside is None else beside.number,
            "limit": limit,
        }
        return await read_part(self._pool, _LIST[back], parameters, MatchRow)

    async def own(
        self, user: str, *, gathering: str | None, beside: OwnMatchKey | None, back: bool, limit: int
    ) -> list[OwnMatchRow]:
        """The tournaments that run in which the user isn't out, of this gathering if one is named, those that started
        last first; ``back``: backwards.
        """
        beside = beside or _NEWEST
        parameters = {
            "user": user,
            "gathering": gathering,
            "at": beside.started_at,
            "from": uuid_of(beside.tournament),
            "limit": limit,
        }
        return [_own(*row) for row in await rows(self._pool, _OWN_BESIDE[back], parameters)]

    async def seeded(self, seeds: Mapping[str, int]) -> dict[str, int]:
        """The entrant with this seed in the stage that is being played, in each of these tournaments."""
        if not seeds:
            return {}
        parameters = {"tournaments": list(map(uuid_of, seeds)), "seeds": list(seeds.values())}
        found = await rows(self._pool, _SEEDED, parameters)
        return {stream_of(TOURNAMENT, tournament): entrant for tournament, entrant in found}


def _asked(user: str, tournament: str) -> dict[str, Any]:
    return {"user": user, "tournament": uuid_of(tournament)}


def _result(
    number: int,
    a: int | None,
    b: int | None,
    phase: str,
    scores: list[int],
    winner: int | None,
    kind: str | None,
) -> MatchRow:
    return MatchRow(number, a, b, phase, scores=scores, winner=winner, kind=kind)


def _own(
    tournament: Any,
    started_at: int,
    entrant: int,
    seed: int,
    begun: int,
    entrants: int,
    rounds: list[int],
    *columns: Any,
) -> OwnMatchRow:
    settings, match = columns[:_SETTINGS_COUNT], columns[_SETTINGS_COUNT:]
    return OwnMatchRow(
        stream_of(TOURNAMENT, tournament),
        started_at,
        entrant,
        seed,
        _seating(range(1, entrants + 1), [range(-2 * matches, 0) for matches in rounds], *settings),
        None if match[0] is None else MatchRow(*match),
        begun,
    )


def _seating(
    seeds: Sequence[int],
    published: Sequence[Sequence[int]] | None,
    begins: Sequence[int],
    number: int,
    first: int,
    stages: str,
    format_: Format,
    third_place: bool,
    reset: bool,
    best_of: BestOf,
    cancelled: bool,
) -> SeatingRow:
    only = Stage(format=format_, third_place=third_place, reset=reset, best_of=best_of)
    settings, published = (stages_of(stages) or (only,))[number - 1], published or ()
    return SeatingRow(settings, seeds, number, _numbers(first, published, begins), cancelled, published)


def _numbers(first: int, published: Sequence[Sequence[int]], begins: Sequence[int]) -> Numbers:
    """The numbers of a stage's matches, of which rounds may begin with these."""
    numbers, count = Numbers(first), 0
    for pairs, begin in zip(published, begins, strict=True):
        numbers = numbers.followed(count + 1, begin)
        count += matches_in(pairs)
    return numbers
