"""A stage is played again after a later one has begun: what followed on it is void, and follows anew."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from actors.kind import Accept, Job, Send
from actors.tournament.effects import effects
from actors.tournament.stages import current_match, last_of, sides_of
from actors.tournament.state import Tournament
from protocol.codes import Code
from protocol.inbox import CallOffMatch, inbox_of
from protocol.room.hosting import CloseRoom, hosted_room
from protocol.tournament.attempts import SubmitAttempt
from protocol.tournament.commands import (
    CancelTournament,
    Consequences,
    CorrectResult,
    DecideMatch,
    LeaveTournament,
    ReinstateEntrant,
    SayReady,
    UndoResult,
)
from protocol.tournament.stage import Stage
from tests.checkpoints import decoded, encoded
from tests.unit.actors.tournament.cup import OWNER, REFEREE, STRANGER, Cup, P, refused, running
from tests.unit.actors.tournament.test_stages import (
    DOUBLE,
    GROUPS,
    SINGLE,
    chain,
    final_places,
    going,
    play_stage,
)

SWISS = Stage(format="swiss", rounds=2, advance=2)


def meeting(cup: Cup, one: int, other: int) -> int:
    """The first match of these two."""
    return next(n for n in cup.numbers if {cup.match(n).a, cup.match(n).b} == {one, other})


def correct(cup: Cup, match: int, winner: int, **fields: Any) -> Consequences:
    """A correction that resets."""
    fields = {"policy": "reset", "confirm": True, **fields}
    decision = cup.send(CorrectResult, REFEREE, match=match, winner=winner, **fields)
    assert isinstance(decision, Accept), decision
    return cast(Consequences, decision.answer)


def told(cup: Cup, since: int) -> list[Any]:
    """The commands to other streams that the events after so many cause."""
    found = [effect for header in cup.headers()[since:] for effect in effects(header)]
    return [effect.command for effect in found if isinstance(effect, Send)]


def second_stage(*, stage: Stage = SINGLE, **fields: Any) -> Cup:
    """Two groups of four are over, of whom 1 2 4 3 play on."""
    cup = chain(8, GROUPS, stage, **fields)
    play_stage(cup)
    return cup


def test_the_later_stage_is_void_and_starts_anew_from_the_places_that_are_right() -> None:
    cup = second_stage()
    before = len(cup.log)
    answer = correct(cup, meeting(cup, 4, 5), 5)
    assert (answer.stages, answer.phase, answer.fills, answer.policy) == ((2, 13, 15), "running", (), "reset")
    assert cup.types(before) == ["stage_reopened", "match_corrected"]
    assert cup.marks("stage_reopened") == {"stage": 1, "count": 8, "void": (2, 13, 15)}
    assert (len(cup.cup.stages), cup.cup.matches_done, cup.view().matches) == (1, 12, 12)
    assert (cup.view().current, cup.cup.timers.least, [*cup.cup.to_open]) == ([], None, [])
    cup.settle()
    started = cup.marks("stage_started")
    assert (started["stage"], started["first"], started["seeds"]) == (2, 16, (1, 2, 5, 3))
    assert [(cup.match(n).a, cup.match(n).b) for n in (16, 17)] == [(1, 3), (2, 5)]
    assert cup.cup.stages[0].finished
    play_stage(cup)
    assert cup.cup.phase == "finished"
    assert {n: final_places(cup)[n] for n in (1, 4, 5)} == {1: 1, 4: 5, 5: 3}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_it_is_confirmed_once_a_later_match_was_opened_and_a_preview_tells_what_is_void() -> None:
    cup = second_stage()
    number, state = meeting(cup, 4, 5), cup.cup
    fields = {"match": number, "winner": 5, "policy": "reset"}
    sentence = refused(cup, cup.send(CorrectResult, OWNER, **fields), Code.CONFIRM_NEEDED)
    assert sentence == "Stage 2 has begun and would become void: confirm it."
    refused(cup, cup.send(UndoResult, OWNER, match=number), Code.CONFIRM_NEEDED)
    preview = cup.send(CorrectResult, OWNER, preview=True, **fields)
    assert isinstance(preview, Accept) and not preview.events
    assert cup.cup is state
    done = cup.send(CorrectResult, OWNER, confirm=True, **fields)
    assert isinstance(done, Accept) and done.answer == preview.answer
    assert msgspec.to_builtins(done.answer)["stages"] == (2, 13, 15)


def test_nothing_is_to_be_confirmed_before_a_later_match_was_opened() -> None:
    cup = chain(8, GROUPS, SINGLE)
    for match in range(1, 13):
        cup.done(DecideMatch, match=match, winner=min(cup.match(match).a or 0, cup.match(match).b or 0))
        if match < 12:
            cup.settle()
    cup.work()
    assert (len(cup.cup.stages), cup.cup.stages[1].begun) == (2, 0)
    decision = cup.send(CorrectResult, OWNER, match=meeting(cup, 4, 5), winner=5, policy="reset")
    assert isinstance(decision, Accept)
    cup.settle()
    assert (cup.marks("stage_started")["seeds"], cup.types().count("match_voided")) == ((1, 2, 5, 3), 0)


def test_attempts_of_a_later_stage_are_not_void_unconfirmed() -> None:
    cup = second_stage(stage=Stage(format="leaderboard", window_s=3600, attempts=2))
    number = meeting(cup, 4, 5)
    assert isinstance(
        cup.send(CorrectResult, OWNER, match=number, winner=5, policy="reset", preview=True), Accept
    )
    cup.done(SubmitAttempt, P[1], score=7)
    refused(cup, cup.send(CorrectResult, OWNER, match=number, winner=5, policy="reset"), Code.CONFIRM_NEEDED)
    correct(cup, number, 5)
    cup.settle()
    assert (cup.cup.stages[1].seeds, len(cup.cup.stages[1].attempts)) == ((1, 2, 5, 3), 0)
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize("policy", ["reset", "keep", None])
def test_another_score_for_the_same_winner_voids_nothing(policy: str | None) -> None:
    cup = second_stage()
    number, before = meeting(cup, 4, 5), len(cup.log)
    decision = cup.send(
        CorrectResult,
        OWNER,
        match=number,
        winner=4,
        scores=((3, 0) if cup.match(number).a == 4 else (0, 3),),
        policy=policy,
    )
    assert isinstance(decision, Accept)
    cup.settle()
    assert cup.types(before) == ["match_corrected"]
    assert (len(cup.cup.stages), going(cup)) == (2, [13, 14])


def test_an_undone_match_is_opened_again_and_the_stage_ends_anew() -> None:
    cup = second_stage()
    number = meeting(cup, 4, 5)
    cup.done(UndoResult, match=number, confirm=True)
    cup.settle()
    assert (len(cup.cup.stages), going(cup), cup.match(number).phase) == (1, [number], "playing")
    assert [current_match(cup.cup, entrant) for entrant in (1, 4, 5)] == [0, number, number]
    cup.decide(number, 5)
    assert (cup.marks("stage_started")["first"], cup.marks("stage_started")["seeds"]) == (16, (1, 2, 5, 3))
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_finished_tournament_runs_again_and_its_places_are_gone() -> None:
    cup = second_stage()
    play_stage(cup)
    assert cup.cup.phase == "finished" and len(cup.cup.first) == 8
    before = len(cup.log)
    answer = correct(cup, meeting(cup, 4, 5), 5)
    assert (answer.phase, answer.stages) == ("running", (2, 13, 15))
    assert cup.types(before) == ["stage_reopened", "match_corrected", "reopened"]
    assert (cup.cup.phase, cup.cup.first, cup.cup.places) == ("running", (), ())
    assert (cup.row("tournament")["phase"], cup.row("tournament")["ended_at"]) == ("running", None)
    cup.settle()
    play_stage(cup)
    assert cup.cup.phase == "finished"
    assert cup.marks("finished")["entrants"] == tuple(cup.cup.first[i] for i in _order(cup))
    assert cup.refolded() == (cup.cup, cup.rows)


def _order(cup: Cup) -> list[int]:
    return sorted(range(len(cup.cup.first)), key=lambda i: (cup.cup.places[i], cup.cup.first[i]))


@pytest.mark.parametrize("last", [Stage(format="round_robin"), Stage(format="swiss", rounds=1)])
def test_a_last_stage_that_is_played_again_takes_its_places_back(last: Stage) -> None:
    cup = chain(4, last)
    play_stage(cup)
    assert cup.cup.phase == "finished" and len(final_places(cup)) == 4
    before = len(cup.log)
    cup.done(UndoResult, match=1)
    assert cup.types(before) == ["stage_reopened", "match_undone", "reopened"]
    assert (cup.marks("stage_reopened"), cup.cup.void_to) == ({"stage": 1, "count": 4}, 0)
    assert (final_places(cup), cup.cup.first, cup.view().matches_done) == ({}, (), len(cup.matches) - 1)
    cup.settle()
    cup.decide(1, min(sides_of(cup.match(1)), key=lambda side: side or 0) or 0)
    assert cup.cup.phase == "finished" and len(final_places(cup)) == 4
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_is_out_since_an_earlier_stage_keeps_their_place() -> None:
    four = (Stage(format="round_robin", groups=2, advance=2), Stage(advance=2), Stage(format="round_robin"))
    cup = chain(8, *four)
    for _ in four:
        play_stage(cup)
    assert cup.cup.phase == "finished"
    assert [stage.first for stage in cup.cup.stages] == [1, 13, 16]
    correct(cup, 13, cup.match(13).b or 0)  # a match of the second stage
    assert (len(cup.cup.stages), sorted(cup.cup.places)) == (2, [5, 5, 7, 7])
    cup.settle()
    for _ in range(2):
        play_stage(cup)
    assert cup.cup.phase == "finished" and sorted(final_places(cup).values()) == [1, 2, 3, 3, 5, 5, 7, 7]
    assert cup.refolded() == (cup.cup, cup.rows)


def test_all_later_stages_are_void_and_no_number_is_used_again() -> None:
    four = (Stage(format="round_robin", groups=2, advance=2), Stage(advance=2), Stage(format="round_robin"))
    cup = chain(8, *four)
    for _ in four:
        play_stage(cup)
    answer = correct(cup, 1, cup.match(1).b or 0)
    assert answer.stages == (2, 13, 15, 3, 16, 16)
    for _ in range(3):
        cup.settle()
        play_stage(cup)
    assert [stage.first for stage in cup.cup.stages] == [1, 17, 20]
    correct(cup, 17, cup.match(17).b or 0)
    cup.settle()
    play_stage(cup)
    assert [stage.first for stage in cup.cup.stages] == [1, 17, 21]
    for void in range(13, 17):
        refused(cup, cup.send(UndoResult, OWNER, match=void), Code.WRONG_PHASE, "match")
    opened = [header.marks["match"] for header in cup.headers() if header.type.endswith("match_finished")]
    assert len({*opened} & {*range(13, 21)}) == 8
    spans = {key.key: dict(row) for key, row in cup.rows.items() if key.table == "tournament_void"}
    assert spans == {
        first: {"last": int(first) + many - 1, "stage": stage}
        for first, many, stage in (("13", 3, 2), ("16", 1, 3), ("20", 1, 3))
    }


def test_nobody_acts_in_a_void_match_any_more() -> None:
    cup = running(8, stages=(GROUPS, SINGLE), entrants_max=16, ready_s=60)
    play_stage(cup)
    assert isinstance(cup.send(SayReady, P[1], match=13), Accept)
    before = len(cup.log)
    correct(cup, meeting(cup, 4, 5), 5)
    for by, command, fields in (
        (P[1], SayReady, {"match": 13}),
        (OWNER, DecideMatch, {"match": 13, "winner": 1}),
        (OWNER, CorrectResult, {"match": 13, "winner": 1}),
    ):
        sentence = refused(cup, cup.send(command, by, **fields), Code.WRONG_PHASE, "match")
        assert sentence == "This match is void, since an earlier stage was corrected."
    refused(cup, cup.send(DecideMatch, OWNER, match=99, winner=1), Code.NOT_FOUND, "match")
    cup.later(3600)
    later = [header for header in cup.headers()[before:] if header.marks.get("match") in (13, 14, 15)]
    assert [header.type for header in later] == ["tournament.match_voided"] * 2


def test_players_of_open_matches_are_told_once_and_their_rooms_are_closed() -> None:
    cup = second_stage(rooms=True)
    cup.decide(13, 1)
    assert going(cup) == [14]
    before = len(cup.log)
    correct(cup, meeting(cup, 4, 5), 5)
    assert any(isinstance(effect, Job) for effect in effects(cup.headers()[before]))
    refused(cup, cup.send(SayReady, STRANGER, match=14), Code.WRONG_PHASE, "match")
    # As after a fail-over.
    kept = decoded(encoded(cup.cup), Tournament)
    assert kept == cup.cup and kept.void is not None
    cup.state = kept
    cup.settle()
    commands = told(cup, before)
    void = [command for command in commands if isinstance(command, CallOffMatch)]
    assert {(command.stream, command.match) for command in void} == {(inbox_of(P[n]), 14) for n in (2, 4)}
    closed = [command.stream for command in commands if isinstance(command, CloseRoom)]
    assert closed == [hosted_room(cup.stream, 14)]
    assert cup.types(before).count("match_voided") == 1 and len(void) == 2
    # They are told before they are called to other matches.
    assert cup.types(before).index("match_voided") < cup.types(before).index("match_opened")
    assert cup.cup.void is None


def test_players_are_told_though_the_stage_is_reopened_again_at_once() -> None:
    cup = second_stage()
    before = len(cup.log)
    correct(cup, meeting(cup, 4, 5), 5)
    cup.work()
    correct(cup, meeting(cup, 4, 5), 4)
    cup.settle()
    void = [command.match for command in told(cup, before) if isinstance(command, CallOffMatch)]
    assert sorted(void) == [13, 13, 14, 14]
    assert (cup.marks("stage_started")["first"], cup.cup.stages[1].seeds) == (19, (1, 2, 4, 3))


def test_of_a_cancelled_tournament_nobody_is_told_and_rooms_are_closed() -> None:
    cup = second_stage(rooms=True)
    correct(cup, meeting(cup, 4, 5), 5)
    cup.done(CancelTournament)
    before = len(cup.log)
    cup.settle()
    assert [command.stream for command in told(cup, before)] == [hosted_room(cup.stream, n) for n in (13, 14)]
    assert cup.kind.due(cup.state) is None and cup.cup.void is None


def test_a_swiss_stage_goes_on_with_numbers_that_no_void_match_had() -> None:
    exits = Stage(format="swiss", wins=2, losses=2, advance=2)
    cup = chain(4, exits, SINGLE)
    play_stage(cup)
    assert [stage.first for stage in cup.cup.stages] == [1, 6]
    # 1 and 2 have two wins; 2 loses the deciding match of the first ones to be out instead.
    last = len(cup.matches) - 1
    cup.done(UndoResult, match=1, confirm=True)
    cup.settle()
    cup.decide(1, cup.match(1).b or 0)
    while len(cup.cup.stages) == 1:
        for match in going(cup):
            cup.decide(match, min(cup.match(match).a or 0, cup.match(match).b or 0))
    numbers = [cup.cup.stages[0].numbers.outer(n) for n in range(1, len(cup.cup.stages[0].matches) + 1)]
    assert numbers[:last] == [*range(1, last + 1)] and not {6} & {*numbers}
    assert cup.cup.stages[1].first > max(numbers) >= last
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize("first", [Stage(advance=4), Stage(format="double_elimination", advance=4)])
def test_an_earlier_bracket_is_corrected_by_reset_unless_something_else_is_said(first: Stage) -> None:
    cup = chain(8, first, Stage(format="round_robin"))
    play_stage(cup)
    first_match = cup.match(1)
    refused(cup, cup.send(CorrectResult, OWNER, match=1, winner=first_match.b), Code.CONFIRM_NEEDED)
    cup.done(CorrectResult, match=1, winner=first_match.b, confirm=True)
    cup.settle()
    assert len(cup.cup.stages) == 1 and current_match(cup.cup, first_match.b or 0) == going(cup)[0]
    assert [current_match(cup.cup, n) for n in (2, 3)] == [
        next((n for n in cup.numbers if one in sides_of(cup.match(n)) and cup.match(n).phase != "done"), 0)
        for one in (2, 3)
    ]
    play_stage(cup)
    assert len(cup.cup.stages) == 2
    assert cup.cup.stages[1].first == last_of(cup.cup.stages[0]) + 1 + 6
    play_stage(cup)
    assert cup.cup.phase == "finished" and sorted(final_places(cup).values())[:4] == [1, 2, 3, 4]
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_bracket_that_others_follow_gives_no_places_by_a_correction() -> None:
    cup = chain(4, Stage(advance=2), Stage(format="round_robin"))
    cup.decide(1, 1)
    cup.done(CorrectResult, match=1, winner=cup.match(1).b)
    assert cup.marks("match_corrected").get("placed") is None
    assert not cup.cup.first and final_places(cup) == {}


def test_who_comes_back_by_reset_plays_what_they_forfeited_and_may_go_on() -> None:
    cup = chain(8, GROUPS, SINGLE)
    cup.done(LeaveTournament, P[1])
    cup.settle()
    play_stage(cup)
    left_in = cup.cup.entrants[1].left_in
    assert 1 not in cup.cup.stages[1].seeds
    refused(cup, cup.send(ReinstateEntrant, OWNER, entrant=1, policy="reset"), Code.CONFIRM_NEEDED)
    cup.done(ReinstateEntrant, entrant=1, policy="reset", confirm=True)
    cup.settle()
    assert (len(cup.cup.stages), going(cup), current_match(cup.cup, 1)) == (1, [left_in], left_in)
    cup.decide(left_in, 1)
    assert len(cup.cup.stages) == 2


def test_who_has_left_a_void_match_comes_back_without_it() -> None:
    cup = second_stage()
    cup.done(LeaveTournament, P[4])
    cup.settle()
    correct(cup, meeting(cup, 4, 5), 5)
    cup.done(ReinstateEntrant, entrant=4)
    cup.settle()
    assert (cup.cup.stages[1].seeds, cup.statuses()[3]) == ((1, 2, 5, 3), "entered")
    assert cup.refolded() == (cup.cup, cup.rows)


@pytest.mark.parametrize(
    "last", [SINGLE, DOUBLE, Stage(format="round_robin"), Stage(format="swiss", rounds=2)]
)
def test_a_correction_and_its_correction_come_to_the_same(last: Stage) -> None:
    cup = second_stage(stage=last)
    number, seeds, view = meeting(cup, 4, 5), cup.cup.stages[1].seeds, cup.view(P[4])
    correct(cup, number, 5)
    cup.settle()
    assert cup.cup.stages[1].seeds != seeds
    correct(cup, number, 4)
    cup.settle()
    assert (cup.cup.stages[1].seeds, len(cup.view().current)) == (seeds, len(view.current))
    sides = [(match.a, match.b, match.phase) for match in cup.view().current]
    assert sides == [(match.a, match.b, match.phase) for match in view.current]
    play_stage(cup)
    assert cup.cup.phase == "finished"
