"""How long the loop of a node stands still in its longest step, while somebody sends what is dear to look through,
many do something at once, or a tournament is as large as may be.

``python -m gatherup.bench.long_steps`` starts a PostgreSQL of its own and prints one ``Measured`` a case and repeat, as
JSON. A step is the time from one point where other tasks may run to the next, in CPU time of the loop's thread, so that
other programs on the machine don't count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Final

import msgspec
import trio
from msgspec import Struct
from trio.lowlevel import Task, add_instrument, remove_instrument
from typing_extensions import override

from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.tournament.kind import TournamentKind
from gatherup.bench.alone import RefusedError, make_room, runtime_alone
from gatherup.bench.crowded import LONGEST, SIGNS, Run, crowded
from gatherup.bench.cups import cups
from gatherup.bench.measuring import say
from gatherup.clock import SystemClock
from gatherup.garbage import relax_garbage_collection
from gatherup.randomness import SystemRandomness
from protocol import limits
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply
from protocol.room.commands import JoinRoom, PostMessage, SetFilter


class Measured(Struct, frozen=True, kw_only=True):
    """One case, once."""

    case: str
    longest_step_ms: float


class Case(Struct, frozen=True, kw_only=True):
    """A filter that its room's owner sets, if it may, and what a member then posts."""

    words: tuple[str, ...] = ()
    links: str = "allowed"
    hosts: tuple[str, ...] = ()
    body: str


def _filled(unit: str) -> str:
    return (unit * limits.BODY_CHARS_MAX)[: limits.BODY_CHARS_MAX]


CASES: Final[dict[str, Case]] = {
    "words too long, a body too long": Case(
        words=("zz", *("\u2057" * 38 + chr(0x4E00 + number) for number in range(199))),
        body="\u2057" * limits.BODY_CHARS_MAX,
    ),
    "as many words as may be, a body as long as may be": Case(words=SIGNS, body=LONGEST),
    "a body that nearly has a word": Case(words=SIGNS, body=("\u2057" * 9 + "?") * (len(LONGEST) // 10)),
    "links, a body too long": Case(links="forbidden", body="\u33c2" * limits.BODY_CHARS_MAX),
    "links, a body as long as may be": Case(links="forbidden", body="\u33c2" * len(LONGEST)),
    "links to known hosts": Case(links="known_hosts", hosts=("a.b",), body=_filled("a.b:")),
    "words, links and mentions": Case(
        words=SIGNS, links="known_hosts", hosts=("a.b",), body=_filled("'''''''''?@abc a.b:")
    ),
    "marks out of order": Case(
        links="forbidden", body="@" + "\u0301\u0316" * (limits.BODY_CHARS_MAX // 2 - 1)
    ),
    "mentions": Case(body=_filled("@abc ")),
    "characters of eighteen": Case(body="@" + "\ufdfa" * (limits.BODY_CHARS_MAX - 1)),
}


class Steps(trio.abc.Instrument):
    """Watches the steps of all tasks, from now on."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._begun_s = _thread_s()

    @override
    def before_task_step(self, task: Task) -> None:
        self._begun_s = _thread_s()

    @override
    def after_task_step(self, task: Task) -> None:
        self.longest_s = max(self.longest_s, _thread_s() - self._begun_s)


async def run(repeats: int) -> None:
    """Start everything, measure the cases in turns, print."""
    clock, randomness = SystemClock(), SystemRandomness()
    kinds = (RoomKind(bytes(32)), TournamentKind(bytes(32)))
    async with runtime_alone(clock, randomness, kinds) as runtime:
        numbers = count(1)
        warm = Case(words=("zz",), links="forbidden", body="hello")
        await _longest_step_s(runtime, numbers, warm)
        relax_garbage_collection()
        for _ in range(repeats):
            for name, case in CASES.items():
                _say(name, await _longest_step_s(runtime, numbers, case))
        crowd = await crowded(runtime, clock)
        for _ in range(repeats):
            await _measure(crowd)
        for _ in range(repeats):
            await _measure(await cups(runtime, clock, numbers))


async def _measure(cases: Mapping[str, Run]) -> None:
    for name, what in cases.items():
        with watched() as steps:
            await what()
            await trio.lowlevel.checkpoint()
        _say(name, steps.longest_s)


def _say(case: str, longest_s: float) -> None:
    say(Measured(case=case, longest_step_ms=longest_s * 1000))


@contextmanager
def watched() -> Generator[Steps]:
    """Yield what is known of the steps within."""
    steps = Steps()
    add_instrument(steps)
    try:
        yield steps
    finally:
        remove_instrument(steps)


async def _longest_step_s(runtime: Runtime, numbers: Iterator[int], case: Case) -> float:
    owner, guest = (f"user:{next(numbers):032x}" for _ in range(2))
    room = await make_room(runtime, owner)
    ids = (f"00000000-0000-4000-8000-{next(numbers):012x}" for _ in range(3))
    join = JoinRoom(client_id=next(ids), stream=room)
    kept = msgspec.convert(
        {
            "client_id": next(ids),
            "stream": room,
            "words": case.words,
            "links": case.links,
            "hosts": case.hosts,
        },
        SetFilter,
    )
    post = PostMessage(client_id=next(ids), stream=room, body=case.body)
    await _ask(runtime, join, by=guest)
    with watched() as steps:
        await _ask(runtime, kept, by=owner)
        await _ask(runtime, post, by=guest)
    return steps.longest_s


async def _ask(runtime: Runtime, command: Command, *, by: str) -> Reply:
    """Send it and wait. Raises RefusedError for a refusal that is not of what the texts are."""
    reply = await runtime.router.ask(command, by=by)
    fine = isinstance(reply, Accepted) or (
        isinstance(reply, Refused) and reply.code in (Code.INVALID, Code.FILTERED)
    )
    if not fine:
        raise RefusedError(repr(reply))
    return reply


def _thread_s() -> float:
    return time.thread_time()  # the rusage of a thread is too coarse


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.long_steps", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args(arguments)
    trio.run(run, given.repeats)


if __name__ == "__main__":
    main()
