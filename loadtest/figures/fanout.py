"""One large room: every post goes to everybody, unbatched beside others' broadcasts, and busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
from typing import Final

import numpy as np

from loadtest.children import Child
from loadtest.connection import Connection
from loadtest.crowd import Crowd, latencies_ms, must_be_accepted
from loadtest.figures import Scale
from loadtest.frames import stamped
from loadtest.node import Node, client_id, join, make_room, subscribe
from loadtest.peers import Peer, commands
from loadtest.report import Figure, at_least, at_most
from protocol.event import Header, encode_header, encode_payload, event_frame_msgpack
from protocol.room.commands import PostMessage
from protocol.room.events import MessagePosted

BODY_CHARS: Final = 128
FLOOR: Final = "send() loop"
RATIO_MIN: Final = 0.6
BUSY_PER_S_MIN: Final = 1e6
BUSY_P99_MS_MAX: Final = 30.0


class Room:
    """The large room on a node: its listeners, and sessions of some of its members that only post."""

    def __init__(self, node: Node, scale: Scale) -> None:
        tokens = node.guests(scale.members)
        listeners = node.connect(tokens)
        self.stream: Final = make_room(listeners[0])
        join(self.stream, listeners[1:])
        subscribe(self.stream, listeners)
        self.listeners: Final = Crowd(listeners)
        self.posters: Final = Crowd(node.connect(tokens[: scale.posters]))
        self._in_turn = cycle(self.posters.connections)
        self.listeners.read_for(0.2)

    def post(self, at_ns: int) -> None:
        """The next poster posts."""
        for_all = PostMessage(client_id=client_id(), stream=self.stream, body=stamped(at_ns, BODY_CHARS))
        next(self._in_turn).send(for_all)

    def check_answers(self) -> None:
        """Read the posters' answers. Raises RefusedError if a post wasn't accepted."""
        self.posters.on_answer = must_be_accepted
        self.posters.read(0)


class Contestant:
    """Something that broadcasts, and the crowd that gets it."""

    def __init__(self, child: Child, crowd: Crowd[Connection], broadcast: Callable[[int], None]) -> None:
        self.per_cpu_s: list[float] = []
        self._child = child
        self._crowd = crowd
        self._broadcast = broadcast
        self._seq = 0

    def measure(self, broadcasts: int) -> None:
        """One broadcast after the other, each once the one before has reached everybody."""
        crowd, child = self._crowd, self._child
        cpu_s, events = child.cpu_s, crowd.events
        for _ in range(broadcasts):
            self._seq += 1
            self._broadcast(self._seq)
            expected = crowd.events + len(crowd.connections)
            crowd.read_until(lambda expected=expected: crowd.events >= expected)
        self.per_cpu_s.append((crowd.events - events) / max(child.cpu_s - cpu_s, 0.001))


def measure(node: Node, scale: Scale) -> list[Figure]:
    """Unbatched in turns with the others, then busy."""
    room = Room(node, scale)
    with ExitStack() as peers:
        contestants = {"node": _of_node(node, room)}
        for name, command in commands().items():
            contestants[name] = _of_peer(peers.enter_context(Peer(command, scale.members)), room)
        for repeat in range(scale.repeats + 1):
            for contestant in contestants.values():
                contestant.measure(scale.broadcasts)
                if repeat == 0:
                    contestant.per_cpu_s.clear()  # it only warmed up
    figures = _ratios(f"one room of {scale.members}, 128 B, one post at a time", contestants)
    figures += _busy(node, room, scale)
    room.check_answers()
    return figures


def _of_node(node: Node, room: Room) -> Contestant:
    def broadcast(_: int) -> None:
        room.check_answers()
        room.post(time.monotonic_ns())

    return Contestant(node, room.listeners, broadcast)


def _of_peer(peer: Peer, room: Room) -> Contestant:
    """A peer sends the very frames that the node would."""
    author = room.posters.connections[0].user

    def broadcast(seq: int) -> None:
        at_ns = time.monotonic_ns()
        header = Header(
            stream=room.stream,
            seq=seq + 1000,
            at=time.time_ns() // 1_000_000,
            author=author,
            type="room.posted",
            marks={"number": seq},
        )
        payload = encode_payload(MessagePosted(body=stamped(at_ns, BODY_CHARS)))
        peer.broadcast(event_frame_msgpack(encode_header(header), payload))

    return Contestant(peer, Crowd(peer.listeners), broadcast)


def _ratios(group: str, contestants: dict[str, Contestant]) -> list[Figure]:
    floor, node = contestants[FLOOR].per_cpu_s, contestants["node"].per_cpu_s
    figures = [
        Figure(group=group, name=f"deliveries, {name}", unit="/CPU s", values=tuple(c.per_cpu_s))
        for name, c in contestants.items()
    ]
    ratio = tuple(mine / theirs for mine, theirs in zip(node, floor, strict=True))
    name = f"node : {FLOOR}, same turn"
    return [*figures, Figure(group=group, name=name, unit="", values=ratio, target=at_least(RATIO_MIN))]


def _busy(node: Node, room: Room, scale: Scale) -> list[Figure]:
    """Posts at a steady rate, coalesced by the node; latency is from post to each delivery."""
    crowd = room.listeners
    per_s: list[float] = []
    p50: list[float] = []
    p99: list[float] = []
    per_cpu_s: list[float] = []
    for _ in range(scale.repeats):
        _post_for(room, min(1.0, scale.seconds), scale.busy_per_s)
        crowd.heard = []
        events, cpu_s, at = crowd.events, node.cpu_s, time.monotonic()
        _post_for(room, scale.seconds, scale.busy_per_s)
        seconds, cpu_s = time.monotonic() - at, node.cpu_s - cpu_s
        heard, crowd.heard = crowd.heard, None
        per_s.append((crowd.events - events) / seconds)
        per_cpu_s.append((crowd.events - events) / max(cpu_s, 0.001))
        took_ms = latencies_ms(heard)
        p50.append(float(np.percentile(took_ms, 50)))
        p99.append(float(np.percentile(took_ms, 99)))
        crowd.read_for(0.3)
    group = f"one room of {scale.members}, 128 B, busy: {scale.busy_per_s:.0f} posts/s"

    # The rate offered is above the target only at full scale.
    wanted = min(BUSY_PER_S_MIN, scale.members * scale.busy_per_s * 0.96)
    return [
        Figure(group=group, name="deliveries", unit="/s", values=tuple(per_s), target=at_least(wanted)),
        Figure(
            group=group,
            name="post to delivery p99",
            unit="ms",
            values=tuple(p99),
            target=at_most(BUSY_P99_MS_MAX),
        ),
        Figure(group=group, name="post to delivery p50", unit="ms", values=tuple(p50)),
        Figure(group=group, name="deliveries", unit="/CPU s", values=tuple(per_cpu_s)),
    ]


def _post_for(room: Room, seconds: float, per_s: float) -> None:
    """Post at a steady rate, reading meanwhile; a post that is late still counts from when it was due."""
    step_ns = round(1e9 / per_s)
    due = time.monotonic_ns()
    until = due + round(seconds * 1e9)
    while (now := time.monotonic_ns()) < until:
        while due <= now:
            room.post(due)
            due += step_ns
        room.listeners.read(max(0, due - time.monotonic_ns()) / 1e9)
        room.check_answers()
