"""Corrections: what becomes void, what stands, who comes back, and what can't be corrected."""

from __future__ import annotations

from typing import Any, cast

import pytest

from actors.kind import Accept, Send, person_key
from actors.tournament.effects import effects
from actors.tournament.stages import current_match, status_of
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.inbox import CallMatch, inbox_of
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ConfirmResult,
    Consequences,
    CorrectResult,
    ErasePerson,
    LeaveTournament,
    NewEntrant,
    OpenRegistration,
    ReinstateEntrant,
    RemoveEntrant,
    ReportResult,
    SayReady,
    StartTournament,
    UndoResult,
)
from tests.unit.actors.tournament.cup import (
    ID,
    ORGANISER,
    REFEREE,
    STREAMER,
    Cup,
    P,
    draft,
    playing,
    refused,
    registering,
    running,
)


def semifinals(**fields: Any) -> Cup:
    """Four players: 1 has won against 4 and 2 against 3, and the final is played."""
    cup = playing(4, **fields)
    cup.decide(1, 1)
    cup.decide(2, 2)
    return cup


def over(**fields: Any) -> Cup:
    """2 has won the final."""
    cup = semifinals(**fields)
    cup.decide(3, 2)
    assert cup.cup.phase == "finished"
    return cup


def answered(cup: Cup, command: type, by: str = REFEREE, **fields: Any) -> Consequences:
    """It is accepted with this answer, and what is due is done."""
    decision = cup.send(command, by, **fields)
    assert isinstance(decision, Accept), decision
    cup.settle()
    assert cup.refolded() == (cup.cup, cup.rows)
    return cast(Consequences, decision.answer)


def places(cup: Cup) -> list[int | None]:
    return [cup.row("tournament_entrant", n)["place"] for n in range(1, len(cup.cup.entrants) + 1)]


def sides(cup: Cup, number: int) -> tuple[int | None, int | None, str]:
    return cup.match(number).a, cup.match(number).b, cup.match(number).phase


def test_a_changed_winner_leaves_every_later_match() -> None:
    cup = semifinals()
    answer = answered(cup, CorrectResult, match=1, winner=4, scores=((0, 1),), note="typo", confirm=True)
    assert answer == Consequences(
        policy="reset", fills=(3, 4, 2), void=(3,), kept=(), placed=(1, 3, 4, 0), phase="running"
    )
    assert sides(cup, 3) == (4, 2, "playing")
    assert (cup.match(1).winner, cup.match(1).scores, cup.match(1).kind) == (4, (0, 1), "decided")
    assert [current_match(cup.cup, n) for n in (1, 2, 3, 4)] == [0, 3, 0, 3]
    assert places(cup) == [3, None, 3, None]
    assert cup.row("tournament_match", 1)["decision"] == "typo"
    cup.decide(3, 4)
    assert (cup.view().entrants, cup.view().places) == ([4, 2, 1, 3], [1, 2, 3, 3])


def test_a_match_that_became_void_calls_its_players_again() -> None:
    cup = running(4, ready_s=60)
    for match in (1, 2):
        cup.ready(match)
        cup.decide(match, match)
    cup.done(SayReady, P[2], match=3)
    events = len(cup.log)
    answered(cup, CorrectResult, match=1, winner=4, confirm=True)
    called = [send.command for h in cup.headers()[events:] for send in effects(h) if isinstance(send, Send)]
    assert [call.stream for call in called if isinstance(call, CallMatch)] == [inbox_of(P[4]), inbox_of(P[2])]
    assert (cup.match(3).ready_a, cup.match(3).ready_b) == (False, False)
    # The timer of the old call is gone: the new one ends the match.
    cup.done(SayReady, P[4], match=3)
    cup.later(61)
    assert (cup.match(3).winner, cup.match(3).kind, cup.cup.phase) == (4, "forfeit", "finished")


