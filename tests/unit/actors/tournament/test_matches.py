"""Matches: calls, ready checks, reports, disputes, forfeits, and the end."""

from __future__ import annotations

from itertools import product

import pytest

from actors.kind import Send
from actors.tournament.effects import effects
from actors.tournament.scores import winner_of
from actors.tournament.stages import current_match
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.inbox import CallMatch, inbox_of
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ConfirmResult,
    DecideMatch,
    DisputeResult,
    LeaveTournament,
    NewEntrant,
    RemoveEntrant,
    ReportResult,
    SayReady,
    SetSeeds,
    StartTournament,
)
from tests.unit.actors.tournament.cup import (
    ID,
    OWNER,
    REFEREE,
    STREAMER,
    Cup,
    P,
    draft,
    playing,
    refused,
    running,
)


def test_an_opened_match_calls_its_players_once() -> None:
    cup = running(4)
    opened = [header for header in cup.headers() if header.type == "tournament.match_opened"]
    told = [send.command for header in opened for send in effects(header) if isinstance(send, Send)]
    assert {call.stream for call in told if isinstance(call, CallMatch)} == {
        inbox_of(user) for user in P[1:5]
    }
    assert all(isinstance(c, CallMatch) and c.until == cup.match(c.match).until for c in told)
    assert cup.row("tournament_match", 1)["phase"] == "open"
    assert cup.view(P[1]).own is not None


def test_once_both_are_ready_the_match_is_played() -> None:
    cup = running(2)
    cup.done(SayReady, P[1], match=1)
    assert (cup.match(1).phase, cup.match(1).ready_a, cup.match(1).ready_b) == ("open", True, False)
    refused(cup, cup.send(SayReady, P[1], match=1), Code.ALREADY_EXISTS)
    refused(cup, cup.send(ReportResult, P[1], match=1, scores=((1, 0),)), Code.WRONG_PHASE, "match")
    cup.done(SayReady, P[2], match=1)
    assert (cup.match(1).phase, cup.match(1).until, cup.cup.timers.least) == ("playing", None, None)
    cup.later(10_000)
    assert cup.match(1).phase == "playing"


def test_staff_say_it_of_others_and_names_are_ready_at_once() -> None:
    cup = draft(entry="listed")
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[1]), NewEntrant(name="B"), *[NewEntrant(name="C")] * 2))
    cup.done(SetSeeds, entrants=(1, 2, 3, 4))
    cup.done(StartTournament)
    cup.settle()
    assert [cup.match(n).phase for n in (1, 2)] == ["open", "playing"]
    refused(cup, cup.send(SayReady, STREAMER, match=1, entrant=1), Code.FORBIDDEN)
    refused(cup, cup.send(SayReady, REFEREE, match=1, entrant=2), Code.INVALID, "entrant")
    cup.done(SayReady, REFEREE, match=1, entrant=1)
    assert cup.match(1).phase == "playing"


def test_the_absent_side_forfeits() -> None:
    cup = running(4)
    cup.done(SayReady, P[1], match=1)
    cup.ready(2)
    cup.later(600)
    match = cup.match(1)
    assert (match.phase, match.kind, match.winner, match.scores) == ("done", "forfeit", 1, ())
    assert cup.match(2).phase == "playing"
    assert cup.match(3).a == 1
    assert cup.row("tournament_match", 1) | {"ended_at": 0} == cup.row("tournament_match", 1) | {
        "phase": "done",
        "kind": "forfeit",
        "ended_by": SYSTEM,
        "ended_at": 0,
    }


def test_nobody_goes_on_where_both_are_absent() -> None:
    cup = running(4)
    cup.ready(2)
    cup.later(600)
    assert (cup.match(1).kind, cup.match(1).winner) == ("double_forfeit", 0)
    winner = cup.match(2).a or 0
    cup.decide(2, winner)
    assert cup.cup.phase == "finished"
    assert cup.view().entrants[0] == winner
    assert (cup.match(3).kind, cup.match(3).winner) == ("bye", winner)


