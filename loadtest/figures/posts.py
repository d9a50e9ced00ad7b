"""Durable posts in many small rooms: every member listens, and every member posts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import cycle

import numpy as np
from msgspec import Struct

from loadtest.connection import Connection, RefusedError
from loadtest.crowd import Crowd
from loadtest.figures import Scale
from loadtest.frames import stamped
from loadtest.node import Node, client_id, join, make_room, subscribe
from loadtest.report import Figure, Target, at_most
from protocol import limits
from protocol.frames import Accepted
from protocol.room.commands import PostMessage

BODY_CHARS = 128
CPU_US_MAX = 300.0
INTERVAL_NS = round(1e9 / limits.COMMANDS_PER_S)


class Run(Struct, frozen=True, kw_only=True):
    """One measurement."""

    cpu_us: float
    """Of the node, per post."""
    per_s: float
    p50_ms: float
    p99_ms: float
    events_per_commit: float


class Posting:
    """Everybody's posts under way, and how long each took to be accepted."""

    def __init__(self, crowd: Crowd[Connection], rooms: Sequence[str]) -> None:
        self.took_ns: list[int] = []
        self._free: list[tuple[int, int, Connection]] = []
        """A heap of who has nothing under way, by the time from which they may post again."""
        self._crowd = crowd
        self._room_of = dict(zip(crowd.connections, rooms, strict=True))
        self._sent_at: dict[str, int] = {}
        crowd.on_answer = self._answered

    def post(self, by: Connection, at_ns: int) -> None:
        """Post once; it counts from this time."""
        id_ = client_id()
        self._sent_at[id_] = at_ns
        by.send(PostMessage(client_id=id_, stream=self._room_of[by], body=stamped(at_ns, BODY_CHARS)))

    def closed(self, seconds: float) -> None:
        """For so long, every member without a post under way posts, as often as a session may."""
        until = time.monotonic_ns() + round(seconds * 1e9)
        while (now := time.monotonic_ns()) < until:
            while self._free and self._free[0][0] <= now:
                self.post(heappop(self._free)[2], now)
            next_ns = min(until, self._free[0][0]) if self._free else until
            self._crowd.read(max(0, next_ns - now) / 1e9)

    def open(self, seconds: float, per_s: float, beside: Callable[[], None] | None = None) -> None:
        """For so long, this many post each second, in turns; ``beside`` is called at least as often."""
        step_ns = round(1e9 / per_s)
        due = time.monotonic_ns()
        until = due + round(seconds * 1e9)
        everybody = cycle(self._crowd.connections)
        while (now := time.monotonic_ns()) < until:
            while due <= now:
                self.post(next(everybody), due)
                due += step_ns
            if beside is not None:
                beside()
            self._crowd.read(max(0, due - time.monotonic_ns()) / 1e9)

    def settle(self) -> None:
        """Read until everything is accepted and delivered."""
        self._crowd.read_until(lambda: not self._sent_at)
        self._crowd.read_for(0.1)
        self._free = [(0, id(connection), connection) for connection in self._crowd.connections]

    def _answered(self, connection: Connection) -> None:
        while connection.answers:
            answer = connection.answers.popleft()
            if not isinstance(answer, Accepted):
                raise RefusedError(str(answer))
            now = time.monotonic_ns()
            sent_at = self._sent_at.pop(answer.client_id)
            self.took_ns.append(now - sent_at)
            heappush(self._free, (sent_at + INTERVAL_NS, id(connection), connection))


def measure(node: Node, scale: Scale) -> list[Figure]:
    """Closed loop, which is as much as the node can do, and an open one with room to breathe, in turns."""
    crowd, rooms = set_up(node, scale)
    posting = Posting(crowd, rooms)
    posting.settle()
    closed: list[Run] = []
    opened: list[Run] = []
    for _ in range(scale.repeats):
        posting.closed(min(1.0, scale.seconds))
        closed.append(_run(node, posting, lambda: posting.closed(scale.seconds)))
        posting.settle()
        posting.open(min(1.0, scale.seconds), scale.posts_per_s)
        opened.append(_run(node, posting, lambda: posting.open(scale.seconds, scale.posts_per_s)))
        posting.settle()
    _check_delivered(crowd, scale)
    crowd.close()
    where = f"{scale.rooms} rooms x {scale.subscribers}, all posting"
    return [
        *_figures(f"durable posts, {where}, closed loop", closed),
        *_figures(f"durable posts, {where}, {scale.posts_per_s:.0f}/s", opened),
    ]


def set_up(node: Node, scale: Scale) -> tuple[Crowd[Connection], list[str]]:
    """Rooms, each of whose members listen; the members, and the room of each."""
    connections = node.connect(node.guests(scale.rooms * scale.subscribers))
    rooms: list[str] = []
    for first in range(0, len(connections), scale.subscribers):
        members = connections[first : first + scale.subscribers]
        room = make_room(members[0])
        join(room, members[1:])
        subscribe(room, members)
        rooms += [room] * len(members)
    crowd = Crowd(connections)
    crowd.read_for(0.2)
    return crowd, rooms


def _run(node: Node, posting: Posting, load: Callable[[], None]) -> Run:
    posting.took_ns.clear()
    before, cpu_s, at = node.counters(), node.cpu_s, time.monotonic()
    load()
    seconds, cpu_s = time.monotonic() - at, node.cpu_s - cpu_s
    took_ms = np.array(posting.took_ns) / 1e6
    after = node.counters()
    commits = after["gatherup_commits_total"] - before["gatherup_commits_total"]
    events = after["gatherup_events_committed_total"] - before["gatherup_events_committed_total"]
    return Run(
        cpu_us=cpu_s / len(took_ms) * 1e6,
        per_s=len(took_ms) / seconds,
        p50_ms=float(np.percentile(took_ms, 50)),
        p99_ms=float(np.percentile(took_ms, 99)),
        events_per_commit=events / commits,
    )


def _check_delivered(crowd: Crowd[Connection], scale: Scale) -> None:
    """Everybody in a room must have got the same number of events."""
    counts = [connection.events for connection in crowd.connections]
    for first in range(0, len(counts), scale.subscribers):
        if len(set(counts[first : first + scale.subscribers])) != 1:
            raise RefusedError(f"some got fewer events: {counts[first : first + scale.subscribers]}")


def _figures(group: str, runs: list[Run]) -> list[Figure]:
    def figure(name: str, unit: str, values: list[float], target: Target | None = None) -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(values), target=target)

    return [
        figure("node CPU per post", "us", [r.cpu_us for r in runs], at_most(CPU_US_MAX)),
        figure("posts", "/s", [r.per_s for r in runs]),
        figure("ack p50", "ms", [r.p50_ms for r in runs]),
        figure("ack p99", "ms", [r.p99_ms for r in runs]),
        figure("events per commit", "", [r.events_per_commit for r in runs]),
    ]
