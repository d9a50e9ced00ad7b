"""A client's state machine against a model server, in one thread and without time of its own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import msgspec

from gatherup.client import actions
from gatherup.client.errors import ClientError
from gatherup.client.policy import Policy
from gatherup.client.state import ClientState
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import (
    Accepted,
    ClientFrame,
    Event,
    Heads,
    Hello,
    MarkRead,
    Position,
    Refused,
    RoomHead,
    ServerFrame,
    SessionLimits,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    WatchHeads,
    Welcome,
)
from protocol.room.commands import PostMessage

USER = "user:" + "1" * 32
ROOMS = ("room:" + "a" * 32, "room:" + "b" * 32)
MAP = msgspec.Raw(b"\x80")


def client_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def post(number: int, stream: str = ROOMS[0]) -> PostMessage:
    return PostMessage(client_id=client_id(number), stream=stream, body=str(number))


def welcome(**changes: object) -> Welcome:
    fields = {"session": "s", "user": USER, "node": "n", "at": 0, "token_expires_at": 3_600_000}
    return Welcome(**(fields | changes))  # type: ignore[arg-type]


def event(stream: str, seq: int) -> Event:
    header = Header(stream=stream, seq=seq, at=seq, author=USER, type="room.posted")
    return Event(header=header, payload=MAP)


def subscribed(stream: str, seq: int, *, snapshot: bool = False, to: str | None = None) -> Subscribed:
    shown = MAP if snapshot else None
    return Subscribed(client_id=to, stream=stream, incarnation=1, seq=seq, head=seq, snapshot=shown)


def state(policy: Policy | None = None, *, renewable: bool = True) -> ClientState:
    ids = iter(range(10**6, 10**9))
    return ClientState(
        policy=policy or Policy(),
        renewable=renewable,
        uniform=lambda _low, high: high,
        new_client_id=lambda: client_id(next(ids)),
    )


def sent(todo: list[actions.Action]) -> list[ClientFrame]:
    return [a.frame for a in todo if isinstance(a, actions.Send)]


@dataclass
class ModelServer:
    """Logs, receipts and one session. It keeps the promises whatever fault is asked of it."""

    logs: dict[str, list[str]] = field(default_factory=lambda: {room: [] for room in ROOMS})
    receipts: dict[str, int] = field(default_factory=dict)
    condemned: set[str] = field(default_factory=set)
    """Client ids that are refused for good whenever they come."""
    resume_events_max: int = 12
    live: dict[str, int] = field(default_factory=dict)
    """The session's subscriptions: the last seq sent."""
    watched: tuple[str, ...] = ()
    """The rooms whose heads the session watches."""
    told: dict[str, int] = field(default_factory=dict)
    """Of those, the heads it was told."""
    read: dict[str, int] = field(default_factory=dict)
    """How far the user has read."""
    left: set[str] = field(default_factory=set)
    """The rooms that the user was kicked out of."""

    def append(self, stream: str, who: str) -> None:
        self.logs[stream].append(who)

    def take(self, frame: ClientFrame, fault: str) -> list[ServerFrame]:
        match frame:
            case Hello():
                self.live, self.watched, self.told = {}, (), {}
                answers: list[ServerFrame] = [welcome(limits=SessionLimits(commands_burst=1000.0))]
                for position in frame.positions:
                    answers += self._subscribe(position.stream, position, None)
                return answers + self.news()
            case Subscribe():
                if fault == "refuse":
                    return [self._refusal(frame.client_id, frame.stream)]
                return self._subscribe(frame.stream, frame.since, frame.client_id) + self.news()
            case Unsubscribe():
                self.live.pop(frame.stream, None)
                return [Accepted(client_id=frame.client_id)]
            case PostMessage():
                return self._post(frame, fault) + self.news()
            case WatchHeads():
                if fault == "refuse":
                    return [self._refusal(frame.client_id)]
                self.watched, self.told = frame.rooms, {}
                return [Accepted(client_id=frame.client_id), *self.news()]
            case MarkRead():
                self.read[frame.room] = max(frame.number, self.read.get(frame.room, 0))
                return []
            case _:
                raise AssertionError(frame)

    def _refusal(self, client_id: str, stream: str | None = None) -> Refused:
        return Refused(
            client_id=client_id,
            stream=stream,
            code=Code.RATE_LIMITED,
            message="slow",
            retry=True,
            retry_after_s=1,
        )

    def _post(self, frame: PostMessage, fault: str) -> list[ServerFrame]:
        known = self.receipts.get(frame.client_id)
        if fault == "unknown before":
            return [Unknown(client_id=frame.client_id)]
        if fault == "refuse":
            return [Unknown(client_id=frame.client_id) if frame.resend else self._refusal(frame.client_id)]
        if frame.client_id in self.condemned:
            return [Refused(client_id=frame.client_id, code=Code.FORBIDDEN, message="no")]
        if known is None:
            self.append(frame.stream, frame.client_id)
            known = self.receipts[frame.client_id] = len(self.logs[frame.stream])
        if fault == "unknown after":
            return [Unknown(client_id=frame.client_id)]
        return [Accepted(client_id=frame.client_id, stream=frame.stream, seq=known, events=1)]

    def _subscribe(self, stream: str, since: Position | None, to: str | None) -> list[ServerFrame]:
        head = len(self.logs[stream])
        if since is None or head - since.seq > self.resume_events_max:
            self.live[stream] = head
            return [subscribed(stream, head, snapshot=True, to=to)]
        self.live[stream] = since.seq
        return [subscribed(stream, since.seq, to=to)]

    def news(self) -> list[ServerFrame]:
        """Events that the session's subscriptions haven't got yet."""
        frames: list[ServerFrame] = []
        for stream, seq in self.live.items():
            frames += [event(stream, n) for n in range(seq + 1, len(self.logs[stream]) + 1)]
            self.live[stream] = len(self.logs[stream])
        lost = tuple(room for room in self.watched if room in self.left)
        self.watched = self.joined(self.watched)
        changed = [room for room in self.watched if self.told.get(room) != len(self.logs[room])]
        self.told |= {room: len(self.logs[room]) for room in changed}
        heads = Heads(rooms=tuple(map(self._head, changed)), gone=lost)
        return [*frames, heads] if changed or lost else frames

    def joined(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(room for room in rooms if room not in self.left)

    def _head(self, room: str) -> RoomHead:
        seq = len(self.logs[room])
        return RoomHead(room=room, seq=seq, number=seq, read=self.read.get(room, 0), unread=0, mentions=0)


class World:
    """Carries frames between the two, and keeps what the client was told."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.now = 0.0
        self.server = ModelServer()
        self.client = state(policy)
        self.up = False
        self.connect_at: float | None = None
        self.to_server: deque[ClientFrame] = deque()
        self.to_client: deque[ServerFrame] = deque()
        self.stray: deque[ClientFrame] = deque()
        """Sent on connections that are gone; a server may still take them."""
        self.settled: dict[str, list[object]] = {}
        self.seen: dict[str, list[int]] = {room: [] for room in ROOMS}
        """Per stream the seqs that were delivered, a snapshot as minus its seq minus 1."""
        self.unread: deque[str] = deque()
        self.watched: tuple[str, ...] = ()
        self.heads: dict[str, int | None] = {}
        """Of the rooms that are watched, the last head that was told; None for one that is gone."""
        self.marks: dict[str, int] = {}
        """The highest number of each room that was marked as read."""
        self.issued: list[str] = []
        self.do(self.client.start())

    def do(self, todo: list[actions.Action]) -> None:
        for action in todo:
            match action:
                case actions.Connect(after_s):
                    self.connect_at = self.now + after_s
                case actions.Disconnect():
                    self._cut()
                case actions.Send(frame):
                    assert self.up
                    self.to_server.append(frame)
                case actions.Settle(who, outcome):
                    self.settled.setdefault(who, []).append(outcome)
                case actions.Deliver(stream, item, position):
                    shown = -position.seq - 1 if isinstance(item, Subscribed) else position.seq
                    self.seen[stream].append(shown)
                    self.unread.append(stream)
                case actions.DeliverHeads(told):
                    assert {head.room for head in told.rooms} <= set(self.watched)
                    assert set(told.gone) <= self.server.left & set(self.watched)
                    self.heads |= {head.room: head.seq for head in told.rooms} | dict.fromkeys(told.gone)
                case actions.WatchedHeads():
                    assert self.server.joined(self.server.watched) == self.server.joined(self.watched)
                case actions.Opened() | actions.WentOnline() | actions.WentOffline() | actions.Ping():
                    pass
                case _:
                    raise AssertionError(action)

    def post(self, number: int, stream: str) -> None:
        command = post(number, stream)
        self.issued.append(command.client_id)
        self.do(self.client.command(command, self.now))

    def watch(self, rooms: tuple[str, ...]) -> None:
        self.watched = rooms
        self.heads = {room: head for room, head in self.heads.items() if room in rooms}
        self.do(self.client.watch_heads(rooms, self.now))

    def mark(self, room: str, number: int) -> None:
        self.marks[room] = max(number, self.marks.get(room, 0))
        self.do(self.client.mark_read(room, number, self.now))

    def connect(self) -> None:
        if not self.up and self.connect_at is not None:
            self.now = max(self.now, self.connect_at)
            self.up, self.connect_at = True, None
            self.do(self.client.connected("token", self.now))

    def _cut(self) -> None:
        self.up = False
        self.stray.extend(f for f in self.to_server if isinstance(f, PostMessage))
        self.to_server.clear()
        self.to_client.clear()
        self.server.live, self.server.watched = {}, ()

    def drop(self) -> None:
        if self.up:
            self._cut()
            self.do(self.client.disconnected(None, self.now))

    def serve(self, fault: str = "none") -> None:
        if self.to_server:
            self.to_client.extend(self.server.take(self.to_server.popleft(), fault))

    def serve_stray(self) -> None:
        """A frame of an old connection is taken late; its answer goes nowhere, its event to everyone."""
        if self.stray:
            answers = self.server.take(self.stray.popleft(), "none")
            self.to_client.extend(frame for frame in answers if isinstance(frame, Event | Heads))

    def hear(self, times: int = 1) -> None:
        if self.to_client:
            frame = self.to_client.popleft()
            repeats = times if isinstance(frame, Accepted | Refused | Unknown) else 1
            for _ in range(repeats):
                before = len(self.to_server)
                self.do(self.client.received(frame, self.now))
                if isinstance(frame, Welcome) and self.up:
                    self._check_order(list(self.to_server)[before:])

    def _check_order(self, burst: list[ClientFrame]) -> None:
        """What is sent on a welcome goes out in the order in which it was issued."""
        order = [self.issued.index(f.client_id) for f in burst if isinstance(f, PostMessage)]
        assert order == sorted(order)

    def read(self) -> None:
        if self.unread:
            self.do(self.client.consumed(self.unread.popleft(), self.now))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.do(self.client.elapsed(self.now))

    def settle_down(self) -> None:
        """Everything works from here on, until nothing is left to do."""
        for _ in range(10_000):
            self.connect()
            if self.to_client:
                self.hear()
            elif self.to_server:
                self.serve()
            elif self.unread:
                self.read()
            elif self.stray:
                self.serve_stray()
            elif all(self.outcomes()) and self.caught_up():
                return
            else:
                due = self.client.deadline()
                assert due > self.now, "a deadline that stays due would spin"
                self.client.heard(due)  # its pings are answered
                self.now = due
                self.do(self.client.elapsed(due))
        raise AssertionError("it never settles down")

    def caught_up(self) -> bool:
        """Whether every stream was delivered to its end."""
        ends = {room: seqs[-1] if seqs else None for room, seqs in self.seen.items()}
        streams = all(ends[room] in (len(log), -len(log) - 1) for room, log in self.server.logs.items())
        logs, left = self.server.logs, self.server.left
        heads = {room: None if room in left else len(logs[room]) for room in self.watched}
        return streams and self.heads == heads

    def outcomes(self) -> list[Accepted | ClientError | None]:
        return [self.settled.get(who, [None])[0] for who in self.issued]  # type: ignore[misc]
