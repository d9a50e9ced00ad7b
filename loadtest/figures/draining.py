"""What a chat notices while a worker beside its node drains the jobs of an outage: notes that go into the audit log.

It is told against the same chat while nothing else happens, and beside a process of the lowest priority that only
counts: on a machine without a core to spare that alone makes a post wait longer, whatever a worker does.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from loadtest.cluster import Servers, wait_for
from loadtest.figures import Scale
from loadtest.figures.jobs import BACKLOG, QUICK_BACKLOG
from loadtest.figures.logins import POSTS_PER_S_MAX, ROOMS_MAX, SECONDS_MIN, spinning
from loadtest.figures.posts import Posting, set_up
from loadtest.report import Figure, at_most

P99_RATIO_MAX: Final = 1.3
_BACKLOG: Final = (sys.executable, "-m", "gatherup.bench.backlog")


class Turns(NamedTuple):
    """The p99 of the same chat in milliseconds, one after the other, and how many jobs were done a second meanwhile."""

    quiet: float
    spun: float
    draining: float
    drained_per_s: float


def measure(scale: Scale) -> list[Figure]:
    """A chat alone, beside a process that spins, and beside a worker that drains a backlog, in turns."""
    seconds = max(SECONDS_MIN, scale.seconds)
    chatting = msgspec.structs.replace(scale, rooms=min(ROOMS_MAX, scale.rooms))
    per_s = min(POSTS_PER_S_MAX, scale.posts_per_s)
    backlog = BACKLOG if scale.repeats > 1 else QUICK_BACKLOG
    with (
        Servers() as servers,
        servers.node("chat", GATHERUP_ROLES="api,stream") as node,
        servers.node("worker", GATHERUP_ROLES="worker") as worker,
    ):
        wait_for(lambda: node.ready and worker.ready)
        crowd, rooms = set_up(node, chatting)
        posting = Posting(crowd, rooms)
        turns = [_turns(servers.database_url, posting, per_s, seconds, backlog) for _ in range(scale.repeats)]
        crowd.close()
    return _figures(f"{backlog:,} due jobs drained by a worker beside {per_s:.0f} posts/s", turns)


def _turns(database: str, posting: Posting, per_s: float, seconds: float, backlog: int) -> Turns:
    quiet = _p99_ms(posting, per_s, seconds)
    with spinning(1):
        spun = _p99_ms(posting, per_s, seconds)
    _backlog(database, backlog)
    begun = time.monotonic()
    draining = _p99_ms(posting, per_s, seconds)
    took_s = time.monotonic() - begun
    drained_per_s = (backlog - _backlog(database, 0)) / took_s
    return Turns(quiet, spun, draining, drained_per_s)


def _backlog(database: str, count: int) -> int:
    done = subprocess.run((*_BACKLOG, database, str(count)), stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def _p99_ms(posting: Posting, per_s: float, seconds: float) -> float:
    posting.open(1.0, per_s)
    posting.took_ns.clear()
    posting.open(seconds, per_s)
    took_ms = np.array(posting.took_ns) / 1e6
    posting.settle()
    return float(np.percentile(took_ms, 99))


def _figures(group: str, turns: Sequence[Turns]) -> list[Figure]:
    def figure(name: str, value: Callable[[Turns], float], unit: str = "ms") -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(map(value, turns)))

    return [
        figure("post p99, nothing drained", lambda turn: turn.quiet),
        figure("post p99, a spinning process", lambda turn: turn.spun),
        figure("post p99, jobs drained", lambda turn: turn.draining),
        Figure(
            group=group,
            name="post p99, jobs drained : nothing drained, same turn",
            unit="",
            values=tuple(turn.draining / turn.quiet for turn in turns),
            target=at_most(P99_RATIO_MAX),
        ),
        figure("drained meanwhile", lambda turn: turn.drained_per_s, "/s"),
    ]
