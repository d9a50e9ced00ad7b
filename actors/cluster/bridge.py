"""The bridge: messages from one node to the others, over a bus that may lose any of them.

The bridge decides nothing: the directory says who owns what, and the log what happened. Missing frame numbers, or
silence, show what the bus lost; it is then sent again or read from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
import trio
from msgspec import Raw
from typing_extensions import override

from actors.cluster.calls import Answered, Call, Calls, CommandCall, ViewCall
from actors.cluster.counters import BridgeCounters
from actors.cluster.limits import BEAT_S, HEADS_RETRY_S
from actors.cluster.link import Link
from actors.cluster.links import Links
from actors.cluster.ownership import Change, Ownership, There
from actors.cluster.receiving import Receiving
from actors.cluster.registrations import Registrations
from actors.cluster.serving import OwnedStreams, Serving
from actors.cluster.showing import Showing
from actors.kind import Kind
from actors.ports.bus import Bus, BusUnavailableError
from actors.ports.log import Fence, Log, LogRow
from actors.ports.time import Clock, Randomness
from actors.presence import Presence
from actors.presence.presence import Carrier
from actors.refusals import refused
from actors.relay import Relay
from actors.runtime.envelope import RETRY_AFTER_S, Envelope
from actors.runtime.peers import Peers
from actors.runtime.publisher import Publisher
from protocol.codes import Code
from protocol.frames import Signal, Signalled
from protocol.limits import COMMAND_TIMEOUT_S
from protocol.nodes import NodeFrame, Part, PassSignal, Roster, SendSignal, inbox, link_key, seal

TICK_S: Final = HEADS_RETRY_S
"""Beats, expired calls and declined registrations are looked after so often."""
_encode: Final = msgspec.msgpack.Encoder().encode


class Bridge(Peers, Carrier, Publisher):
    """This node's Peers, the Carrier of its presence and, for what subscribers elsewhere get, its Publisher.

    ``run`` makes it work.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        log: Log,
        ownership: Ownership,
        relay: Relay,
        presence: Presence,
        kinds: Mapping[str, Kind[Any]],
        clock: Clock,
        randomness: Randomness,
        cluster: str,
        secret: bytes,
    ) -> None:
        self.counters: Final = BridgeCounters()
        self.troubled = False
        """Whether this node can't serve what it owns: told to the others with each frame."""
        self._bus, self._ownership, self._clock, self._randomness = bus, ownership, clock, randomness
        self._cluster, self._key = cluster, link_key(secret, cluster)
        self._streams: OwnedStreams | None = None
        self._links = Links(ownership, clock, self.counters)
        self._calls = Calls()
        self._registrations = Registrations(
            ownership, self._links, log, clock, self.counters, stands=relay.stands
        )
        self._showing = Showing(kinds, self._links, clock, self.counters)
        self._receiving = Receiving(
            ownership=ownership,
            links=self._links,
            registrations=self._registrations,
            calls=self._calls,
            serving=Serving(kinds, self._links, self.counters),
            showing=self._showing,
            relay=relay,
            presence=presence,
            clock=clock,
            counters=self.counters,
            key=self._key,
        )
        presence.carrier = self
        ownership.on_change(self._changed)
        relay.on_interest(self._registrations.interest)
        for stream in relay.streams:
            self._registrations.interest(stream, True)

    # --- what it tells of itself ---

    @property
    def hears(self) -> tuple[int, ...]:
        """The ids of the members whose frames came lately."""
        return self._links.hears

    @property
    def serving(self) -> tuple[int, ...]:
        """The ids of those of them that can serve what they own."""
        return self._links.serving

    @property
    def silent(self) -> tuple[int, ...]:
        """The ids of the members that should be heard and aren't."""
        return self._links.silent

    @property
    def connected(self) -> bool:
        """Whether the bus carries, as far as is known."""
        return self._links.connected

    @property
    def queued(self) -> int:
        """Messages that wait to be sent."""
        return self._links.queued

    @property
    def calls(self) -> int:
        """Commands and questions that wait for other nodes."""
        return len(self._calls)

    # --- Peers ---

    @override
    def forward(self, to: There, stream: str, envelope: Envelope) -> None:
        if envelope.settled:
            return
        link = self._links.reachable(to.member.run)
        if link is None or self._streams is None:
            envelope.give_up(stream)
        elif self._overloaded(link):
            envelope.give_up(stream, Code.OVERLOADED)
        else:
            self._send_call(link, CommandCall(to, stream, envelope))

    @override
    def ask_view(self, to: There, stream: str, user: str, answer: Callable[[Answered], None]) -> None:
        link = self._links.reachable(to.member.run)
        if link is None or self._streams is None:
            answer(refused(Code.UNAVAILABLE, stream=stream, retry_after_s=RETRY_AFTER_S))
        elif self._overloaded(link):
            answer(refused(Code.OVERLOADED, stream=stream, retry_after_s=RETRY_AFTER_S))
        else:
            expires_at = self._clock.monotonic() + COMMAND_TIMEOUT_S
            self._send_call(link, ViewCall(to, stream, user, answer, expires_at))

    @override
    def signal(self, to: There, signal: Signal, by: str) -> None:
        message = SendSignal(signal.stream, to.epoch, by, Raw(_encode(signal)))
        self._links.send_droppable(to.member.run, message)

    def _overloaded(self, link: Link) -> bool:
        return self._calls.full or link.outgoing.full

    def _send_call(self, link: Link, call: Call) -> None:
        link.outgoing.add(call.message(self._calls.add(call)))
        self._links.stir()

    # --- Publisher ---

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        for run in self._registrations.listeners.of(stream):
            self._links.send_events(run, stream, rows)

    @override
    def traced(self, stream: str, seq: int, parent: str) -> None:
        for run in self._registrations.listeners.of(stream):
            self._links.send_trace(run, stream, seq, parent)

    @override
    def signalled(self, frame: Signalled) -> None:
        runs, epoch = self._registrations.listeners.of(frame.stream), self._ownership.epoch(frame.stream)
        if runs and epoch is not None:
            message = PassSignal(frame.stream, epoch, Raw(_encode(frame)))
            for run in runs:
                self._links.send_droppable(run, message)

    @override
    def stands(self, stream: str, head: int) -> None:
        for run in self._registrations.listeners.of(stream):
            self._links.send_heads(run, {stream: head})

    # --- what presence is carried by ---

    @override
    def listeners(self, stream: str) -> Sequence[Fence]:
        return self._registrations.listeners.of(stream)

    @override
    def listened(self, shards: Collection[int]) -> Sequence[str]:
        return self._registrations.listeners.within(shards)

    @override
    def carry(self, run: Fence, message: Part | Roster) -> bool:
        return self._links.send(run, message)

    # --- running ---

    async def run(
        self, streams: OwnedStreams, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Listen and speak until cancelled. Started before the bus is connected: it may be away."""
        self._streams = streams
        self._receiving.streams = streams
        self._links.renew()
        channel = inbox(self._cluster, self._ownership.me.node)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._bus.listen, channel, self._receiving.heard, self._connected)
                nursery.start_soon(self._speak)
                nursery.start_soon(self._tick)
                nursery.start_soon(self._registrations.heads.run)
                task_status.started()
        finally:
            self._links.listening = False

    def _connected(self, connected: bool) -> None:
        """Whatever was on its way while the channel was cut off may be lost, both ways."""
        self._links.listening = connected
        if connected:
            now = self._clock.monotonic()
            for link in self._links:
                link.outgoing.miss()
                link.recover(now)
            self._links.stir()

    async def _speak(self) -> None:
        """Send what waits: at once when idle; what comes while frames are on their way goes together."""
        while True:
            await self._links.wait()
            while frames := self._cut():
                try:
                    heard = await self._bus.publish(frames)
                except BusUnavailableError:
                    # The numbers are used up: what was in the frames is a hole for the peers, which will say so.
                    self._links.publishing = False
                    self.counters.failed_publishes += 1
                else:
                    self._links.publishing = True
                    self.counters.frames_out += len(frames)
                    self.counters.bytes_out += sum(len(data) for _, data in frames)
                    self.counters.unheard_frames += sum(listeners == 0 for listeners in heard)

    def _cut(self) -> list[tuple[str, bytes]]:
        frames: list[tuple[str, bytes]] = []
        me, version, now = self._ownership.me, self._ownership.view.version, self._clock.monotonic()
        protocol = self._ownership.protocol
        for link in self._links:
            if (since := link.take_recovery(now)) is not None:
                self._receiving.recover(link, since)
            self._repeat_calls(link)
            if self._streams is not None:
                self._showing.answer_asked(self._streams, link)
            if not link.outgoing.waiting:
                continue
            number, messages = link.outgoing.cut()
            link.sent_at = now
            frame = NodeFrame(
                sender=(me.node, me.number),
                receiver=(link.run.node, link.run.number),
                number=number,
                version=version,
                messages=messages,
                troubled=self.troubled,
                repeats=True,
            )
            frames.append((inbox(self._cluster, link.run.node), seal(frame, self._key, protocol)))
        return frames

    def _repeat_calls(self, link: Link) -> None:
        """Send again what this peer or its answer may have missed, as far as there is room."""
        while link.repeated and not link.outgoing.full:
            copy = self._calls.repeat(link.run, link.repeated.popleft())
            if copy is not None:
                self.counters.resent_calls += 1
                link.outgoing.add(copy)

    async def _tick(self) -> None:
        # Nodes that were started together don't all speak at the same moments.
        next_tick = self._clock.monotonic() + self._randomness.uniform(0, TICK_S)
        next_read = next_tick
        while True:
            await self._clock.sleep_until(next_tick)
            now = self._clock.monotonic()
            next_tick = now + TICK_S
            for link in self._links:
                if now - link.sent_at > BEAT_S - TICK_S / 2:
                    link.outgoing.beat()
            self._links.stir()
            self._calls.expire(now)
            self._registrations.ask_declined()
            if now >= next_read:
                next_read = now + BEAT_S
                # Who doesn't hear this node knows nothing of its registrations, however well it is heard itself.
                self._registrations.read_silent({*self._links.silent, *self._links.deaf})

    # --- changes of ownership ---

    def _stays(self, call: Call) -> bool:
        """Whether the call is where the present view would send it."""
        shard = self._ownership.view.shard(call.stream)
        there = shard.owner == call.to.member.id and shard.epoch == call.to.epoch
        return there and self._ownership.peer(call.to.member.run) is not None

    def _changed(self, change: Change) -> None:
        self._links.renew()
        self._registrations.changed(change)
        if change.moved or change.left:
            moved = self._calls.take_moved(self._stays)
            if self._streams is not None:
                for call in moved:
                    call.moved(self._streams.route)
        if change.taken or change.lost:
            # Each frame tells the version of the view: others have commands waiting for these shards.
            for link in self._links:
                link.outgoing.beat()
        self._links.stir()
