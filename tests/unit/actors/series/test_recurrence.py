"""The times of recurrences: which rules are taken, when their times are, and what the clocks' change does to them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import dateutil.rrule
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.series import recurrence as of
from actors.series.rule import RuleError
from protocol import limits
from protocol.series.recurrence import Recurrence

START = "2026-12-05T20:00"  # a Saturday


def times(rrule: str, count: int, start: str = START) -> list[str]:
    """The first so many times."""
    rule = of.rule_of(Recurrence(rrule=rrule, timezone="Europe/Berlin", start=start))
    found: list[str] = []
    last = None
    while len(found) < count and (last := of.following(rule, last)) is not None:
        found.append(last.strftime(of.LOCAL))
    return found


@pytest.mark.parametrize(
    ("rrule", "dates"),
    [
        ("FREQ=DAILY;INTERVAL=3", ["12-05", "12-08", "12-11"]),
        ("FREQ=WEEKLY", ["12-05", "12-12", "12-19"]),
        ("FREQ=WEEKLY;BYDAY=FR,SA;INTERVAL=2", ["12-05", "12-18", "12-19"]),
        ("FREQ=WEEKLY;BYDAY=FR", ["12-11", "12-18", "12-25"]),
        ("FREQ=MONTHLY;BYDAY=1SA", ["12-05", "01-02", "02-06"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["12-31", "01-31", "03-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["12-31", "01-29", "02-26"]),
        ("FREQ=YEARLY", ["12-05", "12-05", "12-05"]),
        ("FREQ=YEARLY;BYMONTH=10,11;BYDAY=-1SU", ["10-31", "11-28", "10-29"]),
        ("FREQ=WEEKLY;UNTIL=20261212", ["12-05", "12-12"]),
        ("FREQ=WEEKLY;UNTIL=20261212T190000Z", ["12-05", "12-12"]),
        ("FREQ=WEEKLY;UNTIL=20261212T185959Z", ["12-05"]),
        # After the one in 2028 none comes within the limit.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["02-29"]),
    ],
)
def test_the_times_of_a_rule(rrule: str, dates: list[str]) -> None:
    assert [at[5:10] for at in times(rrule, 3)] == dates


@pytest.mark.parametrize(
    ("rrule", "says"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no time"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "no time"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=3", "no time"),
        ("FREQ=WEEKLY;UNTIL=20261204", "no time"),
        ("FREQ=HOURLY", "too many"),
        ("FREQ=SECONDLY", "too many"),
        ("FREQ=FORTNIGHTLY", "FREQ is"),
        ("INTERVAL=2", "FREQ is"),
        ("FREQ", "parts like"),
        ("FREQ=", "parts like"),
        ("FREQ=DAILY;FREQ=DAILY", "parts like"),
        ("FREQ=DAILY;;INTERVAL=2", "parts like"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "can't have BYHOUR"),
        ("FREQ=DAILY;BYDAY=MO", "can't have BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=13", "can't have BYMONTHDAY"),
        ("FREQ=YEARLY;BYWEEKNO=20", "can't have BYWEEKNO"),
        ("FREQ=YEARLY;BYEASTER=1", "can't have BYEASTER"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is"),
        ("FREQ=DAILY;INTERVAL=53", "INTERVAL is"),
        ("FREQ=DAILY;INTERVAL=1,2", "one number"),
        ("FREQ=DAILY;INTERVAL=1e3", "INTERVAL is"),
        ("FREQ=DAILY;COUNT=1001", "COUNT is"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=20271301", "UNTIL is"),
        ("FREQ=DAILY;UNTIL=TOMORROW", "UNTIL is"),
        ("FREQ=MONTHLY;BYDAY=5MO", "BYDAY is"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY is"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY is"),
        ("FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 32), "at most 31"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8", "beside BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2", "BYSETPOS is"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY"),
        ("FREQ=YEARLY;BYDAY=1MO", "Name the months"),
    ],
)
def test_what_is_no_rule_or_too_much_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, rrule: str, says: str
) -> None:
    if "UNTIL=20261204" not in rrule:  # of that one dateutil is asked: there would be a next time

        def walked(*_: Any, **__: Any) -> None:
            pytest.fail("dateutil would walk to the year 9999")

        monkeypatch.setattr(of, "_rrule", walked)
    with pytest.raises(RuleError, match=says):
        times(rrule, 1)


@pytest.mark.parametrize("name", ["Europe", "America/Indiana", "Mars/Olympus", "Etc/../UTC"])
def test_a_time_zone_that_there_is_not_is_told(name: str) -> None:
    with pytest.raises(RuleError, match="no such time zone"):
        of.rule_of(Recurrence(rrule="FREQ=DAILY", timezone=name, start=START))


def test_a_day_that_there_is_not_is_told() -> None:
    with pytest.raises(RuleError, match="no such day"):
        times("FREQ=DAILY", 1, start="2026-02-30T20:00")


def instants(timezone: str, start: str, count: int) -> list[str]:
    """The first days' times in UTC."""
    rule = of.rule_of(Recurrence(rrule="FREQ=DAILY", timezone=timezone, start=start))
    zone, last, found = of.zone_of(timezone), None, list[int]()
    while len(found) < count:
        last = of.following(rule, last)
        assert last is not None
        found.append(of.instant_of(last, zone))
    assert all(earlier < later for earlier, later in pairwise(found))
    return [datetime.fromtimestamp(at / 1000, UTC).strftime("%d %H:%M") for at in found]


