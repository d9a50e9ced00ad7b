"""The bracket as a terminal shows it: within its width, what is being played first, and nothing that people wrote moves
the cursor."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gatherup.chat.names import Names
from gatherup.client import LiveBracket, LiveMatch
from gatherup.clock import SystemClock
from gatherup.watch.drawing import COLUMN_CHARS, GROUP_LINES_MAX, ROUND_MATCHES_MAX, draw, drawn
from gatherup.watch.entrants import Entrants
from protocol.http.tournaments.entrants import TournamentEntrant
from protocol.tournament import Part
from protocol.tournament.events import EntrantEntered
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import Cup, P, playing, running
from tests.unit.gatherup.client.test_bracket import bracket, event, large, snapshot


def watched(cup: Cup) -> LiveBracket:
    live = LiveBracket()
    live.take(shown := snapshot(cup))
    live.learn(shown.position, bracket(cup))
    return live


def called(entrant: int | None) -> str:
    return {None: "...", 0: "-"}.get(entrant, f"Player {entrant}")


def text(live: LiveBracket, width: int, *, title: str = "Cup", trouble: str = "") -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(title, live, called, trouble, width))
    return captured.get()


def test_rounds_stand_next_to_each_other_with_scores_and_places() -> None:
    cup = playing(4, best_of=3)
    assert cup.report(1, 1, (2, 1), (0, 1), (5, 0))
    lines = text(watched(cup), 80).splitlines()
    assert lines[:2] == ["Cup", "running, 4 take part, 0 of 3 matches done"]
    assert lines[2].split() == ["winners", "1"]
    assert lines[3:5] == ["Player 1             2", "Player 4             1"]
    assert lines[8].split() == ["final"]
    cup.decide(1, 1)
    cup.decide(2, 2)
    cup.decide(3, 2)
    assert [line.rstrip() for line in text(watched(cup), 80).splitlines()[-4:]] == [
        "1. Player 2",
        "2. Player 1",
        "3. Player 3",
        "3. Player 4",
    ]


def test_losers_and_finals_have_lines_of_their_own() -> None:
    drawing = text(watched(playing(8, format="double_elimination")), 100)
    heads = [
        line.split()
        for line in drawing.splitlines()
        if "winners" in line or "losers" in line or "final" in line
    ]
    assert heads == [
        ["winners", "1", "winners", "2", "winners", "3"],
        ["losers", "1", "losers", "2", "losers", "3", "losers", "4"],
        ["final", "reset"],
    ]


@pytest.mark.parametrize("width", [1, 10, 22, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    live = watched(running(16, format="double_elimination"))
    drawing = text(live, width, title="A cup of a very long name " * 5, trouble="Gone. " * 30)
    assert max(len(line.rstrip()) for line in drawing.splitlines()) <= width


def test_a_very_narrow_terminal_still_shows_scores() -> None:
    cup = playing(2, best_of=3)
    assert cup.report(1, 1, (2, 1), (0, 1), (5, 0))
    assert text(watched(cup), 12).splitlines()[3:5] == ["Player 1   2", "Player 2   1"]


def test_a_narrow_terminal_shows_the_round_being_played() -> None:
    cup = playing(8)
    for match in range(1, 5):
        cup.decide(match, cup.match(match).a or 0)
    drawing = text(watched(cup), COLUMN_CHARS + 1)
    assert "winners 2" in drawing
    assert "winners 1" not in drawing


def test_a_crowd_is_drawn_in_few_lines() -> None:
    live = watched(large())
    assert len(text(live, 200).splitlines()) < 50
    assert f"{128 - ROUND_MATCHES_MAX} more" in text(live, 200)
    assert len(drawn(live)) <= 2 * ROUND_MATCHES_MAX * 9


async def test_names_move_no_cursor_and_are_no_markup() -> None:
    entrants = Entrants(Names(nobody, SystemClock(), {P[1]: "\x1b[2JAnn\u202e"}))
    entrants.learn(
        [
            entrant(1, P[1], None),
            entrant(2, None, "[red]B\nob"),
            entrant(3, None, None),
            entrant(4, P[2], None),
        ]
    )
    assert entrants.of(1) == "\N{REPLACEMENT CHARACTER}[2JAnn\N{REPLACEMENT CHARACTER}"
    assert entrants.of(2) == "[red]B\N{REPLACEMENT CHARACTER}ob"
    assert [entrants.of(n) for n in (3, 9, 0, None)] == ["entrant 3", "entrant 9", "-", "..."]
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    with console.capture() as captured:
        console.print(draw("[b]Cup", watched(playing(4)), entrants.of, "", 80))
    assert "[red]B" in captured.get()
    assert "[b]Cup" in captured.get()
    assert "\x1b" not in captured.get()


def test_an_erased_name_is_gone() -> None:
    entrants = Entrants(Names(nobody, SystemClock(), {}))
    entered = EntrantEntered(entrant=1, status="entered", count=1, checked_in=1, name="Rob")
    entrants.take(event(1, "tournament.entered", {"entrant": 1}, entered))
    assert entrants.of(1) == "Rob"
    entrants.take(event(2, "tournament.person_erased", {"names": (1,)}))
    assert entrants.of(1) == "entrant 1"


async def nobody(users: list[str]) -> dict[str, str]:
    return {}


def entrant(number: int, user: str | None, name: str | None) -> TournamentEntrant:
    return TournamentEntrant(
        entrant=number,
        user=user,
        name=name,
        status="entered",
        checked_in=False,
        seed=None,
        place=None,
        reason=None,
        roster=[],
        invited=[],
    )


@pytest.mark.parametrize("part", ["group", "swiss"])
def test_rounds_of_leagues_stand_next_to_each_other(part: Part) -> None:
    live = LiveBracket()
    live.matches = {
        match: LiveMatch(match=match, part=part, round=match, phase="due", a=1, b=match + 1)
        for match in (1, 2)
    }
    assert text(live, 80).splitlines()[2].split() == ["round", "1", "round", "2"]


def test_tables_of_groups_stand_next_to_each_other_after_a_round() -> None:
    cup = playing(8, stages=(Stage(format="round_robin", groups=2),), entrants_max=8)
    assert "After round" not in text(watched(cup), 80)
    for number in (1, 2, 3, 4):
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    live = watched(cup)
    assert {1, 2, 3, 4, 5, 6, 7, 8} <= drawn(live)
    lines = text(live, 80).splitlines()
    at = lines.index("After round 1")
    assert lines[1] == "running, 8 take part, round 2, 4 of 12 matches done"
    assert lines[at + 1].split() == ["group", "1", "group", "2"]
    first, second, *_ = lines[at + 2 :]
    assert first.split() == ["1.", "Player", "1", "1", "1-0-0", "1.", "Player", "2", "1", "1-0-0"]
    assert second.split() == ["2.", "Player", "4", "1", "1-0-0", "2.", "Player", "3", "1", "1-0-0"]
    narrow = text(live, 40)
    assert "group 2" not in narrow and "1 more groups" in narrow
    assert max(len(line.rstrip()) for line in text(live, 10).splitlines()) <= 10


def test_the_table_of_a_swiss_stage_shows_the_first_ones() -> None:
    cup = playing(40, stages=(Stage(format="swiss", rounds=2),), entrants_max=40)
    for number in range(1, 21):
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    drawing = text(watched(cup), 80)
    assert "After round 1" in drawing and "group" not in drawing
    assert f"{40 - GROUP_LINES_MAX} more" in drawing
