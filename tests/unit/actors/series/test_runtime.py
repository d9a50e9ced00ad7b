"""Series in the runtime: weeks go by, nodes are killed at any step, and each time has its one tournament."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
import trio

from actors.inbox.kind import InboxKind
from actors.kind import TEXTS_OF_SERIES, Effect, FactKey, Kind, tables_of
from actors.runtime.node import Runtime
from actors.series.kind import SeriesKind
from actors.series.recurrence import LOCAL
from actors.tournament.kind import TournamentKind
from actors.tournament.settings import unfit_lasting
from protocol.event import Header, decode_header
from protocol.frames import Accepted, Command, CreateCommand
from protocol.ids import derive_client_id, derive_stream
from protocol.series.commands import CreateSeries
from protocol.series.recurrence import Recurrence
from protocol.tournament.making import made_tournament
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.log import MemoryLog
from tests.ownership import joined
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import Published
from tests.unit.actors.series.weekly import OWNER

DAY_S: Final = 86_400
DAYS: Final = 14
SETTLED_S: Final = 5
STEPS_MAX: Final = 120
"""Of the scheduler, after which a node is killed that has just begun."""


class World:
    """A database, and one runtime after the other on it."""

    def __init__(self, *kinds: Kind[Any]) -> None:
        self.clock, self.database = TrioClock(), MemoryDatabase()
        self.kinds = kinds
        self.runtime: Runtime | None = None
        self.database.people.add(OWNER, "ann")

    @asynccontextmanager
    async def living(self) -> AsyncIterator[Runtime]:
        """A node, which is killed at the end."""
        runtime = Runtime(
            kinds=self.kinds,
            log=MemoryLog(self.database, self.clock, tables=tables_of(self.kinds)),
            ownership=await joined(MemoryDirectory(self.database, self.clock), self.clock),
            clock=self.clock,
            randomness=SeededRandomness(1),
            publisher=Published(),
            executor=MemoryExecutor(),
            digest_key=b"k" * 32,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(runtime.run)
            yield runtime
            nursery.cancel_scope.cancel()

    async def series(self, first: datetime) -> str:
        """A series of a tournament a day, made half a day ahead."""
        daily = Recurrence(rrule="FREQ=DAILY", timezone="UTC", start=first.strftime(LOCAL))
        async with self.living() as runtime:
            command: Command = CreateSeries(
                client_id=derive_client_id("test"), name="Daily", recurrence=daily, create_s=DAY_S // 2
            )
            reply = await runtime.router.ask(command, by=OWNER)
            assert isinstance(reply, Accepted) and reply.stream is not None
            return reply.stream

    def headers(self, stream: str) -> list[Header]:
        stored = self.database.stream(stream)
        return [] if stored is None else [decode_header(row.header) for row in stored.events]

    def tournaments(self) -> Counter[int]:
        """How many tournaments begin at each time."""
        logs = (stream.events for stream in self.database.streams.values() if stream.kind == "tournament")
        created = (decode_header(log[0].header) for log in logs if log)
        return Counter(int(str(header.marks["start_at"])) for header in created)


async def lived(seed: int, *kinds: Kind[Any]) -> World:
    """Two weeks, in which nodes are killed at steps of lot, and for some days nobody is there. All is then checked."""
    world, lot = World(*kinds), Random(seed)
    begin = world.clock.now()
    first = datetime.fromtimestamp(begin / 1000, UTC).replace(second=0, microsecond=0) + timedelta(days=1)
    series = await world.series(first)
    starts = [round((first + timedelta(days=day)).timestamp() * 1000) for day in range(DAYS)]
    for at in starts:
        due_s = (at - world.clock.now()) / 1000 - DAY_S // 2
        await trio.sleep(max(0.0, due_s))
        if lot.random() < 0.2:
            continue  # nobody is there until the next one is due
        for _ in range(lot.randrange(4)):
            async with world.living():
                for _ in range(lot.randrange(STEPS_MAX)):
                    await trio.lowlevel.checkpoint()
        async with world.living():
            await trio.sleep(SETTLED_S)
    check(world, series, starts)
    return world


def check(world: World, series: str, starts: list[int]) -> None:
    """Each time has one tournament, or was told as missed."""
    headers, missed = world.headers(series), set[int]()
    for header in headers:
        if header.type == "series.times_missed":
            since, until = (int(str(header.marks[name])) for name in ("first_at", "last_at"))
            told = {at for at in starts if since <= at <= until}
            assert len(told) == header.marks["count"] and not told & missed
            missed |= told
    made = [
        int(str(header.marks["start_at"])) for header in headers if header.type == "series.tournament_made"
    ]
    assert world.tournaments() == Counter(made)
    assert all(world.database.stream(made_tournament(series, at)) is not None for at in made)
    assert sorted([*made, *missed]) == [at for at in starts if at <= max([*made, *missed])]
    assert len(made) > DAYS // 2


def kinds_with(
    *, tournaments: Kind[Any] | None = None, series: Kind[Any] | None = None
) -> tuple[Kind[Any], ...]:
    return (
        series or SeriesKind(unfit_lasting),
        tournaments or TournamentKind(bytes(32)),
        InboxKind(),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_each_time_has_one_tournament_though_nodes_are_killed(
    autojump_clock: object, seed: int
) -> None:
    world = await lived(seed, *kinds_with())
    assert world.database.fact("", FactKey(TEXTS_OF_SERIES, "series:x"), {}) is None


class AnIdOfItsOwn(TournamentKind):
    """A mistake: what is sent again makes another tournament."""

    def stream_of(self, command: CreateCommand, *, by: str) -> str:
        made = super().stream_of(command, by=by)
        return derive_stream("tournament", made, "again") if command.resend else made


class Forgotten(SeriesKind):
    """A mistake: of each third tournament the command is lost."""

    def effects(self, header: Header) -> tuple[Effect, ...]:
        return () if header.seq % 3 == 0 else tuple(super().effects(header))


class MadeLate(SeriesKind):
    """A mistake: what has started already is made all the same."""

    def decide(self, state: Any, facts: Any, command: Command, *, by: str, now: int) -> Any:
        return super().decide(state, facts, command, by=by, now=min(now, (state.next_at or now) - 1))


MISTAKES: Final[dict[str, Callable[[], tuple[Kind[Any], ...]]]] = {
    "an id of its own": lambda: kinds_with(tournaments=AnIdOfItsOwn(bytes(32))),
    "forgotten": lambda: kinds_with(series=Forgotten(unfit_lasting)),
}


async def some_lives(kinds: Callable[[], tuple[Kind[Any], ...]]) -> None:
    for seed in range(6):
        await lived(seed, *kinds())


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_is_found(autojump_clock: object, mistake: str) -> None:
    with pytest.raises(AssertionError):
        await some_lives(MISTAKES[mistake])


async def test_what_has_started_is_never_made(autojump_clock: object) -> None:
    for kind, late in ((SeriesKind(unfit_lasting), False), (MadeLate(unfit_lasting), True)):
        world = World(*kinds_with(series=kind))
        now = datetime.fromtimestamp(world.clock.now() / 1000, UTC)
        series = await world.series(now + timedelta(days=1))
        await trio.sleep(20 * DAY_S)
        async with world.living():
            await trio.sleep(SETTLED_S)
        began = [at for at in world.tournaments() if at < world.clock.now() - 60_000]
        assert bool(began) is late
        kinds = Counter(header.type for header in world.headers(series))
        assert kinds["series.times_missed"] == (0 if late else 1)
