"""A tournament with a word for each command, as the tests of its decisions use it."""

from __future__ import annotations

from typing import Any, cast

from actors.kind import Accept, Decision, FactKey, Refuse, Work
from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.kind import TournamentKind
from actors.tournament.plays import play_of
from actors.tournament.rounds_over import standings_wanted
from actors.tournament.stages import match_of, status_of
from actors.tournament.state import Match, Tournament
from protocol.codes import Code
from protocol.ids import SYSTEM, derive_client_id
from protocol.tournament.commands import (
    Advance,
    CheckIn,
    CreateTournament,
    DecideMatch,
    EnterTournament,
    OpenCheckIn,
    OpenRegistration,
    ReportResult,
    SayReady,
    SetSeeds,
    SetStaff,
    StartTournament,
)
from protocol.tournament.view import TournamentView
from tests.fold import Folded

CUP = "tournament:" + "1" * 32
OWNER, ORGANISER, REFEREE, STREAMER, STRANGER = (f"user:{letter * 32}" for letter in "abcde")
P = ("", *(f"user:{number:032x}" for number in range(1, 41)))
"""Players by the number of their entrant, where they enter one after the other."""
KEY = "key:" + "9" * 32
ID = derive_client_id("test")


class Cup(Folded):
    """A tournament, and people who may be named."""

    def __init__(self, stream: str = CUP) -> None:
        super().__init__(TournamentKind(b"k" * 32), stream)
        for number, user in enumerate((OWNER, ORGANISER, REFEREE, STREAMER, STRANGER, *P[1:])):
            self.people.add(user, f"user_{number}")

    @property
    def cup(self) -> Tournament:
        return cast(Tournament, self.state)

    # --- commands ---

    def create(self, by: str = OWNER, **fields: Any) -> Decision:
        return self.do(CreateTournament(client_id=ID, name="Cup", **fields), by)

    def send(self, command: type, by: str, **fields: Any) -> Decision:
        return self.do(command(client_id=ID, stream=self.stream, **fields), by)

    def done(self, command: type, by: str = OWNER, **fields: Any) -> None:
        """It is accepted."""
        decision = self.send(command, by, **fields)
        assert isinstance(decision, Accept), decision

    def enter(self, *users: str) -> None:
        for user in users:
            self.done(EnterTournament, user)

    def check_in(self, *users: str) -> None:
        for user in users:
            self.done(CheckIn, user)

    def ready(self, match: int) -> None:
        """Both sides are."""
        for entrant in (self.match(match).a, self.match(match).b):
            self.done(SayReady, self.user(entrant), match=match)

    def report(self, by: int, match: int, *scores: tuple[int, int]) -> Decision:
        return self.send(ReportResult, self.user(by), match=match, scores=scores)

    def decide(self, match: int, winner: int, **fields: Any) -> None:
        self.done(DecideMatch, match=match, winner=winner, **fields)
        self.settle()

    # --- time ---

    def later(self, seconds: float) -> None:
        """What is due until then is done at its time."""
        until = self.now + int(seconds * 1000)
        while (due := self.kind.due(self.state)) is not None and due <= until:
            self.fire(max(due, self.now))
        self.now = until

    def settle(self) -> None:
        """What is due now is done."""
        self.work()
        while (due := self.kind.due(self.state)) is not None and due <= self.now:
            self.later(0)
            self.work()

    def work(self) -> None:
        """What the state wants worked out is worked out."""
        while (work := self.kind.work(self.state)) is not None:
            self.worked(work)

    def tell(self) -> None:
        """Standings that have moved are told, and nothing else is worked out."""
        while standings_wanted(self.cup):
            work = self.kind.work(self.state)
            assert work is not None
            self.worked(work)

    def worked(self, work: Work) -> None:
        """What the state wants worked out is worked out, and taken."""
        command = self.kind.worked(self.state, work.key, work.function(*gathered(work)))
        decision = self.do_at(command, SYSTEM, now=self.now)
        assert isinstance(decision, Accept), decision

    def fire(self, at: int) -> None:
        """The timer of the runtime: its command is accepted and moves ``due``."""
        before = self.kind.due(self.state)
        command = self.kind.on_due(self.state, at)
        assert isinstance(command, Advance)
        decision = self.do_at(command, SYSTEM, now=at)
        assert isinstance(decision, Accept) and 0 < len(decision.events) <= 64, decision
        assert self.kind.due(self.state) != before

    # --- what came of it ---

    @property
    def matches(self) -> list[Match]:
        """All of them by number; void ones aren't there."""
        return [self.match(number) for number in self.numbers]

    @property
    def numbers(self) -> list[int]:
        """Of all matches."""
        return [
            stage.numbers.outer(number)
            for stage in self.cup.stages
            for number in range(1, len(play_of(stage)) + 1)
        ]

    @property
    def bracket(self) -> Bracket:
        """Of the stage that is being played, which is one of elimination."""
        return cast(EliminationPlay, play_of(self.cup.stages[-1])).bracket

    def match(self, number: int) -> Match:
        return match_of(self.cup, number)

    def user(self, entrant: int | None) -> str:
        assert entrant
        return self.cup.entrants[entrant].user or ""

    def row(self, table: str, key: object = "") -> dict[str, Any]:
        return dict(self.rows[FactKey(table, str(key))])

    def has_row(self, table: str, key: object) -> bool:
        return FactKey(table, str(key)) in self.rows

    def statuses(self) -> list[str]:
        return [status_of(self.cup, number) for number in range(1, len(self.cup.entrants) + 1)]

    def types(self, since: int = 0) -> list[str]:
        """Of the events after the first so many."""
        return [header.type.partition(".")[2] for header in self.headers()[since:]]

    def marks(self, kind: str = "") -> dict[str, Any]:
        """Of the last event, of this type."""
        return next(h.marks for h in reversed(self.headers()) if h.type.endswith(f".{kind}" if kind else ""))

    def view(self, user: str = STRANGER) -> TournamentView:
        return cast(TournamentView, self.kind.view(self.state, user))


def gathered(work: Work) -> tuple[Any, ...]:
    """The arguments of a work."""
    steps = work.gather()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def draft(**fields: Any) -> Cup:
    """A draft of OWNER's with everybody on its staff."""
    cup = Cup()
    assert isinstance(cup.create(**fields), Accept)
    cup.done(SetStaff, user=ORGANISER, role="organiser")
    cup.done(SetStaff, user=REFEREE, role="referee")
    cup.done(SetStaff, user=STREAMER, role="streamer")
    return cup


def registering(players: int = 0, **fields: Any) -> Cup:
    """Its registration is open, and so many have entered."""
    cup = draft(**fields)
    cup.done(OpenRegistration)
    cup.enter(*P[1 : players + 1])
    return cup


def checking_in(players: int, **fields: Any) -> Cup:
    """Its check-in is open, and nobody has checked in."""
    cup = registering(players, **fields)
    cup.done(OpenCheckIn)
    return cup


def running(players: int, **fields: Any) -> Cup:
    """It has started with so many, seeded by their numbers, and the first matches are open."""
    cup = registering(players, **fields)
    cup.done(SetSeeds, entrants=tuple(range(1, players + 1)))
    cup.done(StartTournament)
    cup.settle()
    return cup


def playing(players: int, **fields: Any) -> Cup:
    """The same, and nobody has to say that they are ready."""
    return running(players, ready_s=0, **fields)


def refused(cup: Cup, decision: Decision, code: Code, field: str | None = None) -> str:
    """It was refused so; the sentence."""
    assert isinstance(decision, Refuse), decision
    assert (decision.code, decision.field) == (code, field)
    return decision.message or ""
