"""The task that erases people whose time to come back is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from actors.kind import Instant
from actors.ports.streams import Streams
from actors.ports.time import Clock
from protocol.frames import Accepted, Refused
from protocol.ids import SYSTEM, derive_client_id
from protocol.limits import ERASE_SEQS_MAX
from protocol.room.commands import EraseUser
from storage.postgres.driver.errors import PostgresError

SWEEP_S: Final = 60.0
LEASE_S: Final = 300.0
"""For so long one node works on a person before another one may; what both send takes effect once."""
ROOMS_AT_ONCE: Final = 100

_log = structlog.stdlib.get_logger("gatherup.erasure")


class ErasureRows(Protocol):
    """``storage.postgres.people.erasure.Erasures``."""

    async def forget_due(self, at: Instant) -> bool:
        """Delete the rows of one account whose time has come; False if there is none."""
        ...

    async def claim(self, *, lease_s: float) -> str | None:
        """A user who is to be erased from streams, for this node alone for so long."""
        ...

    async def rooms(self, user: str, *, after: str | None, limit: int) -> Sequence[str]:
        """Rooms in which there is something of this user, in order, those after this one."""
        ...

    async def written(self, user: str, room: str, *, limit: int) -> Sequence[int]:
        """Seqs of messages of this user in a room, and of other events with a text of theirs: some of them."""
        ...

    async def settle(self, user: str) -> None:
        """Nothing of this user is left anywhere."""
        ...


class UnfinishedError(Exception):
    """A room couldn't take its part now; the rest is done later."""


class Erasure:
    """Deletes the rows of accounts whose time has come, then empties what they wrote, room by room.

    Every step may be repeated, by this node or another, and nothing is forgotten by dying in between.
    """

    def __init__(self, rows: ErasureRows, router: Streams, clock: Clock) -> None:
        self._rows = rows
        self._router = router
        self._clock = clock

    async def run(self) -> None:
        """Look once in SWEEP_S, until cancelled."""
        while True:
            await self.sweep()
            await self._clock.sleep_until(self._clock.monotonic() + SWEEP_S)

    async def sweep(self) -> None:
        """Erase everybody who is due, as far as it can be done now."""
        try:
            while await self._rows.forget_due(self._clock.now()):
                pass
            while (user := await self._rows.claim(lease_s=LEASE_S)) is not None:
                await self._erase(user)
        except PostgresError as error:
            _log.warning("erasing accounts waits", error=str(error))

    async def _erase(self, user: str) -> None:
        try:
            await self._empty_rooms(user)
        except UnfinishedError as error:
            _log.warning("erasing an account goes on later", code=str(error))
            return
        # Seen once more from the start: who wrote while this went on isn't missed.
        if not await self._rows.rooms(user, after=None, limit=1):
            await self._rows.settle(user)
            _log.info("an account was erased")

    async def _empty_rooms(self, user: str) -> None:
        after = None
        while rooms := await self._rows.rooms(user, after=after, limit=ROOMS_AT_ONCE):
            for room in rooms:
                await self._empty(user, room)
            after = rooms[-1]

    async def _empty(self, user: str, room: str) -> None:
        """Once also without anything written, since it ends a membership. Raises UnfinishedError."""
        before: tuple[int, ...] = ()
        while True:
            seqs = tuple(await self._rows.written(user, room, limit=ERASE_SEQS_MAX))
            if seqs and seqs == before:
                raise UnfinishedError("not_erased")
            cause = derive_client_id("erase", user, room, *map(str, seqs))
            command = EraseUser(client_id=cause, stream=room, user=user, events=seqs)
            reply = await self._router.ask(command, by=SYSTEM)
            if not isinstance(reply, Accepted):
                raise UnfinishedError(reply.code if isinstance(reply, Refused) else "unknown")
            if not seqs:
                return
            before = seqs
