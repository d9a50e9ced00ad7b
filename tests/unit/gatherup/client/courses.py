"""Tournaments as their spectators were told of them, and how they then stood: what both SDKs must make of it.

``brackets.json`` holds it for both. ``python -m tests.unit.gatherup.client.courses`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.tournament.attempts import score_in, takes_attempts
from actors.tournament.plays import play_of
from actors.tournament.view import shown, view
from protocol.tournament import games_of
from protocol.tournament.attempts import CorrectAttempt, SubmitAttempt
from protocol.tournament.commands import (
    AcceptEntrant,
    AcceptStart,
    AddEntrants,
    CancelTournament,
    CheckIn,
    ConfirmResult,
    CorrectResult,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    HoldMatch,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    PickGame,
    ProposeStart,
    ReinstateEntrant,
    ReleaseMatch,
    SayReady,
    SetSeeds,
    StartTournament,
    UndoResult,
)
from protocol.tournament.rounds import PickBan, RoundRule
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import ORGANISER, STRANGER, Cup, P, draft

FILE: Final = Path(__file__).parent / "brackets.json"
Said = dict[str, Any]
"""One thing a spectator is told, or how the tournament stands then."""


def standing(cup: Cup, forgotten: int) -> Said:
    """How it stands, as the actor knows it, but for the first places that somebody got."""
    seen = view(cup.cup, STRANGER)
    places, matches = list(zip(cup.cup.first, cup.cup.places, strict=True)), read(cup)
    stage = seen.stage
    return {
        "phase": seen.phase,
        "entered": seen.entered,
        "checked_in": seen.checked_in,
        "waiting": seen.waiting,
        "pending": seen.pending,
        "matches_total": len(matches),
        "matches_done": sum(match["phase"] == "done" for match in matches),
        "stage": 0 if stage is None else stage.stage,
        "round": stage and stage.round,
        "standings": [] if stage is None else msgspec.to_builtins(stage.standings),
        "standings_round": 0 if stage is None else stage.standings_round,
        "matches": [
            {**match, "ready_a": is_open and known.ready_a, "ready_b": is_open and known.ready_b}
            | {
                "until": known.until,
                "picks": [*known.picks],
                "held": known.held,
                "proposed_by": known.proposed_by,
                "proposed_at": known.proposed_at,
            }
            for match in matches
            for known in [shown(cup.cup, match["match"])]
            for is_open in [known.phase == "open"]
        ],
        "scores": scores(cup),
        "places": sorted(places if seen.phase == "finished" else places[forgotten:]),
    }


def read(cup: Cup) -> list[Said]:
    """All matches of the stage that is played, as HTTP answers them."""
    if not cup.cup.stages or takes_attempts(cup.cup.stages[-1]):
        return []
    stage = cup.cup.stages[-1]
    play = play_of(stage)
    return [
        {
            "match": stage.numbers.outer(number),
            "part": play.spot(number).part,
            "round": play.spot(number).round,
            "phase": match.phase,
            "a": match.a,
            "b": match.b,
            "scores": [list(game) for game in games_of(match.scores)],
            "winner": match.winner if match.kind else None,
            "kind": match.kind,
        }
        for number in range(1, len(play) + 1)
        for match in [shown(cup.cup, stage.numbers.outer(number))]
    ]


def scores(cup: Cup) -> list[Said]:
    """What everybody has come to in the leaderboard that is played, as HTTP answers it."""
    if not cup.cup.stages:
        return []
    stage = cup.cup.stages[-1]
    return [
        {"entrant": entrant, **score._asdict()}
        for entrant in sorted(stage.seeds)
        if (score := score_in(stage, stage.attempts.get(entrant) or ()))
    ]


class Course:
    """A spectator of a cup, who writes down what they are told."""

    def __init__(self, name: str, cup: Cup, *, snapshot: bool = False) -> None:
        self.name, self.cup = name, cup
        self.said: list[Said] = []
        self._told = 0
        self._forgotten = 0
        if snapshot:
            self.snapshot()

    def snapshot(self) -> None:
        """They begin here, or too much was missed."""
        self._told, self._forgotten = len(self.cup.log), len(self.cup.cup.places)
        self.said.append({"snapshot": msgspec.to_builtins(self.cup.view()), "seq": self._told})

    def events(self) -> None:
        """They are told of what happened since."""
        for header in self.cup.headers()[self._told :]:
            self.said.append({"event": header.type, "seq": header.seq, "marks": header.marks})
        self._told = len(self.cup.log)

    def read(self, *, fits: bool = True) -> None:
        """They read the bracket over HTTP; whether it fits to what they were told."""
        self.said.append(
            {"read": read(self.cup), "scores": scores(self.cup), "seq": len(self.cup.log), "fits": fits}
        )

    def stands(self) -> None:
        """They know how it stands."""
        self.events()
        self.said.append({"stands": standing(self.cup, self._forgotten)})

    def text(self) -> str:
        """As JSON, each thing on a line."""
        lines = ",\n".join(msgspec.json.encode(one).decode() for one in self.said)
        return f'{{"name": "{self.name}", "said": [\n{lines}\n]}}'


def entries() -> Course:
    """Who comes, waits, moves up and goes."""
    cup = draft(entrants_max=3, entry="approval")
    course = Course("entries", cup)
    course.stands()
    cup.done(OpenRegistration)
    for user in P[1:7]:
        cup.done(EnterTournament, user)
    course.stands()
    for entrant in (1, 2, 3, 4):
        cup.done(AcceptEntrant, ORGANISER, entrant=entrant)
    cup.done(LeaveTournament, P[5])  # was pending
    course.stands()
    cup.done(AddEntrants, ORGANISER, entrants=(NewEntrant(name="Rob"), NewEntrant(user=P[7])))
    course.stands()
    cup.done(OpenCheckIn)
    cup.check_in(P[1], P[2], P[7])
    course.stands()
    cup.done(LeaveTournament, P[1])
    cup.settle()  # the next one moves up
    cup.done(LeaveTournament, P[7])  # waited
    cup.settle()
    course.stands()
    cup.done(LeaveTournament, P[2])
    cup.done(LeaveTournament, P[3])
    cup.settle()
    course.stands()
    cup.done(OpenRegistration)
    cup.done(StartTournament)
    course.events()
    course.read()
    course.stands()
    return course


def double() -> Course:
    """Five play with lives to lose: readiness, no-shows, reports, a dispute, a decision, a second final."""
    cup = draft(format="double_elimination", best_of=3, play_s=3600)
    cup.done(OpenRegistration)
    cup.enter(*P[1:6])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4, 5))
    course = Course("double elimination", cup, snapshot=True)
    course.stands()
    cup.done(StartTournament)
    course.events()
    course.read()
    course.stands()
    cup.settle()
    course.stands()
    for step in range(100):
        going = [int(number) for number in cup.cup.going]
        if not going:
            break
        _step(cup, going[0], step)
        cup.settle()
        course.stands()
    assert cup.cup.phase == "finished"
    return course


def _step(cup: Cup, number: int, step: int) -> None:
    """Something that happens in an open match; the worse side wins, so that there is much to play."""
    match = cup.match(number)
    if match.phase == "open" and step % 5 == 4:
        cup.later(cup.cup.settings.ready_s)
    elif match.phase == "open":
        cup.ready(number)
    elif match.phase == "playing" and match.b:
        cup.report(match.b, number, (0, 2), (2, 1), (0, 2))
    elif match.phase == "reported" and step % 2:
        cup.done(ConfirmResult, cup.user(match.a), match=number)
    elif match.phase == "reported":
        cup.done(DisputeResult, cup.user(match.a), match=number, note="No.")
    else:
        cup.done(DecideMatch, match=number, winner=match.b)


def late() -> Course:
    """Somebody comes in the middle, reads pages too early and too late, and is thrown back to a snapshot."""
    cup = draft(format="double_elimination", ready_s=0, play_s=3600)
    cup.done(OpenRegistration)
    cup.enter(*P[1:9])
    cup.done(SetSeeds, entrants=tuple(range(1, 9)))
    cup.done(StartTournament)
    cup.settle()
    course = Course("coming late", cup)
    course.said.append({"event": "tournament.match_finished", "seq": 1, "marks": {}})  # before any snapshot
    course.read(fits=False)
    early = {"read": read(cup), "seq": len(cup.log), "fits": False}
    cup.decide(1, 1)
    course.snapshot()
    course.said.append(early)
    cup.decide(2, 5)
    course.read()  # ahead of what they were told
    cup.decide(3, 2)
    cup.decide(4, 0)
    course.stands()
    now = read(cup), len(cup.log)
    cup.decide(5, 1)
    course.events()
    course.said.append({"read": now[0], "seq": now[1], "fits": True})  # older than what they were told
    course.stands()
    course.snapshot()
    course.read()
    course.stands()
    now = read(cup), len(cup.log)
    cup.done(HoldMatch, match=int(cup.cup.going.least or 0))
    cup.done(CancelTournament, reason="rain")
    course.events()
    course.said.append({"read": now[0], "seq": now[1], "fits": True})  # older than what they were told
    course.stands()
    course.snapshot()
    course.read()
    course.stands()
    return course


def latecomers() -> Course:
    """Of a Swiss stage that has started somebody is checked in late, and somebody enters."""
    cup = draft(stages=(Stage(format="swiss", rounds=3, late_rounds=1),), ready_s=0)
    cup.done(OpenRegistration)
    cup.enter(*P[1:6])
    cup.done(OpenCheckIn)
    cup.check_in(*P[1:5])
    course = Course("latecomers", cup, snapshot=True)
    cup.done(StartTournament)
    cup.done(CheckIn, ORGANISER, entrant=5)
    cup.settle()
    course.events()
    course.read()
    course.stands()
    cup.done(EnterTournament, P[6])
    course.stands()
    return course


def third_place() -> Course:
    """Four play, with a match for the third place, and somebody leaves."""
    cup = draft(third_place=True, ready_s=0)
    cup.done(OpenRegistration)
    cup.enter(*P[1:5])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4))
    cup.done(StartTournament)
    course = Course("third place", cup, snapshot=True)
    course.read()
    cup.settle()
    course.stands()
    cup.decide(1, 1)
    cup.done(LeaveTournament, P[2])
    cup.settle()
    course.stands()
    cup.decide(3, 3)
    course.stands()
    assert cup.cup.phase == "finished"
    course.snapshot()
    course.read()
    course.stands()
    return course


def reopened() -> Course:
    """Two of a group of four play a final, and a match of the group is corrected while it runs and after it."""
    cup = draft(stages=(Stage(format="round_robin", advance=2), Stage()), entrants_max=16, ready_s=0)
    cup.done(OpenRegistration)
    cup.enter(*P[1:5])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4))
    cup.done(StartTournament)
    cup.settle()
    course = Course("reopened", cup, snapshot=True)
    while len(cup.cup.stages) == 1:
        number = int(cup.cup.going.least or 0)
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    course.events()
    course.read()
    course.stands()
    match = next(n for n in cup.numbers if {cup.match(n).a, cup.match(n).b} == {2, 3})
    old = read(cup), len(cup.log)
    cup.done(CorrectResult, match=match, winner=3, policy="reset", confirm=True)
    course.events()
    course.said.append({"read": old[0], "seq": old[1], "fits": False})
    course.read()
    course.stands()
    cup.settle()
    course.events()
    course.read()
    course.stands()
    cup.decide(int(cup.cup.going.least or 0), 3)
    course.stands()
    assert cup.cup.phase == "finished"
    cup.done(UndoResult, match=match, confirm=True)
    course.events()
    course.read()
    course.stands()
    cup.settle()
    cup.decide(match, 2)
    course.events()
    course.read()
    course.stands()
    return course


def corrections() -> Course:
    """Results are corrected and taken back, before and after the end, and somebody comes back."""
    cup = draft(format="double_elimination", ready_s=0)
    cup.done(OpenRegistration)
    cup.enter(*P[1:6])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4, 5))
    cup.done(StartTournament)
    cup.settle()
    course = Course("corrections", cup, snapshot=True)
    for _ in range(3):
        number = int(cup.cup.going.least or 0)
        cup.decide(number, cup.match(number).b or 0)
    now = read(cup), len(cup.log)
    played = next(number for number, match in enumerate(cup.matches, 1) if match.kind == "decided")
    cup.done(UndoResult, match=played, confirm=True)
    course.events()
    course.said.append({"read": now[0], "seq": now[1], "fits": True})  # older than what they were told
    course.stands()
    cup.settle()
    cup.decide(played, cup.match(played).a or 0)
    cup.done(LeaveTournament, P[2])
    cup.settle()
    course.stands()
    cup.done(ReinstateEntrant, entrant=2, confirm=True)
    course.stands()
    while cup.cup.phase == "running":
        cup.settle()
        number = int(cup.cup.going.least or 0)
        cup.decide(number, cup.match(number).a or 0)
    course.stands()
    last = max(number for number, match in enumerate(cup.matches, 1) if match.kind == "decided")
    cup.done(CorrectResult, match=last, winner=cup.match(last).b, scores=((0, 1),))
    course.stands()
    cup.done(CorrectResult, match=played, winner=0, confirm=True)
    cup.settle()
    course.stands()
    return course


def waits() -> Course:
    """Matches are put off, held, and wait for what is picked and banned."""
    picks = PickBan(pool=("dust2", "mirage", "nuke"), step_s=30)
    cup = draft(rounds=(RoundRule(picks=picks, window_s=86_400),), play_s=3600)
    cup.done(OpenRegistration)
    cup.enter(*P[1:5])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4))
    cup.done(StartTournament)
    cup.settle()
    course = Course("waiting", cup, snapshot=True)
    course.read()
    start = cup.now + 3_600_000
    cup.done(SayReady, P[1], match=1)
    cup.done(ProposeStart, P[1], match=1, at=start)
    course.stands()
    cup.done(AcceptStart, P[4], match=1, at=start)
    cup.done(HoldMatch, match=2)
    course.stands()
    cup.ready(2)
    cup.done(ReleaseMatch, match=2)
    course.stands()
    a = cup.user(cup.match(2).a)
    cup.done(PickGame, a, match=2, step=1, choice="mirage")
    course.stands()
    cup.done(HoldMatch, match=2)
    course.snapshot()
    course.read()
    course.stands()
    cup.done(DecideMatch, match=2, winner=2)
    cup.done(ProposeStart, P[1], match=1, at=start + 1)
    cup.later(3_600)
    course.stands()
    cup.ready(1)
    cup.later(300)
    course.stands()
    cup.decide(1, 1)
    course.stands()
    return course


def stages() -> Course:
    """Two groups and then a Swiss stage, with standings after each round, and a result that is corrected."""
    groups = Stage(format="round_robin", groups=2, draws=True, advance=2)
    cup = draft(ready_s=0, stages=(groups, Stage(format="swiss", rounds=2)), entrants_max=6)
    cup.done(OpenRegistration)
    cup.enter(*P[1:7])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4, 5, 6))
    course = Course("stages", cup, snapshot=True)
    course.stands()
    cup.done(StartTournament)
    cup.settle()
    course.events()
    course.read()
    course.stands()
    while len(cup.cup.stages) == 1:
        number = int(cup.cup.going.least or 0)
        if number == 3:
            cup.decide(number, 0, draw=True)
        else:
            cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
        if len(cup.cup.stages) == 1:
            course.stands()
    course.events()
    course.read()
    course.stands()
    cup.decide(7, cup.match(7).b or 0)
    course.stands()
    cup.decide(8, cup.match(8).a or 0)
    course.events()
    course.read()
    course.stands()
    cup.done(CorrectResult, match=7, winner=cup.match(7).a)
    cup.settle()
    course.stands()
    course.snapshot()
    course.read()
    course.stands()
    for number in (9, 10):
        cup.decide(number, cup.match(number).a or 0)
    course.stands()
    assert cup.cup.phase == "finished"
    return course


def leaderboard() -> Course:
    """Attempts, some of which staff make void, and then two of those who have made any play on."""
    stages = (
        Stage(format="leaderboard", window_s=3600, attempts=2, advance=2),
        Stage(format="single_elimination"),
    )
    cup = draft(stages=stages, ready_s=0)
    cup.done(OpenRegistration)
    cup.enter(*P[1:5])
    cup.done(SetSeeds, entrants=(1, 2, 3, 4))
    course = Course("leaderboard", cup, snapshot=True)
    cup.done(StartTournament)
    course.events()
    course.read()
    for entrant, score in ((1, 10), (2, 30), (1, 20), (4, 5)):
        cup.done(SubmitAttempt, P[entrant], score=score)
    course.stands()
    course.snapshot()
    early = scores(cup), len(cup.log)
    cup.done(CorrectAttempt, entrant=4, attempt=1)
    cup.done(SubmitAttempt, P[3], score=7)
    course.events()
    course.said.append({"read": [], "scores": early[0], "seq": early[1], "fits": True})  # older than that
    course.stands()
    cup.done(CorrectAttempt, entrant=4, attempt=1, score=25)
    course.stands()
    cup.later(3600)
    cup.settle()
    course.events()
    course.read()
    course.stands()
    cup.done(CorrectAttempt, entrant=1, attempt=1, stage=1)
    cup.decide(1, 4)
    course.stands()
    return course


COURSES: Final[tuple[Callable[[], Course], ...]] = (
    entries,
    double,
    late,
    latecomers,
    reopened,
    third_place,
    corrections,
    waits,
    stages,
    leaderboard,
)


def text() -> str:
    """All of it."""
    return "[" + ",\n".join(make().text() for make in COURSES) + "]\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