def test_a_time_of_day_stays_when_the_clocks_change() -> None:
    assert instants("Europe/Berlin", "2027-03-27T20:00", 3) == ["27 19:00", "28 18:00", "29 18:00"]
    assert instants("America/New_York", "2026-10-31T20:00", 3) == ["01 00:00", "02 01:00", "03 01:00"]


def test_a_time_that_is_left_out_comes_once() -> None:
    # On the 28th the clocks go from 2:00 to 3:00, so 2:30 is 3:30.
    assert instants("Europe/Berlin", "2027-03-27T02:30", 3) == ["27 01:30", "28 01:30", "29 00:30"]


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    # On the 31st the clocks go from 3:00 back to 2:00.
    assert instants("Europe/Berlin", "2027-10-30T02:30", 3) == ["30 00:30", "31 00:30", "01 01:30"]


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Texts of rules, most of which are allowed."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 14))}"]
    months = draw(st.sets(st.integers(1, 12), max_size=3))
    if months and freq != "DAILY":
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    weekdays = draw(st.sets(st.sampled_from(["MO", "WE", "SA", "SU"]), max_size=2))
    nth = draw(st.sampled_from(["", "1", "-1", "3"])) if freq in ("MONTHLY", "YEARLY") else ""
    if weekdays and freq != "DAILY":
        parts.append("BYDAY=" + ",".join(nth + day for day in sorted(weekdays)))
    days = draw(st.sets(st.sampled_from([1, 13, 29, 31, -1, -5]), max_size=2))
    if days and freq in ("MONTHLY", "YEARLY"):
        parts.append("BYMONTHDAY=" + ",".join(map(str, sorted(days))))
    if freq in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, -1]))}")
    return ";".join(parts)


@given(rules(), st.integers(0, 364))
def test_times_are_those_of_the_whole_rule(rrule: str, day: int) -> None:
    start = datetime.fromordinal(datetime(2026, 12, 5).toordinal() + day).replace(hour=20)  # noqa: DTZ001
    try:
        found = times(rrule, 12, start=start.strftime(of.LOCAL))
    except RuleError:
        return
    whole: Any = dateutil.rrule.rrulestr(rrule, dtstart=start)
    expected = [at.strftime(of.LOCAL) for _, at in zip(range(12), whole, strict=False)]
    assert found == expected[: len(found)]
    if len(found) < 12:
        last = datetime.strptime(found[-1], of.LOCAL)  # noqa: DTZ007
        missing = datetime.strptime(expected[len(found)], of.LOCAL)  # noqa: DTZ007
        assert (missing - last).days > limits.RECURRENCE_GAP_DAYS_MAX
