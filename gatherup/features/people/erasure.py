"""Erases people whose time to come back is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import structlog
from msgspec.structs import replace

from actors.kind import Instant, Kind
from actors.ports.streams import Streams
from protocol.frames import Accepted, Refused
from protocol.ids import SYSTEM, derive_client_id, kind_of
from protocol.limits import ERASE_SEQS_MAX
from storage.postgres.people.erasure import Eraser

LEASE_S: Final = 300.0
"""For so long one node works on a person before another one may; what both send takes effect once."""
STREAMS_AT_ONCE: Final = 100

_log = structlog.stdlib.get_logger("gatherup.erasure")


class ErasureRows(Protocol):
    """What is to be erased; implemented by ``storage.postgres.people.erasure.Erasures``."""

    async def forget_due(self, at: Instant, erasers: Iterable[Eraser]) -> bool:
        """Delete the rows of one account whose time has come, with these erasers; False if there is none."""
        ...

    async def claim(self, *, lease_s: float) -> str | None:
        """Claim a user whose texts must be erased from streams, for this node alone for so long."""
        ...

    async def settle(self, user: str) -> None:
        """Nothing of this user is left anywhere."""
        ...


class TraceRows(Protocol):
    """``storage.postgres.people.traces.Traces``."""

    async def streams(self, user: str, *, after: str | None, limit: int) -> Sequence[str]:
        """Streams in which there is something of this user, in order, those after this one."""
        ...

    async def written(self, user: str, stream: str, *, limit: int) -> Sequence[int]:
        """Seqs of events of a stream that hold a text of this user: some of them."""
        ...


class UnfinishedError(Exception):
    """A stream couldn't take its part now; the rest is done later."""


class Erasure:
    """Deletes the rows of accounts whose time has come, then empties what they wrote, stream by stream.

    Every step may be repeated, by this node or another, and nothing is forgotten by dying in between.
    """

    def __init__(
        self,
        rows: ErasureRows,
        erasers: Iterable[Eraser],
        traces: TraceRows,
        kinds: Iterable[Kind[Any]],
        router: Streams,
    ) -> None:
        self._rows = rows
        self._erasers = tuple(erasers)
        self._traces = traces
        self._kinds = {kind.wire.name: kind for kind in kinds}
        self._router = router

    async def erase_due(self, at: Instant, steps_max: int) -> int:
        """Take at most so many steps, each of which deletes the rows of one person whose time has come or empties what
        one wrote, as far as it can be done now. How many; fewer say that nothing is left. Raises PostgresError.
        """
        for taken in range(steps_max):
            if not await self._rows.forget_due(at, self._erasers):
                user = await self._rows.claim(lease_s=LEASE_S)
                if user is None:
                    return taken
                await self._erase(user)
        return steps_max

    async def _erase(self, user: str) -> None:
        try:
            # Looked through again after something was found: what was written meanwhile isn't missed.
            left = await self._emptied(user) and await self._emptied(user)
        except UnfinishedError as error:
            _log.warning("erasing an account goes on later", code=str(error))
            return
        if not left:
            await self._rows.settle(user)
            _log.info("an account was erased")

    async def _emptied(self, user: str) -> bool:
        """Take a user out of every stream. Whether there was anything. Raises UnfinishedError."""
        found, after = False, None
        while streams := await self._traces.streams(user, after=after, limit=STREAMS_AT_ONCE):
            for stream in streams:
                found |= await self._empty(user, stream)
            after = streams[-1]
        return found

    async def _empty(self, user: str, stream: str) -> bool:
        """Ask once also without anything written, since it ends a membership. Raises UnfinishedError."""
        kind, before = self._kinds[kind_of(stream)], None
        while True:
            seqs = tuple(await self._traces.written(user, stream, limit=ERASE_SEQS_MAX))
            if seqs and seqs == before:
                raise UnfinishedError("not_erased")
            command = kind.erase(stream, user, seqs)
            if command is None:
                return False
            cause = derive_client_id("erase", user, stream, *map(str, seqs))
            reply = await self._router.ask(replace(command, client_id=cause), by=SYSTEM)
            if not isinstance(reply, Accepted):
                raise UnfinishedError(reply.code if isinstance(reply, Refused) else "unknown")
            if not seqs:
                return True
            before = seqs
