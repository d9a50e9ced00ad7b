"""Tournaments in the runtime: they run by themselves, though nobody looks and nodes come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import trio

from actors.inbox.kind import InboxKind
from actors.kind import tables_of
from actors.runtime.node import Runtime
from actors.tournament.kind import TournamentKind
from protocol.event import Header, decode_header
from protocol.frames import Accepted, Command, Refused
from protocol.ids import derive_client_id
from protocol.inbox import inbox_of
from protocol.tournament.commands import (
    CreateTournament,
    EnterTournament,
    LeaveTournament,
    ReportResult,
    SayReady,
)
from protocol.tournament.view import TournamentView
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.log import MemoryLog
from tests.ownership import joined
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import Published
from tests.unit.actors.tournament.cup import OWNER, P

STUCK = "a timer changed nothing"


class World:
    """A database, and one runtime after the other on it."""

    def __init__(self) -> None:
        self.clock, self.database = TrioClock(), MemoryDatabase()
        self._kinds = [TournamentKind(bytes(32)), InboxKind()]
        self._ids = 0
        self._runtime: Runtime | None = None

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """A node, which is killed at the end."""
        self._runtime = Runtime(
            kinds=self._kinds,
            log=MemoryLog(self.database, self.clock, tables=tables_of(self._kinds)),
            ownership=await joined(MemoryDirectory(self.database, self.clock), self.clock),
            clock=self.clock,
            randomness=SeededRandomness(1),
            publisher=Published(),
            executor=MemoryExecutor(),
            digest_key=b"k" * 32,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(self._runtime.run)
            yield
            nursery.cancel_scope.cancel()

    async def done(self, command: type[Command], by: str, **fields: Any) -> str:
        """It is accepted; its stream."""
        assert self._runtime is not None
        self._ids += 1
        reply = await self._runtime.router.ask(
            command(client_id=derive_client_id("test", str(self._ids)), **fields), by=by
        )
        assert isinstance(reply, Accepted), reply
        return reply.stream or ""

    async def view(self, cup: str, user: str = OWNER) -> TournamentView:
        assert self._runtime is not None
        shown = await self._runtime.router.view(cup, user=user)
        assert not isinstance(shown, Refused)
        return cast(TournamentView, shown.view)

    def headers(self, stream: str) -> list[Header]:
        stored = self.database.stream(stream)
        return [] if stored is None else [decode_header(row.header) for row in stored.events]

    def called(self, user: str) -> Counter[object]:
        """How often a user was called to each match."""
        items = self.headers(inbox_of(user))
        return Counter(header.marks["match"] for header in items if header.type == "inbox.match_called")


async def test_it_runs_by_itself_though_nodes_are_killed(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    begin = world.clock.now()
    async with world.living():
        times = {"registration_at": begin + 10_000, "start_at": begin + 60_000}
        cup = await world.done(
            CreateTournament,
            OWNER,
            name="Cup",
            format="double_elimination",
            ready_s=30,
            confirm_s=30,
            **times,
        )
        await trio.sleep(11)
        for user in P[1:6]:
            await world.done(EnterTournament, user, stream=cup)
    await trio.sleep(60)  # nobody is there when it is to start
    async with world.living():
        await trio.sleep(5)
        assert (await world.view(cup)).phase == "running"
        shown = (await world.view(cup)).current[0]
        assert shown.user_a and shown.user_b
        for user in (shown.user_a, shown.user_b):
            await world.done(SayReady, user, stream=cup, match=shown.match)
        await world.done(ReportResult, shown.user_a, stream=cup, match=shown.match, scores=((1, 0),))
    async with world.living():
        await trio.sleep(25)
        await world.done(LeaveTournament, shown.user_a, stream=cup)
    await trio.sleep(10)
    async with world.living():
        await trio.sleep(300)
        assert (await world.view(cup)).phase == "finished"
    headers = world.headers(cup)
    once = Counter((header.type, header.marks.get("match")) for header in headers)
    assert {
        once[key] for key in once if key[0] in ("tournament.match_opened", "tournament.match_finished")
    } == {1}
    assert once["tournament.started", None] == once["tournament.finished", None] == 1
    calls = [header for header in headers if header.type == "tournament.match_opened"]
    for user in P[1:6]:
        assert world.called(user) == Counter(
            h.marks["match"] for h in calls if user in cast(tuple[str, ...], h.marks.get("players", ()))
        )
        assert world.called(user)
    assert STUCK not in caplog.text
