"""Matches that wait: held by staff, or put off by their sides."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Send
from actors.tournament.effects import effects
from protocol.codes import Code
from protocol.inbox import CallMatch
from protocol.tournament.commands import (
    AcceptStart,
    ConfirmResult,
    DecideMatch,
    DisputeResult,
    HoldMatch,
    LeaveTournament,
    PickGame,
    ProposeStart,
    ReleaseMatch,
    SayReady,
    UndoResult,
)
from protocol.tournament.rounds import PickBan, RoundRule
from tests.unit.actors.tournament.cup import ORGANISER, REFEREE, STREAMER, Cup, P, playing, refused, running

PICKS = RoundRule(picks=PickBan(pool=("dust2", "mirage", "nuke"), step_s=30))
WINDOW_S = 86_400


def off(players: int = 2, **fields: Any) -> Cup:
    """Matches may be put off for a day."""
    return running(players, rounds=(RoundRule(window_s=WINDOW_S),), ready_s=600, **fields)


# --- held ---


def test_a_held_match_keeps_the_time_that_was_left() -> None:
    cup = running(2)
    cup.later(100)
    until = cup.match(1).until or 0
    cup.done(HoldMatch, STREAMER, match=1)
    left = until - cup.now
    assert (cup.match(1).held, cup.match(1).until, cup.cup.timers.least) == (True, None, None)
    assert (cup.row("tournament_match", 1)["held"], cup.view().current[0].held) == (True, True)
    cup.later(10_000)
    assert cup.match(1).phase == "open"
    cup.done(ReleaseMatch, STREAMER, match=1)
    assert 0 < left <= 500_000
    assert (cup.match(1).held, cup.match(1).until) == (False, cup.now + left)
    cup.later(499)
    assert cup.match(1).phase == "open"
    cup.later(1)
    assert cup.match(1).kind == "double_forfeit"


def test_who_may_hold_what() -> None:
    cup = running(4)
    refused(cup, cup.send(HoldMatch, P[1], match=1), Code.FORBIDDEN)
    refused(cup, cup.send(HoldMatch, STREAMER, match=9), Code.NOT_FOUND, "match")
    refused(cup, cup.send(HoldMatch, STREAMER, match=3), Code.WRONG_PHASE, "match")
    refused(cup, cup.send(ReleaseMatch, STREAMER, match=1), Code.WRONG_PHASE, "match")
    cup.done(HoldMatch, REFEREE, match=1)
    refused(cup, cup.send(HoldMatch, STREAMER, match=1), Code.ALREADY_EXISTS, "match")
    refused(cup, cup.send(ReleaseMatch, P[1], match=1), Code.FORBIDDEN)
    cup.done(ReleaseMatch, ORGANISER, match=1)


def test_the_sides_of_a_held_match_can_only_be_ready() -> None:
    cup = running(2)
    cup.done(HoldMatch, STREAMER, match=1)
    cup.ready(1)
    assert (cup.match(1).phase, cup.match(1).left) == ("playing", None)
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE, "match")
    refused(cup, cup.send(DisputeResult, P[1], match=1), Code.WRONG_PHASE, "match")
    cup.done(ReleaseMatch, STREAMER, match=1)
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", None)
    cup.report(1, 1, (1, 0))
    cup.later(300)
    cup.done(HoldMatch, STREAMER, match=1)
    refused(cup, cup.send(ConfirmResult, P[2], match=1), Code.WRONG_PHASE, "match")
    cup.later(5_000)
    cup.done(ReleaseMatch, STREAMER, match=1)
    cup.later(600)
    assert (cup.match(1).kind, cup.cup.phase) == ("played", "finished")


def test_picks_wait_for_the_release() -> None:
    cup = running(2, rounds=(PICKS,))
    cup.done(HoldMatch, STREAMER, match=1)
    cup.ready(1)
    assert cup.match(1).phase == "playing"
    cup.later(100)
    cup.done(ReleaseMatch, STREAMER, match=1)
    assert (cup.match(1).phase, cup.match(1).until) == ("picking", cup.now + 30_000)
    cup.later(10)
    cup.done(HoldMatch, STREAMER, match=1)
    left = cup.match(1).left or 0
    assert 19_000 < left <= 20_000
    refused(cup, cup.send(PickGame, P[1], match=1, step=1, choice="nuke"), Code.WRONG_PHASE, "match")
    cup.later(100)
    assert cup.match(1).picks == ()
    cup.done(ReleaseMatch, STREAMER, match=1)
    assert cup.match(1).until == cup.now + left
    cup.done(PickGame, P[1], match=1, step=1, choice="nuke")


def test_a_held_match_is_decided_or_forfeited_and_begins_anew_free() -> None:
    cup = playing(2)
    cup.done(HoldMatch, STREAMER, match=1)
    cup.done(DecideMatch, REFEREE, match=1, winner=1)
    assert (cup.match(1).phase, cup.match(1).held) == ("done", False)
    assert cup.row("tournament_match", 1)["held"] is False
    cup.done(UndoResult, REFEREE, match=1, confirm=True)
    cup.settle()
    cup.done(HoldMatch, STREAMER, match=1)
    cup.done(LeaveTournament, P[2])
    assert (cup.match(1).kind, cup.match(1).held, cup.cup.timers.least) == ("forfeit", False, None)


# --- put off ---


def test_both_sides_agree_on_another_start_and_are_called_again() -> None:
    cup = off()
    start = cup.now + 20_000_000
    cup.done(SayReady, P[1], match=1)
    cup.done(ProposeStart, P[1], match=1, at=start)
    shown = cup.view(P[2]).own
    assert shown is not None and shown.match is not None
    assert (shown.match.proposed_by, shown.match.proposed_at) == (1, start)
    refused(cup, cup.send(AcceptStart, P[1], match=1, at=start), Code.FORBIDDEN)
    refused(cup, cup.send(AcceptStart, P[2], match=1, at=start + 1), Code.WRONG_PHASE, "at")
    cup.done(AcceptStart, P[2], match=1, at=start)
    match = cup.match(1)
    assert (match.phase, match.until, match.ready_a, match.proposed_at) == ("scheduled", start, False, None)
    refused(cup, cup.send(SayReady, P[1], match=1), Code.WRONG_PHASE, "match")
    cup.later(19_999)
    assert cup.match(1).phase == "scheduled"
    cup.later(1)
    assert (cup.match(1).phase, cup.match(1).until) == ("open", start + 600_000)
    opened = [header for header in cup.headers() if header.type == "tournament.match_opened"]
    calls = [[send.command for send in effects(header) if isinstance(send, Send)] for header in opened]
    assert [[call.until for call in told if isinstance(call, CallMatch)] for told in calls] == [
        [600_000 + opened[0].at] * 2,
        [start + 600_000] * 2,
    ]
    cup.ready(1)
    cup.report(1, 1, (1, 0))
    cup.done(ConfirmResult, P[2], match=1)
    assert (cup.cup.phase, cup.cup.stages[0].begun) == ("finished", 1)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_the_window_counts_from_the_first_opening() -> None:
    cup = off()
    latest = cup.now + WINDOW_S * 1000
    assert cup.match(1).latest == latest
    refused(cup, cup.send(ProposeStart, P[1], match=1, at=latest + 1), Code.INVALID, "at")
    refused(cup, cup.send(ProposeStart, P[1], match=1, at=cup.now), Code.INVALID, "at")
    start = cup.now + 50_000_000
    cup.done(ProposeStart, P[1], match=1, at=start)
    # The same of the other side is an agreement.
    cup.done(ProposeStart, P[2], match=1, at=start)
    assert cup.match(1).until == start
    cup.later(50_000)
    assert (cup.match(1).phase, cup.match(1).latest) == ("open", latest)
    cup.done(ProposeStart, P[1], match=1, at=latest)
    refused(cup, cup.send(ProposeStart, P[1], match=1, at=latest), Code.ALREADY_EXISTS)
    cup.done(AcceptStart, P[2], match=1, at=latest)
    # While they wait they may agree on something else.
    cup.done(ProposeStart, P[2], match=1, at=latest - 1)
    cup.done(AcceptStart, P[1], match=1, at=latest - 1)
    assert cup.match(1).until == latest - 1


def test_a_proposal_alone_puts_nothing_off() -> None:
    cup = off()
    cup.done(ProposeStart, P[1], match=1, at=cup.now + 700_000)
    cup.done(SayReady, P[2], match=1)
    cup.later(600)
    assert (cup.match(1).kind, cup.match(1).winner) == ("forfeit", 2)
    assert cup.row("tournament_match", 1)["proposed_at"] is None


@pytest.mark.parametrize("rules", [(), (RoundRule(best_of=1),)])
def test_without_a_window_nothing_is_put_off(rules: tuple[RoundRule, ...]) -> None:
    cup = running(2, rounds=rules)
    refused(cup, cup.send(ProposeStart, P[1], match=1, at=cup.now + 1), Code.FORBIDDEN, "match")


def test_only_a_match_that_was_not_begun_is_put_off() -> None:
    cup = off(4)
    refused(cup, cup.send(ProposeStart, P[1], match=2, at=cup.now + 1), Code.FORBIDDEN)
    cup.ready(1)
    refused(cup, cup.send(ProposeStart, P[1], match=1, at=cup.now + 1), Code.WRONG_PHASE, "match")


def test_who_leaves_forfeits_a_match_that_was_put_off() -> None:
    cup = off()
    start = cup.now + 1_000
    cup.done(ProposeStart, P[1], match=1, at=start)
    cup.done(AcceptStart, P[2], match=1, at=start)
    cup.done(LeaveTournament, P[1])
    assert (cup.match(1).kind, cup.match(1).winner, cup.cup.phase) == ("forfeit", 2, "finished")
