"""The router: takes commands, signals and snapshot requests to the stream's owner."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from actors.kind import Kind
from actors.ports import Clock
from actors.refusals import refused
from actors.runtime import limits
from actors.runtime.cell import Cell
from actors.runtime.envelope import RETRY_AFTER_S, Envelope
from actors.runtime.oneshot import Oneshot
from actors.runtime.supervisor import Supervisor
from protocol.codes import Code
from protocol.frames import (
    Command,
    CreateCommand,
    Refused,
    Reply,
    Signal,
    Signalled,
    StreamCommand,
)
from protocol.ids import derive_stream, kind_of
from protocol.limits import COMMAND_TIMEOUT_S


class View(Struct, frozen=True):
    """What a snapshot shows, and the head at which it was so."""

    head: int
    view: Struct


class Router:
    """One way in for everything that goes to a stream. Nothing here blocks or raises for what a client sent."""

    def __init__(
        self,
        kinds: Mapping[str, Kind[Any]],
        supervisor: Supervisor,
        clock: Clock,
        signalled: Callable[[Signalled], None],
    ) -> None:
        self._kind_of_command = {c: k for k in kinds.values() for c in k.commands}
        self._kind_of_signal = {s: k for k in kinds.values() for s in k.signals}
        self._supervisor = supervisor
        self._clock = clock
        self._signalled = signalled
        self._waiting: deque[Envelope] = deque()
        self.draining = False
        """When true, everything new is refused ``unavailable``."""

    # --- commands ---

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        """Take a command to its stream. ``reply`` is called once, at the latest after COMMAND_TIMEOUT_S."""
        envelope = Envelope(command, by, reply, self._clock.monotonic() + COMMAND_TIMEOUT_S)
        stream = self._target(command, by)
        if stream is None:
            envelope.refuse(Code.NOT_FOUND)
            return
        entity = None if self.draining else self._supervisor.entity(stream)
        if entity is None:
            envelope.give_up(stream)
            return
        if isinstance(command, CreateCommand):
            entity.create = True
        if not entity.mailbox.put(envelope):
            envelope.give_up(stream, Code.OVERLOADED)
            return
        self._watch(envelope)

    async def ask(self, command: Command, *, by: str) -> Reply:
        """Send and await the reply."""
        answer: Oneshot[Reply] = Oneshot()
        self.send(command, by=by, reply=answer.set)
        return await answer.wait()

    def _target(self, command: Command, by: str) -> str | None:
        """The stream a command is for; None if its kind doesn't fit."""
        kind = self._kind_of_command.get(type(command))
        if kind is None:
            return None
        if isinstance(command, CreateCommand):
            return derive_stream(kind.name, by, command.client_id)
        if isinstance(command, StreamCommand) and kind_of(command.stream) == kind.name:
            return command.stream
        return None

    # --- snapshots and signals ---

    async def view(self, stream: str, *, user: str) -> View | Refused:
        """The committed state as this user may see it, with its head. Whoever asks has checked the right."""
        entity = None if self.draining else self._supervisor.entity(stream)
        answer: Oneshot[Cell | None] = Oneshot()
        unavailable = refused(Code.UNAVAILABLE, stream=stream, retry_after_s=RETRY_AFTER_S)
        if entity is None or not entity.when_active(answer.set):
            return unavailable
        cell = await answer.wait()
        if cell is None:
            return unavailable
        shown = cell.view(user)
        if shown is None:
            return refused(Code.INTERNAL, stream=stream)
        return View(head=cell.active.head, view=shown)

    def signal(self, signal: Signal, *, by: str) -> None:
        """Pass an ephemeral signal on, if its kind lets it pass; dropped without a word otherwise."""
        kind = self._kind_of_signal.get(type(signal))
        if kind is None or kind_of(signal.stream) != kind.name or self.draining:
            return
        entity = self._supervisor.entity(signal.stream)
        if entity is not None:
            entity.when_active(lambda cell: self._pass_on(cell, signal, by))

    def _pass_on(self, cell: Cell | None, signal: Signal, by: str) -> None:
        if cell is None or not cell.may_signal(signal, by):
            return
        type_ = str(signal.__struct_config__.tag)
        self._signalled(Signalled(stream=signal.stream, author=by, type=type_))

    # --- deadlines ---

    def _watch(self, envelope: Envelope) -> None:
        waiting = self._waiting
        while waiting and waiting[0].settled:
            waiting.popleft()
        waiting.append(envelope)

    async def run(self) -> None:
        """Settle commands whose time is up: refused if they never started, unknown otherwise."""
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + limits.EXPIRY_SWEEP_S)
            now = self._clock.monotonic()
            while self._waiting and (self._waiting[0].settled or self._waiting[0].expires_at <= now):
                envelope = self._waiting.popleft()
                envelope.give_up(getattr(envelope.command, "stream", None))