def test_a_ready_at_the_deadline_is_too_late() -> None:
    cup = running(2)
    until = cup.match(1).until or 0
    decision = cup.do_at(SayReady(client_id=ID, stream=cup.stream, match=1), P[1], now=until)
    refused(cup, decision, Code.WRONG_PHASE)
    assert cup.match(1).phase == "open"


@pytest.mark.parametrize("how", ["confirmed", "same report", "timer"])
def test_a_report_counts(how: str) -> None:
    cup = playing(2, best_of=3)
    cup.report(1, 1, (3, 1), (0, 2), (5, 4))
    assert (cup.match(1).phase, cup.match(1).reporter) == ("reported", 1)
    assert cup.row("tournament_match", 1)["scores"] == [3, 1, 0, 2, 5, 4]
    if how == "confirmed":
        refused(cup, cup.send(ConfirmResult, P[1], match=1), Code.FORBIDDEN)
        cup.done(ConfirmResult, P[2], match=1)
    elif how == "same report":
        cup.report(2, 1, (3, 1), (0, 2), (5, 4))
    else:
        cup.later(899)
        assert cup.match(1).phase == "reported"
        cup.later(1)
    assert (cup.match(1).kind, cup.match(1).winner, cup.cup.phase) == ("played", 1, "finished")
    assert cup.match(1).scores == (3, 1, 0, 2, 5, 4)
    assert (cup.view().entrants, cup.view().places) == ([1, 2], [1, 2])


def test_a_report_is_mended_by_who_made_it() -> None:
    cup = playing(2)
    cup.report(1, 1, (1, 0))
    cup.later(800)
    refused(cup, cup.report(1, 1, (1, 0)), Code.ALREADY_EXISTS)
    cup.report(1, 1, (0, 1))
    cup.later(200)
    assert cup.match(1).phase == "reported"
    cup.done(ConfirmResult, P[2], match=1)
    assert cup.match(1).winner == 2


def test_reports_that_disagree_are_decided_by_staff() -> None:
    cup = playing(2)
    cup.report(1, 1, (1, 0))
    cup.report(2, 1, (0, 1))
    assert (cup.match(1).phase, cup.cup.timers.least) == ("disputed", None)
    assert cup.row("tournament_match", 1)["disputed_scores"] == [0, 1]
    cup.later(10_000)
    assert cup.match(1).phase == "disputed"
    for by in (P[1], P[2], STREAMER):
        refused(cup, cup.send(DecideMatch, by, match=1, winner=2), Code.FORBIDDEN)
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE, "match")
    refused(cup, cup.send(ConfirmResult, P[2], match=1), Code.WRONG_PHASE, "match")
    cup.done(DecideMatch, REFEREE, match=1, winner=2, scores=((0, 1),), note="I was there.")
    assert (cup.match(1).kind, cup.match(1).winner, cup.match(1).scores) == ("decided", 2, (0, 1))
    assert cup.row("tournament_match", 1)["decision"] == "I was there."
    assert "I was there" not in str(cup.headers())


def test_a_dispute_says_why() -> None:
    cup = playing(2)
    cup.report(1, 1, (1, 0))
    cup.done(DisputeResult, P[2], match=1, note="He lagged.", evidence="https://example.org/clip")
    row = cup.row("tournament_match", 1)
    assert (row["phase"], row["note"], row["evidence"], row["disputed_by"]) == (
        "disputed",
        "He lagged.",
        "https://example.org/clip",
        2,
    )
    assert "lagged" not in str(cup.headers()) and "clip" not in str(cup.headers())


def test_staff_override_what_was_reported() -> None:
    cup = playing(2)
    cup.report(1, 1, (1, 0))
    cup.done(DecideMatch, OWNER, match=1, winner=0)
    assert (cup.match(1).kind, cup.match(1).winner, cup.match(1).scores) == ("double_forfeit", 0, ())
    assert cup.cup.phase == "finished"
    assert cup.view().places == [2, 2]  # nobody has won


