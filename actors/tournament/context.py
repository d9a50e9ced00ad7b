"""One command as the decisions see it: the tournament, who asks, when, and the facts; and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from actors.creation import Creation
from actors.emitting import NO_MARKS, Emitter
from actors.kind import LOOKUP, Accept, Emit, FactKey, Facts, Instant, Refuse, pair
from actors.staffing import Rank, unknown
from actors.tournament.apply import apply
from actors.tournament.state import Tournament
from protocol.codes import Code
from protocol.event import Header, Mark
from protocol.tournament import flattened
from protocol.tournament.commands import ChangeTournament, CreateTournament
from protocol.tournament.events import EVENTS
from protocol.tournament.rounds import rules_text
from protocol.tournament.stage import stages_text

_TEXTS: Final = frozenset({"name", "description", "reason", "note", "evidence"})
"""Fields that people write: marks never hold them."""
_LOOKUPS: Final = ("game", "platform", "region")
"""Settings that are keys of the lookup tables of these names."""
_CALLS: Final = 4
"""So many people who are called to a match, or to decide it, take as long as a match that is changed."""
_WRITTEN: Final[Mapping[str, Callable[[Any], Mark]]] = {
    "rounds": rules_text,  # none of them is also something to tell
    "stages": stages_text,
    "scores": flattened,
}
_TYPES: Final = {payload: name for name, payload in EVENTS.items()}


class Context(Struct, frozen=True):
    """What a decision may look at."""

    tournament: Tournament
    facts: Facts
    by: str
    now: Instant
    draw_key: bytes
    """Makes the numbers of draws."""
    creation: Creation
    """Who may create one."""

    @property
    def rank(self) -> Rank:
        """What the one who asks is on the staff."""
        return self.tournament.rank(self.by)

    @property
    def own(self) -> int | None:
        """The number of the entrant who the one who asks is or was, or on whose roster they are."""
        return self.tournament.number_of(self.by)

    def unusable(self, command: CreateTournament | ChangeTournament) -> Refuse | None:
        """Why what was chosen from a lookup table can't be: it isn't there, or is retired."""
        for name, key in chosen(command).items():
            if self.facts.get(lookup_key(name, key)) is None:
                return Refuse(Code.NOT_FOUND, f"There is no such {name}.", name)
        return None

    def unknown(self, user: str, field: str) -> Refuse | None:
        """Why a user can't be named: there is none."""
        return unknown(self.facts, user, field)


def chosen(command: CreateTournament | ChangeTournament) -> dict[str, str]:
    """The keys that it names, by their lookup table."""
    return {name: key for name in _LOOKUPS if (key := getattr(command, name)) is not None}


def lookup_key(table: str, key: str) -> FactKey:
    """Whether an entry of a lookup table can be chosen."""
    return FactKey(LOOKUP, pair(table, key))


_EMITTER: Final = Emitter(_TEXTS, _WRITTEN, empty=False)
emitted: Final = _EMITTER.emitted
emit: Final = _EMITTER.emit


class Course:
    """The events of one command, each decided on what those before it have made of the tournament."""

    def __init__(self, context: Context) -> None:
        self.tournament = context.tournament
        self.now = context.now
        self.events: list[Emit] = []
        self.changes = 0
        """How many matches and entrants these events have changed, about."""
        self._by = context.by

    def add(
        self,
        payload: Struct,
        *,
        revokes: tuple[str, ...] = (),
        erases: tuple[int, ...] = (),
        marks: Mapping[str, Mark] = NO_MARKS,
    ) -> None:
        """One more event."""
        emit = emitted(payload, revokes=revokes, erases=erases, marks=marks)
        header = Header(
            stream=self.tournament.tournament,
            seq=self.tournament.seq + 1,
            at=self.now,
            author=self._by,
            type=_TYPES[type(payload)],
            revokes=revokes,
            erases=erases,
            marks=cast("dict[str, Mark]", emit.marks),
        )
        self.events.append(emit)
        self.changes += 1 + len(cast("Sequence[int]", header.marks.get("fills", ()))) // 3
        called = sum(len(cast("Sequence[str]", header.marks.get(name, ()))) for name in ("players", "staff"))
        self.changes += called // _CALLS
        self.tournament = apply(self.tournament, header)

    def accept(self) -> Accept:
        """The command takes effect as all these."""
        return Accept(tuple(self.events))
