"""How fast effects settle: streams that mention twenty people in each event, in this process and on a real PostgreSQL.

``python -m gatherup.bench.effects`` starts a PostgreSQL of its own and prints one ``Measured`` a line, as JSON. Each
writer posts again when it is answered, and a little later when it is refused because its stream owes too much.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

import trio
from msgspec import Struct
from typing_extensions import override

from actors.inbox.kind import InboxKind
from actors.kind import Accept, Decision, Effect, Emit, Facts, Instant, Kind, Send
from actors.ports.time import Clock
from actors.runtime.node import Runtime
from gatherup.bench.alone import RefusedError, runtime_alone
from gatherup.bench.measuring import cpu_s, say
from gatherup.clock import SystemClock
from gatherup.garbage import relax_garbage_collection
from gatherup.randomness import SystemRandomness
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import Accepted, Command, Refused, StreamCommand
from protocol.ids import derive_client_id
from protocol.inbox import Mention, inbox_of
from protocol.kind import WireKind
from protocol.limits import MENTIONS_MAX

WARM_UP_S: Final = 1.0
RETRY_S: Final = 0.02
PEOPLE: Final = 200
WRITERS: Final = 20


class Cry(StreamCommand, frozen=True, kw_only=True, tag="crier.cry"):
    """Mention some people."""

    first: int
    """The number of the first of them."""


class Cried(Struct, frozen=True):
    """Some people were mentioned."""


class CrierKind(Kind[Cried]):
    """A stream without state, whose events mention MENTIONS_MAX people each."""

    wire = WireKind(name="crier", commands=(Cry,), events={"crier.cried": Cried})
    state = Cried
    on_demand = True

    @override
    def initial(self, stream: str) -> Cried:
        return Cried()

    @override
    def decide(self, state: Cried, facts: Facts, command: Any, *, by: str, now: Instant) -> Decision:
        return Accept((Emit(Cried(), marks={"first": command.first}),))

    @override
    def apply(self, state: Cried, header: Header, payload: Struct | None) -> Cried:
        return state

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> None:
        return None

    @override
    def effects(self, header: Header) -> Sequence[Effect]:
        first = header.marks["first"]
        assert isinstance(first, int)
        return [Send(_mention(header, (first + number) % PEOPLE)) for number in range(MENTIONS_MAX)]


def _mention(header: Header, number: int) -> Command:
    inbox = inbox_of(f"user:{number:032x}")
    return Mention(
        client_id="", stream=inbox, room=header.stream, message=header.seq, number=1, by=header.author
    )


class Measured(Struct, frozen=True, kw_only=True):
    """One run."""

    effects: int
    seconds: float
    cpu_s: float
    commits: int
    refused: int
    """Commands that had to wait, since their stream owed too much."""


class Writers:
    """Post one after the other, each to its stream."""

    def __init__(self, runtime: Runtime, clock: Clock) -> None:
        self.refused = 0
        self._clock = clock
        self._router = runtime.router
        self._numbers = count()

    async def write(self, stream: str) -> None:
        """Post until cancelled."""
        user = f"user:{0:032x}"
        while True:
            number = next(self._numbers)
            command = Cry(
                client_id=derive_client_id("cry", str(number)), stream=stream, first=number * MENTIONS_MAX
            )
            match await self._router.ask(command, by=user):
                case Accepted():
                    pass
                case Refused(code=Code.OVERLOADED):
                    self.refused += 1
                    await self._clock.sleep_until(self._clock.monotonic() + RETRY_S)
                case reply:
                    raise RefusedError(repr(reply))


async def run(streams: int, seconds: float, repeats: int) -> None:
    """Start everything, measure, print."""
    clock = SystemClock()
    async with runtime_alone(clock, SystemRandomness(), (CrierKind(), InboxKind())) as runtime:
        relax_garbage_collection()
        writers = Writers(runtime, clock)
        async with trio.open_nursery() as nursery:
            for number in range(WRITERS):
                nursery.start_soon(writers.write, f"crier:{number % streams:032x}")
            await clock.sleep_until(clock.monotonic() + WARM_UP_S)
            for _ in range(repeats):
                at, cpu, commits = clock.monotonic(), cpu_s(), runtime.committer.commits
                effects, refused = runtime.counters.effects, writers.refused
                await clock.sleep_until(at + seconds)
                measured = Measured(
                    effects=runtime.counters.effects - effects,
                    seconds=clock.monotonic() - at,
                    cpu_s=cpu_s() - cpu,
                    commits=runtime.committer.commits - commits,
                    refused=writers.refused - refused,
                )
                say(measured)
            nursery.cancel_scope.cancel()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.effects", description=__doc__)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    trio.run(run, given.streams, given.seconds, given.repeats)


if __name__ == "__main__":
    main()
