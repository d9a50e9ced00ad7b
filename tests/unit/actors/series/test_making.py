"""A series makes its next tournament by itself: in time, once, and with what it was given then."""

from __future__ import annotations

import pytest

from actors.creation import Creation
from actors.kind import FactKey
from actors.series.making import MISSED_AT_ONCE
from protocol import limits
from protocol.codes import Code
from protocol.event import Header
from protocol.ids import SYSTEM
from protocol.series.commands import (
    AddTournament,
    AdvanceSeries,
    CancelSeries,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
)
from protocol.series.recurrence import Recurrence
from protocol.tournament.definition import LastingSettings
from protocol.tournament.making import MakeTournament, made_tournament
from protocol.tournament.view import StaffMember
from tests.unit.actors.series.weekly import (
    CUP,
    DAY_S,
    FIRST,
    NOW,
    OWNER,
    REFEREE,
    SATURDAYS,
    WEEK_MS,
    WEEKLY,
    Weekly,
    moment,
    refused,
    weekly,
)

AHEAD_MS = 5 * DAY_S * 1000
"""How long before its start a tournament is made."""


def starts(headers: list[Header]) -> list[int]:
    """When those start that were made."""
    made = [header for header in headers if header.type == "series.tournament_made"]
    assert [header.marks["tournament"] for header in made] == [
        made_tournament(WEEKLY, int(str(header.marks["start_at"]))) for header in made
    ]
    return [int(str(header.marks["start_at"])) for header in made]


def missed(headers: list[Header]) -> list[tuple[object, ...]]:
    """How many times were missed, the first and the last, and why."""
    return [
        tuple(header.marks[name] for name in ("count", "first_at", "last_at", "why"))
        for header in headers
        if header.type == "series.times_missed"
    ]


def test_each_time_has_its_tournament_and_is_made_ahead() -> None:
    series = weekly()
    assert series.kind.due(series.state) == FIRST - AHEAD_MS
    assert series.at(FIRST - AHEAD_MS - 1) == []
    assert starts(series.at(FIRST - AHEAD_MS)) == [FIRST]
    weeks = [FIRST + number * WEEK_MS for number in range(1, 60)]
    headers = series.at(weeks[-1] - AHEAD_MS)
    # Over the summer the clocks are an hour ahead: 20:00 stays 20:00.
    summer = range(moment("2027-03-28T00:00"), moment("2027-10-31T00:00"))
    assert starts(headers) == [at - 3_600_000 if at in summer else at for at in weeks]
    assert [header.marks["number"] for header in headers] == list(range(2, 61))
    assert missed(headers) == []


def test_a_tournament_is_made_with_what_the_series_was_given() -> None:
    settings = LastingSettings(format="double_elimination", team_min=2, team_max=3)
    series = weekly(settings=settings, registration_s=4 * DAY_S, check_in_s=1800)
    series.done(SetSeriesStaff, user=REFEREE, role="referee")
    (header,) = series.at(FIRST - AHEAD_MS)
    assert series.make(header) == MakeTournament(
        client_id="",
        number=1,
        settings=settings,
        owner=OWNER,
        staff=(StaffMember(user=REFEREE, role="referee"),),
        registration_at=FIRST - 4 * DAY_S * 1000,
        check_in_at=FIRST - 1_800_000,
        start_at=FIRST,
    )
    assert series.row("series_tournament", made_tournament(WEEKLY, FIRST)) == {"number": 1, "at": FIRST}
    assert series.row("series")["next_at"] == FIRST + WEEK_MS


def test_after_a_downtime_only_what_is_still_to_come_is_made() -> None:
    series = weekly()
    now = FIRST + 3 * WEEK_MS + 1
    headers = series.wake(now)
    assert missed(headers) == [(4, FIRST, FIRST + 3 * WEEK_MS, "late")]
    assert starts(headers) == []
    assert starts(series.wake(FIRST + 4 * WEEK_MS - 1)) == [
        FIRST + 4 * WEEK_MS
    ]  # it is late, but not too late


def test_a_long_downtime_is_told_in_parts() -> None:
    series = weekly(recurrence=Recurrence(rrule="FREQ=DAILY", timezone="UTC", start="2026-12-01T10:00"))
    headers = series.wake(moment("2027-03-15T12:00"))
    counts = [count for count, *_ in missed(headers)]
    assert counts == [MISSED_AT_ONCE] * 3 + [15]
    assert starts(headers) == [moment(f"2027-03-{day}T10:00") for day in range(16, 21)]


