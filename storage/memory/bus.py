"""The Bus port in memory: a network that all nodes of a simulation share, as they would share a Redis."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import trio
from msgspec import Struct
from typing_extensions import override

from actors.ports.bus import Bus, BusUnavailableError
from actors.ports.time import Clock

ARRIVED_FRAMES_MAX: Final = 50_000
"""What lies at a node that doesn't take it (it is frozen): beyond, the node is cut off, as a server does."""


class Fate(Struct, frozen=True):
    """What becomes of one frame on its way to one listener."""

    delays_s: tuple[float, ...] = (0.0,)
    """When each copy arrives: none for a frame that is lost, two for one that is repeated."""
    overtakes: bool = False
    """Whether it may arrive before frames that the same sender published earlier."""


class BusFaults:
    """No faults. A simulation overrides what it wants to go wrong."""

    def fate(self, sender: str, channel: str) -> Fate:
        """Asked once for each frame and listener, in the order of publishing."""
        return Fate()

    def takes_s(self, sender: str) -> float:
        """How long it takes to give frames to the server."""
        return 0.0

    def answers(self, sender: str) -> bool:
        """Whether a publish that was carried is answered; if not, it raises BusUnavailableError all the same."""
        return True


class _Listener:
    """One subscription, as the node's end of its connection has it."""

    def __init__(self, node: str, channel: str) -> None:
        self.node = node
        self.channel = channel
        self.subscribed = False
        self.connection = 0
        """Counts its connections: what is under way on an earlier one is lost."""
        self.arrived: deque[bytes | bool] = deque()
        """Frames, and between them True for subscribed and False for cut off."""
        self.something = trio.Event()

    def turn(self, subscribed: bool) -> None:
        """Subscribe it again, or cut it off."""
        self.subscribed = subscribed
        self.connection += subscribed
        self._arrive(subscribed)

    def take(self, frame: bytes, connection: int) -> None:
        """A frame gets there, if the connection it was sent on still stands."""
        if not self.subscribed or connection != self.connection:
            return
        if len(self.arrived) >= ARRIVED_FRAMES_MAX:
            self.arrived.clear()
            self.turn(False)
            self.turn(True)
        else:
            self._arrive(frame)

    def _arrive(self, item: bytes | bool) -> None:
        self.arrived.append(item)
        self.something.set()


class _Lane:
    """What is under way from one sender to one listener in order: due times never fall."""

    def __init__(self, clock: Clock, listener: _Listener) -> None:
        self._clock = clock
        self._listener = listener
        self._frames: deque[tuple[float, int, bytes]] = deque()

    def add(self, due: float, frame: bytes) -> bool:
        """Put a frame behind the others; whether nobody drains the lane yet."""
        idle = not self._frames
        due = due if idle else max(due, self._frames[-1][0])
        self._frames.append((due, self._listener.connection, frame))
        return idle

    async def drain(self) -> None:
        """Deliver until nothing is under way."""
        while self._frames:
            await self._clock.sleep_until(self._frames[0][0])
            now = self._clock.monotonic()
            while self._frames and self._frames[0][0] <= now:
                _, connection, frame = self._frames.popleft()
                self._listener.take(frame, connection)