def test_matches_that_were_opened_become_void_only_when_that_is_confirmed() -> None:
    cup = semifinals()
    events = len(cup.log)
    for command, fields in ((CorrectResult, {"winner": 4}), (UndoResult, {})):
        decision = cup.send(command, REFEREE, match=1, **fields)
        assert refused(cup, decision, Code.CONFIRM_NEEDED) == (
            "Match 3 was opened and becomes void: confirm it."
        )
    assert len(cup.log) == events


def test_nothing_needs_to_be_confirmed_before_later_matches_are_opened() -> None:
    cup = playing(4)
    cup.decide(1, 1)
    assert answered(cup, CorrectResult, match=1, winner=4).void == ()
    assert sides(cup, 3) == (4, None, "waiting")
    assert answered(cup, UndoResult, match=1).fills == (1, 1, 4, 3, -1, -1)
    assert (sides(cup, 1), sides(cup, 3)) == ((1, 4, "playing"), (None, None, "waiting"))


@pytest.mark.parametrize("policy", ["reset", "keep"])
def test_the_same_winner_voids_nothing(policy: str) -> None:
    cup = over(best_of=3)
    answer = answered(cup, CorrectResult, match=1, winner=1, scores=((2, 0), (2, 1)), policy=policy)
    assert (answer.fills, answer.void, answer.placed, answer.phase) == ((), (), (), "finished")
    assert (cup.match(1).scores, places(cup), cup.cup.phase) == ((2, 0, 2, 1), [2, 1, 3, 3], "finished")
    assert cup.types()[-1] == "match_corrected"
    refused(
        cup,
        cup.send(CorrectResult, REFEREE, match=1, winner=1, scores=((2, 0), (2, 1))),
        Code.ALREADY_EXISTS,
    )


def test_with_keep_only_the_result_changes_once_later_matches_are_open() -> None:
    cup = semifinals()
    answer = answered(cup, CorrectResult, match=1, winner=4, policy="keep")
    assert (answer.kept, answer.fills, answer.void) == ((3,), (), ())
    assert (cup.match(1).winner, sides(cup, 3)) == (4, (1, 2, "playing"))
    assert [current_match(cup.cup, n) for n in (1, 4)] == [3, 0]
    cup.decide(3, 1)
    assert places(cup) == [1, 2, 3, 3]
    # What was kept goes when it is undone.
    answered(cup, UndoResult, match=1, confirm=True)
    assert (sides(cup, 1), sides(cup, 3)) == ((1, 4, "playing"), (None, 2, "waiting"))
    assert places(cup) == [None, None, 3, None]


def test_with_keep_the_rest_follows_as_long_as_nothing_is_open() -> None:
    cup = playing(4)
    cup.decide(1, 1)
    assert answered(cup, CorrectResult, match=1, winner=4, policy="keep").kept == ()
    assert sides(cup, 3) == (4, None, "waiting")


def test_a_finished_tournament_runs_again_if_matches_are_left() -> None:
    cup = over()
    answer = answered(cup, CorrectResult, match=1, winner=4, confirm=True)
    assert (answer.phase, cup.cup.phase, cup.view().entrants) == ("running", "running", [])
    row = cup.row("tournament")
    assert (row["phase"], row["ended_at"]) == ("running", None)
    cup.decide(3, 4)
    assert (cup.cup.phase, places(cup), cup.row("tournament")["phase"]) == (
        "finished",
        [3, 2, 3, 1],
        "finished",
    )


def test_a_finished_tournament_has_other_places_if_its_last_match_is_corrected() -> None:
    cup = over()
    assert answered(cup, CorrectResult, match=3, winner=1).phase == "finished"
    assert (cup.view().entrants, places(cup)) == ([1, 2, 3, 4], [1, 2, 3, 3])
    assert cup.types()[-2:] == ["match_corrected", "finished"]
    assert answered(cup, UndoResult, match=3).phase == "running"
    assert (places(cup), sides(cup, 3)) == ([None, None, 3, 3], (1, 2, "playing"))


def test_a_correction_can_end_a_tournament() -> None:
    cup = semifinals()
    assert answered(cup, CorrectResult, match=1, winner=0, confirm=True).phase == "finished"
    assert (sides(cup, 3), places(cup)) == ((0, 2, "done"), [3, 1, 3, 3])


