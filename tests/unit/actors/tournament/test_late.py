"""Who comes after the start: into a Swiss stage, until the round that its settings say, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tournament.engine.swiss.model import Game, Options, Round
from actors.tournament.engine.swiss.pairing import pair
from actors.tournament.stage_tables import stage_table
from actors.tournament.stages import current_match
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    AddEntrants,
    CheckIn,
    DecideMatch,
    EnterTournament,
    LeaveTournament,
    NewEntrant,
    ReinstateEntrant,
    StartTournament,
)
from protocol.tournament.stage import Stage, stages_of, stages_text
from tests.unit.actors.tournament.cup import (
    OWNER,
    REFEREE,
    Cup,
    P,
    checking_in,
    draft,
    gathered,
    playing,
    refused,
    registering,
)
from tests.unit.actors.tournament.test_swiss import going, of, rounds, swiss, win_all


def late(late_rounds: int = 2, **fields: Any) -> Cup:
    """Four who play five rounds; the first is published."""
    return of(4, rounds=5, rematches=True, late_rounds=late_rounds, **fields)


def points_at_the_end(cup: Cup) -> dict[int, float | None]:
    """Play all rounds, in which the better seed wins; then what the standings say before they end the stage."""
    while len(rounds(cup)) < 5 or len(going(cup)) > 1:
        cup.decide(going(cup)[0], min(cup.match(going(cup)[0]).a or 0, cup.match(going(cup)[0]).b or 0))
    (last,) = going(cup)
    cup.done(DecideMatch, match=last, winner=min(cup.match(last).a or 0, cup.match(last).b or 0))
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    stages, seeds, published, flat, withdrawn, _ = gathered(work)
    stage, *_ = stages_of(stages)
    chain, rows = stage_table(stages_text((stage,)), seeds, published, flat, withdrawn, 1, True)
    assert chain[0] == "points"
    return {row[1]: row[6][0] for row in rows}


# --- entering ----------------------------------------------------------------------------------------------


def test_who_comes_late_has_the_last_seed_and_is_paired_from_the_next_round_on() -> None:
    cup = late()
    cup.done(EnterTournament, P[5])
    assert cup.marks("entered") == {
        "entrant": 5,
        "status": "entered",
        "count": 5,
        "checked_in": 1,
        "user": P[5],
        "seed": 5,
        "missed": 1,
        "half_byes": 0,
    }
    assert cup.cup.stages[0].seeds == (1, 2, 3, 4, 5)
    assert (cup.cup.entered, cup.statuses()) == (5, ["entered"] * 5)
    assert current_match(cup.cup, 5) == 0
    row = cup.row("tournament_entrant", 5)
    assert (row["late_seed"], row["half_byes"], row["checked_in"]) == (5, 0, True)
    assert cup.row("tournament")["entrants"] == 5
    assert len(rounds(cup)) == 1  # nothing that was published changes
    win_all(cup)
    assert {one for two in rounds(cup)[1] for one in two} == {0, 1, 2, 3, 4, 5}
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize(("late_rounds", "taken"), [(1, [1]), (2, [1, 2]), (4, [1, 2, 3, 4])])
def test_people_come_until_the_round_that_the_settings_say(late_rounds: int, taken: list[int]) -> None:
    cup, came = late(late_rounds=late_rounds), list[int]()
    for number in range(5, 10):
        decision = cup.send(EnterTournament, P[number])
        if len(rounds(cup)) in taken:
            came.append(len(rounds(cup)))
        else:
            assert "late" in refused(cup, decision, Code.WRONG_PHASE)
        win_all(cup)
    assert came == taken


@pytest.mark.parametrize("half", [False, True])
def test_missed_rounds_count_as_the_rules_say(half: bool) -> None:
    """FIDE's C.04.2: nothing, unless the tournament's regulations say otherwise."""
    cup = late(late_byes="half" if half else "zero")
    win_all(cup)
    cup.done(EnterTournament, P[5])
    assert cup.marks("entered")["half_byes"] == (2 if half else 0)
    assert cup.row("tournament_entrant", 5)["half_byes"] == (2 if half else 0)
    win_all(cup)
    missed = [Game(5, 0, 1, 0, played=False)] if half else []
    games = [[*_games(cup, number), *missed] for number in (1, 2)]
    expected = pair(range(1, 6), games, Options(rounds=5, rematch=True))
    assert isinstance(expected, Round)
    assert rounds(cup)[2] == [*expected.pairs, (expected.bye, 0)]
    otherwise = [
        [*_games(cup, number), *([] if half else [Game(5, 0, 1, 0, played=False)])] for number in (1, 2)
    ]
    assert pair(range(1, 6), otherwise, Options(rounds=5, rematch=True)) != expected
    points = points_at_the_end(cup)
    won = sum(match.winner == 5 for match in cup.matches) + sum((5, 0) in pairs for pairs in rounds(cup))
    assert points[5] == won + (1.0 if half else 0.0)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_missed_rounds_count_in_the_first_stage_alone() -> None:
    first = Stage(format="swiss", rounds=3, rematches=True, late_rounds=2, late_byes="half", advance=4)
    cup = playing(4, stages=(first, Stage(format="swiss", rounds=2)), entrants_max=40)
    win_all(cup)
    cup.done(EnterTournament, P[5])
    win_all(cup, 2)
    assert 5 in cup.cup.stages[1].seeds
    for number in going(cup):
        cup.done(DecideMatch, match=number, winner=5 if cup.match(number).b == 5 else cup.match(number).a)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    _, seeds, (games,), _, _ = gathered(work)
    assert (len(seeds), len(games)) == (4, 2 * 5)  # two games, and no bye


def _games(cup: Cup, round_: int) -> list[Game]:
    numbers = (1, 2) if round_ == 1 else (3, 4)
    matches = [cup.match(number) for number in numbers]
    return [Game(m.a or 0, m.b or 0, 2 * (m.winner == m.a), 2 * (m.winner == m.b)) for m in matches]


def test_who_had_left_before_has_nothing_for_what_they_have_missed() -> None:
    cup = registering(5, stages=swiss(rounds=5, late_rounds=3, late_byes="half", rematches=True))
    cup.done(LeaveTournament, P[5])
    cup.done(StartTournament)
    cup.settle()
    cup.done(EnterTournament, P[5])
    assert (cup.marks("entered")["missed"], cup.marks("entered")["half_byes"]) == (1, 0)
    cup.done(EnterTournament, P[6])
    assert (cup.marks("entered")["missed"], cup.marks("entered")["half_byes"]) == (1, 1)


def test_who_was_dropped_at_the_start_comes_late_and_who_has_left_since_is_reinstated() -> None:
    cup = checking_in(6, stages=swiss(rounds=5, late_rounds=2, rematches=True))
    cup.check_in(*P[1:5])
    cup.done(StartTournament)
    cup.settle()
    assert cup.statuses() == ["entered"] * 4 + ["dropped"] * 2
    cup.done(EnterTournament, P[6])
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[5]), NewEntrant(name="Zoé")))
    assert cup.cup.seeds[4:] == (6, 5, 7)
    assert (cup.cup.entered, cup.cup.checked_in, cup.statuses()) == (7, 7, ["entered"] * 7)
    cup.done(LeaveTournament, P[6])
    refused(cup, cup.send(EnterTournament, P[6]), Code.ALREADY_EXISTS)
    again = (NewEntrant(user=P[6]),)
    refused(cup, cup.send(AddEntrants, OWNER, entrants=again), Code.ALREADY_EXISTS, "entrants")
    cup.done(ReinstateEntrant, entrant=6)
    win_all(cup)
    assert {5, 6, 7} < {one for two in rounds(cup)[1] for one in two}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_comes_while_a_round_is_paired_is_in_it() -> None:
    """What was worked out without them is thrown away."""
    cup = late(late_rounds=1)
    for number in going(cup):
        cup.done(DecideMatch, match=number, winner=cup.match(number).a)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    old = cup.kind.worked(cup.state, work.key, work.function(*gathered(work)))
    cup.done(EnterTournament, P[5])
    refused(cup, cup.do_at(old, SYSTEM, now=cup.now), Code.WRONG_PHASE, "key")
    cup.settle()
    assert 5 in {one for two in rounds(cup)[1] for one in two}


def test_staff_check_in_late_who_was_dropped_at_the_start() -> None:
    cup = checking_in(6, stages=swiss(rounds=5, rematches=True))
    cup.check_in(*P[1:5])
    cup.done(LeaveTournament, P[6])
    cup.done(StartTournament)
    refused(cup, cup.send(CheckIn, P[5]), Code.WRONG_PHASE)
    refused(cup, cup.send(CheckIn, REFEREE, entrant=5), Code.FORBIDDEN)
    refused(cup, cup.send(CheckIn, OWNER, entrant=1), Code.ALREADY_EXISTS)
    refused(cup, cup.send(CheckIn, OWNER, entrant=6), Code.FORBIDDEN)
    refused(cup, cup.send(CheckIn, OWNER, entrant=7), Code.NOT_FOUND, "entrant")
    cup.done(CheckIn, entrant=5)
    assert cup.marks("checked_in") == {
        "entrant": 5,
        "checked_in": 5,
        "count": 5,
        "seed": 5,
        "missed": 0,
        "half_byes": 0,
    }
    row = cup.row("tournament_entrant", 5)
    assert (row["status"], row["checked_in"], row["late_seed"]) == ("entered", True, 5)
    assert (cup.row("tournament")["entrants"], cup.cup.entered, cup.cup.checked_in) == (5, 5, 5)
    cup.settle()
    assert 5 in {one for two in rounds(cup)[0] for one in two}
    assert cup.refolded() == (cup.cup, cup.rows)
    again = checking_in(6, stages=swiss())
    again.check_in(*P[1:5])
    again.done(StartTournament)
    again.settle()
    refused(again, again.send(CheckIn, OWNER, entrant=5), Code.WRONG_PHASE)  # a round is published


# --- where nobody can ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stage",
    [
        Stage(format="single_elimination"),
        Stage(format="double_elimination"),
        Stage(format="round_robin"),
        Stage(format="swiss", rounds=3),
    ],
)
def test_nobody_comes_late_where_the_settings_do_not_let(stage: Stage) -> None:
    cup = playing(4, stages=(stage,), entrants_max=40)
    before = cup.cup
    assert "late" in refused(cup, cup.send(EnterTournament, P[5]), Code.WRONG_PHASE)
    new = (NewEntrant(user=P[5]),)
    assert "late" in refused(cup, cup.send(AddEntrants, OWNER, entrants=new), Code.WRONG_PHASE)
    assert cup.cup == before


def test_a_later_stage_takes_nobody() -> None:
    first = Stage(format="swiss", rounds=2, late_rounds=1, advance=4)
    cup = playing(4, stages=(first, Stage(format="swiss", rounds=2)), entrants_max=40)
    win_all(cup, 2)
    assert len(cup.cup.stages) == 2
    refused(cup, cup.send(EnterTournament, P[5]), Code.WRONG_PHASE)


def test_staff_can_enter_people_until_the_first_round_is_published() -> None:
    """Whatever the settings say; it takes a moment after the start."""
    cup = registering(4, stages=swiss())
    cup.done(StartTournament)
    refused(cup, cup.send(EnterTournament, P[5]), Code.WRONG_PHASE)
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[5]),))
    assert (cup.marks("entered")["missed"], cup.marks("entered")["seed"]) == (0, 5)
    cup.settle()
    assert 5 in {one for two in rounds(cup)[0] for one in two}
    refused(cup, cup.send(AddEntrants, OWNER, entrants=(NewEntrant(user=P[6]),)), Code.WRONG_PHASE)


def test_no_more_come_late_than_may_take_part() -> None:
    cup = playing(4, stages=swiss(rounds=3, late_rounds=2), entrants_max=5)
    new = (NewEntrant(user=P[5]), NewEntrant(user=P[6]))
    refused(cup, cup.send(AddEntrants, OWNER, entrants=new), Code.TOO_MANY)
    assert cup.cup.entered == 4
    cup.done(EnterTournament, P[5])
    refused(cup, cup.send(EnterTournament, P[6]), Code.TOO_MANY)


@pytest.mark.parametrize("entry", ["approval", "listed"])
def test_where_staff_choose_they_enter_who_comes_late(entry: str) -> None:
    cup = draft(entry=entry, stages=swiss(rounds=3, late_rounds=2))
    cup.done(AddEntrants, entrants=tuple(NewEntrant(user=player) for player in P[1:5]))
    cup.done(StartTournament)
    cup.settle()
    refused(cup, cup.send(EnterTournament, P[5]), Code.FORBIDDEN)
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[5]),))
    assert cup.cup.seeds[-1] == 5


def test_a_team_comes_late_with_all_of_its_players() -> None:
    cup = draft(stages=swiss(rounds=3, late_rounds=2), team_min=2, team_max=3)
    teams = [NewEntrant(user=P[n], name=f"Team {n}", roster=(P[n + 1],)) for n in range(1, 11, 2)]
    cup.done(AddEntrants, entrants=tuple(teams[:4]))
    cup.done(StartTournament)
    cup.settle()
    refused(cup, cup.send(EnterTournament, P[20], name="Late"), Code.FORBIDDEN)
    alone = NewEntrant(user=P[11], name="Too few")
    refused(cup, cup.send(AddEntrants, OWNER, entrants=(alone,)), Code.TOO_FEW, "entrants")
    taken = NewEntrant(user=P[11], name="Taken", roster=(P[2],))
    refused(cup, cup.send(AddEntrants, OWNER, entrants=(taken,)), Code.ALREADY_EXISTS, "entrants")
    cup.done(AddEntrants, entrants=(teams[4],))
    assert cup.cup.entrants[5].roster == (P[9], P[10])
    win_all(cup)
    assert 5 in {one for two in rounds(cup)[1] for one in two}
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        (swiss(late_rounds=1), "late_rounds must be fewer than rounds."),
        (swiss(rounds=3, late_rounds=3), "late_rounds must be fewer than rounds."),
        (swiss(rounds=3, late_byes="half"), "late_byes are without late_rounds."),
        (
            swiss(rounds=3, late_rounds=1, late_byes="half", wins=2, losses=2),
            "late_byes of half a point don't go with early exits.",
        ),
        ((Stage(format="round_robin", late_rounds=1),), "late_rounds doesn't fit round_robin."),
        ((Stage(late_rounds=1),), "late_rounds doesn't fit single_elimination."),
    ],
)
def test_settings_that_make_no_sense_are_refused(stages: tuple[Stage, ...], sentence: str) -> None:
    cup = Cup()
    assert refused(cup, cup.create(stages=stages), Code.INVALID, "stages") == f"Stage 1: {sentence}"


def test_only_the_first_stage_can_be_entered_late() -> None:
    cup = Cup()
    chain = (Stage(format="swiss", advance=2), Stage(format="swiss", rounds=3, late_rounds=1))
    said = refused(cup, cup.create(stages=chain), Code.INVALID, "stages")
    assert said == "Stage 2: late_rounds are for the first stage."
