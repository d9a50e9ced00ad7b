"""What workers made of a run: each act of a moderator in a room's log is noted once in the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import trio

from actors.ports.log import LogRow
from actors.room.acts import QUEUE, act
from gatherup.chaos.history import Harm
from protocol.event import decode_header
from storage.postgres.driver.pool import Pool
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.streams.audit import notes_of

PROMISE: Final = 9
NOTED_S: Final = 60.0
"""What workers get for the jobs that are left once the load is over."""
POLL_S: Final = 0.2

Note = tuple[str, int, str]
"""A room, the seq of an event, and what was done."""


async def notes(pool: Pool, rooms: Sequence[str]) -> list[Note]:
    """What was noted of these rooms, once no job is left or NOTED_S are over. Raises PostgresError."""
    with trio.move_on_after(NOTED_S):
        while QUEUE in await Jobs(pool).counts():  # noqa: ASYNC110 - it is another process's doing
            await trio.sleep(POLL_S)
    return [(room, seq, what) for room in rooms for seq, what in await notes_of(pool, room)]


def orders(room: str, events: Iterable[LogRow]) -> list[Note]:
    """What is to be noted of this log."""
    headers = (decode_header(row.header) for row in events)
    return [(room, header.seq, header.type) for header in headers if act(header) is not None]


def harms(ordered: Iterable[Note], noted: Iterable[Note]) -> list[tuple[Harm, str]]:
    """Each order that wasn't carried out once, and what nobody ordered."""
    wanted, found = Counter(ordered), Counter(noted)
    lost: list[tuple[Harm, str]] = [
        ("lost", f"{what} at {seq} in {room} isn't in the audit log") for room, seq, what in wanted - found
    ]
    return lost + [
        (
            "doubled" if (room, seq, what) in wanted else "untrue",
            f"{what} at {seq} in {room} is in the audit log {times} times too often",
        )
        for (room, seq, what), times in (found - wanted).items()
    ]