def test_the_reset_of_a_final_comes_and_goes_with_its_result() -> None:
    cup = playing(2, format="double_elimination")
    cup.decide(1, 1)
    cup.decide(2, 1)
    assert (cup.cup.phase, sides(cup, 3)) == ("finished", (0, 0, "done"))
    assert answered(cup, CorrectResult, match=2, winner=2).phase == "running"
    assert (sides(cup, 3), places(cup)) == ((1, 2, "playing"), [None, None])
    assert answered(cup, CorrectResult, match=2, winner=1, confirm=True).phase == "finished"
    assert (sides(cup, 3), places(cup)) == ((0, 0, "done"), [1, 2])


def test_no_shows_can_be_corrected() -> None:
    cup = running(4, ready_s=60)
    cup.ready(2)
    cup.decide(2, 2)
    cup.done(SayReady, P[1], match=1)
    cup.later(61)
    assert (cup.match(1).kind, cup.match(1).winner) == ("forfeit", 1)
    answered(cup, UndoResult, match=1, confirm=True)
    assert (sides(cup, 1), sides(cup, 3)) == ((1, 4, "open"), (None, 2, "waiting"))
    cup.later(61)
    assert (cup.match(1).kind, cup.cup.phase, places(cup)) == ("double_forfeit", "finished", [3, 1, 3, 3])
    answered(cup, CorrectResult, match=1, winner=4)
    assert (sides(cup, 3), cup.cup.phase) == ((4, 2, "open"), "running")


def test_who_was_disqualified_comes_back_and_plays_what_they_forfeited() -> None:
    cup = semifinals()
    cup.done(RemoveEntrant, entrant=1, disqualify=True, reason="late")
    assert (cup.cup.phase, status_of(cup.cup, 1), places(cup)) == ("finished", "disqualified", [2, 1, 3, 3])
    answer = answered(cup, ReinstateEntrant, ORGANISER, entrant=1)
    assert (answer.phase, status_of(cup.cup, 1)) == ("running", "entered")
    assert (sides(cup, 3), places(cup)) == ((1, 2, "playing"), [None, None, 3, 3])
    row = cup.row("tournament_entrant", 1)
    assert (row["status"], row["reason"]) == ("entered", None)
    refused(cup, cup.send(ReinstateEntrant, ORGANISER, entrant=1), Code.ALREADY_EXISTS, "entrant")


def test_who_left_comes_back_as_far_as_the_bracket_allows() -> None:
    cup = playing(4)
    cup.done(LeaveTournament, P[1])
    cup.decide(2, 2)
    assert sides(cup, 3) == (4, 2, "playing")
    refused(cup, cup.send(ReinstateEntrant, ORGANISER, entrant=1), Code.CONFIRM_NEEDED)
    assert answered(cup, ReinstateEntrant, ORGANISER, entrant=1, policy="keep").kept == (3,)
    assert (status_of(cup.cup, 1), sides(cup, 3), current_match(cup.cup, 1)) == (
        "entered",
        (4, 2, "playing"),
        0,
    )
    cup = playing(4)
    cup.done(LeaveTournament, P[1])
    cup.decide(2, 2)
    answered(cup, ReinstateEntrant, ORGANISER, entrant=1, confirm=True)
    assert (sides(cup, 1), sides(cup, 3)) == ((1, 4, "playing"), (None, 2, "waiting"))


def test_a_preview_changes_nothing_and_says_what_the_correction_says() -> None:
    cup = over()
    for command, by, fields in (
        (CorrectResult, REFEREE, {"match": 1, "winner": 4}),
        (UndoResult, REFEREE, {"match": 2}),
    ):
        before, events = cup.cup, len(cup.log)
        told = answered(cup, command, by, preview=True, **fields)
        assert (cup.cup, len(cup.log), told.void) == (before, events, (3,))
        assert answered(cup, command, by, confirm=True, **fields) == told
        cup.decide(3, cup.match(3).b or cup.match(3).a or 0) if cup.match(3).known else None
        cup.settle()


