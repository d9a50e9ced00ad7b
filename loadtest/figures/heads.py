"""The cost of heads: frames, bytes and CPU of telling sessions how much is new in many busy rooms."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Final

from msgspec import Struct

from loadtest.connection import CODEC, Connection, RefusedError
from loadtest.crowd import Crowd, must_be_accepted
from loadtest.figures import Scale
from loadtest.node import Node, client_id, make_room
from loadtest.report import Figure, Target, at_most
from protocol import limits
from protocol.frames import Accepted, Heads, WatchHeads
from protocol.room.commands import JoinRoom, PostMessage

ROOMS_PER_AUTHOR: Final = 25
"""Each author makes them within a session's burst of commands."""
FRAMES_PER_S_MAX: Final = 1 / limits.HEADS_INTERVAL_S * 1.01
"""One in each interval, and what the way to the client adds."""
SETTLE_S: Final = 1.5 * limits.HEADS_INTERVAL_S
"""All that is owed has been told."""
WATCHED_S_MIN: Final = 2.5 * limits.HEADS_INTERVAL_S
"""Two frames at least come to everybody."""


class Run(Struct, frozen=True, kw_only=True):
    """One measurement, while everybody watches."""

    frames_per_s: float
    """Of the session that got most."""
    frame_bytes: float
    cpu_us: float
    """Of the node, per post; with nobody watching it is ``cpu_alone_us``."""
    cpu_alone_us: float


class Watchers:
    """Sessions that watch heads, and the heads they got."""

    def __init__(
        self, crowd: Crowd[Connection], connections: Sequence[Connection], rooms: Sequence[str]
    ) -> None:
        self.connections: Final = connections
        self.unread: dict[Connection, dict[str, int]] = {c: {} for c in connections}
        """The newest of each room."""
        self.came_at: dict[Connection, list[float]] = {c: [] for c in connections}
        self.bytes = 0
        self._crowd = crowd
        self._rooms = tuple(rooms)

    def watch(self, rooms: Sequence[str]) -> None:
        """Watch these rooms; with none, stop watching."""
        for connection in self.connections:
            connection.send(WatchHeads(client_id=client_id(), rooms=tuple(rooms)))
        self._crowd.read_for(SETTLE_S)
        self.forget()

    def forget(self) -> None:
        """Start counting from zero."""
        self.came_at = {connection: [] for connection in self.connections}
        self.bytes = 0

    def take(self, connection: Connection) -> None:
        """Take what came. Raises RefusedError for anything but heads and what was agreed to."""
        while connection.answers:
            answer = connection.answers.popleft()
            if isinstance(answer, Heads):
                self.came_at[connection].append(time.monotonic())
                self.bytes += len(CODEC.encode(answer))
                self.unread[connection].update({head.room: head.unread for head in answer.rooms})
            elif not isinstance(answer, Accepted):
                raise RefusedError(str(answer))

    @property
    def frames_per_s(self) -> float:
        """Of the session that got most."""
        return max((len(at) - 1) / (at[-1] - at[0]) for at in self.came_at.values())


def measure(node: Node, scale: Scale) -> list[Figure]:
    """The same posts with and without sessions that watch all the rooms, in turns."""
    authors = node.connect(node.guests(-(-scale.headed // ROOMS_PER_AUTHOR)))
    rooms = _make_rooms(authors, scale.headed)
    watching = node.connect(node.guests(scale.watchers))
    _join_all(watching, list(rooms))
    crowd = Crowd([*authors, *watching])
    watchers = Watchers(crowd, watching, list(rooms))
    crowd.on_answer = lambda connection: _take(connection, watchers)
    posted = dict.fromkeys(rooms, 0)
    runs: list[Run] = []
    for _ in range(scale.repeats):
        watchers.watch([])
        alone_us = _post(node, crowd, rooms, posted, max(scale.seconds, limits.HEADS_INTERVAL_S))
        watchers.watch(list(rooms))
        cpu_us = _post(node, crowd, rooms, posted, max(scale.seconds, WATCHED_S_MIN))
        frames = sum(len(at) for at in watchers.came_at.values())
        runs.append(
            Run(
                frames_per_s=watchers.frames_per_s,
                frame_bytes=watchers.bytes / frames,
                cpu_us=cpu_us,
                cpu_alone_us=alone_us,
            )
        )
        crowd.read_for(SETTLE_S)
        _check_exact(watchers, posted)
    crowd.close()
    return _figures(f"heads, {scale.watchers} sessions x {scale.headed} rooms", runs)


def _make_rooms(authors: Sequence[Connection], count: int) -> dict[str, Connection]:
    """Rooms and their authors."""
    rooms: dict[str, Connection] = {}
    for author in authors:
        for _ in range(min(ROOMS_PER_AUTHOR, count - len(rooms))):
            rooms[make_room(author)] = author
    return rooms


def _join_all(members: Sequence[Connection], rooms: Sequence[str]) -> None:
    """No faster than a session may send commands."""
    for room in rooms:
        until = time.monotonic() + 1.05 / limits.COMMANDS_PER_S
        for member in members:
            member.send(JoinRoom(client_id=client_id(), stream=room))
        for member in members:
            member.answer()
        time.sleep(max(0.0, until - time.monotonic()))


def _take(connection: Connection, watchers: Watchers) -> None:
    if connection in watchers.came_at:
        watchers.take(connection)
    else:
        must_be_accepted(connection)


def _post(
    node: Node, crowd: Crowd[Connection], rooms: dict[str, Connection], posted: dict[str, int], seconds: float
) -> float:
    """Every room in turn, at half of what the authors may: the node's CPU in us a post."""
    authors = len(set(rooms.values()))
    step_s = 2 / (limits.COMMANDS_PER_S * authors)
    turns, posts = cycle(_in_turns(rooms)), 0
    before, start = node.cpu_s, time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        while start + posts * step_s <= now:
            room = next(turns)
            rooms[room].send(PostMessage(client_id=client_id(), stream=room, body="something new"))
            posted[room] += 1
            posts += 1
        crowd.read(max(0.0, start + posts * step_s - time.monotonic()))
    return (node.cpu_s - before) / posts * 1e6


def _in_turns(rooms: dict[str, Connection]) -> list[str]:
    """The rooms such that no author posts much more often than another."""
    of: dict[Connection, list[str]] = {}
    for room, author in rooms.items():
        of.setdefault(author, []).append(room)
    longest = max(map(len, of.values()))
    return [mine[turn] for turn in range(longest) for mine in of.values() if turn < len(mine)]


def _check_exact(watchers: Watchers, posted: dict[str, int]) -> None:
    """Everybody must know by now what everybody posted."""
    expected = {room: min(limits.UNREAD_MAX, count) for room, count in posted.items()}
    for unread in watchers.unread.values():
        if unread != expected:
            wrong = [room for room in expected if unread.get(room) != expected[room]]
            raise RefusedError(f"wrong heads of {len(wrong)} rooms")


def _figures(group: str, runs: Sequence[Run]) -> list[Figure]:
    def figure(name: str, unit: str, values: list[float], target: Target | None = None) -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(values), target=target)

    return [
        figure("frames per session", "/s", [run.frames_per_s for run in runs], at_most(FRAMES_PER_S_MAX)),
        figure("bytes per frame", "B", [run.frame_bytes for run in runs]),
        figure("node CPU per post", "us", [run.cpu_us for run in runs]),
        figure("node CPU per post, nobody watching", "us", [run.cpu_alone_us for run in runs]),
    ]
