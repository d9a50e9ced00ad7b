"""One stream of the node's registry: activates its cell, restarts it after a crash, lets it go when idle."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Any

import trio
from msgspec import DecodeError, Struct, msgpack

from actors.kind import Kind
from actors.ports.log import (
    Activation,
    FencedError,
    LogRow,
    LogUnavailableError,
    Page,
    Wanted,
)
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.actor_context import ActorContext
from actors.runtime.backoff import backoff
from actors.runtime.cell import Cell
from actors.runtime.checkpoints import decode_state, keep
from actors.runtime.draft import DecideError, pending_effects
from actors.runtime.envelope import tag_of
from actors.runtime.mailbox import Mailbox
from actors.runtime.owed import Owed
from actors.runtime.time_slice import TimeSlice
from protocol.codes import Code
from protocol.event import Header, decode_header
from protocol.limits import MAILBOX_COMMANDS_MAX

_log = logging.getLogger(__name__)


Found = Callable[[Cell | Code | None], None]
"""Told of an active stream's cell, of why it can't be served now, or None: it may be another node's, ask again."""


class LostHistoryError(Exception):
    """Events from which the stream's state must be folded are missing from the log."""


class Entity:
    """A stream that somebody asked for: a mailbox that outlives crashes, and the cell that serves it.

    ``run`` is its task's whole life. It ends when the stream doesn't exist, is idle, can't be served now, or is
    another node's; in this last case what it was given goes back to the router.
    """

    def __init__(
        self,
        stream: str,
        kind: Kind[Any],
        epoch: int,
        context: ActorContext,
    ) -> None:
        self.stream = stream
        self.kind = kind
        self.epoch = epoch
        """Of the shard, when this node took it."""
        self.mailbox = Mailbox(MAILBOX_COMMANDS_MAX)
        self.cell: Cell | None = None
        self.create = False
        """Whether a creating command waits: activation may then make the stream."""
        self.idle_sweeps = 0
        self.closed = False
        """True once nothing will serve the mailbox any more."""
        self._context = context
        self._scope = trio.CancelScope()
        self._leaving = False
        """Whether its shard is handed over: it goes as soon as its mailbox is empty, for good."""
        self._moved = False
        """Whether it isn't this node's any more."""
        self._resting = False
        self._crashes: deque[float] = deque(maxlen=limits.RESTARTS_MAX + 1)
        self._waiting: list[Found] = []

    def when_active(self, callback: Found) -> bool:
        """Call back once it is active or can't be; false if resting, or too many wait."""
        if self.cell is not None:
            callback(self.cell)
        elif self._resting or len(self._waiting) >= limits.WAITING_VIEWS_MAX:
            return False
        else:
            self._waiting.append(callback)
        return True

    @property
    def has_pending(self) -> bool:
        """Whether events of its wait to take effect on other streams, or its state for what is worked out."""
        return self.cell is not None and self.cell.has_pending

    def passivate(self) -> None:
        """Let the cell go when the mailbox is empty, unless somebody asks for the stream meanwhile."""
        if self.cell is not None:
            self.cell.passivating = True
            self.mailbox.wake()

    def leave(self) -> None:
        """Finish what is in the mailbox, checkpoint and end; nobody will ask any more."""
        self._leaving = True
        self._tell_waiting(None)
        self.passivate()
        self.mailbox.wake()

    def cut(self) -> None:
        """End now, but for a commit under way, whose outcome is awaited and told."""
        self._moved = True
        self._scope.cancel()

    async def run(self) -> None:
        """Serve until idle, fenced or cut. Whatever ends it, nobody is left waiting."""
        try:
            with self._scope:
                while await self._serve():
                    pass
        except FencedError:
            _log.info("a stream isn't this node's", extra={"stream": self.stream})
            self._moved = True
            self._context.fenced(self.stream)
        finally:
            self.closed = True
            if self._moved:
                self._give_back()
            else:
                self._abandon(Code.UNAVAILABLE)

    async def _serve(self) -> bool:
        """One activation. True if another one should follow."""
        try:
            active = await self._activate()
            if active is not None:
                await self._run_cell(active)
            elif not self.create:
                self._abandon(Code.NOT_FOUND)
            return self._wanted
        except LogUnavailableError as error:
            # So it is for every stream then, and the node's readiness tells it once.
            _log.debug("a stream can't be activated", extra={"stream": self.stream, "error": str(error)})
            return False
        except LostHistoryError as error:
            _log.error("a stream can't be activated", extra={"stream": self.stream, "error": str(error)})
            return False
        except FencedError:
            raise
        except Exception as error:
            self._context.counters.crashes += 1
            _log.exception("a stream's actor crashed", extra={"stream": self.stream, **_command(error)})
            return await self._recover()

    @property
    def _wanted(self) -> bool:
        return bool(self.mailbox) or bool(self._waiting)

    @property
    def _wanted_until(self) -> float:
        """When the last of those who wait for it now has given up (monotonic seconds): nothing is done for nobody."""
        return math.inf if self._waiting else self.mailbox.expires_at

    async def _run_cell(self, active: Active) -> None:
        """Run a cell to its end, with a nursery for what it starts; raises what it crashed with, or FencedError."""
        alive = True
        crash: Exception | None = None
        async with trio.open_nursery() as nursery:
            cell = Cell(
                self.stream,
                self.kind,
                self.epoch,
                active,
                self.mailbox,
                self._context,
                nursery,
            )
            self.cell = cell
            cell.passivating = self._leaving
            try:
                self._tell_waiting(cell)
                alive = await cell.run()
            except Exception as error:
                crash = error
            finally:
                self.cell = None
                self._settle_taken(cell, crash)
                nursery.cancel_scope.cancel()
        if crash is not None:
            raise crash
        if not alive:
            raise FencedError

    def _settle_taken(self, cell: Cell, error: Exception | None) -> None:
        """Answer or give back what the cell had in hand when it ended."""
        rest = [envelope for envelope in cell.taken if not envelope.settled]
        cell.taken = []
        # Without a crash, or when the guilty command is known (and already answered), the rest may be tried again.
        # After any other crash each of them may be the cause: tried again, it would crash the next cell too.
        if error is None or isinstance(error, DecideError):
            self.mailbox.put_back(rest)
            return
        for envelope in rest:
            envelope.give_up(self.stream, Code.INTERNAL)

    async def _recover(self) -> bool:
        """Wait before a restart; false when there were too many."""
        now = self._context.clock.monotonic()
        self._crashes.append(now)
        recent = [t for t in self._crashes if now - t < limits.RESTART_WINDOW_S]
        if len(recent) > limits.RESTARTS_MAX:
            self._context.counters.rests += 1
            _log.error("a stream rests", extra={"stream": self.stream, "crashes": len(recent)})
            self._abandon(Code.UNAVAILABLE)
            await self._rest(limits.RESTART_COOLDOWN_S)
            return False
        wait_s = backoff(
            self._context.randomness, len(recent), limits.RESTART_BACKOFF_MIN_S, limits.RESTART_BACKOFF_MAX_S
        )
        await self._context.clock.sleep_until(now + wait_s)
        return self._wanted

    async def _rest(self, seconds: float) -> None:
        """Refuse whatever comes for a while, without trying."""
        clock = self._context.clock
        until = clock.monotonic() + seconds
        self._resting = True
        while clock.monotonic() < until and not self._leaving:
            with clock.deadline(until - clock.monotonic()):
                await self.mailbox.wait()
            self._abandon(Code.UNAVAILABLE)

    def _abandon(self, code: Code) -> None:
        """Tell all who wait that this stream isn't served."""
        for envelope in self.mailbox.take(len(self.mailbox)):
            if code is Code.UNAVAILABLE:
                envelope.give_up(self.stream)
            else:
                envelope.refuse(code, self.stream)
        self._tell_waiting(code)

    def _give_back(self) -> None:
        """Let the router find who serves all this."""
        for envelope in self.mailbox.take(len(self.mailbox)):
            self._context.route(envelope)
        self._tell_waiting(None)

    def _tell_waiting(self, found: Cell | Code | None) -> None:
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback(found)

    # --- activation ---

    async def _activate(self) -> Active | None:
        create, self.create = self.create, False
        wanted = Wanted(
            stream=self.stream, epoch=self.epoch, create=create, state_version=self.kind.state_version
        )
        found = await self._context.store.activate(wanted, until=self._wanted_until)
        if found is None:
            return None
        self._context.counters.activations += 1
        # An earlier owner may have committed events and died before it published them.
        self._context.publisher.stands(self.stream, found.head)
        # A field of a checkpoint takes as long again.
        time_slice = TimeSlice(self._context.clock, part=0.5)
        state, seq = await self._start(found, time_slice)
        active = Active(
            state=state,
            head=found.head,
            last_at=found.last_at,
            activation=found.activation,
            checkpoint_seq=seq,
            owed=Owed(),
        )
        await self._fold(active, min(seq, found.effects_seq), found.effects_seq, time_slice)
        return active

    async def _fold(self, active: Active, after: int, effects_seq: int, time_slice: TimeSlice) -> None:
        """Apply what the log holds beyond the state, and derive what events after ``effects_seq`` may owe.

        ``after`` is the older of the two: events up to the checkpoint are in the state already, but may owe effects.
        """
        start = kept = active.checkpoint_seq
        while after < active.head:
            page = Page(self.stream, after, min(limits.FOLD_PAGE_EVENTS, active.head - after))
            rows = await self._context.store.page(page)
            if not rows or rows[0].seq != after + 1:
                raise LostHistoryError(f"event {after + 1} of {active.head} isn't in the log")
            time_slice.begin()
            for row in rows:
                await time_slice.rest()
                header = decode_header(row.header)
                if row.seq > start:
                    active.state = self.kind.apply(active.state, header, self._payload(header, row))
                if row.seq > effects_seq:
                    active.owed.add(pending_effects(self.kind, header))
            after = rows[-1].seq
            if after - kept >= limits.FOLD_CHECKPOINT_EVENTS:
                await keep(self._context, self.stream, self.kind, active, after, time_slice)
                kept = after

    async def _start(self, found: Activation, time_slice: TimeSlice) -> tuple[Struct, int]:
        if found.checkpoint is not None:
            try:
                state = await decode_state(found.checkpoint, self.kind.state, time_slice)
                return state, found.checkpoint_seq
            except DecodeError:
                _log.warning("a checkpoint can't be read: folding the log", extra={"stream": self.stream})
        return self.kind.initial(self.stream), 0

    def _payload(self, header: Header, row: LogRow) -> Struct | None:
        type_ = self.kind.wire.events.get(header.type)
        if not self.kind.applies_payloads or row.payload is None or type_ is None:
            return None
        try:
            return msgpack.decode(row.payload, type=type_)
        except DecodeError as error:
            about = {"stream": self.stream, "seq": header.seq, "error": str(error)}
            _log.warning("a payload can't be read: its event is applied without", extra=about)
            return None


def _command(error: Exception) -> dict[str, str]:
    """Which command an actor crashed on, as a log line names it."""
    if not isinstance(error, DecideError):
        return {}
    command = error.envelope.command
    return {"command": tag_of(command), "client_id": command.client_id}