class MemoryNetwork:
    """The server and the cables. Frames under way belong to it, so they outlive who sent them.

    ``run`` must be running for anything to arrive. All order comes from the faults and Trio's schedule.
    """

    def __init__(self, clock: Clock, faults: BusFaults | None = None) -> None:
        self.faults = faults or BusFaults()
        self._clock = clock
        self._up = True
        self._isolated: set[str] = set()
        self._cuts: set[tuple[str, str]] = set()
        self._listeners: list[_Listener] = []
        self._lanes: dict[tuple[str, _Listener], _Lane] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry frames until cancelled."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.Event().wait()

    # --- what goes wrong ---------------------------------------------------------------------------------------

    def cut(self, sender: str, channel: str) -> None:
        """Lose every frame from this node to this channel from now on, unnoticed by both."""
        self._cuts.add((sender, channel))

    def mend(self, sender: str, channel: str) -> None:
        """End a cut."""
        self._cuts.discard((sender, channel))

    def isolate(self, node: str) -> None:
        """Take one node's connections to the server away, and what is under way to it."""
        self._isolated.add(node)
        self._settle()

    def rejoin(self, node: str) -> None:
        """Let the node connect again."""
        self._isolated.discard(node)
        self._settle()

    def down(self) -> None:
        """Stop the server: everything under way is lost, publishing fails, listeners are cut off."""
        self._up = False
        self._settle()

    def up(self) -> None:
        """Start the server: listeners are subscribed again."""
        self._up = True
        self._settle()

    def restart(self) -> None:
        """Down and up, faster than anybody publishes: listeners hear of it, and what was under way is lost."""
        self.down()
        self.up()

    # --- what the buses of the nodes use -----------------------------------------------------------------------

    def reaches(self, node: str) -> bool:
        """Whether this node has a connection to the server."""
        return self._up and node not in self._isolated

    def attach(self, node: str, channel: str) -> _Listener:
        """Subscribe a node."""
        listener = _Listener(node, channel)
        self._listeners.append(listener)
        self._settle()
        return listener

    def detach(self, listener: _Listener) -> None:
        """End a subscription; what is under way to it is lost."""
        listener.subscribed = False
        self._listeners.remove(listener)
        self._lanes = {key: lane for key, lane in self._lanes.items() if key[1] is not listener}

    def carry(self, sender: str, channel: str, frame: bytes) -> int:
        """Send one frame to everybody who is subscribed now: how many these are."""
        subscribed = [one for one in self._listeners if one.channel == channel and one.subscribed]
        for listener in subscribed:
            fate = self.faults.fate(sender, channel)
            if (sender, channel) not in self._cuts:
                self._send(sender, listener, frame, fate)
        return len(subscribed)

    def _send(self, sender: str, listener: _Listener, frame: bytes, fate: Fate) -> None:
        """The first copy keeps its place behind earlier frames, unless it overtakes; repeats travel alone."""
        assert self._nursery is not None, "the network isn't running"
        now = self._clock.monotonic()
        for copy, delay_s in enumerate(fate.delays_s):
            if copy or fate.overtakes:
                self._nursery.start_soon(self._alone, listener, now + delay_s, frame, listener.connection)
                continue
            lane = self._lanes.setdefault((sender, listener), _Lane(self._clock, listener))
            if lane.add(now + delay_s, frame):
                self._nursery.start_soon(lane.drain)

    async def _alone(self, listener: _Listener, due: float, frame: bytes, connection: int) -> None:
        await self._clock.sleep_until(due)
        listener.take(frame, connection)

    def _settle(self) -> None:
        for listener in self._listeners:
            if self.reaches(listener.node) != listener.subscribed:
                listener.turn(not listener.subscribed)


class MemoryBus(Bus):
    """The Bus port of one node. Every call goes through the node's clock first, so that a frozen node parks."""

    def __init__(self, network: MemoryNetwork, name: str, clock: Clock) -> None:
        self._network = network
        self._name = name
        self._clock = clock

    @override
    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        await self._clock.sleep_until(self._clock.monotonic() + self._network.faults.takes_s(self._name))
        if not self._network.reaches(self._name):
            raise BusUnavailableError("the server can't be reached")
        counts = [self._network.carry(self._name, channel, frame) for channel, frame in frames]
        if not self._network.faults.answers(self._name):
            raise BusUnavailableError("the connection was lost before the answer")
        return counts

    @override
    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        listener = self._network.attach(self._name, channel)
        try:
            while True:
                await listener.something.wait()
                await self._clock.sleep_until(self._clock.monotonic())
                listener.something = trio.Event()
                while listener.arrived:
                    item = listener.arrived.popleft()
                    if isinstance(item, bool):
                        connected(item)
                    else:
                        heard(item)
        finally:
            self._network.detach(listener)
