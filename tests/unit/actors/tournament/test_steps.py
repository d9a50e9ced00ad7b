"""What a tournament does by itself is done in short steps, and comes to the same as if it were done at once."""

from __future__ import annotations

import random
from typing import Any

import pytest

from actors.tournament.stages import current_match
from protocol import limits
from protocol.tournament.commands import (
    AddEntrants,
    DecideMatch,
    LeaveTournament,
    NewEntrant,
    StartTournament,
)
from tests.unit.actors.tournament.cup import Cup, P, registering, running


def chosen(seed: int, players: int, *, fills: int, monkeypatch: pytest.MonkeyPatch) -> Cup:
    """A tournament of double elimination in which most matches are forfeited by both."""
    monkeypatch.setattr(limits, "FILLS_PER_EVENT_MAX", fills)
    chance = random.Random(seed)
    choices = [chance.choice(["a", "b", "both", "both"]) for _ in range(200)]
    cup = running(players, format="double_elimination", ready_s=0)
    while cup.cup.phase == "running":
        number = int(cup.cup.going.least or 0)
        match = cup.match(number)
        winner = {"a": match.a, "b": match.b, "both": 0}[choices[number]]
        cup.done(DecideMatch, match=number, winner=winner)
        cup.settle()
    return cup


def ended(cup: Cup) -> list[Any]:
    """How it has come out."""
    matches = [(match.a, match.b, match.winner, match.kind) for match in cup.matches]
    places = [cup.row("tournament_entrant", number)["place"] for number in cup.cup.seeds]
    return [matches, places, sorted(zip(cup.cup.places, cup.cup.first, strict=True)), cup.cup.matches_done]


@pytest.mark.parametrize("players", [4, 7, 8, 13, 16])
def test_what_follows_in_several_events_is_what_follows_in_one(
    players: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(10):
        whole = chosen(seed, players, fills=1000, monkeypatch=monkeypatch)
        assert not any("later" in header.marks for header in whole.headers())
        for fills in (1, 2, 5):
            parts = chosen(seed, players, fills=fills, monkeypatch=monkeypatch)
            assert ended(parts) == ended(whole)
            assert all(len(h.marks.get("fills", ())) // 3 <= fills + 1 for h in parts.headers())  # type: ignore[arg-type]
            assert parts.refolded() == (parts.cup, parts.rows)
            for number, match in enumerate(parts.matches, 1):
                if parts.has_row("tournament_match", number):
                    row = parts.row("tournament_match", number)
                    assert (row["phase"], row["a"], row["b"], row["winner"]) == (
                        "done",
                        match.a,
                        match.b,
                        match.winner,
                    )


def test_who_is_let_through_in_a_moment_may_leave_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILLS_PER_EVENT_MAX", 1)
    cup = running(4, format="double_elimination", ready_s=0)
    cup.decide(1, 0)
    cup.done(DecideMatch, match=2, winner=2)
    assert cup.marks("match_finished")["later"] == (3, 4)
    assert [cup.match(number).phase for number in (3, 4)] == ["due", "due"]
    assert [current_match(cup.cup, entrant) for entrant in (2, 3)] == [3, 4]
    cup.done(LeaveTournament, P[3])
    cup.settle()
    assert (cup.match(3).kind, cup.match(3).winner) == ("bye", 2)
    assert (cup.match(6).kind, cup.match(6).winner, cup.cup.phase) == ("forfeit", 2, "finished")


@pytest.mark.parametrize("changes", [1, 3])
def test_more_matches_whose_time_is_over_than_a_command_ends_are_ended_by_several(
    changes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cup = running(16, ready_s=60)
    monkeypatch.setattr(limits, "ADVANCE_CHANGES_MAX", changes)
    assert len(cup.cup.going) == 8
    cup.later(59)
    assert len(cup.cup.going) == 8
    cup.later(1)  # each command moves the timer on, or the runtime would take it for stuck
    assert (len(cup.cup.going), cup.cup.phase) == (0, "finished")


def test_the_matches_of_a_start_are_opened_a_few_at_a_time_and_each_once() -> None:
    cup = registering(0, entry="listed", format="double_elimination")
    for _ in range(5):
        cup.done(AddEntrants, entrants=tuple(NewEntrant(name="x") for _ in range(41)))
    cup.now = 1_000_000
    cup.done(StartTournament)
    assert cup.types()[-1] == "started"
    assert {entrant.match for entrant in cup.cup.entrants} == {0}
    assert (len(cup.cup.stages[0].matches), len(cup.cup.to_open)) == (0, 0)
    before = len(cup.log)
    cup.settle()
    opened = [header.marks["match"] for header in cup.headers()[before:]]
    assert sorted(opened) == [n for n, match in enumerate(cup.matches, 1) if match.phase == "playing"]  # type: ignore[type-var]
    assert len(opened) == len({*opened}) == 205 - 128
    assert cup.refolded()[0] == cup.cup
