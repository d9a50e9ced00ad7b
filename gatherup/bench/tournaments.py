"""How long it takes to fold a large tournament from its log.

``python -m gatherup.bench.tournaments`` plays a single elimination in which everybody enters, is ready, reports and
confirms, by its pure functions alone. It prints a ``Measured`` for each repeat, as a line of JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from actors.kind import Accept
from actors.tournament.kind import TournamentKind
from actors.tournament.stages import match_of
from actors.tournament.state import Tournament
from gatherup.bench.measuring import cpu_s, say
from gatherup.garbage import relax_garbage_collection
from protocol.event import Header, decode_header, encode_header
from protocol.frames import Command
from protocol.ids import SYSTEM, derive_client_id
from protocol.tournament.commands import (
    Advance,
    ConfirmResult,
    CreateTournament,
    EnterTournament,
    OpenRegistration,
    ReportResult,
    SayReady,
    StartTournament,
)

STREAM: Final = "tournament:" + "1" * 32
NOW: Final = 1_790_000_000_000


class Measured(Struct, frozen=True, kw_only=True):
    """One whole tournament, in CPU time."""

    entrants: int
    events: int
    fold_s: float
    """From the encoded headers of all events to the state."""


class Played:
    """A tournament and its log."""

    def __init__(self) -> None:
        self.kind: Final = TournamentKind(bytes(32))
        self.types: Final = {payload: name for name, payload in self.kind.wire.events.items()}
        self.state: Tournament = self.kind.initial(STREAM)
        self.log: list[bytes] = []

    def send(self, command: type[Command], by: str, **fields: Any) -> None:
        """Decide one command and apply what it causes."""
        sent = command(client_id=derive_client_id("bench"), **fields)
        decision = self.kind.decide(self.state, {}, sent, by=by, now=NOW)
        if not isinstance(decision, Accept):
            raise TypeError(f"{sent} was refused: {decision}")
        for emit in decision.events:
            kind, seq = self.types[type(emit.payload)], self.state.seq + 1
            header = Header(stream=STREAM, seq=seq, at=NOW, author=by, type=kind, marks=dict(emit.marks))
            self.state = self.kind.apply(self.state, header, None)
            self.log.append(encode_header(header))

    def round(self) -> None:
        """Open what is due, and play it."""
        while (due := self.kind.due(self.state)) is not None and due <= NOW:
            self.send(Advance, SYSTEM, stream=STREAM)
        for number in map(int, [*self.state.going]):
            match = match_of(self.state, number)
            a, b = _user(match.a or 0), _user(match.b or 0)
            for user in (a, b):
                self.send(SayReady, user, stream=STREAM, match=number)
            self.send(ReportResult, a, stream=STREAM, match=number, scores=((1, 0),))
            self.send(ConfirmResult, b, stream=STREAM, match=number)

    def fold(self) -> float:
        """The CPU time of making the state from the log again. Raises ValueError if it is another one."""
        begun, state = cpu_s(), self.kind.initial(STREAM)
        for header in self.log:
            state = self.kind.apply(state, decode_header(header), None)
        took = cpu_s() - begun
        if state != self.state:
            raise ValueError("the log gives another state")
        return took


def _user(entrant: int) -> str:
    return f"user:{entrant:032x}"


def measured(entrants: int) -> Measured:
    """Play one."""
    played = Played()
    played.send(CreateTournament, _user(1), name="Cup")
    played.send(OpenRegistration, _user(1), stream=STREAM)
    for entrant in range(1, entrants + 1):
        played.send(EnterTournament, _user(entrant), stream=STREAM)
    played.send(StartTournament, _user(1), stream=STREAM)
    while played.state.phase == "running":
        played.round()
    return Measured(entrants=entrants, events=len(played.log), fold_s=played.fold())


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.tournaments", description=__doc__)
    parser.add_argument("--entrants", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    relax_garbage_collection()
    for _ in range(given.repeats):
        say(measured(given.entrants))


if __name__ == "__main__":
    main()
