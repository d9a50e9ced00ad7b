"""What happens in a tournament, as lines without control characters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gatherup.chat.names import Names
from gatherup.client import LiveBracket
from gatherup.clock import SystemClock
from gatherup.watch.entrants import Entrants
from gatherup.watch.lines import lines_of, named
from gatherup.watch.shows import Lines
from protocol.tournament.commands import (
    AcceptEntrant,
    AddEntrants,
    CancelTournament,
    ConfirmResult,
    DisputeResult,
    EnterTournament,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    RemoveEntrant,
    StartTournament,
)
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import Cup, P, draft, playing, registering, running
from tests.unit.gatherup.client.test_bracket import event, snapshot
from tests.unit.gatherup.watch.test_drawing import nobody


class Watch:
    """Somebody who watches a cup from now on."""

    def __init__(self, cup: Cup) -> None:
        self.cup, self.said = cup, list[str]()
        self._live = LiveBracket()
        names = {P[n]: f"P{n}" for n in range(1, 10)} | {P[1]: "P\x1b1"}
        self._entrants = Entrants(Names(nobody, SystemClock(), names))
        self._lines = Lines(self._live, self._entrants, self.said.append)
        for item in [event(h.seq, h.type, h.marks) for h in cup.headers()]:
            self._note(item.header.marks)
        self._live.take(snapshot(cup))
        self._lines.stands("C\nup")
        self._told = len(cup.log)

    def lines(self) -> list[str]:
        """Those since the last time."""
        for header in self.cup.headers()[self._told :]:
            self._note(header.marks)
            self._live.take(item := event(header.seq, header.type, header.marks))
            assert all(entrant in range(1, 10) for entrant in named(header, self._live))
            self._lines.event(item)
        self._told = len(self.cup.log)
        said, self.said[:] = list(self.said), []
        return said

    def _note(self, marks: Mapping[str, object]) -> None:
        match marks:
            case {"entrant": int(entrant), "user": str(user)}:
                self._entrants._users[entrant] = user
            case _:
                pass


def test_entries_are_told() -> None:
    cup = draft(entrants_max=2, entry="approval")
    watch = Watch(cup)
    cup.done(OpenRegistration)
    for n in (1, 2, 3):
        cup.done(EnterTournament, P[n])
        cup.done(AcceptEntrant, entrant=n)
    cup.done(OpenCheckIn)
    cup.check_in(P[1])
    cup.done(LeaveTournament, P[2])
    cup.settle()
    cup.done(RemoveEntrant, entrant=3, disqualify=True)
    cup.done(AddEntrants, entrants=(NewEntrant(name="Rob"),))
    assert watch.lines() == [
        "-- C\N{REPLACEMENT CHARACTER}up: draft, 0 entered",
        "registration is open",
        "P\N{REPLACEMENT CHARACTER}1 asks to enter",
        "P\N{REPLACEMENT CHARACTER}1 has entered",
        "P2 asks to enter",
        "P2 has entered",
        "P3 asks to enter",
        "P3 is on the waitlist",
        "check-in is open",
        "P\N{REPLACEMENT CHARACTER}1 has checked in",
        "P2 has left",
        "P3 has moved up from the waitlist",
        "P3 was disqualified",
        "entrant 4 has entered",
    ]


def test_matches_are_told() -> None:
    cup = running(4, best_of=3)
    watch = Watch(cup)
    cup.ready(2)
    assert cup.report(3, 2, (0, 2), (1, 2))
    cup.done(DisputeResult, P[2], match=2)
    cup.decide(2, 3)
    cup.later(cup.cup.settings.ready_s)
    assert watch.lines() == [
        "-- C\N{REPLACEMENT CHARACTER}up: running, 4 take part, 0 of 3 matches done",
        "match 2, winners 1: P2 is ready",
        "match 2, winners 1: P3 is ready",
        "match 2, winners 1: P2 against P3, P3 reports 0:2",
        "match 2, winners 1: P2 against P3, P2 disputes it",
        "match 2, winners 1: P2 against P3, P3 wins",
        "match 1, winners 1: P\N{REPLACEMENT CHARACTER}1 against P4, nobody wins",
        "the tournament has finished",
        "1. P3",
        "3. P\N{REPLACEMENT CHARACTER}1",
        "3. P2",
        "3. P4",
    ]


def test_a_walk_through_to_the_end_is_told() -> None:
    cup = registering(2, ready_s=0)
    watch = Watch(cup)
    cup.done(StartTournament)
    cup.settle()
    assert cup.report(1, 1, (7, 5))
    cup.done(ConfirmResult, cup.user(2), match=1)
    first = cup.view().entrants[0]
    winner = {1: "P\N{REPLACEMENT CHARACTER}1", 2: "P2"}[first]
    assert watch.lines()[1] == "the tournament has started, 2 take part"
    watch = Watch(cup)
    assert watch.lines()[1] == f"1. {winner}"


@pytest.mark.parametrize("how", ["cancelled", "forfeit"])
def test_ends_that_nobody_wants_are_told(how: str) -> None:
    cup = playing(2)
    watch = Watch(cup)
    watch.lines()
    if how == "cancelled":
        cup.done(CancelTournament)
        assert watch.lines() == ["the tournament was cancelled"]
    else:
        cup.done(LeaveTournament, P[2])
        cup.settle()
        assert watch.lines()[:2] == [
            "P2 has left",
            "match 1, final 1: P\N{REPLACEMENT CHARACTER}1 against P2, P\N{REPLACEMENT CHARACTER}1 wins by forfeit",
        ]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("tournament.round_published", "the next round is paired"),
        ("tournament.pairing_ended", "no further round is paired"),
        ("tournament.stage_finished", "the stage is over"),
        ("tournament.stage_started", "the next stage has started"),
    ],
)
def test_stages_and_rounds_are_told(kind: str, line: str) -> None:
    header = event(1, kind, {"entrants": [], "places": []}).header
    assert lines_of(header, LiveBracket(), str) == [line]


def test_standings_are_told_after_a_round() -> None:
    cup = playing(4, stages=(Stage(format="round_robin", groups=2),), entrants_max=4)
    watch = Watch(cup)
    cup.decide(1, 1)
    watch.lines()
    cup.decide(2, 2)
    told = watch.lines()
    assert told[told.index("standings after round 1") + 1 :][:4] == [
        "group 1, 1. P\N{REPLACEMENT CHARACTER}1, 1 points",
        "group 1, 2. P4, 0 points",
        "group 2, 1. P2, 1 points",
        "group 2, 2. P3, 0 points",
    ]
