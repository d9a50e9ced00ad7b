"""What a cluster asks of Redis and PostgreSQL while nothing happens: by nodes and shards, never by rooms."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from loadtest.cluster import Cluster
from loadtest.connection import Connection
from loadtest.crowd import Crowd, HungError
from loadtest.figures import Scale
from loadtest.node import Node, client_id
from loadtest.report import Figure, at_most
from protocol.frames import Accepted, Subscribe, Subscribed
from protocol.room.commands import CreateRoom, JoinRoom, PostMessage

GROWTH_MAX: Final = 1.25
"""The most rooms against none: no growth, and room for noise."""
QUIET_S: Final = 5.0
"""From the last activity to the count: what activity leaves to do is done."""
ROOMS_PER_AUTHOR: Final = 25
"""Each author makes them and posts to them within a session's burst of commands."""
PAUSE_S: Final = 0.2
"""Between two looks at idle connections."""
TOLD_PER_S: Final = 0.1
"""Statements that come more often are named."""


class Rates(Struct, frozen=True):
    """Per second, of all nodes together."""

    statements: Mapping[str, float]
    commands: Mapping[str, float]


class Town:
    """Rooms that each have a listener on every node, so one at least where it isn't owned."""

    def __init__(self, cluster: Cluster) -> None:
        self.rooms = 0
        self._nodes: Final = list(cluster.nodes.values())
        self._crowds: list[Crowd[Connection]] = []

    def grow(self, rooms: int) -> None:
        """Have so many in all; the new ones are posted to once, which their listeners hear."""
        while self.rooms < rooms:
            count = min(ROOMS_PER_AUTHOR, rooms - self.rooms)
            home = self._nodes[len(self._crowds) % len(self._nodes)]
            self._crowds.append(self._street(home, count))
            self.rooms += count
            self._read()  # pings want an answer meanwhile

    def _street(self, home: Node, count: int) -> Crowd[Connection]:
        """Rooms of one author, who is on ``home``, and their listeners."""
        (author,) = home.connect(home.guests(1))
        made = _ask_all(author, [CreateRoom(client_id=client_id(), name="loadtest") for _ in range(count)])
        streams = [answer.stream for answer in made if isinstance(answer, Accepted) and answer.stream]
        assert len(streams) == count
        listeners = [node.connect(node.guests(1))[0] for node in self._nodes]
        for listener in listeners:
            _ask_all(listener, [JoinRoom(client_id=client_id(), stream=s) for s in streams])
        for listener in listeners:
            answers = _ask_all(listener, [Subscribe(client_id=client_id(), stream=s) for s in streams])
            assert all(isinstance(answer, Subscribed) for answer in answers)
        _ask_all(author, [PostMessage(client_id=client_id(), stream=s, body="we are here") for s in streams])
        crowd = Crowd([author, *listeners])
        crowd.read_until(lambda: all(listener.events >= count for listener in listeners))
        return crowd

    def rest(self, seconds: float) -> None:
        """Let nothing happen; only pings are answered. Raises HungError if somebody hears something."""
        heard = sum(crowd.events for crowd in self._crowds)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._read()
            time.sleep(PAUSE_S)
        if sum(crowd.events for crowd in self._crowds) != heard:
            raise HungError("the rooms aren't idle")

    def _read(self) -> None:
        for crowd in self._crowds:
            crowd.read(0)


def _ask_all(connection: Connection, frames: Sequence[Struct]) -> list[object]:
    """Send them all, then wait for each one's answer."""
    for frame in frames:
        connection.send(frame)
    return [connection.answer() for _ in frames]


def measure(scale: Scale) -> list[Figure]:
    """Ever more rooms on one cluster, and how much is asked of the servers once they are idle."""
    with Cluster() as cluster:
        town = Town(cluster)
        rates: dict[int, Rates] = {}
        for rooms in scale.sleeping:
            town.grow(rooms)
            town.rest(min(QUIET_S, scale.sleep_s))
            rates[rooms] = _count(cluster, town, scale.sleep_s)
            _tell(rooms, rates[rooms])
    return [
        *_figures(
            "statements to PostgreSQL", {rooms: sum(r.statements.values()) for rooms, r in rates.items()}
        ),
        *_figures("commands to Redis", {rooms: sum(r.commands.values()) for rooms, r in rates.items()}),
    ]


def _count(cluster: Cluster, town: Town, seconds: float) -> Rates:
    before, at = cluster.look(), time.monotonic()
    town.rest(seconds)
    after, took_s = cluster.look(), time.monotonic() - at
    return Rates(
        _grown(before.statements, after.statements, took_s), _grown(before.commands, after.commands, took_s)
    )


def _grown(before: Mapping[str, int], after: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {
        name: (count - before.get(name, 0)) / seconds
        for name, count in after.items()
        if count > before.get(name, 0)
    }


def _tell(rooms: int, rates: Rates) -> None:
    """What makes up the numbers, on standard error."""
    for what in (rates.statements, rates.commands):
        for name, per_s in sorted(what.items(), key=lambda item: -item[1]):
            if per_s >= TOLD_PER_S:
                sys.stderr.write(f"  {rooms} rooms  {per_s:8.2f}/s  {name}\n")


def _figures(name: str, per_s: Mapping[int, float]) -> list[Figure]:
    group = "3 nodes, rooms that were active and are idle, all nodes together"
    least, most = min(per_s), max(per_s)
    figures = [
        Figure(group=group, name=f"{name}, {rooms} rooms", unit="/s", values=(value,))
        for rooms, value in per_s.items()
    ]
    growth = Figure(
        group=group,
        name=f"{name}, {most} rooms : {least} rooms",
        unit="",
        values=(per_s[most] / per_s[least],),
        target=at_most(GROWTH_MAX),
    )
    return [*figures, growth]