def test_a_rule_ends_by_its_count_or_its_day() -> None:
    for end in ("COUNT=3", "UNTIL=20261219"):
        series = weekly(
            recurrence=Recurrence(rrule=f"FREQ=WEEKLY;{end}", timezone="UTC", start="2026-12-05T20:00")
        )
        assert len(starts(series.at(FIRST + 20 * WEEK_MS))) == 3
        assert series.kind.due(series.state) is None
        assert series.row("series")["next_at"] is None


def test_times_that_were_missed_count_for_the_rule() -> None:
    rule = Recurrence(rrule="FREQ=WEEKLY;COUNT=5", timezone="Europe/Berlin", start="2026-12-05T20:00")
    series = weekly(recurrence=rule)
    series.wake(FIRST + 2 * WEEK_MS + 1)
    assert starts(series.at(FIRST + 20 * WEEK_MS)) == [FIRST + 3 * WEEK_MS, FIRST + 4 * WEEK_MS]


def test_another_recurrence_begins_after_what_was_made() -> None:
    series = weekly()
    series.at(FIRST - AHEAD_MS)
    sundays = Recurrence(rrule="FREQ=DAILY", timezone="UTC", start="2026-12-01T10:00")
    series.change(recurrence=sundays)
    # The one of the 5th at 19:00 stays; the next one of the new rule after it is on the 6th.
    assert starts(series.at(moment("2026-12-02T10:00"))) == [
        moment("2026-12-06T10:00"),
        moment("2026-12-07T10:00"),
    ]


def test_a_change_of_the_time_ahead_counts_at_once() -> None:
    series = weekly()
    series.change(create_s=60)
    assert series.kind.due(series.state) == FIRST - 60_000


def test_whoever_has_too_many_tournaments_gets_no_more() -> None:
    series = Weekly(Creation(unfinished_max=3))
    series.create()
    series.owns(unfinished=3)
    assert missed(series.at(FIRST - AHEAD_MS)) == [(1, FIRST, FIRST, "too_many")]
    series.owns(unfinished=2)
    assert starts(series.at(FIRST + WEEK_MS - AHEAD_MS)) == [FIRST + WEEK_MS]


def test_a_full_series_makes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SERIES_TOURNAMENTS_MAX", 1)
    series = weekly()
    series.done(AddTournament, tournament=CUP)
    assert missed(series.at(FIRST - AHEAD_MS)) == [(1, FIRST, FIRST, "full")]


def test_nothing_is_made_once_it_is_cancelled_or_while_it_is_removed() -> None:
    series = weekly()
    series.done(RemoveSeries)
    assert series.at(FIRST + WEEK_MS) == []
    series.done(RestoreSeries)
    assert missed(series.at(series.now)) == [(2, FIRST, FIRST + WEEK_MS, "late")]
    series.done(CancelSeries)
    assert series.kind.due(series.state) is None
    assert series.view.next_at is None


def test_only_the_timer_advances_it_and_not_before_its_time() -> None:
    series = weekly()
    assert refused(series.send(AdvanceSeries, OWNER), Code.NOT_FOUND) == ""
    series.done(AdvanceSeries, SYSTEM)
    assert len(series.log) == 1


def test_a_series_without_recurrence_makes_none() -> None:
    series = weekly(recurrence=None)
    assert series.kind.due(series.state) is None


@pytest.mark.parametrize(
    ("recurrence", "field"),
    [
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "recurrence"),
        ({"rrule": "FREQ=MINUTELY"}, "recurrence"),
        ({"timezone": "Mars/Olympus"}, "recurrence"),
        ({"start": "2026-02-30T20:00"}, "recurrence"),
        ({"start": "2026-11-20T20:00"}, "recurrence.start"),
        ({"start": "2029-11-20T20:00"}, "recurrence.start"),
        ({"rrule": "FREQ=WEEKLY;COUNT=1", "start": "2026-11-29T10:00"}, "recurrence"),
    ],
)
def test_a_recurrence_that_never_comes_or_too_often_is_refused(
    recurrence: dict[str, str], field: str
) -> None:
    given = {"rrule": SATURDAYS.rrule, "timezone": SATURDAYS.timezone, "start": SATURDAYS.start, **recurrence}
    series = Weekly()
    assert refused(series.create(recurrence=Recurrence(**given)), Code.INVALID, field)
    assert series.log == []
    series = weekly()
    assert refused(series.change(recurrence=Recurrence(**given)), Code.INVALID, field)


def test_the_fold_of_the_log_is_the_state() -> None:
    series = weekly(points=(5, 3))
    series.at(FIRST + 3 * WEEK_MS)
    series.change(best=2, points=(4,))
    state, rows = series.refolded()
    assert (state, rows) == (series.state, series.rows)
    state, rows = series.refolded(erased=lambda _: True)
    assert state == series.state
    assert rows[FactKey("series", "")] == {**series.row("series"), "name": None, "description": None}
    assert NOW < FIRST
