"""A leaderboard as a stage: attempts while its window is open, what counts of them, and who goes on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import Accept, Refuse
from actors.tournament.engine.leaderboard import Leaderboard, Score, Tried, score_of
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from protocol.tournament.commands import (
    Consequences,
    CorrectResult,
    LeaveTournament,
    ReinstateEntrant,
    RemoveEntrant,
    StartTournament,
)
from protocol.tournament.stage import Stage
from protocol.tournament.stage_ends import FinishStage
from protocol.tournament.view import StageView
from tests.unit.actors.tournament.cup import (
    ID,
    KEY,
    OWNER,
    REFEREE,
    STRANGER,
    Cup,
    P,
    gathered,
    playing,
    refused,
    registering,
)

HOUR = 3600


def board(**fields: Any) -> Stage:
    window: dict[str, Any] = {"window_s": HOUR}
    return Stage(format="leaderboard", **(window | fields))


def of(players: int, *after: Stage, **fields: Any) -> Cup:
    return playing(players, stages=(board(**fields), *after), entrants_max=40)


def stage(cup: Cup) -> StageView:
    shown = cup.view(P[1]).stage
    assert shown is not None
    return shown


def tried(cup: Cup, entrant: int, *scores: int) -> None:
    for score in scores:
        cup.done(SubmitAttempt, P[entrant], score=score)


def closed(cup: Cup) -> Cup:
    cup.later(HOUR)
    cup.settle()
    return cup


def places(cup: Cup, number: int = 1) -> dict[int, int]:
    row = cup.row("tournament_stage", number)
    return dict(zip(row["entrants"], row["places"], strict=True))


def corrected(cup: Cup, entrant: int, attempt: int, score: int | None, **fields: Any) -> Consequences:
    decision = cup.send(CorrectAttempt, REFEREE, entrant=entrant, attempt=attempt, score=score, **fields)
    assert isinstance(decision, Accept), decision
    cup.settle()
    assert isinstance(decision.answer, Consequences)
    return decision.answer


# --- a stage -----------------------------------------------------------------------------------------------


def test_who_has_the_best_score_when_the_window_closes_has_won() -> None:
    cup = of(4, attempts=3)
    assert stage(cup).closes_at == cup.cup.stages[0].closes_at
    tried(cup, 1, 10, 30, 20)
    tried(cup, 2, 40)
    tried(cup, 3, 5)
    assert cup.cup.phase == "running"
    assert stage(cup).scored == 3
    assert (own := cup.view(P[1]).own) is not None and own.attempts == (10, 30, 20)
    closed(cup)
    assert cup.types()[-3:] == ["window_closed", "stage_finished", "finished"]
    assert places(cup) == {2: 1, 1: 2, 3: 3, 4: 4}
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize(
    ("counted", "higher", "score"),
    [
        ("best", True, Score(30, 30, 2)),
        ("best", False, Score(10, 10, 1)),
        ("sum", True, Score(90, 30, 4)),
        ("last", True, Score(20, 30, 4)),
        ("last", False, Score(20, 10, 4)),
    ],
)
def test_what_counts_of_attempts(counted: Any, higher: bool, score: Score) -> None:
    attempts = [Tried(10, 1), Tried(30, 2), Tried(30, 3), Tried(20, 4)]
    assert score_of(attempts, counted, higher=higher) == score
    assert score_of([], counted, higher=higher) is None


def test_those_who_are_tied_share_a_place_unless_a_tie_break_decides() -> None:
    scores = {1: Score(5, 5, 30), 2: Score(5, 3, 20), 3: Score(5, 5, 10), 4: Score(9, 9, 40)}
    rows = Leaderboard((), higher=True).rows((1, 2, 3, 4, 5, 6), scores)
    assert [(row.entrant, row.place) for row in rows] == [(4, 1), (1, 2), (2, 2), (3, 2), (5, 5), (6, 5)]
    assert [row.decided for row in rows] == [None, "score", None, None, "score", None]
    rows = Leaderboard(("first_reached",), higher=True).rows((1, 2, 3, 4), scores)
    assert [(row.entrant, row.place) for row in rows] == [(4, 1), (3, 2), (2, 3), (1, 4)]
    assert rows[1].values == (5, 10)
    rows = Leaderboard(("best_attempt", "first_reached"), higher=False).rows((1, 2, 3, 4), scores)
    assert [(row.entrant, row.decided) for row in rows] == [
        (2, None),
        (3, "best_attempt"),
        (1, "first_reached"),
        (4, "score"),
    ]


def test_the_first_attempt_with_the_best_score_is_when_it_was_reached() -> None:
    cup = of(2, attempts=2, tiebreaks=("first_reached",))
    tried(cup, 2, 7)
    tried(cup, 1, 7)
    tried(cup, 2, 7)
    assert places(closed(cup)) == {2: 1, 1: 2}


def test_a_window_can_close_at_a_time() -> None:
    at = 5_000_000_000_000
    cup = playing(2, stages=(Stage(format="leaderboard", closes_at=at),))
    assert cup.kind.due(cup.state) == at
    tried(cup, 2, 1)
    cup.now = at
    refused(cup, cup.send(SubmitAttempt, P[1], score=2), Code.WRONG_PHASE)
    cup.settle()
    assert places(cup) == {2: 1, 1: 2}


def test_organisers_can_put_off_the_end_of_the_window_and_end_it_at_once() -> None:
    cup = of(2)
    refused(cup, cup.send(SetWindow, REFEREE, closes_at=cup.now), Code.FORBIDDEN)
    absurd = cup.now + limits.LEADERBOARD_S_MAX * 1000 + 60_000
    refused(cup, cup.send(SetWindow, OWNER, closes_at=absurd), Code.INVALID, "closes_at")
    later = cup.now + 2 * HOUR * 1000
    cup.done(SetWindow, closes_at=later)
    refused(cup, cup.send(SetWindow, OWNER, closes_at=later), Code.ALREADY_EXISTS, "closes_at")
    cup.later(HOUR + 1)
    tried(cup, 2, 5)
    cup.done(SetWindow, closes_at=1)
    refused(cup, cup.send(SubmitAttempt, P[1], score=9), Code.WRONG_PHASE)
    refused(cup, cup.send(SetWindow, OWNER, closes_at=later), Code.WRONG_PHASE)
    cup.settle()
    assert places(cup) == {2: 1, 1: 2}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_nobody_has_more_attempts_than_the_stage_allows() -> None:
    cup = of(2, attempts=2)
    tried(cup, 1, 3, 4)
    refused(cup, cup.send(SubmitAttempt, P[1], score=5), Code.TOO_MANY, "entrant")
    corrected(cup, 1, 1, None)  # stays used
    refused(cup, cup.send(SubmitAttempt, P[1], score=5), Code.TOO_MANY, "entrant")


def test_who_may_submit_an_attempt() -> None:
    cup = of(3)
    refused(cup, cup.send(SubmitAttempt, STRANGER, score=1), Code.FORBIDDEN)
    refused(cup, cup.send(SubmitAttempt, P[1], score=1, entrant=2), Code.FORBIDDEN, "entrant")
    refused(cup, cup.send(SubmitAttempt, OWNER, score=1), Code.FORBIDDEN)
    refused(cup, cup.send(SubmitAttempt, OWNER, score=1, entrant=99), Code.NOT_FOUND, "entrant")
    cup.done(SubmitAttempt, REFEREE, score=1, entrant=2)
    cup.done(SubmitAttempt, KEY, score=1, entrant=3)
    cup = of(2, attempts_by="staff")
    refused(cup, cup.send(SubmitAttempt, P[1], score=1), Code.FORBIDDEN)
    cup.done(SubmitAttempt, KEY, score=1, entrant=1)
    assert cup.row("tournament_attempt", cup.cup.seq) == {
        "stage": 1,
        "entrant": 1,
        "attempt": 1,
        "score": 1,
        "submitted_by": KEY,
        "submitted_at": cup.now,
        "corrected_at": None,
    }


def test_a_stage_with_matches_takes_no_attempts() -> None:
    cup = playing(2)
    refused(cup, cup.send(SubmitAttempt, P[1], score=1), Code.WRONG_PHASE)
    refused(cup, cup.send(CorrectAttempt, OWNER, entrant=1, attempt=1), Code.NOT_FOUND, "stage")


# --- corrections -------------------------------------------------------------------------------------------


def test_a_void_attempt_counts_no_more_and_can_be_given_a_score_again() -> None:
    cup = of(2, attempts=2)
    tried(cup, 1, 10, 50)
    tried(cup, 2, 20)
    corrected(cup, 1, 2, None)
    assert cup.row("tournament_score", "1.1")["counted"] == 10
    corrected(cup, 1, 1, None)
    assert not cup.has_row("tournament_score", "1.1")
    assert stage(cup).scored == 1
    corrected(cup, 1, 2, 30)
    assert cup.row("tournament_score", "1.1")["counted"] == 30
    assert stage(cup).scored == 2
    assert places(closed(cup)) == {1: 1, 2: 2}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_correction_after_the_end_gives_the_places_as_if_it_had_always_been_so() -> None:
    cup = of(3)
    for entrant in (1, 2, 3):
        tried(cup, entrant, 10 * entrant)
    closed(cup)
    assert places(cup) == {3: 1, 2: 2, 1: 3}
    preview = corrected(cup, 3, 1, 5, preview=True)
    assert preview.phase == "running"
    assert places(cup) == {3: 1, 2: 2, 1: 3}
    assert corrected(cup, 3, 1, 5) == preview
    assert cup.cup.phase == "finished"
    assert places(cup) == {2: 1, 1: 2, 3: 3}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_what_is_corrected_must_be_there_and_change_something() -> None:
    cup = of(2)
    tried(cup, 1, 10)
    wrong: list[tuple[dict[str, int], Code, str]] = [
        ({"attempt": 2}, Code.NOT_FOUND, "attempt"),
        ({"entrant": 2, "attempt": 1}, Code.NOT_FOUND, "attempt"),
        ({"attempt": 1, "stage": 2}, Code.NOT_FOUND, "stage"),
        ({"attempt": 1, "score": 10}, Code.ALREADY_EXISTS, "score"),
    ]
    for fields, code, field in wrong:
        refused(cup, cup.send(CorrectAttempt, REFEREE, **({"entrant": 1} | fields)), code, field)
    refused(cup, cup.send(CorrectAttempt, P[1], entrant=1, attempt=1), Code.FORBIDDEN)


def test_who_has_gone_on_stays_when_an_attempt_of_a_stage_before_is_corrected() -> None:
    cup = of(4, Stage(format="single_elimination"), advance=2)
    for entrant in (1, 2, 3, 4):
        tried(cup, entrant, entrant)
    closed(cup)
    assert cup.cup.stages[1].seeds == (4, 3)
    corrected(cup, 4, 1, None, stage=1)
    assert cup.cup.stages[1].seeds == (4, 3)
    assert cup.cup.stages[0].finished
    cup.decide(1, 4)
    assert cup.cup.phase == "finished"
    corrected(cup, 4, 1, 9, stage=1)
    assert cup.cup.phase == "finished"
    assert cup.refolded() == (cup.cup, cup.rows)


def test_standings_that_were_worked_out_before_a_correction_are_refused() -> None:
    cup = of(2)
    tried(cup, 1, 1)
    cup.later(HOUR)
    work = cup.kind.work(cup.state)
    assert work is not None
    result = work.function(*gathered(work))
    cup.done(CorrectAttempt, REFEREE, entrant=1, attempt=1, score=2)
    late = cup.do_at(cup.kind.worked(cup.state, work.key, result), SYSTEM, now=cup.now)
    assert isinstance(late, Refuse) and late.code is Code.WRONG_PHASE
    early = FinishStage(client_id=ID, stream=cup.stream, key=0, entrants=(1, 2), places=(1, 2), seeds=())
    assert isinstance(cup.do_at(early, SYSTEM, now=cup.now), Refuse)


def test_a_leaderboard_that_is_void_begins_anew() -> None:
    groups = Stage(format="round_robin", advance=2)
    cup = playing(3, stages=(groups, board(attempts=2)), entrants_max=3)
    for number in (1, 2, 3):
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    assert cup.cup.stages[1].seeds == (1, 2)
    tried(cup, 1, 5)
    began = cup.row("tournament_stage", 2)["since"]
    cup.done(CorrectResult, match=1, winner=3, policy="reset", confirm=True)
    assert cup.kind.due(cup.state) is None  # the window is gone with its stage
    refused(cup, cup.send(SubmitAttempt, P[1], score=9), Code.WRONG_PHASE)
    cup.settle()
    assert len(cup.cup.stages) == 2
    assert cup.cup.stages[1].closes_at == cup.now + HOUR * 1000
    assert stage(cup).scored == 0
    assert cup.row("tournament_score", "2.1")["reached"] < cup.row("tournament_stage", 2)["since"] > began
    first, second = cup.cup.stages[1].seeds
    tried(cup, second, 1)
    assert places(closed(cup), 2) == {second: 1, first: 2}
    assert cup.refolded() == (cup.cup, cup.rows)


# --- who goes on -------------------------------------------------------------------------------------------


def test_those_without_an_attempt_and_those_who_have_left_dont_go_on() -> None:
    cup = of(6, Stage(format="double_elimination"), advance=4, higher=False)
    for entrant, score in ((1, 40), (2, 10), (3, 20), (4, 30)):
        tried(cup, entrant, score)
    cup.done(LeaveTournament, P[2])
    refused(cup, cup.send(SubmitAttempt, OWNER, entrant=2, score=1), Code.WRONG_PHASE, "entrant")
    closed(cup)
    assert cup.cup.stages[1].seeds == (3, 4, 1)
    assert places(cup) == {3: 0, 4: 0, 1: 0, 2: 4, 5: 5, 6: 5}


def test_who_is_reinstated_goes_on_with_their_attempts() -> None:
    cup = of(3)
    tried(cup, 1, 5)
    cup.done(RemoveEntrant, entrant=1, disqualify=True)
    cup.done(ReinstateEntrant, entrant=1)
    tried(cup, 2, 4)
    assert places(closed(cup)) == {1: 1, 2: 2, 3: 3}


def test_a_leaderboard_can_follow_another_stage_and_counts_from_its_own_start() -> None:
    groups = Stage(format="round_robin", groups=2, advance=1)
    cup = playing(4, stages=(groups, board()), entrants_max=4)
    for number in (1, 2):
        cup.decide(number, cup.match(number).a or 0)
    assert [stage.settings.format for stage in cup.cup.stages] == ["round_robin", "leaderboard"]
    assert cup.cup.stages[1].closes_at == cup.now + HOUR * 1000
    first, second = cup.cup.stages[1].seeds
    tried(cup, second, 3)
    tried(cup, first, 2)
    closed(cup)
    assert places(cup, 2) == {second: 1, first: 2}


def test_if_nobody_has_made_an_attempt_the_tournament_ends() -> None:
    cup = of(3, Stage(format="single_elimination"), advance=2)
    closed(cup)
    assert cup.cup.phase == "finished"
    assert places(cup) == {1: 1, 2: 1, 3: 1}


# --- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"window_s": 0}, "Stage 1: window_s or closes_at must say when it closes, and not both."),
        ({"closes_at": 5}, "Stage 1: window_s or closes_at must say when it closes, and not both."),
        ({"best_of": 3}, "Stage 1: best_of doesn't fit leaderboard."),
        ({"tiebreaks": ("buchholz",)}, "Stage 1: tiebreaks: buchholz doesn't fit leaderboard."),
        ({"advance": 2}, "Stage 1: advance must be 0, since no stage follows."),
    ],
)
def test_settings_that_make_no_leaderboard(fields: dict[str, Any], sentence: str) -> None:
    cup = Cup()
    assert refused(cup, cup.create(stages=(board(**fields),)), Code.INVALID, "stages") == sentence


def test_settings_of_leaderboards_fit_no_other_stage() -> None:
    others: list[dict[str, Any]] = [{"window_s": 5}, {"attempts": 2}, {"tiebreaks": ("first_reached",)}]
    for fields in others:
        cup = Cup()
        stages = (Stage(format="round_robin", **fields),)
        refused(cup, cup.create(stages=stages), Code.INVALID, "stages")


def test_attempts_of_all_together_are_bounded() -> None:
    most = limits.STAGE_ATTEMPTS_MAX // 64
    assert isinstance(Cup().create(stages=(board(attempts=64),), entrants_max=most), Accept)
    cup = Cup()
    refused(
        cup,
        cup.create(stages=(board(attempts=64),), entrants_max=most + 1),
        Code.INVALID,
        "entrants_max",
    )


def test_a_leaderboard_needs_its_window_so_no_format_alone_makes_one() -> None:
    cup = Cup()
    refused(cup, cup.create(format="leaderboard"), Code.INVALID, "stages")


def test_the_first_leaderboard_closes_after_the_start() -> None:
    stages = (Stage(format="leaderboard", closes_at=1000),)
    cup = Cup()
    refused(cup, cup.create(stages=stages, start_at=1000), Code.INVALID, "stages")
    assert isinstance(Cup().create(stages=stages, start_at=999), Accept)


def test_nothing_starts_whose_window_has_closed_before() -> None:
    cup = registering(2, stages=(Stage(format="leaderboard", closes_at=5_000_000_000_000),))
    cup.now = 5_000_000_000_000
    refused(cup, cup.send(StartTournament, OWNER), Code.WRONG_PHASE, "stages")


# --- many ways through it ----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(-3, 3)), max_size=20),
    st.sampled_from(["best", "sum", "last"]),
    st.booleans(),
)
def test_standings_are_a_function_of_what_counts(
    attempts: list[tuple[int, int]], counted: Any, higher: bool
) -> None:
    cup = of(4, attempts=20, counted=counted, higher=higher)
    for entrant, score in attempts:
        tried(cup, entrant, score)
    fold = {"best": max if higher else min, "sum": sum, "last": lambda all_: all_[-1]}[counted]
    scores = {entrant: fold([s for e, s in attempts if e == entrant]) for entrant, _ in attempts}
    value = {
        entrant: scores[entrant] * (1 if higher else -1) if entrant in scores else -99
        for entrant in range(1, 5)
    }
    assert places(closed(cup)) == {
        entrant: 1 + sum(other > own for other in value.values()) for entrant, own in value.items()
    }
    assert cup.refolded() == (cup.cup, cup.rows)
