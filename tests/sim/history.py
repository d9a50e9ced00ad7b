"""The checkers of ``gatherup.chaos.history`` on the simulation's time and truth, and what its counters promise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import trio
from msgspec import Struct

from gatherup.chaos import history
from gatherup.chaos.history import Followed, Sent, Violation
from gatherup.chaos.truth import Fact
from protocol.frames import Accepted, Command, Refused
from protocol.ids import kind_of
from tests.sim.truth import ObservedDatabase

__all__ = ["Followed", "History", "Violation"]


class Copy(Struct):
    """One sending of a command."""

    connection: int
    answered: bool = False
    """By accepted or refused; unknown answers nothing."""


class History(history.History):
    """All that happened in one run, and the checks."""

    def __init__(self, database: ObservedDatabase) -> None:
        super().__init__(database, now=trio.current_time)
        self.database = database
        self.signals = 0
        self._copies: dict[tuple[str, str], list[Copy]] = {}

    def copy(self, by: str, command: Command, connection: int) -> None:
        """A client sends a command over a connection; at most one copy is on its way on each."""
        copies = self._copies.setdefault((by, command.client_id), [])
        copies.append(Copy(connection))
        if len(copies) > 1:
            super().command(by, command, again=True)

    def accepted(self, by: str, reply: Accepted) -> None:
        """See the base; the last copy is answered."""
        self._answered(by, reply.client_id)
        super().accepted(by, reply)

    def refused(self, by: str, reply: Refused) -> None:
        """See the base; the last copy is answered."""
        assert reply.client_id is not None
        self._answered(by, reply.client_id)
        super().refused(by, reply)

    def _answered(self, by: str, client_id: str) -> None:
        if copies := self._copies.get((by, client_id)):
            copies[-1].answered = True

    def excused(self, sent: Sent) -> bool:
        """A copy sent earlier over a connection that is gone, and never answered, may come to its stream late.

        On one connection copies follow one another: what is answered there is true of those before it.
        """
        copies = self._copies[sent.by, sent.command.client_id]
        return any(not copy.answered and copy.connection != copies[-1].connection for copy in copies)

    def _stream(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        yield from super()._stream(stream, story)
        if kind_of(stream) == "counter":
            yield from self._counter(stream, story)

    def _counter(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        """Effects and timers, exactly once."""
        for other, done in self.database.story.items():
            forwarded = [fact for fact in story if fact.header.type == "counter.forwarded"]
            owed = sum(fact.header.marks["to"] == other for fact in forwarded)
            happened = sum(fact.header.author == stream for fact in done)
            if owed != happened:
                yield self.fail(3, f"{stream} owes {other} {owed} effects, {happened} happened")
        row = self.database.stream(stream)
        assert row is not None
        if story and getattr(story[-1].state, "bell_at") is not None:  # noqa: B009 - only counters have one
            yield self.fail(1, f"the bell of {stream} never rang")
        if row.effects_seq != len(story):
            yield self.fail(1, f"{stream} still owes effects after {row.effects_seq} of {len(story)}")
