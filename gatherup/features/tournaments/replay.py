"""A tournament as it was: folded from its log, while others have their turn."""

from __future__ import annotations

from typing import Final

import trio

from actors.tournament.apply import apply
from actors.tournament.state import Tournament
from gatherup.features.tournaments.tournament_access import found
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.event import decode_header
from storage.postgres.tournaments.history import HeaderRow, History
from storage.postgres.tournaments.reading import Head, Read

PAGE_EVENTS: Final = 256
"""Events that are read at once."""
STEP_EVENTS: Final = 64
"""Events that are applied before others have their turn: some 3 ms."""
STEP_BYTES: Final = 32_768
"""Bytes of headers likewise: one that seeds thousands is as much work as many others."""
AT_ONCE: Final = 1
"""Replays of a node at one time: a tournament of 4,096 takes a second of it."""
WAITING_MAX: Final = 8
RETRY_AFTER_S: Final = 5.0


class Replays:
    """Folds tournaments up to some seq."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._limiter = trio.CapacityLimiter(AT_ONCE)

    async def head(self, user: str, tournament: str, at: int) -> Head:
        """The log as it stood at this seq. Raises ProblemError: it is hidden, or its log ends before."""
        return _head(found(await self._history.page(user, tournament, after=at, until=at, limit=1)), at)

    async def state(self, user: str, tournament: str, at: int) -> Tournament:
        """The tournament after the event with this seq. Raises ProblemError as ``head`` does, and if that is too much
        work, or too many wait for it.
        """
        if at > limits.TOURNAMENT_REPLAY_EVENTS_MAX:
            most = f"At most {limits.TOURNAMENT_REPLAY_EVENTS_MAX} events are replayed."
            raise ProblemError(Code.TOO_MANY, most, field="at")
        if self._limiter.statistics().tasks_waiting >= WAITING_MAX:
            raise ProblemError(Code.OVERLOADED, retry_after_s=RETRY_AFTER_S)
        async with self._limiter:
            state = Tournament(tournament=tournament)
            while state.seq < at:
                read = found(
                    await self._history.page(user, tournament, after=state.seq, until=at, limit=PAGE_EVENTS)
                )
                _head(read, at)
                state = await _folded(state, read.rows)
            return state


def _head(read: Read[HeaderRow], at: int) -> Head:
    if at > read.head.seq:
        raise ProblemError(Code.INVALID, f"The log of the tournament ends at {read.head.seq}.", field="at")
    return Head(read.head.incarnation, at)


async def _folded(state: Tournament, rows: list[HeaderRow]) -> Tournament:
    if not rows or rows[0].seq != state.seq + 1:
        raise RuntimeError(f"event {state.seq + 1} of {state.tournament} isn't in the log")
    events = size = 0
    for row in rows:
        state = apply(state, decode_header(row.header))
        events, size = events + 1, size + len(row.header)
        if events >= STEP_EVENTS or size >= STEP_BYTES:
            events = size = 0
            await trio.lowlevel.checkpoint()
    return state
