"""A tournament as a spectator knows it: it stands as the actor says, whatever they were told and when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gatherup.client import Event, LiveBracket, LiveMatch, LiveScore, Snapshot
from protocol import limits
from protocol.event import Header
from protocol.frames import Position
from protocol.tournament.commands import AddEntrants, DecideMatch, NewEntrant, StartTournament
from protocol.tournament.view import TournamentView
from tests.unit.actors.tournament.cup import CUP, OWNER, Cup, draft, playing
from tests.unit.gatherup.client import courses

COURSES = msgspec.json.decode(courses.FILE.read_bytes())


def at(seq: int, incarnation: int = 1) -> Position:
    return Position(stream=CUP, incarnation=incarnation, seq=seq)


def event(seq: int, kind: str, marks: dict[str, Any], payload: object = None) -> Event:
    header = Header(stream=CUP, seq=seq, at=seq, author=OWNER, type=kind, revokes=(), erases=(), marks=marks)
    return Event(header=header, payload=payload, position=at(seq))


def snapshot(cup: Cup, incarnation: int = 1) -> Snapshot:
    seq = len(cup.log)
    return Snapshot(stream=CUP, view=cup.view(), head=seq, position=at(seq, incarnation))


def bracket(cup: Cup) -> list[LiveMatch]:
    return msgspec.convert(courses.read(cup), list[LiveMatch])


def told(live: LiveBracket, cup: Cup, after: int) -> None:
    for header in cup.headers()[after:]:
        live.take(event(header.seq, header.type, header.marks))


def standing(live: LiveBracket) -> dict[str, Any]:
    names = ["phase", "entered", "checked_in", "waiting", "pending", "matches_total", "matches_done"]
    return {name: getattr(live, name) for name in names} | {
        "stage": live.stage.number,
        "round": live.stage.round,
        "standings_round": live.stage.standings_round,
        "standings": [msgspec.to_builtins(line) for line in live.stage.standings],
        "matches": msgspec.json.decode(
            msgspec.json.encode([live.matches[number] for number in sorted(live.matches)])
        ),
        "scores": [msgspec.to_builtins(score) for _, score in sorted(live.scores.known.items())],
        "places": sorted([entrant, place] for entrant, place in live.places.items()),
    }


def test_the_courses_are_as_the_actor_runs_them() -> None:
    assert courses.FILE.read_text(encoding="utf-8") == courses.text(), (
        "run: python -m tests.unit.gatherup.client.courses"
    )


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course["name"])
def test_a_spectator_knows_how_it_stands(course: dict[str, Any]) -> None:
    live, stood = LiveBracket(), 0
    for said in course["said"]:
        match said:
            case {"snapshot": view, "seq": seq}:
                shown = msgspec.convert(view, TournamentView)
                live.take(Snapshot(stream=CUP, view=shown, head=seq, position=at(seq)))
            case {"event": kind, "seq": seq, "marks": marks}:
                live.take(event(seq, kind, marks))
            case {"read": matches, "seq": seq, "fits": fits}:
                scores = msgspec.convert(said.get("scores", []), list[LiveScore])
                assert live.learn(at(seq), msgspec.convert(matches, list[LiveMatch]), scores) is fits
            case {"stands": expected}:
                assert standing(live) == expected
                assert live.complete
                stood += 1
            case _:
                raise AssertionError(said)
    assert stood


def large() -> Cup:
    """256 play, known by name."""
    cup = draft(ready_s=0)
    for n in range(256):
        cup.done(AddEntrants, entrants=(NewEntrant(name=f"N{n}"),))
    cup.done(StartTournament)
    cup.settle()
    return cup


def test_a_large_bracket_is_known_once_it_was_read() -> None:
    cup = large()
    live = LiveBracket()
    live.take(snapshot(cup))
    assert (len(live.matches), live.matches_total, live.complete) == (50, 255, False)
    before = len(cup.log)
    cup.done(DecideMatch, match=100, winner=cup.match(100).a)  # of which the snapshot says nothing
    told(live, cup, before)
    assert (live.matches[100].phase, live.matches[100].part, live.matches_done) == ("done", None, 1)
    assert live.wanting
    assert live.learn(at(len(cup.log) + 1), bracket(cup))
    assert (live.wanting, live.complete) == (False, False)  # it waits for the stream
    assert live.learn(at(before), bracket(large()))
    assert (live.wanting, live.complete) == (False, True)
    readiness = {"ready_a", "ready_b", "until", "picks", "held", "proposed_by", "proposed_at"}
    known = [{k: v for k, v in match.items() if k not in readiness} for match in standing(live)["matches"]]
    assert known == courses.read(cup)


def test_a_match_without_a_player_is_done_by_its_own_event_where_much_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "FILLS_PER_EVENT_MAX", 1)
    cup = draft(ready_s=0, format="double_elimination")
    cup.done(AddEntrants, entrants=tuple(NewEntrant(name=f"N{n}") for n in range(8)))
    cup.done(StartTournament)
    cup.settle()
    live = LiveBracket()
    live.take(snapshot(cup))
    assert live.learn(at(len(cup.log)), bracket(cup))
    waited = 0
    while cup.cup.phase == "running":
        before = len(cup.log)
        cup.done(DecideMatch, match=int(cup.cup.going.least or 0), winner=0)
        told(live, cup, before)
        waited += "later" in cup.marks("match_finished")
        before = len(cup.log)
        known = [(match["phase"], match["a"], match["b"]) for match in standing(live)["matches"]]
        assert known == [(match.phase, match.a, match.b) for match in cup.matches]
        cup.settle()
        told(live, cup, before)
    assert waited
    assert live.matches_done == live.matches_total == len(cup.matches)


def test_a_bracket_of_another_history_is_refused() -> None:
    cup = playing(4)
    live = LiveBracket()
    assert not live.learn(at(99), bracket(cup))
    live.take(snapshot(cup))
    assert not live.learn(at(len(cup.log), 2), bracket(cup))
    live.take(snapshot(cup, 2))
    assert live.learn(at(len(cup.log), 2), bracket(cup))


def test_what_a_later_server_says_changes_nothing() -> None:
    cup = playing(4)
    live = LiveBracket()
    live.take(snapshot(cup))
    before = standing(live)
    live.take(event(len(cup.log) + 1, "tournament.sung", {"match": 1}))
    live.take(Snapshot(stream=CUP, view={"of": "a later version"}, head=99, position=at(99)))
    assert standing(live) == before


def test_matches_of_a_further_round_or_stage_are_asked_for_and_those_of_the_stage_before_are_forgotten() -> (
    None
):
    live = LiveBracket()
    live.take(event(1, "tournament.created", {}))
    live.take(event(2, "tournament.started", {"count": 2, "checked_in": 0}))
    assert live.learn(at(2), [])
    assert live.complete
    live.take(event(3, "tournament.round_published", {"pairs": [1, 2]}))
    assert live.wanting
    assert not live.learn(at(2), [])
    assert live.learn(at(3), [LiveMatch(match=1, part="swiss", round=1, phase="due", a=1, b=2)])
    assert (live.complete, live.matches_total) == (True, 1)
    live.take(event(4, "tournament.stage_finished", {"entrants": [1, 2, 3], "places": [0, 0, 3]}))
    live.take(event(5, "tournament.stage_started", {"stage": 2, "seeds": [1, 2]}))
    assert (live.places, live.matches, live.wanting) == ({3: 3}, {}, True)
