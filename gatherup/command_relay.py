"""The relay of the command outbox: sends the commands that transactions outside the log wrote there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec
import structlog
import trio
from msgspec import structs

from actors.kind import Kind
from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from actors.runtime.envelope import tag_of
from gatherup.wakeup import Wakeup
from protocol.codec import union
from protocol.frames import Accepted, Command, Refused, StreamCommand
from protocol.limits import COMMAND_TIMEOUT_S
from storage.postgres.driver.errors import PostgresError
from storage.postgres.outbox.commands import OutboxCommand

SWEEP_S: Final = 5.0
"""Between two looks at what other nodes left."""
COUNT_S: Final = 30.0
"""How old the count of owed commands may be."""
SENDING_MAX: Final = 100
"""Commands of one node under way at a time."""
LEASE_S: Final = COMMAND_TIMEOUT_S + 10.0
"""For so long no other node sends what this one took: longer than an answer can take."""
BACKOFF_MIN_S: Final = 0.2
BACKOFF_MAX_S: Final = 60.0
"""Between attempts to send a command that can't be served now."""

_log = structlog.stdlib.get_logger("gatherup.command_relay")


class OutboxRows(Protocol):
    """The rows of owed commands; implemented by ``storage.postgres.outbox.commands.CommandOutbox``."""

    async def claim(self, limit: int, *, lease_s: float) -> Sequence[OutboxCommand]:
        """Commands that are due, for this node alone for so long."""
        ...

    async def waiting(self) -> int:
        """How many there are."""
        ...

    async def settle(self, row: OutboxCommand) -> None:
        """Nobody needs to send this any more."""
        ...

    async def put_off(self, row: OutboxCommand, wait_s: float) -> None:
        """Have it sent again after this long."""
        ...


class CommandRelay:
    """Sends the outbox's commands until each is accepted or refused for good.

    Each takes effect at most once, whatever dies in between; two for one stream may arrive in either order. A node
    with nothing to send asks the database once in SWEEP_S.
    """

    def __init__(
        self,
        rows: OutboxRows,
        router: Streams,
        kinds: Iterable[Kind[Any]],
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        commands = [c for kind in kinds for c in kind.wire.all_commands if issubclass(c, StreamCommand)]
        self._rows = rows
        self._router = router
        self._decode = msgspec.msgpack.Decoder(union(commands)).decode
        self._clock = clock
        self._randomness = randomness
        self._wakeup = Wakeup()
        self._sending = 0
        self.sent: Final[Counter[str]] = Counter()
        """Attempts by how they went: accepted, refused, put_off."""
        self.waiting = 0
        """Those of the whole cluster, as of the last COUNT_S."""

    @property
    def sending(self) -> int:
        """Commands that this node has in hand now."""
        return self._sending

    def wake(self) -> None:
        """Look now: a transaction that enqueued a command has committed."""
        self._wakeup.wake()

    async def run(self) -> None:
        """Send what is enqueued until cancelled; what is cut off is sent again later, by this node or another."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._count)
            while True:
                await self._take(nursery)
                with self._clock.deadline(SWEEP_S):
                    await self._wakeup.wait()

    async def _count(self) -> None:
        while True:
            try:
                self.waiting = await self._rows.waiting()
            except PostgresError as error:
                _log.warning("outbox commands weren't counted", error=str(error))
            await self._clock.sleep_until(self._clock.monotonic() + COUNT_S)

    async def _take(self, nursery: trio.Nursery) -> None:
        self._wakeup.clear()
        room = SENDING_MAX - self._sending
        if room == 0:
            return  # whichever ends next wakes
        try:
            taken = await self._rows.claim(room, lease_s=LEASE_S)
        except PostgresError as error:
            _log.warning("outbox commands weren't read", error=str(error))
            return
        for row in taken:
            self._sending += 1
            nursery.start_soon(self._send, row)
        if len(taken) == room:
            self.wake()

    async def _send(self, row: OutboxCommand) -> None:
        try:
            if await self._settled(row):
                await self._rows.settle(row)
            else:
                await self._try_later(row)
        except PostgresError as error:
            _log.warning("a command of the outbox is sent again later", row=str(row.id), error=str(error))
        finally:
            if self._sending == SENDING_MAX:
                self.wake()
            self._sending -= 1

    async def _settled(self, row: OutboxCommand) -> bool:
        """Whether this needs no further attempt."""
        try:
            command: Command = self._decode(row.command)
        except msgspec.DecodeError as error:
            # Of a later version, perhaps: a node that knows it sends it.
            _log.error("a command of the outbox can't be read", row=str(row.id), error=str(error))
            return False
        command = structs.replace(command, client_id=str(row.id), resend=row.attempts > 1)
        reply = await self._router.ask(command, by=row.by)
        if isinstance(reply, Refused) and not reply.retry:
            self.sent["refused"] += 1
            _log.warning(
                "a command of the outbox was refused",
                command=tag_of(command),
                client_id=command.client_id,
                stream=reply.stream,
                code=str(reply.code),
            )
            return True
        self.sent["accepted" if isinstance(reply, Accepted) else "put_off"] += 1
        return isinstance(reply, Accepted)

    async def _try_later(self, row: OutboxCommand) -> None:
        wait_s = backoff(self._randomness, row.attempts, BACKOFF_MIN_S, BACKOFF_MAX_S)
        await self._rows.put_off(row, wait_s)
        if wait_s < SWEEP_S:
            await self._clock.sleep_until(self._clock.monotonic() + wait_s)
            self.wake()
