"""The checkers of ``gatherup.chaos.history`` on the simulation's time and truth, and what its counters promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import trio

from actors.kind import Send
from actors.room.effects import effects
from gatherup.chaos import history
from gatherup.chaos.history import Followed, Violation, stream_of
from gatherup.chaos.truth import Fact
from protocol.frames import Command
from protocol.ids import SYSTEM, kind_of
from protocol.inbox import owner_of
from tests.counter_kind import weight_of
from tests.sim.truth import ObservedDatabase

__all__ = ["Followed", "History", "Violation"]


class History(history.History):
    """All that happened in one run, and the checks."""

    def __init__(self, database: ObservedDatabase) -> None:
        super().__init__(database, now=trio.current_time)
        self.database = database
        self.signals = 0
        self.logouts = 0

    def copy(self, by: str, command: Command, connection: int) -> None:
        """A client sends a command over a connection; at most one copy is on its way on each."""
        again = (by, command.client_id) in self.sent
        stream = stream_of(by, command)
        self.sending(by, command.client_id, stream, command, again=again, connection=connection)

    def _stream(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        yield from super()._stream(stream, story)
        if kind_of(stream) == "counter":
            yield from self._counter(stream, story)
        if kind_of(stream) == "room":
            yield from self._told(stream, story)

    def _told(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        """What a room owes to inboxes stands there, each thing once; but it may have been blocked on its way."""
        sends = [send for fact in story for send in effects(fact.header) if isinstance(send, Send)]
        expected = Counter(str(getattr(send.command, "stream", None)) for send in sends)
        blocked = Counter(inbox for send in sends if (inbox := self._blocked(send)) is not None)
        for inbox, items in self.database.story.items():
            happened = sum(fact.header.author == stream for fact in items) + self.poisoned(inbox, stream)
            least = expected[inbox] - blocked[inbox]
            if kind_of(inbox) == "inbox" and not least <= happened <= expected[inbox]:
                yield self.fail(
                    3, f"{stream} owes {inbox} {expected[inbox]} items, {happened} came", "doubled"
                )
        lost = [
            inbox
            for inbox, items in expected.items()
            if inbox not in self.database.story and items - blocked[inbox] > self.poisoned(inbox, stream)
        ]
        if lost:
            yield self.fail(3, f"{stream} owes items to {lost}, none came", "lost")

    def _blocked(self, send: Send) -> str | None:
        """The inbox to which this is owed, if its owner ever blocked who it is from."""
        inbox, author = (str(getattr(send.command, name, None)) for name in ("stream", "by"))
        known = kind_of(inbox) == "inbox" and (owner_of(inbox), author) in self.database.ever_blocked
        return inbox if known else None

    def _counter(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        """Effects and timers, exactly once."""
        for other, done in self.database.story.items():
            forwarded = [fact for fact in story if fact.header.type == "counter.forwarded"]
            expected = sum(fact.header.marks["to"] == other for fact in forwarded)
            happened = sum(fact.header.author == stream for fact in done) + self.poisoned(other, stream)
            if expected != happened:
                yield self.fail(3, f"{stream} owes {other} {expected} effects, {happened} happened")
        row = self.database.stream(stream)
        assert row is not None
        rings = getattr(story[-1].state, "bell_at") is not None  # noqa: B009 - only counters have one
        if rings and not self.poisoned(stream, SYSTEM):
            yield self.fail(1, f"the bell of {stream} never rang")
        yield from self._weighed(stream, story)
        if row.effects_seq != len(story):
            yield self.fail(1, f"{stream} still owes effects after {row.effects_seq} of {len(story)}")

    def _weighed(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        """Whoever asks is told what the points weigh that there are then."""
        points = 0
        for fact in story:
            if fact.header.type == "counter.weighed" and fact.header.marks["weight"] != weight_of(points):
                yield self.fail(2, f"{stream} weighs {fact.header.marks}, with {points} points", "untrue")
            points = getattr(fact.state, "total")  # noqa: B009 - only counters have one
        asked = getattr(story[-1].state, "weight_asked")  # noqa: B009 - as above
        if asked and not self.poisoned(stream, SYSTEM):
            yield self.fail(1, f"{stream} was never weighed", "lost")
