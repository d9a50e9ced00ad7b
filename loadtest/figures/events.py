"""A room whose listeners use Server-Sent Events, beside one whose listeners hold WebSockets."""

from __future__ import annotations

import time
from typing import Final

from loadtest.connection import Connection
from loadtest.crowd import Crowd, must_be_accepted
from loadtest.events import EventSource, LastRead
from loadtest.figures import Scale
from loadtest.figures.fanout import BODY_CHARS
from loadtest.frames import stamped
from loadtest.node import Node, client_id, join, make_room, subscribe
from loadtest.report import Figure, at_most
from protocol.room.commands import PostMessage

RATIO_MAX: Final = 1.5
Listeners = Crowd[Connection] | Crowd[EventSource]


class Listened:
    """A room, its owner who posts, and the crowd that gets it."""

    def __init__(
        self, node: Node, owner: Connection, stream: str, listeners: Crowd[Connection] | Crowd[EventSource]
    ) -> None:
        self.cpu_us: list[float] = []
        """Of the node for each delivery, by turn."""
        self._node = node
        self._owner = Crowd([owner])
        self._owner.on_answer = must_be_accepted
        self._stream = stream
        self._listeners = listeners

    def measure(self, broadcasts: int) -> None:
        """One post after the other, each once the one before has reached everybody."""
        crowd, node = self._listeners, self._node
        cpu_s, events = node.cpu_s, crowd.events
        for _ in range(broadcasts):
            body = stamped(time.monotonic_ns(), BODY_CHARS)
            self._owner.connections[0].send(
                PostMessage(client_id=client_id(), stream=self._stream, body=body)
            )
            expected = crowd.events + len(crowd.connections)
            crowd.read_until(lambda expected=expected: crowd.events >= expected)
            self._owner.read(0)
        self.cpu_us.append((node.cpu_s - cpu_s) / (crowd.events - events) * 1e6)


def measure(node: Node, scale: Scale) -> list[Figure]:
    """In turns, with the same people in both rooms."""
    tokens = node.guests(scale.members)
    sockets = node.connect(tokens)
    owners = node.connect(tokens[:2])
    rooms = [make_room(owner) for owner in owners]
    for room, owner in zip(rooms, owners, strict=True):
        join(room, [other for other in sockets if other.user != owner.user])
    subscribe(rooms[0], sockets)
    last = LastRead()
    sources = [EventSource(node.address, rooms[1], token, last) for token in tokens]
    by_socket = Listened(node, owners[0], rooms[0], Crowd(sockets))
    by_events = Listened(node, owners[1], rooms[1], Crowd(sources))
    for repeat in range(scale.repeats + 1):
        for listened in (by_socket, by_events):
            listened.measure(scale.broadcasts)
            if repeat == 0:
                listened.cpu_us.clear()  # it only warmed up
    group = f"one room of {scale.members}, 128 B, by Server-Sent Events"
    ratio = tuple(mine / theirs for mine, theirs in zip(by_events.cpu_us, by_socket.cpu_us, strict=True))
    return [
        Figure(
            group=group, name="node CPU per delivery, WebSocket", unit="us", values=tuple(by_socket.cpu_us)
        ),
        Figure(group=group, name="node CPU per delivery, events", unit="us", values=tuple(by_events.cpu_us)),
        Figure(
            group=group,
            name="events : WebSocket, same turn",
            unit="",
            values=ratio,
            target=at_most(RATIO_MAX),
        ),
    ]
