"""A crowd that asks at once to see one large room, which another node owns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from loadtest.cluster import Cluster
from loadtest.connection import Connection, RefusedError
from loadtest.crowd import Crowd
from loadtest.figures import Scale
from loadtest.figures.cross_node import HERE, THERE, room_at
from loadtest.node import client_id, join
from loadtest.report import Figure, at_least
from protocol.frames import Refused, Subscribe, Subscribed, Unsubscribe

GROUP: Final = "snapshots of one room of another node"


class Watchers:
    """Sessions that subscribe at once."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.shown = self.refused = self.ended = 0
        self._crowd = Crowd(connections)
        self._crowd.on_answer = self._take

    def _take(self, connection: Connection) -> None:
        while connection.answers:
            match answer := connection.answers.popleft():
                case Subscribed(snapshot=snapshot) if snapshot is not None:
                    self.shown += 1
                case Refused(retry_after_s=float()):
                    self.refused += 1
                case _ if answer.__struct_config__.tag in ("accepted", "unsubscribed"):
                    self.ended += 1
                case _:
                    raise RefusedError(str(answer))

    def subscribe(self, room: str) -> float:
        """All ask, once; the seconds until the last was answered."""
        self.shown = self.refused = 0
        began = time.monotonic()
        for connection in self._crowd.connections:
            connection.send(Subscribe(client_id=client_id(), stream=room))
        self._crowd.read_until(lambda: self.shown + self.refused == len(self._crowd.connections))
        return time.monotonic() - began

    def unsubscribe(self, room: str) -> None:
        """All stop listening."""
        self.ended = 0
        for connection in self._crowd.connections:
            connection.send(Unsubscribe(client_id=client_id(), stream=room))
        self._crowd.read_until(lambda: self.ended == len(self._crowd.connections))


def measure(scale: Scale) -> list[Figure]:
    """They ask, leave and ask again."""
    took_ms: list[float] = []
    served: list[float] = []
    with Cluster() as cluster:
        here, there = cluster.nodes[HERE], cluster.nodes[THERE]
        members = there.connect(there.guests(scale.members))
        room = room_at(cluster, THERE, members[0])
        join(room, members[1:])
        asking = here.connect(here.guests(scale.posters))
        join(room, asking)
        watchers = Watchers(asking)
        for _ in range(scale.repeats):
            took_ms.append(watchers.subscribe(room) * 1000)
            served.append(100 * (1 - watchers.refused / len(asking)))
            watchers.unsubscribe(room)
    group = f"{GROUP}, {scale.members} members"
    asked = len(asking)
    return [
        Figure(group=group, name=f"{asked} at once, until the last", unit="ms", values=tuple(took_ms)),
        Figure(
            group=group, name=f"{asked} at once, served", unit="%", values=tuple(served), target=at_least(100)
        ),
    ]
