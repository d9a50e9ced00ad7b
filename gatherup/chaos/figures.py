"""Times as clients saw them, from the record of a run. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from gatherup.chaos import records
from gatherup.chaos.records import Record
from gatherup.chaos.timetable import What

REBALANCE_S: Final = 5.0
"""What a node that came back gets to take over its share, in which posts still count as handed over."""


class Post(Struct):
    """One post: when it was sent first and last, and when it was accepted, if it was."""

    client: str
    room: str
    sent_at: float
    last_sent_at: float
    accepted_at: float | None = None


class Session(Struct):
    """A connection of a client to a node."""

    node: str
    begin: float
    end: float = math.inf


class Spread(Struct, frozen=True, kw_only=True):
    """How a set of times lies, in seconds."""

    count: int
    p50: float
    p99: float
    p999: float
    max: float


class Times(Struct, kw_only=True):
    """What a record says of time. A spread is None where nothing was measured."""

    posts: Spread | None
    """Sent to accepted, over all accepted posts."""
    surviving: Spread | None
    """kill -9 of a room's owner to the next accepted post there, for each client on another node. Who had nothing to
    say when the room was served again gets the time until then, and what its next post took."""
    dying: Spread | None
    """The same for clients of the killed node, all their time counted."""
    frozen: Spread | None
    """The same after a freeze of the owner past its lease, for clients on other nodes."""
    handover: Spread | None
    """Sent to accepted for posts of clients on other nodes to rooms of a node from its drain on, until it serves
    again and has had REBALANCE_S to take them back."""
    faults: list[records.Fault]
    timeline: list[tuple[int, int, float]]
    """For each second in which something was accepted: the second, how many posts, the slowest of them in seconds."""


class Observer:
    """Collects from entries in any order of kinds, each kind in the order of time."""

    def __init__(self) -> None:
        self._posts: dict[tuple[str, str], Post] = {}
        self._sessions: dict[str, list[Session]] = {}
        self._faults: list[records.Fault] = []

    def take(self, record: Record) -> None:
        """The next entry."""
        match record:
            case records.Connected(client=client, node=node, at=at):
                self._sessions.setdefault(client, []).append(Session(node, at))
            case records.Closed(client=client, at=at):
                if sessions := self._sessions.get(client):
                    sessions[-1].end = min(sessions[-1].end, at)
            case records.Sent(kind="room.post"):
                key = (record.client, record.client_id)
                fresh = Post(record.client, record.stream, record.at, record.at)
                self._posts.setdefault(key, fresh).last_sent_at = record.at
            case records.Answered(answer="accepted"):
                post = self._posts.get((record.client, record.client_id))
                if post is not None and post.accepted_at is None:
                    post.accepted_at = record.at
            case records.Fault():
                self._faults.append(record)
            case _:
                pass

    def finish(self) -> Times:
        """What it all says."""
        accepted = [p for p in self._posts.values() if p.accepted_at is not None]
        kills = [f for f in self._faults if f.what == What.KILL]
        freezes = [f for f in self._faults if f.what == What.FREEZE]
        return Times(
            posts=spread([_latency(post) for post in accepted]),
            surviving=spread([s for f in kills for s in self._failovers(f, accepted, on_it=False)]),
            dying=spread([s for f in kills for s in self._failovers(f, accepted, on_it=True)]),
            frozen=spread([s for f in freezes for s in self._failovers(f, accepted, on_it=False)]),
            handover=spread(
                [s for f in self._faults if f.what == What.DRAIN for s in self._handovers(f, accepted)]
            ),
            faults=sorted(self._faults, key=lambda fault: fault.at),
            timeline=_timeline(accepted),
        )

    def _failovers(self, fault: records.Fault, accepted: Sequence[Post], *, on_it: bool) -> Iterable[float]:
        """For each client and room: how long after the fault a post that was sent after it was accepted."""
        first: dict[tuple[str, str], Post] = {}
        served_at: dict[str, float] = {}
        for post in sorted(accepted, key=_end):
            if post.room not in fault.streams or post.last_sent_at < fault.at:
                continue
            served_at.setdefault(post.room, _end(post))
            if (node := self._node_at(post.client, fault.at)) is not None and (node == fault.node) is on_it:
                first.setdefault((post.client, post.room), post)
        for post in first.values():
            silent_s = 0.0 if on_it else max(0.0, post.sent_at - served_at[post.room])
            yield _end(post) - fault.at - silent_s

    def _handovers(self, fault: records.Fault, accepted: Sequence[Post]) -> Iterable[float]:
        for post in accepted:
            during = post.sent_at <= _over(fault) + REBALANCE_S and _end(post) >= fault.at
            if during and post.room in fault.streams and not self._drained_under(post):
                yield _latency(post)

    def _drained_under(self, post: Post) -> bool:
        """Whether the client's own node drained meanwhile."""
        node = self._node_at(post.client, post.sent_at)
        return any(
            fault.what == What.DRAIN
            and fault.node == node
            and post.sent_at <= _over(fault)
            and fault.at <= _end(post)
            for fault in self._faults
        )

    def _node_at(self, client: str, at: float) -> str | None:
        """The node this client was on."""
        sessions = self._sessions.get(client, [])
        return next((s.node for s in reversed(sessions) if s.begin <= at <= s.end), None)


def spread(values: Sequence[float]) -> Spread | None:
    """Percentiles by nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)

    def at(part: float) -> float:
        return ordered[max(0, math.ceil(part * len(ordered)) - 1)]

    return Spread(count=len(ordered), p50=at(0.5), p99=at(0.99), p999=at(0.999), max=ordered[-1])


def _end(post: Post) -> float:
    assert post.accepted_at is not None
    return post.accepted_at


def _latency(post: Post) -> float:
    return _end(post) - post.sent_at


def _over(fault: records.Fault) -> float:
    return fault.at if fault.until is None else fault.until


def _timeline(accepted: Sequence[Post]) -> list[tuple[int, int, float]]:
    seconds: dict[int, tuple[int, float]] = {}
    for post in accepted:
        count, slowest = seconds.get(int(_end(post)), (0, 0.0))
        seconds[int(_end(post))] = (count + 1, max(slowest, _latency(post)))
    return [(second, *seconds[second]) for second in sorted(seconds)]
