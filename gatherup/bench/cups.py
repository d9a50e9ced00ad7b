"""What a tournament of as many as may be costs: cases for ``gatherup.bench.long_steps``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from actors.ports.cluster_view import SHARDS
from actors.ports.time import Clock
from actors.runtime.node import Runtime
from actors.runtime.snapshots import Snapshot
from actors.tournament.plays import play_for
from gatherup.bench.alone import DRAIN_TIMEOUT_S, RefusedError
from gatherup.bench.crowded import Run
from protocol import limits
from protocol.codec import FULL, Codec, Subprotocol
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply
from protocol.ids import derive_client_id
from protocol.tournament import Format
from protocol.tournament.commands import (
    AddEntrants,
    CreateTournament,
    DecideMatch,
    NewEntrant,
    SetSeeds,
    StartTournament,
)
from protocol.tournament.stage import Stage

ENTRANTS: Final = limits.TOURNAMENT_ENTRANTS_MAX
POLL_S: Final = 0.05
_OWNER: Final = f"user:{3_000_000:032x}"
_NOBODY: Final = f"user:{3_000_001:032x}"


class FullCup:
    """A tournament of as many as may take part, known by name."""

    def __init__(self, runtime: Runtime, clock: Clock, format_: Format, numbers: Iterator[int]) -> None:
        self._runtime = runtime
        self._clock = clock
        self._format: Format = format_
        self._ids = (derive_client_id("cup", str(number)) for number in numbers)
        self._stream = ""

    async def fill(self) -> None:
        """Make it, and enter all."""
        make = CreateTournament(client_id=next(self._ids), name="Cup", format=self._format, entry="listed")
        made = await self._ask(make)
        if not isinstance(made, Accepted) or made.stream is None:
            raise RefusedError(repr(made))
        self._stream = made.stream
        for first in range(0, ENTRANTS, limits.ENTRANTS_PER_COMMAND_MAX):
            some = range(first, min(first + limits.ENTRANTS_PER_COMMAND_MAX, ENTRANTS))
            await self._send(AddEntrants, entrants=tuple(NewEntrant(name=f"n{number}") for number in some))
        await self.show()  # what is imported and cached with the first

    async def seed(self) -> None:
        """Half of them by hand, so that the others are drawn."""
        await self._send(SetSeeds, entrants=tuple(range(1, ENTRANTS // 2)))

    async def start(self) -> None:
        """It starts and opens its first matches; the last of them is decided."""
        await self._send(StartTournament)
        play = play_for(Stage(format=self._format), range(ENTRANTS))
        last = play.nth_due(play.due_first - 1)
        while await self._decide(last) == Code.WRONG_PHASE:
            await self._clock.sleep_until(self._clock.monotonic() + POLL_S)

    async def finish_one(self) -> None:
        """Another match is decided: neither side goes on."""
        await self._decide(1)

    async def show(self) -> None:
        """A snapshot, encoded."""
        found = await self._runtime.router.view(self._stream, user=_NOBODY)
        if not isinstance(found, Snapshot):
            raise RefusedError(repr(found))
        Codec(Subprotocol.JSON, FULL).raw(found.view)

    async def take_over(self) -> None:
        """As the next owner does: from a checkpoint, and the events after it."""
        await self._runtime.release(range(SHARDS), DRAIN_TIMEOUT_S)
        await self.show()

    async def _decide(self, match: int) -> Code | None:
        """None if it was accepted."""
        command = DecideMatch(client_id=next(self._ids), stream=self._stream, match=match, winner=0)
        reply = await self._ask(command)
        return reply.code if isinstance(reply, Refused) else None

    async def _send(self, kind: type[Any], **fields: Any) -> None:
        reply = await self._ask(kind(client_id=next(self._ids), stream=self._stream, **fields))
        if not isinstance(reply, Accepted):
            raise RefusedError(repr(reply))

    async def _ask(self, command: Command) -> Reply:
        return await self._runtime.router.ask(command, by=_OWNER)


async def cups(runtime: Runtime, clock: Clock, numbers: Iterator[int]) -> Mapping[str, Run]:
    """What to measure, by name, in this order, once; of numbers that weren't used before."""
    cases: dict[str, Run] = {}
    formats: tuple[Format, ...] = ("single_elimination", "double_elimination")
    for format_ in formats:
        cup, name = FullCup(runtime, clock, format_, numbers), f"{ENTRANTS:,} in {format_.replace('_', ' ')}"
        await cup.fill()
        cases |= {
            f"{name}: half of them are seeded": cup.seed,
            f"{name}: the start, and all first matches": cup.start,
            f"{name}: a result": cup.finish_one,
            f"{name}: a snapshot": cup.show,
            f"{name}: taken over": cup.take_over,
        }
    return cases
