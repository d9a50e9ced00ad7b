"""A double elimination of eight over HTTP, watched live, with a no-show and a dispute, while the node is killed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
import msgspec
import pytest
import trio

from gatherup.client import Event, LiveBracket, LiveMatch, Offline, Online, Signal, Snapshot, Status, connect
from protocol.event import Header
from protocol.frames import Position
from tests.e2e.installation import QUICK, Installation

pytestmark = [pytest.mark.real, pytest.mark.slow]
READY_S: Final = 10
"""Long enough for players who are there to say so on a slow machine; the test waits so long for the one who isn't."""
COUNT: Final = 8


class Organiser:
    """A tournament, its players by number, and what a spectator is told of it."""

    def __init__(self) -> None:
        self.http: list[httpx.AsyncClient] = []
        """The owner, then the players: entrant 1 is at 1."""
        self.path = "/v1/tournaments"
        self.live = LiveBracket()
        self.headers: list[Header] = []
        self.statuses: list[Status] = []
        self._changed = trio.Condition()

    async def send(self, who: int, method: str, part: str, **body: Any) -> Mapping[str, Any]:
        """A command that is accepted."""
        command = {"client_id": str(uuid.uuid4()), **body}
        answer = await self.http[who].request(method, self.path + part, json=command)
        assert answer.is_success, (part, answer.text)
        return answer.json()

    async def get(self, part: str) -> dict[str, Any]:
        answer = await self.http[0].get(self.path + part)
        assert answer.is_success, (part, answer.text)
        return answer.json()

    async def follow(self, url: str, token: str, stream: str, task_status: trio.TaskStatus[None]) -> None:
        """Watch it, from the first snapshot on."""
        async with connect(url, token=token, policy=QUICK, on_status=self.statuses.append) as client:
            async for item in await client.subscribe(stream):
                self.live.take(item)
                if isinstance(item, Event):
                    self.headers.append(item.header)
                else:
                    assert isinstance(item, Snapshot | Signal), item
                    if isinstance(item, Snapshot):
                        task_status.started()
                async with self._changed:
                    self._changed.notify_all()

    async def learn(self) -> None:
        """What the spectator must read once the tournament has started: events tell only of what changes."""
        await self.told("started")
        assert self.live.wanting
        bracket = await self.get("/bracket")
        position = msgspec.convert(bracket["position"], Position)
        assert self.live.learn(position, msgspec.convert(bracket["matches"], list[LiveMatch]))

    async def told(self, type_: str, **marks: Any) -> Header:
        """The event of this type with these marks, as soon as the spectator has it."""
        async with self._changed:
            while True:
                for header in self.headers:
                    if header.type == f"tournament.{type_}" and marks.items() <= header.marks.items():
                        return header
                await self._changed.wait()

    async def play(self, match: int, *, absent: int | None = None) -> tuple[int, int]:
        """Its sides say that they are ready; the one with the lower number is to win, and comes first."""
        marks = (await self.told("match_opened", match=match)).marks
        sides = sorted((int(marks["a"]), int(marks["b"])))  # type: ignore[arg-type]
        for side in sides:
            if side != absent:
                await self.send(side, "POST", f"/matches/{match}/ready")
        return sides[0], sides[1]

    async def report(self, match: int, winner: int) -> None:
        marks = (await self.told("match_opened", match=match)).marks
        score = [2, 1] if marks["a"] == winner else [1, 2]
        await self.send(winner, "POST", f"/matches/{match}/report", scores=[score])

    async def played(self, match: int) -> None:
        """It takes its course."""
        winner, loser = await self.play(match)
        await self.report(match, winner)
        await self.send(loser, "POST", f"/matches/{match}/confirm")


