"""Picks and bans: whose step it is, what counts, and what lots choose when nobody does."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept, Decision
from actors.tournament.engine.picks import by_lot, played, preset
from actors.tournament.engine.picks import choices as choices_of
from actors.tournament.rounds import terms_in, terms_of
from protocol.codes import Code
from protocol.tournament.commands import (
    AddEntrants,
    ChangeTournament,
    ConfirmResult,
    LeaveTournament,
    NewEntrant,
    PickGame,
    SetSeeds,
    StartTournament,
)
from protocol.tournament.rounds import PickBan, PickStep, RoundRule
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import (
    ID,
    OWNER,
    REFEREE,
    STRANGER,
    STREAMER,
    Cup,
    P,
    draft,
    playing,
    refused,
    registering,
    running,
)

MAPS = ("ancient", "anubis", "dust2", "mirage")


def rule(*steps: PickStep, pool: tuple[str, ...] = MAPS, step_s: int = 30, **of: Any) -> RoundRule:
    return RoundRule(picks=PickBan(pool=pool, steps=steps, step_s=step_s), **of)


def picking(*steps: PickStep, **fields: Any) -> Cup:
    """Two have begun to pick and ban."""
    return playing(2, **{"rounds": (rule(*steps),), **fields})


def pick(cup: Cup, by: int, choice: str, step: int | None = None, match: int = 1) -> Decision:
    step = len(cup.match(match).picks) + 1 if step is None else step
    return cup.send(PickGame, P[by], match=match, step=step, choice=choice)


def test_both_sides_pick_and_ban_in_turn_and_then_play() -> None:
    cup = running(2, rounds=(rule(),))
    assert cup.match(1).phase == "open"
    cup.ready(1)
    assert (cup.match(1).phase, cup.match(1).until) == ("picking", cup.now + 30_000)
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE, "match")
    for by, choice in ((1, "dust2"), (2, "ancient"), (1, "mirage")):
        cup.later(29)
        assert isinstance(pick(cup, by, choice), Accept)
    # The decider is nobody's.
    assert (cup.match(1).phase, cup.match(1).picks) == ("picking", (3, 1, 4, 2))
    assert cup.marks("picked")["entrant"] == 0
    pick(cup, 2, "second")
    assert (cup.match(1).phase, cup.match(1).picks, cup.match(1).until) == ("playing", (3, 1, 4, 2, 2), None)
    assert cup.cup.timers.least is None
    row = cup.row("tournament_match", 1)
    assert (row["picks"], row["phase"], row["until"]) == ([3, 1, 4, 2, 2], "playing", None)
    assert cup.view().current[0].picks == (3, 1, 4, 2, 2)
    cup.report(1, 1, (1, 0))
    cup.done(ConfirmResult, P[2], match=1)
    assert cup.cup.phase == "finished"
    assert played(preset(1, 4), cup.match(1).picks) == ((2, None, 0),)


def test_what_cannot_be_chosen() -> None:
    cup = picking()
    seq = len(cup.log)
    refused(cup, pick(cup, 1, "train"), Code.INVALID, "choice")
    refused(cup, pick(cup, 1, "first"), Code.INVALID, "choice")
    refused(cup, pick(cup, 2, "dust2"), Code.FORBIDDEN, "step")
    refused(cup, pick(cup, 1, "dust2", step=2), Code.WRONG_PHASE, "step")
    refused(cup, cup.send(PickGame, STRANGER, match=1, step=1, choice="dust2"), Code.FORBIDDEN)
    refused(cup, cup.send(PickGame, P[1], match=2, step=1, choice="dust2"), Code.NOT_FOUND, "match")
    assert len(cup.log) == seq
    pick(cup, 1, "dust2")
    refused(cup, pick(cup, 2, "dust2"), Code.INVALID, "choice")
    refused(cup, pick(cup, 1, "mirage", step=1), Code.WRONG_PHASE, "step")
    pick(cup, 2, "ancient")
    pick(cup, 1, "mirage")
    refused(cup, pick(cup, 2, "anubis"), Code.INVALID, "choice")
    pick(cup, 2, "first")
    refused(cup, pick(cup, 2, "first"), Code.WRONG_PHASE, "match")


def test_staff_choose_for_a_side() -> None:
    cup = draft(entry="listed", ready_s=0, rounds=(rule(),))
    cup.done(AddEntrants, entrants=(NewEntrant(name="A"), NewEntrant(name="B")))
    cup.done(SetSeeds, entrants=(1, 2))
    cup.done(StartTournament)
    cup.settle()
    one: dict[str, Any] = {"match": 1, "step": 1, "choice": "dust2"}
    refused(cup, cup.send(PickGame, STREAMER, entrant=1, **one), Code.FORBIDDEN)
    refused(cup, cup.send(PickGame, REFEREE, entrant=2, **one), Code.FORBIDDEN, "step")
    refused(cup, cup.send(PickGame, REFEREE, entrant=3, **one), Code.INVALID, "entrant")
    cup.done(PickGame, REFEREE, entrant=1, **one)
    assert cup.match(1).picks == (3,)


def test_lots_choose_for_who_says_nothing() -> None:
    cup = picking("ban a", "ban b", "decider", "side a")
    until = cup.match(1).until or 0
    draw = int(cup.cup.stages[0].draw)
    steps = ("ban a", "ban b", "decider", "side a")
    made: list[int] = []
    for step in range(1, 5):
        made.append(by_lot(choices_of(steps, 4, made), draw, 1, step))
    cup.later(29)
    assert cup.match(1).picks == ()
    cup.later(1)
    assert cup.match(1).picks == (made[0],)
    assert (cup.marks("picked")["entrant"], cup.match(1).until) == (0, until + 30_000)
    cup.later(60)
    assert (cup.match(1).phase, cup.match(1).picks) == ("playing", tuple(made))


def test_a_choice_at_the_deadline_is_too_late() -> None:
    cup = picking()
    until = cup.match(1).until or 0
    command = PickGame(client_id=ID, stream=cup.stream, match=1, step=1, choice="dust2")
    refused(cup, cup.do_at(command, P[1], now=until), Code.WRONG_PHASE, "step")


def test_who_leaves_while_games_are_picked_forfeits() -> None:
    cup = picking()
    cup.done(LeaveTournament, P[1])
    assert (cup.match(1).kind, cup.match(1).winner, cup.cup.timers.least) == ("forfeit", 2, None)


def test_steps_of_nobody_alone_need_no_time() -> None:
    cup = picking("decider")
    assert (cup.match(1).phase, len(cup.match(1).picks)) == ("playing", 1)


def test_the_first_rule_that_fits_counts() -> None:
    final = rule("pick a", "pick b", "decider", part="final", best_of=3)
    cup = playing(4, rounds=(final, RoundRule(best_of=5)))
    refused(cup, cup.report(1, 1, (1, 0)), Code.INVALID, "scores")
    for match in (1, 2):
        a, b = cup.match(match).a or 0, cup.match(match).b or 0
        cup.report(a, match, *[(1, 0)] * 3)
        cup.done(ConfirmResult, cup.user(b), match=match)
        cup.settle()
    assert cup.match(3).phase == "picking"
    cup.later(100)
    a, b = cup.match(3).a or 0, cup.match(3).b or 0
    cup.report(a, 3, *[(1, 0)] * 2)
    cup.done(ConfirmResult, cup.user(b), match=3)
    assert cup.cup.phase == "finished"


@pytest.mark.parametrize(
    "unfit",
    [
        rule(pool=("dust2", "dust2")),
        rule(best_of=5),
        rule("ban a", "ban b"),
        rule("side a", "decider"),
        rule("ban a", "ban b", "ban a", "ban b", "decider"),
        rule("pick a", "decider"),
    ],
)
def test_rules_that_choose_no_match_are_refused(unfit: RoundRule) -> None:
    cup = draft()
    message = refused(
        cup, cup.send(ChangeTournament, OWNER, rounds=(RoundRule(), unfit)), Code.INVALID, "rounds"
    )
    assert message.startswith("Rule 2: ")


def test_rules_are_changed_before_the_start_and_taken_away() -> None:
    cup = registering(2, rounds=(rule(),), ready_s=0)
    assert cup.cup.settings.rounds == (rule(),)
    refused(cup, cup.send(ChangeTournament, OWNER, best_of=5), Code.INVALID, "rounds")
    cup.done(ChangeTournament, rounds=())
    assert (cup.cup.settings.rounds, cup.view().rounds, cup.row("tournament")["rounds"]) == ((), (), "[]")
    cup.done(StartTournament)
    cup.settle()
    assert cup.match(1).phase == "playing"
    refused(cup, cup.send(ChangeTournament, OWNER, rounds=(rule(),)), Code.WRONG_PHASE, "rounds")


def test_the_log_says_all() -> None:
    cup = picking()
    pick(cup, 1, "dust2")
    cup.later(200)
    state, rows = cup.refolded()
    assert (state, rows) == (cup.cup, cup.rows)


def test_a_rule_of_a_stage_holds_in_it_alone() -> None:
    stages = (Stage(format="round_robin", advance=2), Stage(best_of=1))
    rules = (rule(stage=2, best_of=3), RoundRule(stage=1, best_of=1), RoundRule(best_of=5))
    cup = playing(3, stages=stages, rounds=rules, entrants_max=4)
    while len(cup.cup.stages) == 1:
        number = int(cup.cup.going.least or 0)
        assert (cup.match(number).phase, terms_of(cup.cup, number).best_of) == ("playing", 1)
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    assert (cup.match(4).phase, terms_of(cup.cup, 4).best_of) == ("picking", 3)
    assert terms_in((RoundRule(best_of=5),), 1, 2, "final", 1).best_of == 5


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ((RoundRule(stage=3),), "Rule 1: There is no stage 3."),
        ((RoundRule(), rule(stage=2, pool=MAPS[:2])), "Rule 2: The pool has 2 games for best of 3."),
    ],
)
def test_a_rule_must_fit_its_stage(rules: tuple[RoundRule, ...], why: str) -> None:
    stages = (Stage(format="round_robin", advance=2), Stage(best_of=3))
    assert (
        refused(Cup(), Cup().create(stages=stages, rounds=rules, entrants_max=4), Code.INVALID, "rounds")
        == why
    )
    fits = (rule(stage=1, pool=MAPS[:2]),)  # of best of one
    assert isinstance(Cup().create(stages=stages, rounds=fits, entrants_max=4), Accept)
