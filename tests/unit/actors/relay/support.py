"""A subscriber without a session."""

from __future__ import annotations

from actors.relay import Subscription
from actors.session.connection_writer import Lane
from protocol.codec import Codec
from protocol.codes import Code
from protocol.frames import Event, Signalled
from tests.unit.actors.session.support import PACKED, MemoryWire, World, frames


class Listener:
    """One client that subscribes; ``seqs`` is what it got."""

    def __init__(self, world: World, user: str, wire: MemoryWire | None = None, lane: Lane = PACKED) -> None:
        self.world = world
        self._user = user
        self.wire = wire or MemoryWire()
        self._writer = world.open(self.wire, lane)
        self.writer.on_closing = self.leave
        self.ends: list[Code] = []
        self.subscription: Subscription | None = None

    @property
    def user(self) -> str:
        return self._user

    @property
    def writer(self):
        return self._writer

    def unsubscribed(self, stream: str, code: Code) -> None:
        self.ends.append(code)

    async def join(self, stream: str, after: int | None = None) -> None:
        """Subscribe from a seq; None: from the head, as after a snapshot."""
        self.subscription = self.world.relay.register(stream, self)
        (access,) = await self.world.log.read_access([(stream, self.user)])
        await self.world.relay.attach(
            self.subscription,
            after=access.head if after is None else after,
            head=access.head,
            opening=b"",
        )

    def leave(self) -> None:
        if self.subscription is not None:
            self.world.relay.detach(self.subscription)

    def events(self, codec: Codec = PACKED.codec) -> list[Event]:
        return [frame for frame in frames(self.wire, codec) if isinstance(frame, Event)]

    @property
    def seqs(self) -> list[int]:
        return [event.header.seq for event in self.events(self.writer.lane.codec)]

    @property
    def signals(self) -> list[Signalled]:
        return [f for f in frames(self.wire, self.writer.lane.codec) if isinstance(f, Signalled)]