def test_what_can_not_be_corrected() -> None:
    cup = playing(3)
    found = lambda **fields: cup.send(CorrectResult, REFEREE, **fields)  # noqa: E731
    undone = lambda match: cup.send(UndoResult, REFEREE, match=match)  # noqa: E731
    for match in (9, 4):
        refused(cup, found(match=match, winner=1), Code.NOT_FOUND, "match")
        refused(cup, undone(match), Code.NOT_FOUND, "match")
    assert "waits for others" in refused(cup, found(match=3, winner=1), Code.WRONG_PHASE, "match")
    refused(cup, undone(2), Code.WRONG_PHASE, "match")  # it is being played
    bye = "Nobody has played this match: it follows from others."
    assert refused(cup, found(match=1, winner=1), Code.WRONG_PHASE, "match") == bye
    cup.decide(2, 2)
    refused(cup, found(match=2, winner=1), Code.INVALID, "winner")
    refused(cup, found(match=2, winner=3, scores=((1, 0),)), Code.INVALID, "scores")
    refused(cup, found(match=2, winner=3, scores=((0, 1), (0, 1))), Code.INVALID, "scores")
    refused(cup, found(match=2, winner=2), Code.ALREADY_EXISTS)
    answered(cup, UndoResult, match=2, confirm=True)
    refused(cup, undone(2), Code.WRONG_PHASE, "match")  # twice
    for number in (9, 1):
        code = Code.NOT_FOUND if number == 9 else Code.ALREADY_EXISTS
        refused(cup, cup.send(ReinstateEntrant, ORGANISER, entrant=number), code, "entrant")


def test_who_may_correct_and_when() -> None:
    cup = registering(2)
    refused(cup, cup.send(CorrectResult, REFEREE, match=1, winner=1), Code.WRONG_PHASE)
    cup = over()
    for by in (P[1], STREAMER):
        refused(cup, cup.send(CorrectResult, by, match=1, winner=4), Code.FORBIDDEN)
        refused(cup, cup.send(UndoResult, by, match=1), Code.FORBIDDEN)
    refused(cup, cup.send(ReinstateEntrant, REFEREE, entrant=1), Code.FORBIDDEN)
    cup = semifinals()
    cup.done(CancelTournament)
    refused(cup, cup.send(UndoResult, REFEREE, match=1), Code.WRONG_PHASE)


def test_who_was_out_before_the_start_does_not_come_back() -> None:
    cup = registering(3)
    cup.done(RemoveEntrant, entrant=3)
    cup.done(StartTournament)
    refused(cup, cup.send(ReinstateEntrant, ORGANISER, entrant=3), Code.WRONG_PHASE, "entrant")


def test_an_erased_person_does_not_come_back() -> None:
    cup = playing(4)
    cup.do(ErasePerson(client_id=ID, stream=cup.stream, user=P[1]), SYSTEM)
    del cup.people[person_key(P[1])]
    refused(cup, cup.send(ReinstateEntrant, ORGANISER, entrant=1), Code.NOT_FOUND, "entrant")


def test_a_name_without_an_account_comes_back() -> None:
    cup = draft(entry="listed")
    cup.done(OpenRegistration)
    cup.done(AddEntrants, entrants=(NewEntrant(name="Ann"), NewEntrant(name="Bob")))
    cup.done(StartTournament)
    cup.settle()
    cup.done(RemoveEntrant, entrant=1)
    answered(cup, ReinstateEntrant, ORGANISER, entrant=1)
    assert sides(cup, 1)[2] == "playing"


def test_a_report_that_was_made_before_an_undo_confirms_nothing() -> None:
    cup = playing(2)
    cup.done(ReportResult, P[1], match=1, scores=((1, 0),))
    cup.done(ConfirmResult, P[2], match=1)
    answered(cup, UndoResult, match=1)
    refused(cup, cup.send(ConfirmResult, P[2], match=1), Code.WRONG_PHASE, "match")
    row = cup.row("tournament_match", 1)
    assert (row["scores"], row["winner"], row["kind"], row["reported_by"]) == ([], None, None, None)
