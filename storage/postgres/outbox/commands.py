"""The command outbox: commands for streams, written by transactions outside the log (the transactional outbox pattern).

What ends a login is a row of ``login``; that its sessions close is a command to an inbox. ``enqueue`` writes the
command in the transaction of its cause, ``gatherup.command_relay`` sends it, exactly once in effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from protocol.frames import StreamCommand
from protocol.ids import SYSTEM
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.ids import uuid_of

LATER: Final = "00000000-0000-0000-0000-000000000000"
"""The client_id of a command that is to be enqueued: it gets its own when it is sent."""

_ENQUEUE = """
insert into owed_command (stream, author, command) values (%(stream)s, %(by)s, %(command)s)
"""

# The earliest first, and none that another node is sending: its time moves on by what one sending may take.
_CLAIM = """
update owed_command o
set attempts = o.attempts + 1, next_attempt_at = now() + make_interval(secs => %(lease_s)s)
from (
    select id from owed_command where next_attempt_at <= now()
    order by next_attempt_at limit %(limit)s for update skip locked
) due
where o.id = due.id
returning o.id, o.author, o.command, o.attempts
"""

_SETTLE = "delete from owed_command where id = %(id)s"

_PUT_OFF = """
update owed_command set next_attempt_at = now() + make_interval(secs => %(wait_s)s) where id = %(id)s
"""


async def enqueue(connection: TrioConnection, command: StreamCommand, *, by: str = SYSTEM) -> None:
    """Have this command sent once the caller's transaction has committed; never if it doesn't.

    The command's ``client_id`` is ignored: give ``LATER``. After the commit call ``CommandRelay.wake``, or it is sent
    seconds later. Raises psycopg.Error, like any statement in the caller's block.
    """
    parameters = {
        "stream": uuid_of(command.stream),
        "by": by,
        "command": msgspec.msgpack.encode(structs.replace(command, client_id=LATER)),
    }
    await connection.execute(_ENQUEUE.encode(), parameters)


class OutboxCommand(Struct, frozen=True, kw_only=True):
    """A command that this node sends now."""

    id: UUID
    by: str
    command: bytes
    """MessagePack with its tag."""
    attempts: int
    """This one included."""


class CommandOutbox:
    """The repository. Methods may raise PostgresError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, limit: int, *, lease_s: float) -> Sequence[OutboxCommand]:
        """Commands that are due, for this node alone for so long."""
        found = await rows(self._pool, _CLAIM, {"limit": limit, "lease_s": lease_s})
        return [
            OutboxCommand(id=id_, by=by, command=bytes(command), attempts=attempts)
            for id_, by, command, attempts in found
        ]

    async def waiting(self) -> int:
        """How many there are, of all nodes."""
        ((count,),) = await rows(self._pool, "select count(*) from owed_command", {})
        return count

    async def settle(self, row: OutboxCommand) -> None:
        """Nobody needs to send this any more."""
        await execute(self._pool, _SETTLE, {"id": row.id})

    async def put_off(self, row: OutboxCommand, wait_s: float) -> None:
        """Have it sent again after this long, by whichever node."""
        await execute(self._pool, _PUT_OFF, {"id": row.id, "wait_s": wait_s})
