"""A thousand at once: how long all wait for their answer, and how many are turned away on the way.

``python -m gatherup.bench.crowds`` starts a PostgreSQL of its own and prints one ``Measured`` a case and repeat, as
JSON. Whoever is turned away comes again a second later, as SDKs do.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from itertools import count
from typing import Final

import msgspec
import trio
from msgspec import Struct

from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from actors.runtime.envelope import RETRY_AFTER_S
from actors.runtime.node import Runtime
from actors.session.rights import ReadRights
from gatherup.bench.alone import Alone, Run, alone
from gatherup.bench.measuring import say
from gatherup.clock import SystemClock
from gatherup.garbage import relax_garbage_collection
from gatherup.randomness import SystemRandomness
from protocol.frames import Accepted, Command
from protocol.ids import derive_client_id
from protocol.room.commands import CreateRoom, PostMessage

BODY: Final = "x" * 128
ROOMS_PER_SESSION: Final = 20
_numbers: Final = count(1)


class Measured(Struct, frozen=True, kw_only=True):
    """One case, once."""

    case: str
    asked: int
    seconds: float
    """Until the last of them had what it asked for."""
    turned_away: int
    """Answers that said: come again."""


class Options(Struct, frozen=True, kw_only=True):
    """What to run."""

    rooms: int
    sessions: int
    active: int
    """Rooms of a node that dies."""
    repeats: int


class Crowd:
    """People who ask all at once, each until it is accepted."""

    def __init__(self, clock: Clock) -> None:
        self.turned_away = 0
        self._clock = clock

    async def measure(self, case: str, asks: Sequence[Callable[[bool], Awaitable[bool]]]) -> Measured:
        """Have all of them ask; each is told whether it has asked before, and tells whether it has its answer."""
        self.turned_away = 0
        begun = self._clock.monotonic()
        async with trio.open_nursery() as nursery:
            for ask in asks:
                nursery.start_soon(self._until_answered, ask)
        return Measured(
            case=case,
            asked=len(asks),
            seconds=self._clock.monotonic() - begun,
            turned_away=self.turned_away,
        )

    async def _until_answered(self, ask: Callable[[bool], Awaitable[bool]]) -> None:
        again = False
        while not await ask(again):
            again = True
            self.turned_away += 1
            await self._clock.sleep_until(self._clock.monotonic() + RETRY_AFTER_S)


def sent(runtime: Runtime, command: Command, user: str) -> Callable[[bool], Awaitable[bool]]:
    """A command of this user."""

    async def ask(again: bool) -> bool:
        reply = await runtime.router.ask(msgspec.structs.replace(command, resend=again), by=user)
        return isinstance(reply, Accepted)

    return ask


def posts(runtime: Runtime, rooms: Sequence[tuple[str, str]]) -> list[Callable[[bool], Awaitable[bool]]]:
    """A post to each room by its owner."""
    return [
        sent(
            runtime,
            PostMessage(client_id=f"00000000-0000-4000-8000-{next(_numbers):012x}", stream=room, body=BODY),
            user,
        )
        for user, room in rooms
    ]


def rights(
    reader: ReadRights, rooms: Sequence[tuple[str, str]], sessions: int
) -> list[Callable[[bool], Awaitable[bool]]]:
    """What each session may read of some rooms."""

    def asking(user: str, streams: Sequence[str]) -> Callable[[bool], Awaitable[bool]]:
        async def ask(again: bool) -> bool:
            try:
                return len(await reader.of(user, streams)) == len(streams)
            except LogUnavailableError:
                return False

        return ask

    streams = [room for _, room in rooms]
    return [
        asking(rooms[n % len(rooms)][0], streams[n % len(streams) :][:ROOMS_PER_SESSION])
        for n in range(sessions)
    ]


def creations(users: Sequence[str]) -> dict[str, CreateRoom]:
    """A new room of each of these users."""
    return {user: CreateRoom(client_id=derive_client_id("create", user), name="bench") for user in users}


async def run(options: Options) -> None:
    """Start everything, measure the cases in turns, print."""
    clock, randomness = SystemClock(), SystemRandomness()
    async with alone(clock, randomness) as parts:
        relax_garbage_collection()
        for _ in range(options.repeats):
            async for measured in _turn(parts, clock, options):
                say(measured)


async def _turn(parts: Alone, clock: Clock, options: Options) -> AsyncGenerator[Measured]:
    crowd, kind = Crowd(clock), parts.kinds[0]

    async def made(run: Run, count: int) -> tuple[Measured, list[tuple[str, str]]]:
        commands = creations([f"user:{next(_numbers):032x}" for _ in range(count)])
        asks = [sent(run.runtime, command, user) for user, command in commands.items()]
        measured = await crowd.measure(f"{count} rooms are created", asks)
        return measured, [(user, kind.stream_of(command, by=user)) for user, command in commands.items()]

    async with parts.run() as run:
        measured, rooms = await made(run, options.rooms)
        yield measured
        await run.passivate()
        yield await crowd.measure(f"posts to {len(rooms)} passive rooms", posts(run.runtime, rooms))
        asked = rights(ReadRights(parts.log, clock), rooms, options.sessions)
        yield await crowd.measure(f"{options.sessions} sessions ask what they may read", asked)
    async with parts.run() as run:
        _, rooms = await made(run, options.active)
        await crowd.measure("", posts(run.runtime, rooms))
    # It ended without a word: nothing was passivated, no checkpoint was kept.
    async with parts.run() as run:
        yield await crowd.measure(
            f"posts to {len(rooms)} rooms that were active on a node that died", posts(run.runtime, rooms)
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.crowds", description=__doc__)
    parser.add_argument("--rooms", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=1500)
    parser.add_argument("--active", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=1)
    given = parser.parse_args(arguments)
    trio.run(run, Options(**vars(given)))


if __name__ == "__main__":
    main()
