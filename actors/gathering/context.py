"""One command as the decisions see it: the gathering, who asks, when, and the facts; and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from msgspec import Struct

from actors.creation import Creation
from actors.emitting import NO_MARKS, Emitter
from actors.gathering.apply import apply
from actors.gathering.state import Gathering
from actors.kind import Accept, Decision, Emit, Facts, Instant
from actors.staffing import Rank
from protocol.event import Header, Mark
from protocol.frames import Command
from protocol.gathering import GatheringPhase
from protocol.gathering.events import EVENTS

_TEXTS: Final = frozenset({"name", "description", "reason"})
"""Fields that people write: marks never hold them."""
_TYPES: Final = {payload: name for name, payload in EVENTS.items()}


class Context(Struct, frozen=True):
    """What a decision may look at."""

    gathering: Gathering
    facts: Facts
    by: str
    now: Instant
    creation: Creation
    """Who may create one."""

    @property
    def rank(self) -> Rank:
        """What the one who asks is on the staff."""
        return self.gathering.rank(self.by)


class Rule(Struct, frozen=True):
    """Who may send a command, and when; then ``decide`` says what comes of it."""

    decide: Callable[[Context, Any], Decision]
    rank: Rank
    """The lowest that may; SPECTATOR: anybody, as far as ``decide`` lets them."""
    phases: frozenset[GatheringPhase]


Rules = Mapping[type[Command], Rule]


_EMITTER: Final = Emitter(_TEXTS)
emitted: Final = _EMITTER.emitted
emit: Final = _EMITTER.emit


class Course:
    """The events of one command, each decided on what those before it have made of the gathering."""

    def __init__(self, context: Context) -> None:
        self.gathering = context.gathering
        self._events: list[Emit] = []
        self._context = context

    def add(
        self,
        payload: Struct,
        *,
        revokes: tuple[str, ...] = (),
        erases: tuple[int, ...] = (),
        marks: Mapping[str, Mark] = NO_MARKS,
    ) -> None:
        """One more event."""
        one = emitted(payload, revokes=revokes, erases=erases, marks=marks)
        header = Header(
            stream=self.gathering.gathering,
            seq=self.gathering.seq + 1,
            at=self._context.now,
            author=self._context.by,
            type=_TYPES[type(payload)],
            revokes=revokes,
            erases=erases,
            marks=cast("dict[str, Mark]", one.marks),
        )
        self._events.append(one)
        self.gathering = apply(self.gathering, header)

    def accept(self) -> Accept:
        """The command takes effect as all these."""
        return Accept(tuple(self._events))
