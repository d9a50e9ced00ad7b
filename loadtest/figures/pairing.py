"""What a chat notices while a node pairs Swiss rounds of many: each is gathered on the loop, paired in a process of low
priority, published, and its matches are opened.

It is told against the same chat while nothing else happens, and beside a process of the lowest priority that only
counts: on a machine without a core to spare that alone makes a post wait longer, whatever a node does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from loadtest.connection import Connection, RefusedError
from loadtest.figures import Scale
from loadtest.figures.logins import POSTS_PER_S_MAX, ROOMS_MAX, SECONDS_MIN, spinning
from loadtest.figures.posts import Posting, set_up
from loadtest.node import Node, client_id
from loadtest.report import Figure, at_most
from protocol import limits
from protocol.frames import Accepted
from protocol.tournament.commands import (
    AddEntrants,
    CreateTournament,
    NewEntrant,
    OpenRegistration,
    StartTournament,
)
from protocol.tournament.stage import Stage

P99_RATIO_MAX: Final = 1.3
EVERY_S: Final = 0.5
"""So often a round is paired."""
SETTLED_S: Final = 60.0
"""By then all are paired."""
WORKS: Final = "gatherup_work_s_count"


class Turns(NamedTuple):
    """The p99 of the same chat in milliseconds, one after the other."""

    quiet: float
    spun: float
    pairing: float


class Registered(NamedTuple):
    """A tournament that is to be started. Each has an owner of its own: one person may only ask so often."""

    staff: Connection
    stream: str


class Starts:
    """Tournaments that are started one after the other, each of which pairs its first round."""

    def __init__(self, tournaments: Sequence[Registered]) -> None:
        self._given: list[Registered] = []
        self._tournaments = iter(tournaments)
        self._next_at = 0.0

    def next(self) -> None:
        """Start one, if it is time."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + EVERY_S
            tournament = next(self._tournaments)
            tournament.staff.send(StartTournament(client_id=client_id(), stream=tournament.stream))
            self._given.append(tournament)

    def settle(self, node: Node, before: float) -> None:
        """Wait until all are paired."""
        for tournament in self._given:
            tournament.staff.answer()
        until = time.monotonic() + SETTLED_S
        while node.counters()[WORKS] - before < len(self._given):
            if time.monotonic() > until:
                raise RefusedError("a round isn't paired")
            time.sleep(0.1)


def measure(scale: Scale) -> list[Figure]:
    """A chat alone, beside a process that spins, and beside stages that are paired, in turns."""
    seconds = max(SECONDS_MIN, scale.seconds)
    chatting = msgspec.structs.replace(scale, rooms=min(ROOMS_MAX, scale.rooms))
    per_s = min(POSTS_PER_S_MAX, scale.posts_per_s)
    with Node() as node:
        crowd, rooms = set_up(node, chatting)
        posting = Posting(crowd, rooms)
        each = 2 + int((seconds + 1) / EVERY_S)
        turns: list[Turns] = []
        for _ in range(scale.repeats):
            owners = node.connect(node.guests(each))
            tournaments = [_registered(owner, scale.paired) for owner in owners]
            turns.append(_turns(node, posting, per_s, seconds, Starts(tournaments)))
            for owner in owners:
                owner.socket.close()
        crowd.close()
    return _figures(f"a round of {scale.paired} paired each {EVERY_S} s beside {per_s:.0f} posts/s", turns)


def _turns(node: Node, posting: Posting, per_s: float, seconds: float, starts: Starts) -> Turns:
    quiet = _p99_ms(posting, per_s, seconds, None)
    with spinning(1):
        spun = _p99_ms(posting, per_s, seconds, None)
    before = node.counters()[WORKS]
    pairing = _p99_ms(posting, per_s, seconds, starts)
    starts.settle(node, before)
    return Turns(quiet, spun, pairing)


def _p99_ms(posting: Posting, per_s: float, seconds: float, starts: Starts | None) -> float:
    beside = None if starts is None else starts.next
    posting.open(1.0, per_s, beside)
    posting.took_ns.clear()
    posting.open(seconds, per_s, beside)
    took_ms = np.array(posting.took_ns) / 1e6
    posting.settle()
    return float(np.percentile(took_ms, 99))


def _registered(staff: Connection, count: int) -> Registered:
    """A Swiss tournament of so many that is to be started."""
    made = staff.ask(CreateTournament(client_id=client_id(), name="Swiss", stages=(Stage(format="swiss"),)))
    assert isinstance(made, Accepted)
    assert made.stream is not None
    staff.ask(OpenRegistration(client_id=client_id(), stream=made.stream))
    for first in range(0, count, limits.ENTRANTS_PER_COMMAND_MAX):
        names = range(first, min(count, first + limits.ENTRANTS_PER_COMMAND_MAX))
        entrants = tuple(NewEntrant(name=f"entrant {number}") for number in names)
        staff.ask(AddEntrants(client_id=client_id(), stream=made.stream, entrants=entrants))
    return Registered(staff, made.stream)


def _figures(group: str, turns: Sequence[Turns]) -> list[Figure]:
    def figure(name: str, values: Iterator[float]) -> Figure:
        return Figure(group=group, name=name, unit="ms", values=tuple(values))

    return [
        figure("post p99, nothing paired", (turn.quiet for turn in turns)),
        figure("post p99, a spinning process", (turn.spun for turn in turns)),
        figure("post p99, rounds paired", (turn.pairing for turn in turns)),
        Figure(
            group=group,
            name="post p99, rounds paired : nothing paired, same turn",
            unit="",
            values=tuple(turn.pairing / turn.quiet for turn in turns),
            target=at_most(P99_RATIO_MAX),
        ),
    ]
