"""A simulated client: a small SDK of its own that keeps positions, resends, and trusts nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
import trio
from msgspec import Struct
from msgspec.structs import replace

from protocol.codec import FULL, Codec, Subprotocol
from protocol.codes import CloseCode, Code
from protocol.frames import (
    Accepted,
    Command,
    Event,
    Heads,
    Hello,
    Position,
    RefreshToken,
    Refused,
    RoomHead,
    Signalled,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    WatchHeads,
    Welcome,
)
from protocol.ids import derive_client_id
from protocol.inbox import inbox_of
from protocol.room.commands import SendTyping
from tests.sim.history import Followed, History
from tests.sim.node import SimNode
from tests.sim.wire import Closed, SimWire

FAULTLESS = {CloseCode.GOING_AWAY, CloseCode.SLOW_READER, CloseCode.INTERNAL, None}
"""How a client that keeps the rules may be closed."""
KNOWN_S = 2.0
"""So long nodes take for true what they read of blocks, by the limits of ``schedule``."""
FLUSHED_S = 0.5
"""A signal that was judged is on its way by then."""


class Pending(Struct):
    """A command without a final answer."""

    command: Command
    unsure: bool = False
    """Whether an earlier sending may have taken effect."""
    inflight: bool = False
    """Whether a copy is on its way on this connection: a second one beside it could be decided after its refusal."""


class SimClient:
    """One user with one connection at a time, to any of the nodes."""

    def __init__(
        self, name: str, index: int, history: History, nodes: Callable[[], Sequence[SimNode]], seed: str
    ) -> None:
        self.name = name
        self.user = f"user:{index:032x}"
        self.login = ""
        """The one it speaks for: another one after the last has ended."""
        self.gone = False
        """Its account ended."""
        self.history = history
        self._index = index
        self._logins = 0
        self._signing_in: dict[str, str] = {}
        """Logins that an open connection is to speak for, by the client_id of the frame that asks for it."""
        self._nodes = nodes
        self._random = random.Random(seed)
        self._prefers = self._random.choice([None, 0, 1, 2])
        """The node it tries first; None takes any."""
        self._patience_s = self._random.choice([1.5, 3.0, 12.0])
        """It goes elsewhere when an answer takes longer, unless it is patient."""
        self.patient = False
        self._connections = 0
        self._lane = index % 2
        self._codec = Codec([Subprotocol.MSGPACK, Subprotocol.JSON][self._lane], FULL)
        self._ids = 0
        self._wire: SimWire | None = None
        self._node: SimNode | None = None
        self._reads_since = 0.0
        """What comes was sent after this time, when it last began to read."""
        self._session: Callable[..., None] | None = None
        self.online = False
        self.pending: dict[str, Pending] = {}
        self.reused: set[str] = set()
        self.wanted: dict[str, Position | None] = {}
        """Streams to follow, with the position to resume from."""
        self.followed: dict[str, Followed] = {}
        """What this connection is subscribed to."""
        self._subscribing: dict[str, tuple[str, Position | None]] = {}
        self.heads: dict[str, RoomHead] = {}
        """What this connection was told of the rooms whose heads it watches, the newest of each."""
        self._heads_of: tuple[str, ...] = ()
        self._watching: set[str] = set()
        self.created: list[str] = []
        self.accepted: list[tuple[Command, Accepted]] = []
        self.closed_slow = 0

    # --- what the script makes it do ---

    def new_id(self) -> str:
        """A fresh client id."""
        self._ids += 1
        return derive_client_id(self.name, str(self._ids))

    def send(self, command: Command) -> None:
        """Send a command; it is resent until it is settled."""
        self.history.note(self.name, "sends", command)
        self.pending[command.client_id] = Pending(command)
        self._send_copy(self.pending[command.client_id])

    def repeat(self) -> None:
        """Send an accepted command once more: it must get the same answer."""
        if self.accepted:
            command, _ = self._random.choice(self.accepted)
            self.history.note(self.name, "repeats", command.client_id)
            self._transmit(replace(command, resend=self._random.random() < 0.5))

    def reuse(self, make: Callable[[str], Command]) -> None:
        """Use the client_id of an accepted command for another one to the same stream."""
        fit = [c for c, _ in self.accepted if getattr(c, "stream", None)]
        if fit:
            old = self._random.choice(fit)
            command = make(old.client_id)
            if getattr(command, "stream", None) == getattr(old, "stream", 0) and command != old:
                self.reused.add(old.client_id)
                self.history.note(self.name, "reuses", old.client_id)
                self._transmit(command)

    def type_somewhere(self, chance: random.Random) -> None:
        """Send ephemeral signals to a room that it follows."""
        if rooms := [stream for stream in self.followed if stream.startswith("room:")]:
            signal = SendTyping(stream=chance.choice(rooms))
            for _ in range(chance.randint(1, 4)):
                self._transmit(signal)

    def follow(self, stream: str) -> None:
        """Subscribe, from where it stopped before if it did."""
        if stream in self.wanted and stream in self.followed:
            return
        self.wanted.setdefault(stream, None)
        if self.online:
            client_id = self.new_id()
            since = self.wanted[stream]
            self._subscribing[client_id] = (stream, since)
            self.history.note(self.name, "subscribes", stream, since)
            self._transmit(Subscribe(client_id=client_id, stream=stream, since=since))

    def unfollow(self, stream: str) -> None:
        """Unsubscribe; it may follow again later from the same position."""
        if stream in self.followed and self.online:
            client_id = self.new_id()
            self._subscribing[client_id] = (stream, None)
            self._transmit(Unsubscribe(client_id=client_id, stream=stream))

    def watch_heads(self, rooms: Sequence[str]) -> None:
        """Watch how much is new in these rooms, instead of those before; on later connections too."""
        self._heads_of = tuple(rooms)
        self.heads.clear()
        if self.online and rooms:
            client_id = self.new_id()
            self._watching.add(client_id)
            self._transmit(WatchHeads(client_id=client_id, rooms=self._heads_of))

    def sign_in_anew(self) -> None:
        """Have the open connection speak for another login."""
        if self.online:
            client_id, login = self.new_id(), self._new_login()
            self._signing_in[client_id] = login
            self.history.note(self.name, "shows", login[-4:])
            self._transmit(RefreshToken(client_id=client_id, token=f"{self.user} {login}"))

    def _new_login(self) -> str:
        self._logins += 1
        return f"{self._index:016x}{self._logins:016x}"

    def stall(self, stalled: bool) -> None:
        """Stop or go on reading."""
        if self._wire is not None:
            self.history.note(self.name, "stalls" if stalled else "reads again")
            self._wire.stall(stalled)
            self._reads_since = trio.current_time()

    def drop(self) -> None:
        """Lose the connection."""
        if self._wire is not None:
            self.history.note(self.name, "drops")
            self._wire.stall(False)
            self._wire.cut()

    def _transmit(self, frame: Struct) -> None:
        if self._wire is not None and self.online:
            self._wire.send(self._codec.encode(frame))

    def unsettled(self) -> list[str]:
        """What it still waits for."""
        if self.gone:
            return []
        found = [f"{self.name} waits for {pending}" for pending in self.pending.values()]
        if not self.online:
            found.append(f"{self.name} is offline")
        for stream, followed in self.followed.items():
            head = len(self.history.database.story.get(stream, []))
            if followed.open and followed.seq < head:
                found.append(f"{self.name} stands at {followed.seq} of {head} in {stream}")
        return found

    # --- its life ---

    async def run(self) -> None:
        """Connect, read, and come back, for ever."""
        self.login = self._new_login()
        while not self.gone:
            wire = SimWire(f"{self.name} {self._random.random()}")
            node = self._choose()
            if node is not None and node.connect(wire, self._lane):
                self._wire, self._node = wire, node
                self._connections += 1
                await self._converse(wire, node.name)
            self._wire, self.online = None, False
            self.followed.clear()
            self._subscribing.clear()
            self._signing_in.clear()
            self.heads.clear()
            for pending in self.pending.values():
                pending.unsure = pending.unsure or pending.inflight
                pending.inflight = False
            await trio.sleep(self._random.uniform(0.05, 1.0))

    def _choose(self) -> SimNode | None:
        """A node that takes connections; a frozen one does, too."""
        up = [node for node in self._nodes() if node.up]
        if self._prefers is not None and self._random.random() < 0.7:
            return up[self._prefers % len(up)] if up else None
        return self._random.choice(up) if up else None

    async def _converse(self, wire: SimWire, node: str) -> None:
        positions = tuple(p for p in self.wanted.values() if p is not None)
        self.history.note(self.name, f"connects to {node} with", [(p.stream[-2:], p.seq) for p in positions])
        wire.send(self._codec.encode(Hello(token=f"{self.user} {self.login}", positions=positions)))
        try:
            while True:
                self._take(await self._next(wire))
        except Closed as closed:
            self.history.note(self.name, "is closed with", closed.code)
            if closed.code == CloseCode.REVOKED:
                self._revoked()
            elif closed.code not in FAULTLESS:
                raise self.history.fail(7, f"{self.name} was closed with {closed.code}") from None
            self.closed_slow += closed.code == CloseCode.SLOW_READER

    def _revoked(self) -> None:
        """Its login ended: it signs in again, if it can."""
        ended = self.history.database.ended
        self.history.logouts += 1
        if self.user in ended:
            self.gone = True
            for client_id in self.pending:
                self.history.given_up(self.user, client_id)
            self.pending.clear()
        elif ended.isdisjoint({self.login, *self._signing_in.values()}):
            raise self.history.fail(6, f"{self.name} was revoked, though {self.login} is live")
        self.login = self._new_login()

    async def _next(self, wire: SimWire) -> bytes:
        """The next message; a server that owes an answer and says nothing for long is left."""
        while True:
            with trio.move_on_after(self._patience_s):
                return await wire.receive()
            if (
                not wire.stalled
                and not self.patient
                and (not self.online or any(p.inflight for p in self.pending.values()))
            ):
                self.history.note(self.name, "loses patience")
                wire.cut()

    def _take(self, data: bytes) -> None:
        frame = self._codec.decode_server(data)
        if not isinstance(frame, Event):
            self.history.note(self.name, "gets", self._readable(frame))
        match frame:
            case Welcome():
                self._welcome()
            case Accepted():
                self._accepted(frame)
            case Unknown():
                self._unknown(frame)
            case Refused():
                self._refused(frame)
            case Subscribed():
                self._subscribed(frame)
            case Unsubscribed():
                self._ended(frame.stream)
            case Heads():
                self.heads.update({head.room: head for head in frame.rooms if head.room in self._heads_of})
                for room in frame.gone:
                    self.heads.pop(room, None)
            case Event():
                self._event(frame)
            case Signalled():
                self.history.signals += 1
                followed = self.followed.get(frame.stream)
                self._check_not_blocked(frame)
                if frame.stream != inbox_of(self.user) and (followed is None or not followed.open):
                    raise self.history.fail(6, f"{self.name} gets a signal of {frame.stream}")
            case _:
                pass

    def _check_not_blocked(self, frame: Signalled) -> None:
        """Nodes take for true for KNOWN_S what they read of blocks. What stood still meanwhile says what was true."""
        blocked_at = self.history.database.blocked_at.get((self.user, frame.author))
        if blocked_at is None or self._node is None:
            return
        heard_s = trio.current_time() - max(blocked_at, self._reads_since, self._node.clock.thawed_at)
        if heard_s > KNOWN_S + FLUSHED_S:
            raise self.history.fail(
                6,
                f"{self.name} blocked {frame.author} and hears {frame.type} {heard_s:.1f} s later",
                "revoked",
            )

    def _welcome(self) -> None:
        self.online = True
        self.watch_heads(self._heads_of)
        for stream, position in self.wanted.items():
            if position is None:
                self.follow(stream)
        self.resend()

    def resend(self) -> None:
        """Send again whatever waits for an answer and isn't on its way."""
        for pending in self.pending.values():
            self._send_copy(pending)

    def _send_copy(self, pending: Pending) -> None:
        if self.online and not pending.inflight:
            self.history.copy(self.user, pending.command, self._connections)
            pending.inflight = True
            self._transmit(replace(pending.command, resend=pending.unsure))

    def _accepted(self, reply: Accepted) -> None:
        if reply.client_id in self._watching:
            self.heads.clear()  # what came since it was asked for was of the rooms before
            return
        if reply.client_id in self._subscribing:
            stream, _ = self._subscribing.pop(reply.client_id)
            self._ended(stream)
            return
        if reply.client_id in self._signing_in:
            self.login = self._signing_in.pop(reply.client_id)
            return
        if reply.client_id in self.reused:
            self._maybe_reused(reply)
            return
        self.history.accepted(self.user, reply)
        pending = self.pending.pop(reply.client_id, None)
        if pending is not None:
            self.accepted.append((pending.command, reply))
            if not hasattr(pending.command, "stream") and reply.stream:
                self.created.append(reply.stream)

    def _maybe_reused(self, reply: Accepted | Refused) -> None:
        """An answer to the reusing command, or to a true repeat of the first one."""
        if isinstance(reply, Accepted):
            self.history.accepted(self.user, reply)
        elif not reply.retry:
            self.history.reused(self.user, reply)

    def _unknown(self, reply: Unknown) -> None:
        self.history.unknowns += 1
        pending = self.pending.get(reply.client_id)
        if pending is not None:
            pending.unsure, pending.inflight = True, False

    def _refused(self, reply: Refused) -> None:
        self.history.sentence(self.user, reply)
        if reply.client_id in self._subscribing:
            stream, _ = self._subscribing.pop(reply.client_id)
            self.wanted.pop(stream, None)
        elif reply.client_id is None and reply.stream is not None:
            self.wanted.pop(reply.stream, None)
        elif reply.client_id in self._signing_in:
            login = self._signing_in.pop(reply.client_id)
            live = self.history.database.ended.isdisjoint({login, self.user})
            if reply.code is Code.UNAUTHENTICATED and live:
                raise self.history.fail(7, f"{self.name} can't show {login}: {reply}")
        elif reply.client_id in self.reused:
            self._maybe_reused(reply)
        elif reply.client_id in self.pending:
            pending = self.pending[reply.client_id]
            self.history.refused(self.user, reply)
            if not reply.retry:
                del self.pending[reply.client_id]
            else:
                pending.unsure, pending.inflight = False, False

    def _subscribed(self, reply: Subscribed) -> None:
        if reply.client_id is None:
            since = self.wanted.get(reply.stream)
        else:
            _, since = self._subscribing.pop(reply.client_id, (reply.stream, None))
        shown: Any = None if reply.snapshot is None else self.plain(reply.snapshot)
        self.followed[reply.stream] = self.history.subscribed(self.user, since, reply, shown)
        self._moved(reply.stream)

    def _event(self, event: Event) -> None:
        stream = event.header.stream
        payload = None if event.payload is None else self.plain(event.payload)
        self.history.note(self.name, "gets", stream[-2:], event.header.seq, event.header.type)
        self.history.event(self.user, self.followed.get(stream), event, payload)
        self._moved(stream)

    def _moved(self, stream: str) -> None:
        followed = self.followed[stream]
        if stream in self.wanted:
            self.wanted[stream] = Position(stream=stream, incarnation=followed.incarnation, seq=followed.seq)

    def _ended(self, stream: str) -> None:
        """Nothing more may come of this stream until it is subscribed again."""
        self.followed.pop(stream, None)
        if self._random.random() < 0.5:
            self.wanted.pop(stream, None)

    def _readable(self, frame: Struct) -> str:
        fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
        shown = {n: self.plain(v) if isinstance(v, msgspec.Raw) else v for n, v in fields.items()}
        return f"{type(frame).__name__} { ({n: v for n, v in shown.items() if v not in (None, '', ())}) }"

    def plain(self, raw: msgspec.Raw) -> Any:
        """A value inside a frame, as plain values."""
        decode = cast(Any, msgspec.msgpack.decode if self._codec.binary else msgspec.json.decode)
        return None if (value := decode(raw)) is None else value
