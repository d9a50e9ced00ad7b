"""Many people who come to one room at once, are seen there, and go at once or lose their node; each looks who is there.

They are lighter than clients: each has one session at a time, and keeps nothing of it but who is said to be there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import trio

from protocol.codec import FULL, Codec, Subprotocol
from protocol.frames import (
    Hello,
    Refused,
    ServerFrame,
    Signalled,
    Status,
    Subscribe,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from protocol.ids import derive_client_id
from protocol.presence import PRESENCE, SetStatus
from tests.counter_kind import CounterKind, Open, Watch
from tests.sim.cluster import Cluster
from tests.sim.errands import Errands
from tests.sim.history import History
from tests.sim.node import SimNode
from tests.sim.presence import truly_there
from tests.sim.wire import Closed, SimWire

VISITED: Final = 0.1
"""The part of histories with visitors."""
SIZE: Final = 14
"""More than are named (see ``schedule``)."""
BY: Final = f"user:{0xD0:032x}"
PATIENCE_S: Final = 3.0
"""Of a visitor whom nobody answers, in trouble."""
NAMED_MAX: Final = 10
"""Nobody is told the names of more, by the limits of ``schedule``."""
ANSWERED_S: Final = 8.0
"""In peace everybody who comes gets in by then; a question that was forgotten is given up after COMMAND_TIMEOUT_S."""
LOOKS_MAX: Final = 4
LOOK_S: Final = 3.0
"""Whoever is the first of a node to look knows who is there after this time."""
STATUSES: Final[tuple[Status, ...]] = ("online", "away", "busy", "invisible")
_CODEC: Final = Codec(Subprotocol.MSGPACK, FULL)
_LANE: Final = 0


class Visitor:
    """One of them: it is there, on any node, from ``come`` to ``go``."""

    def __init__(self, user: str, stream: str, cluster: Cluster, history: History, seed: str) -> None:
        self.user = user
        self.status: Status = "online"
        self.said: set[str] | None = None
        """Who is said to be there, as far as they are named; None while it isn't there itself."""
        self.count = 0
        """How many are said to be there."""
        self.node: str | None = None
        """The only one it goes to; None for any."""
        self._stream = stream
        self._cluster = cluster
        self._fail = history.fail
        self._random = random.Random(seed)
        self._wire: SimWire | None = None
        self._coming = trio.Event()

    def come(self) -> None:
        """Be there from now on, and again whenever the connection is lost."""
        self._coming.set()

    def go(self) -> None:
        """Close the connection, and stay away."""
        if self._coming.is_set():  # else it waits for this one
            self._coming = trio.Event()
        if self._wire is not None:
            self._wire.cut()

    def be_seen(self, status: Status) -> None:
        """Set the status, of this session and of later ones."""
        self.status = status
        if self.said is not None:
            self._send(SetStatus(status=status))

    async def run(self) -> None:
        """Come and go until cancelled."""
        while True:
            await self._coming.wait()
            wire = SimWire(f"{self.user} {self._random.random()}")
            up = [node for node in self._cluster.nodes.values() if node.up and self.node in (None, node.name)]
            if up and self._random.choice(up).connect(wire, _LANE):
                self._wire = wire
                await self._visit(wire)
                self._wire = self.said = None
            await trio.sleep(self._random.uniform(0.05, 0.5))

    async def _visit(self, wire: SimWire) -> None:
        self._send(Hello(token=f"{self.user} {self.user[-32:]}", status=self.status))
        try:
            while True:
                frame: ServerFrame | None = None
                with trio.move_on_after(PATIENCE_S):
                    frame = _CODEC.decode_server(await wire.receive())
                if frame is not None:
                    await self._take(frame)
                elif self.said is None and not self._cluster.healed:
                    wire.cut()
        except Closed:
            return

    async def _take(self, frame: ServerFrame) -> None:
        match frame:
            case Welcome():
                self._subscribe()
            case Subscribed():
                self.said, self.count = set(frame.present), frame.present_count
                self._check_bounds()
            case Refused(retry=True) | Unsubscribed():
                self.said = None
                await trio.sleep(self._random.uniform(0.1, 0.5))
                self._subscribe()
            case Refused(code=code):
                raise self._fail(7, f"{self.user} is refused {code} at the door of {self._stream}")
            case Signalled(type=type_) if type_ == PRESENCE and self.said is not None:
                self._change(self.said, frame.data)
                self._check_bounds()
            case _:
                pass

    def _change(self, said: set[str], told: Mapping[str, Any]) -> None:
        self.count = told["count"]
        for status in ("online", "away", "busy"):
            said.update(told.get(status, ()))
        said.difference_update(told.get("offline", ()))
        if self.count > NAMED_MAX:
            said.clear()

    def _check_bounds(self) -> None:
        assert self.said is not None
        if len(self.said) > NAMED_MAX:
            raise self._fail(5, f"{self.user} is told of {len(self.said)} who are there")

    def _subscribe(self) -> None:
        self._send(Subscribe(client_id=derive_client_id(self.user, "door"), stream=self._stream))

    def _send(self, frame: Hello | Subscribe | SetStatus) -> None:
        if self._wire is not None:
            self._wire.send(_CODEC.encode(frame))


