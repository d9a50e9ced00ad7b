"""Matches that nobody reports, and whom a dispute calls."""

from __future__ import annotations

import pytest

from actors.kind import Accept, Send, Upsert
from actors.tournament.effects import effects
from protocol import limits
from protocol.codes import Code
from protocol.inbox import CallStaff, inbox_of
from protocol.tournament.commands import (
    ChangeTournament,
    DisputeResult,
    HoldMatch,
    PickGame,
    ReleaseMatch,
    SetStaff,
)
from protocol.tournament.rounds import PickBan, RoundRule
from tests.unit.actors.tournament.cup import (
    ORGANISER,
    OWNER,
    REFEREE,
    STREAMER,
    Cup,
    P,
    playing,
    refused,
    running,
)


def told(cup: Cup) -> list[str]:
    """The inboxes that the last event calls to decide match 1."""
    commands = [effect.command for effect in effects(cup.headers()[-1]) if isinstance(effect, Send)]
    assert all(isinstance(command, CallStaff) and command.match == 1 for command in commands)
    return [command.stream for command in commands if isinstance(command, CallStaff)]


@pytest.mark.parametrize("ready_s", [0, 60])
def test_a_match_that_nobody_reports_in_time_is_disputed(ready_s: int) -> None:
    cup = running(2, ready_s=ready_s, play_s=30)
    if ready_s:
        cup.later(10)
        cup.ready(1)
    began = cup.now
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", began + 30_000)
    assert cup.row("tournament_match", 1)["until"] == began + 30_000
    cup.later(29.9)
    assert cup.match(1).phase == "playing"
    cup.later(0.1)
    assert (cup.match(1).phase, cup.match(1).until) == ("disputed", None)
    assert cup.marks("disputed")["entrant"] == 0
    assert told(cup) == [inbox_of(user) for user in (OWNER, ORGANISER, REFEREE)]
    row = cup.row("tournament_match", 1)
    assert (row["phase"], row["until"], row["disputed_by"]) == ("disputed", None, 0)
    refused(cup, cup.report(1, 1, (1, 0)), Code.WRONG_PHASE, "match")
    cup.decide(1, 1)
    assert cup.cup.phase == "finished" and cup.refolded() == (cup.cup, cup.rows)


def test_a_report_in_time_has_its_own_time() -> None:
    cup = playing(2, play_s=30, confirm_s=100)
    cup.later(29)
    assert isinstance(cup.report(1, 1, (1, 0)), Accept)
    cup.later(99)
    assert cup.match(1).phase == "reported"
    cup.later(1)
    assert cup.match(1).kind == "played"


def test_the_time_to_play_begins_after_picks_and_bans() -> None:
    picks = PickBan(pool=("dust2", "mirage"), step_s=40)
    cup = playing(2, play_s=30, rounds=(RoundRule(picks=picks),))
    assert (cup.match(1).phase, cup.match(1).until) == ("picking", cup.now + 40_000)
    cup.done(PickGame, P[1], match=1, step=1, choice="mirage")
    cup.done(PickGame, P[2], match=1, step=3, choice="first")
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", cup.now + 30_000)
    assert cup.row("tournament_match", 1)["until"] == cup.now + 30_000
    cup.later(30)
    assert cup.match(1).phase == "disputed" and cup.refolded() == (cup.cup, cup.rows)


def test_the_time_to_play_stands_still_while_staff_hold_a_match() -> None:
    cup = playing(2, play_s=30)
    until = cup.match(1).until
    assert until is not None
    cup.later(10)
    cup.done(HoldMatch, match=1)
    left = until - cup.now
    cup.later(100)
    cup.done(ReleaseMatch, match=1)
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", cup.now + left)


def test_what_begins_while_it_is_held_has_its_time_to_play_when_it_is_released() -> None:
    cup = running(2, play_s=30)
    cup.done(HoldMatch, match=1)
    cup.ready(1)
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", None)
    cup.later(100)
    cup.done(ReleaseMatch, match=1)
    assert (cup.match(1).phase, cup.match(1).until) == ("playing", cup.now + 30_000)
    assert cup.row("tournament_match", 1)["until"] == cup.now + 30_000


def test_one_command_does_not_call_many_staff_to_many_matches() -> None:
    cup = playing(32, play_s=30)
    for number in range(1000, 1000 + limits.TOURNAMENT_STAFF_MAX - 3):
        cup.people.add(user := f"user:{number:032x}", None)
        cup.done(SetStaff, user=user, role="referee")
    events = len(cup.log)
    cup.fire(cup.now + 30_000)
    assert 0 < len(cup.log) - events < 16
    cup.settle()
    assert [match.phase for match in cup.matches[:16]] == ["disputed"] * 16


def test_without_a_time_to_play_a_match_waits_for_ever() -> None:
    cup = playing(2)
    cup.later(1e7)
    assert cup.match(1).phase == "playing" and cup.kind.due(cup.cup) is None


def test_a_time_to_play_is_for_matches_that_begin_later() -> None:
    cup = playing(4)
    cup.done(ChangeTournament, play_s=30)
    cup.later(1000)
    assert [cup.match(number).phase for number in (1, 2)] == ["playing"] * 2
    cup.decide(1, 1)
    cup.decide(2, 2)
    cup.later(30)
    assert cup.match(3).phase == "disputed"


def test_who_disputes_calls_all_who_may_decide() -> None:
    cup = playing(2)
    cup.done(SetStaff, user=REFEREE, role=None)
    cup.done(DisputeResult, P[1], match=1, note="No.")
    assert told(cup) == [inbox_of(OWNER), inbox_of(ORGANISER)] and inbox_of(STREAMER) not in told(cup)


def test_the_largest_staff_is_called_by_one_event() -> None:
    cup = playing(2)
    users = [f"user:{number:032x}" for number in range(1000, 1000 + limits.TOURNAMENT_STAFF_MAX - 3)]
    for user in users:
        cup.people.add(user, None)
        cup.done(SetStaff, user=user, role="referee")
    cup.done(DisputeResult, P[1], match=1)
    assert len(told(cup)) == limits.TOURNAMENT_STAFF_MAX  # with the owner, without the streamer
    assert len(cup.log[-1][0]) < limits.PAYLOAD_BYTES_MAX


def test_a_tournament_of_before_has_no_time_to_play() -> None:
    cup = playing(2)
    created = cup.headers()[0]
    del created.marks["play_s"]
    assert cup.kind.apply(cup.kind.initial(cup.stream), created, None).settings.play_s == 0
    row = next(change for change in cup.kind.project(created, None) if isinstance(change, Upsert))
    assert (row.table, "play_s" in row.values) == ("tournament", False)  # its column has a default
