"""The ledger after any course of results and corrections is that of the results as they are now."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import trio

from actors.ports.jobs import TakenJob
from gatherup.features.ratings.jobs import RatingJobs
from gatherup.features.ratings.rating import Rated, Rating, rate
from gatherup.jobs.queue import JobUnknownError
from gatherup.offloop.pool import OffLoop
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.ratings.ledger import Ledger
from storage.postgres.ratings.marks import RatedMarks
from storage.postgres.ratings.ratings import Ratings
from storage.postgres.ratings.working import StepRow, Working
from tests.integration.registered import registered

pytestmark = pytest.mark.real
GAME = "chess"
CUP = """
insert into tournament (stream_id, game, name, format, third_place, reset, best_of, entrants_max, visibility, entry,
    ready_s, confirm_s, phase, created_at)
values (%(id)s, %(game)s, 'Cup', 'round_robin', false, false, 1, 8, %(visibility)s, 'open', 0, 0, 'running', 0)
"""
ENTRANT = """
insert into tournament_entrant (stream_id, number, user_id, name, status, checked_in, entered_at)
values (%(id)s, %(number)s, %(user)s, %(name)s, 'entered', true, 0)
"""
MATCH = """
insert into tournament_match (stream_id, number, a, b, phase, winner, kind, ended_at)
values (%(id)s, %(number)s, %(a)s, %(b)s, %(phase)s, %(winner)s, %(kind)s, %(at)s)
on conflict (stream_id, number) do update set a = excluded.a, b = excluded.b, phase = excluded.phase,
    winner = excluded.winner, kind = excluded.kind, ended_at = excluded.ended_at
"""


class Result(NamedTuple):
    """A match as its row is to be."""

    cup: int
    number: int
    a: int
    b: int
    winner: int
    kind: str
    at: int

    @property
    def rated(self) -> bool:
        return self.kind in {"played", "decided"}


class World:
    """Three tournaments, the same four users in each and somebody without an account."""

    def __init__(self, pool: Pool, jobs: RatingJobs, users: list[str]) -> None:
        self.pool, self.jobs, self.users = pool, jobs, users
        self.results: dict[tuple[int, int], Result] = {}

    @classmethod
    async def made(cls, pool: Pool, jobs: RatingJobs, visibility: str = "public") -> World:
        users = [await registered(pool, f"rated_{number}") for number in range(4)]
        for cup in range(3):
            about = {"id": _cup(cup), "game": GAME, "visibility": visibility}
            await execute(pool, CUP, about)
            for number, user in enumerate([*users, None], 1):
                name = None if user else "Nobody"
                await execute(pool, ENTRANT, about | {"number": number, "user": user, "name": name})
        return cls(pool, jobs, users)

    async def write(self, result: Result) -> None:
        """The row alone: nobody is told of it."""
        self.results[result.cup, result.number] = result
        phase = "done" if result.kind else "playing"
        await execute(self.pool, MATCH, {"id": _cup(result.cup), "phase": phase, **result._asdict()})

    async def told(self, cup: int, match: int | None) -> None:
        arguments: dict[str, Any] = {"tournament": f"tournament:{_cup(cup).hex}"}
        if match is not None:
            arguments["match"] = match
        await self.jobs.queue().handle(_job(arguments))

    async def ledger(self) -> dict[str, Rating]:
        found = await Ratings(self.pool).page(GAME, beside=None, back=False, limit=100)
        return {row.user: Rating(row.mu, row.sigma, row.matches) for row in found}

    def expected(self) -> dict[str, Rating]:
        """From scratch, in the order in which matches were decided."""
        rated = [one for one in self.results.values() if one.rated and 5 not in (one.a, one.b)]
        rated.sort(key=lambda one: (one.at, _cup(one.cup), one.number))
        matches = [Rated([one.a], [one.b], {one.a: 1, one.b: 2}.get(one.winner, 0)) for one in rated]
        known: dict[int, Rating] = {}
        for step in rate(matches, {}):
            known |= step
        return {self.users[number - 1]: rating for number, rating in known.items()}


def _cup(number: int) -> UUID:
    return UUID(int=77_000 + number)


def _job(arguments: dict[str, Any]) -> TakenJob:
    values: dict[str, Any] = dict.fromkeys(TakenJob.__struct_fields__, 0)
    return TakenJob(**(values | {"queue": "ratings", "arguments": arguments}))


def _some(lot: random.Random, cup: int, number: int) -> Result:
    a, b = lot.sample(range(1, 6), 2)
    kind = lot.choice(["played", "played", "decided", "forfeit", "double_forfeit", ""])
    winner = 0 if kind == "double_forfeit" else lot.choice([a, b, 0 if kind in {"played", "decided"} else a])
    return Result(cup, number, a, b, winner, kind, 1000 + lot.randrange(8))


@pytest.fixture
async def jobs(pool: Pool) -> AsyncGenerator[RatingJobs]:
    executor = OffLoop(processes=1, waiting_max=32)
    yield RatingJobs(Ledger(pool), Working(pool), executor)
    executor.close()


@pytest.mark.parametrize("seed", range(4))
async def test_the_ledger_is_that_of_the_results_as_they_are(
    pool: Pool, jobs: RatingJobs, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results come in any order, are corrected and taken back, and told late, again, or two at a time."""
    monkeypatch.setattr("gatherup.features.ratings.jobs.PART_MATCHES", 3)
    lot = random.Random(seed)
    world = await World.made(pool, jobs)
    owed: list[tuple[int, int | None]] = []
    for _ in range(40):
        result = _some(lot, lot.randrange(3), lot.randint(1, 6))
        known = world.results.get((result.cup, result.number))
        await world.write(result)
        owed.append((result.cup, None if known or lot.random() < 0.2 else result.number))
        if lot.random() < 0.3:
            lot.shuffle(owed)
            async with trio.open_nursery() as nursery:
                for job in owed[:2]:
                    nursery.start_soon(world.told, *job)
            owed = owed[2:] + owed[:1]  # one of them is told again
    for job in owed:
        await world.told(*job)
    assert await world.ledger() == world.expected()
    assert await Ratings(pool).waiting(GAME, most=10) == 0
    before = await rows(pool, "select version from rating_game", {})
    await world.told(0, None)
    assert await rows(pool, "select version from rating_game", {}) == before, "a repeat changes nothing"