class Visitors:
    """The visitors of one history."""

    def __init__(self, cluster: Cluster, seed: int, history: History, nursery: trio.Nursery) -> None:
        self._chance = random.Random(f"visitors {seed}")
        self._cluster = cluster
        self._note = history.note
        self._fail = history.fail
        self._poisoned = history.poisoned
        self._nursery = nursery
        self._seed = seed
        self._errands = Errands("visitors", cluster, seed, history, nursery)
        self._open = False
        """Everybody may come in."""
        self.there = self._chance.random() < VISITED
        self._opening = Open(client_id=derive_client_id("visitors", "room"))
        self.stream = CounterKind().stream_of(self._opening, by=BY)
        users = [BY, *(f"user:{0xD1 + n:032x}" for n in range(SIZE))]
        make = (Visitor(user, self.stream, cluster, history, f"{user} {seed}") for user in users)
        self._host, *self._all = make

    async def run(self) -> None:
        """Come, be seen and go in crowds, until cancelled."""
        if not self.there:
            return
        await self._errands.run([(BY, self.stream, self._opening)])
        await self._let_in("door", self._all)
        # Two owners may have died with one of these in hand: then it is refused for good, and asked for anew.
        await self._let_in("again", [v for v in self._all if self._poisoned(self.stream, v.user)])
        self._open = True
        for visitor in (self._host, *self._all):
            self._nursery.start_soon(visitor.run)
        while True:
            self._note("VISITORS", "come")
            for visitor in self._all:
                visitor.come()
            await trio.sleep(self._chance.uniform(0.5, 2.5))
            for visitor in self._chance.sample(self._all, 4):
                visitor.be_seen(self._chance.choice(STATUSES))
            await trio.sleep(self._chance.uniform(0.0, 1.5))
            if self._chance.random() < 0.5:
                self._lose_a_node()
                await trio.sleep(self._chance.uniform(0.0, 1.5))
            leaving = self._chance.sample(self._all, self._chance.randint(SIZE // 2, SIZE))
            self._note("VISITORS", len(leaving), "go")
            for visitor in leaving:
                visitor.go()
            await trio.sleep(self._chance.uniform(0.0, 1.5))

    async def _let_in(self, name: str, visitors: Sequence[Visitor]) -> None:
        watch = Watch(client_id=derive_client_id("visitors", name), stream=self.stream)
        await self._errands.run([(visitor.user, self.stream, watch) for visitor in visitors])

    def _lose_a_node(self) -> None:
        node = self._chance.choice(list(self._cluster.nodes.values()))
        self._note("VISITORS", node.name, "is killed")
        node.crash()

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return self._errands.unsettled()

    async def look_in_peace(self) -> None:
        """All come at once and get in; then some go, and whoever looks now is told who is there. Raises Violation."""
        if not self._open:
            return
        for visitor in self._all:
            visitor.go()
        await trio.sleep(1.0)
        for visitor in self._all:
            visitor.come()
        await trio.sleep(ANSWERED_S)
        if late := [visitor.user for visitor in self._all if visitor.said is None]:
            raise self._fail(1, f"in peace {late} aren't let into {self.stream}", "lost")
        for visitor in self._all[::2]:
            visitor.go()
        for name, node in self._cluster.nodes.items():
            await self._look(name, node)

    async def _look(self, name: str, node: SimNode) -> None:
        """Unseen, and again if what was told isn't true yet."""
        self._host.node, self._host.status = name, "invisible"
        for _ in range(LOOKS_MAX):
            self._host.come()
            await trio.sleep(LOOK_S)
            true = truly_there(self._cluster.nodes.values(), self.stream)
            told, count = self._host.said, self._host.count
            self._host.go()
            await trio.sleep(1.0)
            if told == set(true.users) and count == true.count:
                return
        raise self._fail(2, f"{name} tells that {count} are there, {told}, not {true}")