@pytest.mark.parametrize(
    ("best_of", "scores", "winner"),
    [
        (1, ((1, 0),), 0),
        (1, ((0, 1_000_000),), 1),
        (3, ((2, 0), (2, 0)), 0),
        (3, ((2, 0), (0, 2), (3, 4)), 1),
        (9, ((1, 0),) * 5, 0),
        (1, (), None),
        (1, ((1, 1),), None),
        (1, ((1, 0), (1, 0)), None),
        (3, ((1, 0),), None),
        (3, ((1, 0), (0, 1)), None),
        (3, ((1, 0), (1, 0), (0, 1)), None),
        (3, ((1, 0), (2, 2), (1, 0)), None),
        (3, ((1, 0), (0, 1), (1, 0), (1, 0)), None),
    ],
)
def test_scores_fit_best_of_n(best_of: int, scores: tuple[tuple[int, int], ...], winner: int | None) -> None:
    if winner is not None:
        assert winner_of(scores, best_of) == winner
        return
    with pytest.raises(ValueError, match=r"\.$"):
        winner_of(scores, best_of)
    cup = playing(2, best_of=best_of)
    before = cup.cup
    assert refused(cup, cup.report(1, 1, *scores), Code.INVALID, "scores")
    if scores:
        decision = cup.send(DecideMatch, OWNER, match=1, winner=1, scores=scores)
        assert refused(cup, decision, Code.INVALID, "scores")
    assert cup.cup is before


def test_a_decision_fits_its_scores_and_its_match() -> None:
    cup = playing(4)
    assert refused(cup, cup.send(DecideMatch, OWNER, match=1, winner=2), Code.INVALID, "winner")
    for winner in (4, 0):
        decision = cup.send(DecideMatch, OWNER, match=1, winner=winner, scores=((1, 0),))
        assert refused(cup, decision, Code.INVALID, "scores")
    assert refused(cup, cup.send(DecideMatch, OWNER, match=3, winner=1), Code.WRONG_PHASE, "match")
    assert refused(cup, cup.send(DecideMatch, OWNER, match=4, winner=1), Code.NOT_FOUND, "match")
    cup.decide(1, 1)
    assert refused(cup, cup.send(DecideMatch, OWNER, match=1, winner=4), Code.WRONG_PHASE, "match")


@pytest.mark.parametrize("command", [SayReady, ConfirmResult, DisputeResult])
def test_outsiders_have_no_say(command: type) -> None:
    cup = running(4) if command is SayReady else playing(4)
    if command is not SayReady:
        cup.report(1, 1, (1, 0))
    before = cup.cup
    for by in (P[2], REFEREE, OWNER, P[9]):
        assert refused(cup, cup.send(command, by, match=1), Code.FORBIDDEN)
        refused(cup, cup.send(command, by, match=9), Code.NOT_FOUND, "match")
    assert cup.cup is before


def test_outsiders_report_nothing() -> None:
    cup = playing(4)
    for by in (P[2], REFEREE, OWNER, P[9]):
        refused(cup, cup.send(ReportResult, by, match=1, scores=((1, 0),)), Code.FORBIDDEN)
    refused(cup, cup.report(1, 3, (1, 0)), Code.FORBIDDEN)
    cup.decide(1, 1)
    refused(cup, cup.report(1, 3, (1, 0)), Code.WRONG_PHASE, "match")
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE, "match")


# --- who goes away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["open", "playing", "reported", "disputed"])
@pytest.mark.parametrize("disqualified", [False, True])
def test_who_leaves_forfeits_the_current_match(phase: str, disqualified: bool) -> None:
    cup = running(4) if phase == "open" else playing(4)
    if phase in ("reported", "disputed"):
        cup.report(1, 1, (1, 0))
    if phase == "disputed":
        cup.done(DisputeResult, P[4], match=1)
    if disqualified:
        cup.done(RemoveEntrant, OWNER, entrant=1, disqualify=True)
    else:
        cup.done(LeaveTournament, P[1])
    assert (cup.match(1).kind, cup.match(1).winner, cup.match(1).scores) == ("forfeit", 4, ())
    assert cup.statuses()[0] == ("disqualified" if disqualified else "left")
    assert cup.row("tournament_entrant", 1)["status"] == cup.statuses()[0]
    assert cup.row("tournament")["entrants"] == 4  # took part


