"""The commit path alone: many rooms, mailbox to reply, in this process and on a real PostgreSQL, without sockets.

``python -m gatherup.bench.commit_path`` starts a PostgreSQL of its own and prints one ``Measured`` a line, as JSON:
closed loop (every room's writer posts again when it is answered) and open loop (posts at random times at a
given rate), in turns. CPU is this process's: the writers', which cost little, included.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import count
from typing import Final

import trio
from msgspec import Struct

from actors.ports.time import Clock, Randomness
from actors.runtime.node import Runtime
from gatherup.bench.alone import RefusedError, make_room, runtime_alone
from gatherup.bench.measuring import cpu_s, say
from gatherup.clock import SystemClock
from gatherup.garbage import relax_garbage_collection
from gatherup.randomness import SystemRandomness
from protocol.frames import Accepted, Reply
from protocol.room.commands import PostMessage

BODY: Final = "x" * 128
WARM_UP_S: Final = 1.0


class Measured(Struct, frozen=True, kw_only=True):
    """One run; each event is one post."""

    loop: str
    """``closed`` or ``open``."""
    events: int
    seconds: float
    cpu_s: float
    commits: int
    ack_p50_ms: float
    ack_p99_ms: float


class Options(Struct, frozen=True, kw_only=True):
    """What to run."""

    rooms: int
    seconds: float
    per_s: float
    """Posts per second of the open loop."""
    repeats: int


class Writers:
    """One writer a room; keeps how long each post took, in seconds."""

    def __init__(self, runtime: Runtime, clock: Clock, rooms: Sequence[str], users: Sequence[str]) -> None:
        self.took_s: list[float] = []
        self.refused: Reply | None = None
        """The first reply that wasn't ``accepted``."""
        self._router = runtime.router
        self._clock = clock
        self._rooms = rooms
        self._users = users
        self._posted = 0
        self._numbers = count()
        self._again = False

    async def closed(self, seconds: float) -> None:
        """Every writer posts, and again when it is answered."""
        self._again = True
        for writer in range(len(self._rooms)):
            self._post(writer, self._clock.monotonic())
        await self._clock.sleep_until(self._clock.monotonic() + seconds)

    async def open(self, seconds: float, per_s: float, randomness: Randomness) -> None:
        """Random writers post at random times; each post counts from the time it was due."""
        self._again = False
        step_s = 1 / per_s
        due = now = self._clock.monotonic()
        until = due + seconds
        while now < until:
            while due <= now:
                self._post(int(randomness.uniform(0, len(self._rooms))), due)
                due += randomness.uniform(0, 2 * step_s)
            await self._clock.sleep_until(due)
            now = self._clock.monotonic()

    async def settle(self) -> None:
        """Return when every post is answered. Raises RefusedError if one wasn't accepted."""
        self._again = False
        while len(self.took_s) < self._posted:
            await self._clock.sleep_until(self._clock.monotonic() + 0.01)
        self.took_s.clear()
        self._posted = 0
        if self.refused is not None:
            raise RefusedError(repr(self.refused))

    def _post(self, writer: int, at: float) -> None:
        self._posted += 1
        command = PostMessage(
            client_id=f"00000000-0000-4000-8000-{next(self._numbers):012x}",
            stream=self._rooms[writer],
            body=BODY,
        )

        def replied(reply: Reply) -> None:
            now = self._clock.monotonic()
            self.took_s.append(now - at)
            if not isinstance(reply, Accepted):
                self.refused = self.refused or reply
            elif self._again:
                self._post(writer, now)

        self._router.send(command, by=self._users[writer], reply=replied)


async def run(options: Options) -> None:
    """Start everything, measure in turns, print."""
    clock, randomness = SystemClock(), SystemRandomness()
    async with runtime_alone(clock, randomness) as runtime:
        users = [f"user:{number:032x}" for number in range(options.rooms)]
        rooms = [await make_room(runtime, user) for user in users]
        relax_garbage_collection()
        writers = Writers(runtime, clock, rooms, users)
        for _ in range(options.repeats):
            for loop in ("closed", "open"):
                measured = await _measure(loop, writers, runtime, clock, randomness, options)
                say(measured)


async def _measure(
    loop: str,
    writers: Writers,
    runtime: Runtime,
    clock: Clock,
    randomness: Randomness,
    options: Options,
) -> Measured:
    """Load, warm up, measure while it lasts, and let everything be answered."""
    total_s = WARM_UP_S + options.seconds + 0.1
    async with trio.open_nursery() as nursery:
        if loop == "closed":
            nursery.start_soon(writers.closed, total_s)
        else:
            nursery.start_soon(writers.open, total_s, options.per_s, randomness)
        begun = clock.monotonic()
        await clock.sleep_until(begun + WARM_UP_S)
        first, commits, cpu, at = len(writers.took_s), runtime.committer.commits, cpu_s(), clock.monotonic()
        await clock.sleep_until(at + options.seconds)
        took = sorted(writers.took_s[first:])
        measured = Measured(
            loop=loop,
            events=len(took),
            seconds=clock.monotonic() - at,
            cpu_s=cpu_s() - cpu,
            commits=runtime.committer.commits - commits,
            ack_p50_ms=took[len(took) // 2] * 1000,
            ack_p99_ms=took[len(took) * 99 // 100] * 1000,
        )
    await writers.settle()
    return measured


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.commit_path", description=__doc__)
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--per-s", type=float, default=2000.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    trio.run(run, Options(**vars(given)))


if __name__ == "__main__":
    main()