async def test_a_part_of_an_older_ledger_is_thrown_away(pool: Pool, jobs: RatingJobs) -> None:
    world = await World.made(pool, jobs)
    working, ledger = Working(pool), Ledger(pool)
    await world.write(Result(0, 1, 1, 2, 1, "played", 2000))
    cup = f"tournament:{_cup(0).hex}"
    await ledger.enter(cup, 1)
    part = await working.part(GAME, limit=10)
    assert part is not None and len(part.matches) == 1
    await world.write(Result(0, 1, 1, 2, 2, "decided", 2000))
    await ledger.enter(cup, None)
    (row,) = part.matches
    step = StepRow(row.a[0], row.at, row.tournament, row.match, 99.0, 1.0, 96.0, 1)
    assert not await working.keep(part, [step])
    assert await Ratings(pool).waiting(GAME, most=10) == 1
    await jobs.settle(GAME)
    assert await world.ledger() == world.expected()


async def test_what_isnt_rated_enters_nothing(pool: Pool, jobs: RatingJobs) -> None:
    world = await World.made(pool, jobs, visibility="invited")
    await world.write(Result(0, 1, 1, 2, 1, "played", 2000))
    await world.told(0, 1)
    assert await world.ledger() == {}
    with pytest.raises(JobUnknownError):
        await jobs.queue().handle(_job({"tournament": 7}))


async def test_only_marked_tournaments_are_rated_where_that_is_wanted(pool: Pool) -> None:
    executor = OffLoop(processes=1, waiting_max=32)
    jobs = RatingJobs(Ledger(pool, marked_only=True), Working(pool), executor)
    world, marks, cup = await World.made(pool, jobs), RatedMarks(pool), f"tournament:{_cup(0).hex}"
    for number, (a, b) in enumerate([(1, 2), (2, 3)], 1):
        await world.write(Result(0, number, a, b, a, "played", 2000 + number))
    await world.told(0, None)
    assert await world.ledger() == {}
    for rated, expected in ((True, world.expected()), (False, {}), (True, world.expected())):
        for _ in range(2):  # again it does nothing
            assert await marks.set(cup, rated=rated, by=world.users[0], address="192.0.2.7", at=5)
        owed = await rows(pool, "delete from job where queue = 'ratings' returning arguments", {})
        assert owed == [({"tournament": cup},)]
        await world.told(0, None)
        assert await world.ledger() == expected
    acts = await rows(pool, "select act from audit_log where subject = %(cup)s order by id", {"cup": cup})
    assert [act for (act,) in acts] == ["tournament.rated", "tournament.unrated", "tournament.rated"]
    assert not await marks.set("tournament:" + "0" * 32, rated=True, by="system", address="", at=5)
    executor.close()


async def test_an_account_that_goes_leaves_the_ratings_of_others(pool: Pool, jobs: RatingJobs) -> None:
    world = await World.made(pool, jobs)
    for number, (a, b) in enumerate([(1, 2), (2, 3), (3, 1)], 1):
        await world.write(Result(0, number, a, b, a, "played", 2000 + number))
    await world.told(0, None)
    before = await world.ledger()
    gone = world.users[1]
    await execute(pool, "delete from account where id = %(id)s", {"id": uuid_of(gone)})
    del before[gone]
    assert await world.ledger() == before
    await world.write(Result(0, 4, 3, 1, 1, "played", 2000))
    await world.told(0, 4)
    after = await world.ledger()
    assert after.keys() == before.keys() and after != before
    found = await rows(pool, "select account from rating_player order by id", {})
    assert [row[0] and user_of(row[0]) for row in found] == [world.users[0], None, world.users[2]]