@asynccontextmanager
async def cup(installation: Installation) -> AsyncGenerator[Organiser]:
    """A double elimination with eight entrants, seeded by number, and a spectator."""
    organiser = Organiser()
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        for number in range(COUNT + 1):
            token = await installation.guest(f"Player {number}")
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.AsyncClient(base_url=installation.url, headers=headers, timeout=30)
            organiser.http.append(await stack.enter_async_context(client))
        settings = {"name": "Friday cup", "format": "double_elimination", "ready_s": READY_S, "game": "chess"}
        stream = (await organiser.send(0, "POST", "", **settings))["stream"]
        organiser.path += f"/{stream}"
        spectator = await installation.guest("Spectator")
        await nursery.start(organiser.follow, installation.stream_url, spectator, stream)
        await organiser.send(0, "POST", "/open-registration")
        for number in range(1, COUNT + 1):
            await organiser.send(number, "POST", "/enter")
        await organiser.send(0, "PUT", "/seeds", entrants=list(range(1, COUNT + 1)))
        await organiser.send(0, "POST", "/open-check-in")
        for number in range(1, COUNT + 1):
            await organiser.send(number, "POST", "/check-in")
        yield organiser
        nursery.cancel_scope.cancel()


async def test_a_tournament_is_played_to_its_end_though_the_node_is_killed(
    installation: Installation,
) -> None:
    async with cup(installation) as organiser:
        await organiser.send(0, "POST", "/start")
        await organiser.learn()
        # 1 meets 8, 4 meets 5, 2 meets 7, 3 meets 6: who doesn't come.
        for match in range(1, 5):
            await organiser.play(match, absent=6)
        for match, winner in ((1, 1), (2, 4), (3, 2)):
            await organiser.report(match, winner)
        await organiser.send(8, "POST", "/matches/1/confirm")
        before = await organiser.get("/bracket")

        await installation.kill()
        await installation.start()
        after = await organiser.get("/bracket")
        assert after["matches"][:3] == before["matches"][:3], "what was accepted is there"
        await organiser.send(5, "POST", "/matches/2/confirm")
        await organiser.send(7, "POST", "/matches/3/dispute", note="They took a move back.")
        await organiser.send(0, "POST", "/matches/3/decide", winner=2, note="The move stands.")
        forfeit = await organiser.told("match_finished", match=4)
        assert (forfeit.marks["winner"], forfeit.marks["kind"]) == (3, "forfeit")

        async with trio.open_nursery() as nursery:
            for match in range(5, 15):
                nursery.start_soon(organiser.played, match)
        finished = await organiser.told("finished")
        assert finished.marks["entrants"] == (1, 2, 3, 4, 5, 6, 7, 8)
        assert finished.marks["places"] == (1, 2, 3, 4, 5, 5, 7, 7)
        # Staff correct the final, so that it is played once more, and find that it was right.
        await organiser.send(0, "POST", "/matches/14/correct", winner=2)
        await organiser.told("match_opened", match=15)
        await organiser.send(0, "POST", "/matches/14/correct", winner=1, confirm=True)
        await organiser.send(0, "POST", "/matches/4/undo", preview=True)
        await organiser.send(0, "POST", "/matches/3/correct", winner=2, scores=[[9, 0]])
        await organiser.told("match_corrected", match=3)
        await _the_spectator_knows_it_all(organiser)
        shown = (await organiser.get("/standings"))["standings"]
        assert [(row["entrant"], row["place"]) for row in shown] == [
            (n, p) for n, p in enumerate((1, 2, 3, 4, 5, 5, 7, 7), 1)
        ]


async def _the_spectator_knows_it_all(organiser: Organiser) -> None:
    """Every event came once and in order, over both lives of the node, and the bracket is what HTTP says."""
    seqs = [header.seq for header in organiser.headers]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert [type(status) for status in organiser.statuses].count(Online) == 2
    assert any(isinstance(status, Offline) for status in organiser.statuses)
    finished = [header for header in organiser.headers if header.type == "tournament.match_finished"]
    assert sorted(header.marks["match"] for header in finished) == list(range(1, 15)), "one result each"
    bracket = await organiser.get("/bracket")
    assert bracket["position"]["seq"] == seqs[-1]
    matches = {match.match: match for match in msgspec.convert(bracket["matches"], list[LiveMatch])}
    live = organiser.live
    assert (live.phase, live.complete, live.matches_done) == ("finished", True, 15)
    assert {number: _bare(match) for number, match in live.matches.items()} == {
        number: _bare(match) for number, match in matches.items()
    }


def _bare(match: LiveMatch) -> tuple[Any, ...]:
    """What both the socket and HTTP say of a match."""
    return match.part, match.round, match.phase, match.a, match.b, match.scores, match.winner, match.kind
