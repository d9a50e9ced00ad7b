"""A calendar is read by another program as it was meant, whatever people have written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from gatherup.features.tournaments.calendar import calendar
from protocol.tournament.making import made_tournament
from storage.postgres.tournaments.calendars import CalendarMatchRow, CalendarRow

HEX = "5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
STREAM = f"tournament:{HEX}"
ROW = CalendarRow(
    stream=STREAM,
    incarnation=1,
    seq=7,
    changed_at=1_000_000,
    name="Saturday, cup; a\\b",
    phase="running",
    registration_at=1_000_000,
    check_in_at=2_000_000,
    start_at=3_000_000,
    started_at=3_100_000,
    ended_at=None,
    entrant=None,
    staff=True,
)
MATCH = CalendarMatchRow(STREAM, 12, 4_000_000, 4_500_000, "Ann", None)


def _events(*matches: CalendarMatchRow, **changed: Any) -> dict[str, Any]:
    """By what their UIDs begin with after the tournament's."""
    data = calendar("Mine", [replace(ROW, **changed)], matches)
    events: list[Any] = Calendar.from_ical(data).walk("VEVENT")
    assert all(event["uid"].endswith("@gatherup") and event["uid"].startswith(HEX) for event in events)
    return {event["uid"][33:-9]: event for event in events}


def _at(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def test_phases_and_matches_are_events() -> None:
    events = _events(MATCH)
    spans = {
        part: (event["dtstart"].dt, event["dtend"].dt if "dtend" in event else None)
        for part, event in events.items()
    }
    assert spans == {
        "registration": (_at(1_000_000), _at(2_000_000)),
        "check-in": (_at(2_000_000), _at(3_100_000)),
        "start": (_at(3_100_000), None),
        "match-12": (_at(4_000_000), _at(4_500_000)),
    }
    assert events["match-12"]["summary"] == "Saturday, cup; a\\b: Ann v ?"
    assert {event["status"] for event in events.values()} == {"CONFIRMED"}


def test_a_change_keeps_the_uid_and_raises_the_sequence() -> None:
    before, after = _events(MATCH), _events(MATCH, seq=9, start_at=5_000_000)
    assert before.keys() == after.keys()
    assert {event["sequence"] for event in before.values()} == {7}
    assert {event["sequence"] for event in after.values()} == {9}


def test_what_a_cancelled_tournament_had_left_is_cancelled() -> None:
    going = CalendarMatchRow(STREAM, 13, 4_000_000, None, "Ann", "Ben")
    events = _events(MATCH, going, phase="cancelled", ended_at=4_600_000)
    assert {part: event["status"] for part, event in events.items()} == {
        "registration": "CONFIRMED",
        "check-in": "CONFIRMED",
        "start": "CANCELLED",
        "match-12": "CONFIRMED",
        "match-13": "CANCELLED",
    }


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_no_name_breaks_out_of_its_line(name: str) -> None:
    data = calendar(name, [replace(ROW, name=name)], [replace(MATCH, a=name, b=name)])
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    shown = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    events: list[Any] = Calendar.from_ical(data).walk("VEVENT")
    assert len(events) == 4
    assert str(events[3]["summary"]) == f"{shown or 'Tournament'}: {shown or '?'} v {shown or '?'}"


def test_what_a_series_plans_keeps_its_uid_when_it_is_made() -> None:
    series, first = f"series:{HEX}", 1_796_497_200_000  # the 5th of December 2026, 20:00 in Berlin
    rule = {"rrule": "FREQ=WEEKLY;COUNT=3", "timezone": "Europe/Berlin", "start": "2026-12-05T20:00"}
    empty: dict[str, Any] = dict.fromkeys(("registration_at", "check_in_at", "start_at", "started_at"))
    row = replace(ROW, stream=series, recurrence=json.dumps(rule), next_at=first, **empty)
    planned: list[Any] = Calendar.from_ical(calendar("Weekly", [row], [])).walk("VEVENT")
    starts = [event["dtstart"].dt for event in planned]
    assert starts == [_at(first + week * 604_800_000) for week in range(3)]
    made = replace(ROW, stream=made_tournament(series, first), seq=1, **{**empty, "start_at": first})
    (event,) = Calendar.from_ical(calendar("Weekly", [made], [])).walk("VEVENT")
    assert event["uid"] == planned[0]["uid"]
    assert (planned[0]["sequence"], event["sequence"]) == (0, 1)
    assert len({event["uid"] for event in planned}) == 3
