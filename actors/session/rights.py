"""What users may read, asked for many sessions at once: thousands come back together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.gather import Gather
from actors.ports.log import Log, ReadAccess
from actors.ports.time import Clock

READ_RIGHT_LINES: Final = 2
READ_RIGHTS_PER_CALL_MAX: Final = 1000
"""Pairs of stream and user; a session that asks for more asks alone."""

_Questions = Sequence[tuple[str, str]]


class ReadRights:
    """Rights, heads and incarnations, as the log knows them."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self.gather: Final = Gather[_Questions, list[ReadAccess]](
            clock, self._read, lines=READ_RIGHT_LINES, weight_max=READ_RIGHTS_PER_CALL_MAX, weigh=len
        )

    async def of(self, user: str, streams: Sequence[str]) -> list[ReadAccess]:
        """How these streams stand for the user, from one snapshot after the call. Raises LogUnavailableError."""
        return await self.gather.ask([(stream, user) for stream in streams])

    async def _read(self, asked: Sequence[_Questions]) -> list[list[ReadAccess]]:
        found = iter(await self._log.read_access([pair for questions in asked for pair in questions]))
        return [[next(found) for _ in questions] for questions in asked]
