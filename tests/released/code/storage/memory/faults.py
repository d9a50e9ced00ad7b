"""Where a simulation reaches into the memory storage: delays, failures, lost answers, late commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto

import trio

from tests.released.code.actors.ports import Append


class Outcome(Enum):
    """What the world does with one append call."""

    ANSWERED = auto()
    """It runs, and its answer arrives."""
    CONFLICT = auto()
    """LogConflictError; nothing is written."""
    LOST_BEFORE_COMMIT = auto()
    """LogOutcomeUnknownError; nothing is written, then or later."""
    LOST_AFTER_COMMIT = auto()
    """It commits what it may, then LogOutcomeUnknownError."""
    LOST_AND_LATE = auto()
    """LogOutcomeUnknownError at once; the transaction goes on alone, and is judged when it gets its locks."""


class Point(Enum):
    """Where a call may be held up."""

    LOCKED = auto()
    """An append holds its row locks, and hasn't been judged."""
    COMMITTED = auto()
    """An append has committed, and hasn't answered: who crashes here loses the answer alone."""
    ON_ITS_WAY = auto()
    """A late transaction hasn't reached the server: it holds no lock."""


class Faults:
    """No faults. A simulation overrides what it wants to go wrong."""

    async def before(self, call: str) -> None:
        """Run at the start of each call of a port, with the method's name; ``read_view`` for the directory's read.

        May wait. May raise LogUnavailableError: nothing has happened yet.
        """
        await trio.lowlevel.checkpoint()

    async def after(self, call: str) -> None:
        """Run at the end of each call of the directory that changes something, which has committed.

        May wait. May raise LogUnavailableError: the answer is lost.
        """

    async def pause(self, point: Point) -> None:
        """Run at this point of an append. May wait; must not raise."""

    def outcome(self, appends: Sequence[Append]) -> Outcome:
        """What becomes of this call."""
        return Outcome.ANSWERED

    def busy(self, stream: str) -> bool:
        """Whether somebody unknown holds this row, for an append that doesn't wait for locks."""
        return False

    def detach(self, transaction: Callable[[], Awaitable[None]]) -> None:
        """Run this to its end apart from the caller: the server's half of a lost connection.

        It must outlive the caller's node. Cancelling it rolls it back.
        """
        raise NotImplementedError
