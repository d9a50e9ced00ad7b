"""What it costs that a post's author, its room and its listener are on different nodes: one post at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Final, NamedTuple

import numpy as np

from loadtest.cluster import NODES, Cluster
from loadtest.connection import Connection
from loadtest.crowd import Crowd, latencies_ms, must_be_accepted
from loadtest.figures import Scale
from loadtest.frames import stamped
from loadtest.node import client_id, join, make_room, subscribe
from loadtest.report import Figure, at_most
from loadtest.scan import Stamps
from protocol.limits import FLUSH_TICK_MIN_S
from protocol.room.commands import PostMessage

BODY_CHARS: Final = 128
ROUND_S: Final = 1.5 * FLUSH_TICK_MIN_S
"""One post to each room; a node gathers what comes to one room sooner."""
RATIO_MAX: Final = 3.0
SETTLE_S: Final = 0.2
"""What a new listener gets to hear of those who joined."""
HERE, THERE, ELSEWHERE = "node-1", "node-2", "node-3"


class Placement(NamedTuple):
    """Who is where; the author is HERE."""

    name: str
    owner: str
    """Of the room."""
    listener: str


SAME: Final = Placement("same node", HERE, HERE)
PLACEMENTS: Final = (
    SAME,
    Placement("cross-node, room at the author's", HERE, THERE),
    Placement("cross-node, room at the listener's", THERE, THERE),
    Placement("cross-node, room at a third", ELSEWHERE, THERE),
)


class Path:
    """A room with one listener, and how long posts take to get there."""

    def __init__(self, cluster: Cluster, placement: Placement, authors: Sequence[Connection]) -> None:
        self.placement: Final = placement
        self.p50_ms: list[float] = []
        self.p99_ms: list[float] = []
        node = cluster.nodes[placement.listener]
        listeners = node.connect(node.guests(1))
        self._stream = room_at(cluster, placement.owner, authors[0])
        join(self._stream, [*listeners, *authors[1:]])
        subscribe(self._stream, listeners)
        self._listeners = Crowd(listeners)
        self._listeners.read_for(SETTLE_S)
        self._heard: list[tuple[int, Stamps]] = []

    def deliver(self, author: Connection) -> None:
        """Post once, and wait for it."""
        self._listeners.heard = self._heard
        expected = self._listeners.events + 1
        post = PostMessage(
            client_id=client_id(), stream=self._stream, body=stamped(time.monotonic_ns(), BODY_CHARS)
        )
        author.send(post)
        self._listeners.read_until(lambda: self._listeners.events >= expected)

    def take(self) -> None:
        """What was delivered since the last time is one repeat."""
        took_ms = latencies_ms(self._heard)
        self._heard.clear()
        self.p50_ms.append(float(np.percentile(took_ms, 50)))
        self.p99_ms.append(float(np.percentile(took_ms, 99)))


def measure(scale: Scale) -> list[Figure]:
    """One post to each room in turn."""
    with Cluster() as cluster:
        here = cluster.nodes[HERE]
        connections = here.connect(here.guests(scale.posters))
        paths = [Path(cluster, placement, connections) for placement in PLACEMENTS]
        authors = Crowd(connections)
        authors.on_answer = must_be_accepted
        in_turn = cycle(connections)
        for repeat in range(scale.repeats + 1):
            for _ in range(scale.crossings):
                began = time.monotonic()
                for path in paths:
                    path.deliver(next(in_turn))
                authors.read_for(began + ROUND_S - time.monotonic())
            for path in paths:
                path.take()
                if repeat == 0:  # it only warmed up
                    path.p50_ms.clear()
                    path.p99_ms.clear()
    return _figures(paths)


def room_at(cluster: Cluster, owner: str, maker: Connection) -> str:
    """A new room that this node owns: rooms are made until one is."""
    look = cluster.look()
    while cluster.owner(stream := make_room(maker), look) != owner:
        pass
    return stream


def _figures(paths: Sequence[Path]) -> list[Figure]:
    group = f"{NODES} nodes, 128 B, post to delivery, one post at a time"
    figures = [
        Figure(group=group, name=f"{name}, {path.placement.name}", unit="ms", values=tuple(values))
        for path in paths
        for name, values in (("p50", path.p50_ms), ("p99", path.p99_ms))
    ]
    same = next(path for path in paths if path.placement is SAME)
    return figures + [
        Figure(
            group=group,
            name=f"p50 : same node, {path.placement.name}",
            unit="",
            values=tuple(far / near for far, near in zip(path.p50_ms, same.p50_ms, strict=True)),
            target=at_most(RATIO_MAX),
        )
        for path in paths
        if path is not same
    ]
