"""The router: takes commands, signals and snapshot requests to the stream's owner, here or on another node."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import trio
from msgspec import structs

from actors.cluster.limits import HELD_MAX
from actors.cluster.ownership import Change, Here, Ownership, Settling, Suspended, There, Unserved
from actors.kind import Kind
from actors.ports.time import Clock
from actors.ports.trace import Step, Tracer
from actors.refusals import UNSERVED, refused
from actors.runtime import limits
from actors.runtime.cell import Cell
from actors.runtime.envelope import Envelope, tag_of
from actors.runtime.oneshot import Oneshot
from actors.runtime.peers import Peers, RemoteSnapshot
from actors.runtime.publisher import Publisher
from actors.runtime.snapshots import Snapshot, show, unavailable
from actors.runtime.supervisor import Supervisor
from actors.runtime.time_slice import TimeSlice
from protocol.codes import Code
from protocol.frames import Command, CreateCommand, Refused, Reply, Signal, Signalled, StreamCommand
from protocol.ids import kind_of
from protocol.limits import COMMAND_TIMEOUT_S


class Router:
    """The one way in for everything that goes to a stream. Nothing here blocks or raises because of what a client
    sent.

    The owner that the view names may send a command back. Then the router *holds* it, with all others for the stream,
    until the view changes or a sweep has passed, and tries again; so it never loops.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind[Any]],
        supervisor: Supervisor,
        ownership: Ownership,
        peers: Peers | None,
        publisher: Publisher,
        clock: Clock,
        tracer: Tracer | None = None,
    ) -> None:
        self._tracer = tracer
        self._kind_of_command = {c: k for k in kinds.values() for c in k.wire.all_commands}
        self._kinds = kinds
        self._supervisor = supervisor
        self._ownership = ownership
        self._peers = peers
        self._publisher = publisher
        self._clock = clock
        # By deadline, since all get the same time: the sweep looks at the front alone.
        self._waiting: deque[Envelope] = deque()
        self._held: deque[Envelope] = deque()
        self._again: deque[Envelope] = deque()
        """Those that are about to be routed again, before whatever else goes to their streams."""
        self._again_of: Counter[str] = Counter()
        """How many of these each stream has."""
        self._more = trio.Event()
        self._doubted: set[str] = set()
        """Streams whose owner, by this view, sent something back."""
        self._retry = trio.Event()
        """Set when what had no owner may have one: at each change of the view and each sweep."""
        self._stopped = False
        ownership.on_change(self._changed)

    # --- commands ---

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        """Take a command to its stream. ``reply`` is called once, at the latest after COMMAND_TIMEOUT_S."""
        stream = self._target(command, by)
        if stream is None:
            reply(refused(Code.NOT_FOUND, client_id=command.client_id))
            return
        envelope = Envelope(command, by, stream, reply, self._clock.monotonic() + COMMAND_TIMEOUT_S)
        if self._tracer is not None:
            envelope.trace = self._tracer.begin(tag_of(command), stream=stream, by=by)
        self._watch(envelope)
        self.route(envelope)

    async def ask(self, command: Command, *, by: str) -> Reply:
        """Send and await the reply."""
        answer: Oneshot[Reply] = Oneshot()
        self.send(command, by=by, reply=answer.set)
        return await answer.wait()

    def take(
        self,
        stream: str,
        command: Command,
        *,
        by: str,
        epoch: int,
        reply: Callable[[Reply], None],
        returned: Callable[[], None],
        parent: str | None = None,
    ) -> None:
        """A command that a peer brought for a stream which, by its view, this node owns at this epoch.

        Once either ``reply`` is called, or ``returned``: it isn't this node's, and nothing happened to it here.
        ``parent`` is set if the peer traces it.
        """
        known = self._ownership.view.shard(stream).epoch
        # Of two copies of a command that took different ways, the older one must not take effect after the newer
        # was refused. Ownership has moved on since this one was sent: it isn't served here.
        if epoch < known:
            returned()
            return
        expires_at = self._clock.monotonic() + COMMAND_TIMEOUT_S
        envelope = Envelope(command, by, stream, reply, expires_at, returned=returned, epoch=epoch)
        if parent is not None and self._tracer is not None:
            envelope.trace = self._tracer.follow(tag_of(command), parent, stream=stream, by=by)
        self._watch(envelope)
        # The peer has read a newer view than this node: wait for that one rather than judge by the old.
        if epoch > known:
            self._ownership.refresh()
            self._hold(envelope)
        else:
            self.route(envelope)

    def route(self, envelope: Envelope) -> None:
        """Take a command to whoever owns its stream now; also one that comes back from where it was taken."""
        if envelope.settled:
            return
        # Behind what is held already: overtaking it would change the order of one sender's commands.
        if envelope.stream in self._again_of:
            self._hold_among(self._again, envelope)
        else:
            self._route(envelope)

    def _route(self, envelope: Envelope) -> None:
        stream = envelope.stream
        if stream in self._doubted:
            self._hold(envelope)
            return
        match self._ownership.where(stream):
            case Here(epoch=epoch) if envelope.epoch is None or envelope.epoch == epoch:
                self._deliver(envelope, epoch)
            case Here(epoch=epoch) if envelope.epoch is not None and envelope.epoch > epoch:
                self._hold(envelope)  # the peer knows a newer view
            case Here():
                envelope.give_back()
            # A command that a peer brought isn't passed on to a third node: the peer, who holds the original, routes
            # it again by its own view. So a command can't circle among nodes that disagree.
            case There() if envelope.returned is not None:
                envelope.give_back()
            case There() as there:
                self._forward(there, envelope)
            case Settling():
                self._hold(envelope)
            case Unserved() if envelope.returned is not None:
                envelope.give_back()
            case Unserved():
                envelope.give_up(stream, message=UNSERVED)
            case Suspended() if envelope.returned is not None:
                envelope.give_back()
            case Suspended():
                envelope.give_up(stream)

    def fenced(self, stream: str) -> None:
        """This node's log says that the stream isn't its own, as the view has it: find out, and hold what comes."""
        self._doubted.add(stream)
        self._ownership.refresh()

    def _deliver(self, envelope: Envelope, epoch: int) -> None:
        entity = self._supervisor.entity(envelope.stream, epoch)
        if entity is None:
            envelope.give_up(envelope.stream)
            return
        if isinstance(envelope.command, CreateCommand) or entity.kind.on_demand:
            entity.create = True
        if envelope.trace is not None:
            envelope.trace.mark(Step.ROUTED, waiting=len(entity.mailbox))
        if not entity.mailbox.put(envelope):
            envelope.give_up(envelope.stream, Code.OVERLOADED)

    def _forward(self, there: There, envelope: Envelope) -> None:
        version = self._ownership.view.version
        if self._peers is None:
            envelope.give_up(envelope.stream)
        # It went there by this same view and came back: sending it again now would only circle.
        elif envelope.tried == version:
            self.fenced(envelope.stream)
            self._hold(envelope)
        else:
            envelope.tried = version
            if envelope.trace is not None:
                envelope.trace.mark(Step.FORWARDED)
            self._peers.forward(there, envelope.stream, envelope)

    def _target(self, command: Command, by: str) -> str | None:
        """The stream a command is for; None if its kind doesn't fit."""
        kind = self._kind_of_command.get(type(command))
        if kind is None or not kind.admits(command, by=by):
            return None
        if isinstance(command, CreateCommand):
            return kind.stream_of(command, by=by)
        if isinstance(command, StreamCommand) and kind_of(command.stream) == kind.wire.name:
            return command.stream
        return None

    # --- holding ---

    @property
    def held(self) -> int:
        """Commands that wait for an owner; at most HELD_MAX."""
        return len(self._held) + len(self._again)

    def _hold(self, envelope: Envelope) -> None:
        self._hold_among(self._held, envelope)

    def _hold_among(self, held: deque[Envelope], envelope: Envelope) -> None:
        if self._stopped:
            envelope.give_up(envelope.stream)
        elif self.held >= HELD_MAX:
            envelope.give_up(envelope.stream, Code.OVERLOADED)
        else:
            if envelope.trace is not None:
                envelope.trace.mark(Step.HELD)
            held.append(envelope)
            if held is self._again:
                self._again_of[envelope.stream] += 1

    def _changed(self, change: Change) -> None:
        self._try_again()

    def _try_again(self) -> None:
        """Route what is held, in the order it came, and let who wants to see a stream ask again."""
        self._doubted.clear()
        # Taken out: what is held again must wait for the next time, or this would never end.
        held, self._held = self._held, deque[Envelope]()
        self._again.extend(held)
        self._again_of.update(envelope.stream for envelope in held)
        self._more.set()
        self._retry.set()
        self._retry = trio.Event()

    async def _route_again(self) -> None:
        while True:
            await self._more.wait()
            self._more = trio.Event()
            time_slice = TimeSlice(self._clock)
            while self._again:
                envelope = self._again.popleft()
                self._again_of[envelope.stream] -= 1
                if not self._again_of[envelope.stream]:
                    del self._again_of[envelope.stream]
                if not envelope.settled:
                    self._route(envelope)
                await time_slice.rest()

    # --- snapshots ---

    async def view(self, stream: str, *, user: str) -> Snapshot | RemoteSnapshot | Refused:
        """The committed state as this user may see it, with its head. Whoever asks has checked the right.

        Asks again while ownership moves; refused ``unavailable`` after COMMAND_TIMEOUT_S.
        """
        with self._clock.deadline(COMMAND_TIMEOUT_S):
            while True:
                retry = self._retry  # before asking: a change that comes while the answer is under way counts
                answer: Oneshot[Snapshot | RemoteSnapshot | Refused | None] = Oneshot()
                self._ask_view(stream, user, answer.set)
                found = await answer.wait()
                if found is not None:
                    return found
                await retry.wait()
        return unavailable(stream)

    def view_for(
        self, stream: str, user: str, epoch: int, answer: Callable[[Snapshot | Refused | None], None]
    ) -> None:
        """What a peer wants to know of a stream which, by its view, this node owns at this epoch.

        ``answer`` is called once; None: ask again, it isn't this node's or is about to move.
        """
        if self._ownership.owns(stream, epoch) and stream not in self._doubted:
            self._look(stream, user, epoch, answer)
        else:
            answer(None)

    def _ask_view(
        self, stream: str, user: str, answer: Callable[[Snapshot | RemoteSnapshot | Refused | None], None]
    ) -> None:
        match self._ownership.where(stream):
            case Here(epoch=epoch):
                self.view_for(stream, user, epoch, answer)
            case There() as there if self._peers is not None:
                self._peers.ask_view(there, stream, user, answer)
            case Settling():
                answer(None)
            case Unserved():
                answer(unavailable(stream, UNSERVED))
            case There() | Suspended():
                answer(unavailable(stream))

    def _look(
        self, stream: str, user: str, epoch: int, answer: Callable[[Snapshot | Refused | None], None]
    ) -> None:
        entity = self._supervisor.entity(stream, epoch)
        if entity is not None and entity.kind.on_demand:
            entity.create = True
        if entity is None or not entity.when_active(partial(show, stream, user, answer)):
            answer(unavailable(stream))

    # --- signals ---

    def signal(self, signal: Signal, *, by: str) -> None:
        """Pass an ephemeral signal on, if its kind lets it pass; dropped without a word otherwise."""
        kind = self._kinds.get(kind_of(signal.stream))
        if kind is None or type(signal) not in kind.wire.all_signals:
            return
        match self._ownership.where(signal.stream):
            case Here(epoch=epoch):
                self.signal_from(signal.stream, signal, by, epoch)
            case There() as there if self._peers is not None:
                self._peers.signal(there, signal, by)
            case _:
                return

    def signal_from(self, stream: str, signal: Signal, by: str, epoch: int) -> None:
        """A signal for a stream which this node owns at this epoch; dropped if it doesn't."""
        if stream in self._doubted or not self._ownership.owns(stream, epoch):
            return
        entity = self._supervisor.entity(stream, epoch)
        if entity is not None:
            if entity.kind.on_demand:
                entity.create = True
            entity.when_active(lambda found: self._pass_on(found, signal, by))

    def _pass_on(self, found: Cell | Code | None, signal: Signal, by: str) -> None:
        if isinstance(found, Cell) and found.serves and found.may_signal(signal, by):
            type_, data = str(signal.__struct_config__.tag), structs.asdict(signal)
            stream = data.pop("stream")
            self._publisher.signalled(Signalled(stream=stream, author=by, type=type_, data=data))

    # --- deadlines ---

    def _watch(self, envelope: Envelope) -> None:
        waiting = self._waiting
        while waiting and waiting[0].settled:
            waiting.popleft()
        waiting.append(envelope)

    async def run(self) -> None:
        """Route again what is held, and settle commands whose time is up, until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._route_again)
                await self._sweep()
        finally:
            self._stopped = True
            for envelope in (*self._again, *self._held):
                envelope.give_up(envelope.stream)
            self._again.clear()
            self._again_of.clear()
            self._held.clear()

    async def _sweep(self) -> None:
        """Commands whose time is up: refused if they never started, unknown otherwise."""
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + limits.ROUTER_SWEEP_S)
            now, time_slice = self._clock.monotonic(), TimeSlice(self._clock)
            # Those that were answered are let go, with the texts they carry, wherever they stand: one that waits would
            # otherwise keep all that came after it.
            self._waiting = deque(envelope for envelope in self._waiting if not envelope.settled)
            await time_slice.rest()
            while self._waiting and self._waiting[0].expires_at <= now:
                envelope = self._waiting.popleft()
                envelope.give_up(envelope.stream)
                await time_slice.rest()
            # Once per sweep the owner by the same view is tried again: what it returned may have been a moment's
            # disagreement, and then no new view follows that would end the wait.
            for envelope in self._held:
                envelope.tried = -1
            self._try_again()