def test_who_has_left_forfeits_later_matches_when_they_come_up() -> None:
    cup = playing(4, format="double_elimination")
    cup.done(LeaveTournament, P[1])
    cup.decide(2, 2)
    cup.settle()
    losers = next(n for n in range(3, 7) if 1 in (cup.match(n).a, cup.match(n).b))
    assert (cup.match(losers).kind, cup.match(losers).winner) == ("forfeit", 3)
    opened = [h for h in cup.headers() if h.type == "tournament.match_opened" and h.marks["match"] == losers]
    assert [effects(header) for header in opened] == [[]]  # nobody is called


def test_who_leaves_while_they_wait_forfeits_then() -> None:
    cup = playing(4)
    cup.decide(1, 1)
    cup.done(LeaveTournament, P[1])
    assert cup.match(3).phase == "waiting"
    cup.decide(2, 2)
    assert (cup.match(3).kind, cup.match(3).winner, cup.cup.phase) == ("forfeit", 2, "finished")


@pytest.mark.parametrize("chosen", ["single_elimination", "double_elimination"])
@pytest.mark.parametrize("players", [2, 3, 4, 5, 8])
def test_a_tournament_that_everybody_leaves_ends(players: int, chosen: str) -> None:
    cup = running(players, format=chosen)
    for number in range(1, players + 1):
        if cup.cup.phase == "running" and current_match(cup.cup, number):
            cup.done(LeaveTournament, P[number])
            cup.settle()
    assert cup.cup.phase == "finished"
    assert cup.cup.timers.least is None and cup.kind.due(cup.state) is None


def test_a_cancelled_tournament_does_nothing_more() -> None:
    cup = running(4)
    cup.done(CancelTournament, reason="Rain.")
    assert (cup.row("tournament")["reason"], cup.kind.due(cup.state)) == ("Rain.", None)
    before = cup.cup
    for command in (CancelTournament, StartTournament, LeaveTournament):
        refused(cup, cup.send(command, OWNER), Code.WRONG_PHASE)
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE)
    assert cup.cup is before and "Rain" not in str(cup.headers())


# --- whole tournaments ---------------------------------------------------------------------------------------


def played(players: int, wins: tuple[bool, ...] = (), **fields: object) -> Cup:
    """Everybody plays; side a wins, or b where ``wins`` says False for the match's number."""
    cup = playing(players, **fields)
    while cup.cup.phase == "running":
        number = int(cup.cup.going.least or 0)
        match = cup.match(number)
        first = wins[number - 1] if number <= len(wins) else True
        cup.decide(number, (match.a if first else match.b) or 0)
    return cup


@pytest.mark.parametrize("players", [2, 3, 4, 5, 6, 7, 8, 13])
def test_single_elimination_has_one_champion_and_a_place_for_everybody(players: int) -> None:
    cup = played(players, third_place=True)
    places = sorted(cup.row("tournament_entrant", n)["place"] for n in range(1, players + 1))
    assert places[:3] == [1, 2, 3][: min(3, players)]
    assert cup.view().places == [place for place in places if place <= 8][:8]
    assert cup.cup.matches_done == len(cup.matches)
    assert cup.row("tournament")["phase"] == "finished"


@pytest.mark.parametrize("wins", [*product([False, True], repeat=7)])
def test_four_in_double_elimination_go_out_with_their_second_loss(wins: tuple[bool, ...]) -> None:
    cup = played(4, wins, format="double_elimination")
    lost = dict.fromkeys(range(1, 5), 0)
    for header in cup.headers():
        if header.type == "tournament.match_finished":
            lost[header.marks["loser"]] += 1  # type: ignore[index]
    champion = cup.view().entrants[0]
    assert lost.pop(champion) <= 1
    assert set(lost.values()) == {2} or (set(lost.values()) == {1, 2} and cup.match(7).kind == "bye")
    assert cup.view().places == [1, 2, 3, 4]
