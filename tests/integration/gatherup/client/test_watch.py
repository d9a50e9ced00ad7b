"""``gatherup watch`` against a real node: spectators see a tournament to its end, as a picture and as lines."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

import pytest
import trio
from rich.console import Console

from gatherup.client import LiveBracket, RefusedError
from gatherup.watch import running
from gatherup.watch.entrants import Entrants
from gatherup.watch.shows import Lines, Shows
from protocol.codes import Code
from protocol.tournament.commands import NewEntrant
from tests.integration.gatherup.client.test_rooms import HANG_S, guest
from tests.integration.shared import SharedNode

pytestmark = pytest.mark.real


class Told:
    """Lines, as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._more = trio.Event()

    @contextmanager
    def showing(self, live: LiveBracket, entrants: Entrants) -> Generator[Shows]:
        yield Lines(live, entrants, self._say)

    def _say(self, line: str) -> None:
        self.lines.append(line)
        self._more.set()

    async def until(self, line: str) -> None:
        while line not in self.lines:
            self._more = trio.Event()
            await self._more.wait()


async def test_spectators_see_it_to_its_end(node: SharedNode) -> None:
    told, terminal = Told(), Console(file=io.StringIO(), width=100, force_terminal=True)
    http, streams = node.addresses.http, node.addresses.stream
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Owner") as owner, guest(node.addresses, "Ann") as ann:
            cup = await owner.create_tournament("Spring Cup", format="double_elimination", ready_s=0)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(running.run, cup.id, http, streams, told.showing)
                nursery.start_soon(running.run, cup.id, http, streams, partial(running.picture, terminal))
                await told.until("-- Spring Cup: draft, 0 entered")
                await cup.open_registration()
                await ann.tournament(cup.id).enter()
                await told.until("Ann has entered")
                await cup.add_entrants([NewEntrant(name="Ben"), NewEntrant(name="Cat")])
                await cup.set_seeds([1, 2, 3])
                await cup.start()
                await told.until("match 2, winners 1: Ben against Cat")
                await cup.decide(2, 3, scores=[(0, 1)])
                await told.until("match 2, winners 1: Ben against Cat, Cat wins 0:1")
                await told.until("match 3, winners 2: Ann against Cat")
                await cup.cancel(reason="rain")
    assert told.lines[-1] == "the tournament was cancelled"
    assert isinstance(terminal.file, io.StringIO)
    drawn = terminal.file.getvalue()
    assert "winners 2" in drawn
    assert "losers 1" in drawn  # read over HTTP: nobody has told of it
    assert "Ben" in drawn


async def test_what_cant_be_watched_is_said(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        with pytest.raises(RefusedError) as nothing:
            await running.run(
                "tournament:" + "0" * 32, node.addresses.http, node.addresses.stream, Told().showing
            )
    assert nothing.value.code is Code.NOT_FOUND
