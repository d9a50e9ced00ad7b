"""Rules of recurrence (RFC 5545, 3.3.10), as far as tournaments need them: read, checked and bounded. Pure.

What is allowed beside FREQ, INTERVAL, COUNT and UNTIL depends on FREQ (``_PARTS``). Times of day come from the start
alone, so a rule has at most one time a day. What could leave a month or a year that has a fitting day without a time is
refused (a fifth Monday, the second of a set), so whether a day fits tells whether a time comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, cast, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

from protocol import limits

Freq = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_COMMON: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL"})
_PARTS: Final[Mapping[Freq, frozenset[str]]] = {
    "DAILY": _COMMON,
    "WEEKLY": _COMMON | {"BYDAY", "BYMONTH"},
    "MONTHLY": _COMMON | {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
    "YEARLY": _COMMON | {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_DAY: Final = re.compile(r"([+-]?[1-9])?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,4}")
_UNTIL_DAY: Final = re.compile(r"[0-9]{8}")
_UNTIL: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_NTH_MAX: Final = 4
"""Of each weekday every month has so many."""
_END_OF_DAY: Final = time(23, 59, 59)


class RuleError(ValueError):
    """The text is no rule, or one that isn't allowed; the message is a sentence."""


class Rule(Struct, frozen=True):
    """A rule, with what it leaves to its start said."""

    freq: Freq
    start: datetime
    """Its earliest time, local and without a time zone, as all times here."""
    interval: int = 1
    count: int | None = None
    """How many times there are at most, from the start on."""
    until: datetime | None = None
    """The latest time."""
    months: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    """Days of a month; negative ones from its end."""
    weekdays: tuple[tuple[int, int], ...] = ()
    """From 0 for Monday; with which of the month (negative: from its end), 0 for all."""
    position: int = 0
    """The first or the last (-1) of those in a month or a year; 0 for all."""


def parsed(text: str, start: datetime, zone: ZoneInfo) -> Rule:
    """The rule of a text, for times from ``start`` on. Raises RuleError."""
    parts = _split(text)
    freq = _freq(parts)
    if odd := next((name for name in parts if name not in _PARTS[freq]), None):
        raise RuleError(f"A rule with FREQ={freq} can't have {odd} here.")
    rule = Rule(
        freq=freq,
        start=start,
        interval=_number(parts, "INTERVAL", 1, limits.RRULE_INTERVAL_MAX) or 1,
        count=_number(parts, "COUNT", 1, limits.RRULE_COUNT_MAX),
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        months=_numbers(parts, "BYMONTH", 1, 12),
        days=_numbers(parts, "BYMONTHDAY", -31, 31),
        weekdays=_weekdays(parts),
        position=_position(parts),
    )
    _check(rule)
    return _completed(rule)


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise RuleError("A rule is parts like FREQ=WEEKLY, each once, with ; between them.")
        parts[name] = value
    return parts


def _freq(parts: Mapping[str, str]) -> Freq:
    freq = parts.get("FREQ")
    if freq in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise RuleError("These are too many: at most one time a day.")
    if freq not in get_args(Freq):
        raise RuleError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
    return cast(Freq, freq)


def _number(parts: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    found = _numbers(parts, name, least, most)
    if len(found) > 1:
        raise RuleError(f"{name} is one number.")
    return found[0] if found else None


def _numbers(parts: Mapping[str, str], name: str, least: int, most: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    values = _values(parts, name)
    numbers = [int(value) for value in values if _NUMBER.fullmatch(value)]
    if len(numbers) < len(values) or not all(number and least <= number <= most for number in numbers):
        raise RuleError(f"{name} is of numbers from {least} to {most}, without 0.")
    return tuple(sorted(set(numbers)))


def _values(parts: Mapping[str, str], name: str) -> list[str]:
    values = parts[name].split(",")
    if len(values) > limits.RRULE_VALUES_MAX:
        raise RuleError(f"{name} has at most {limits.RRULE_VALUES_MAX} values.")
    return values


def _weekdays(parts: Mapping[str, str]) -> tuple[tuple[int, int], ...]:
    if "BYDAY" not in parts:
        return ()
    found = [_DAY.fullmatch(value) for value in _values(parts, "BYDAY")]
    days = {(WEEKDAYS.index(each[2]), int(each[1] or 0)) for each in found if each}
    if not all(found) or any(abs(nth) > _NTH_MAX for _, nth in days):
        raise RuleError(f"BYDAY is of days like SA, 1SA or -1SA, up to the {_NTH_MAX}th.")
    return tuple(sorted(days))


def _position(parts: Mapping[str, str]) -> int:
    found = _number(parts, "BYSETPOS", -1, 1)
    return found or 0


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The whole day, if it is one."""
    try:
        if _UNTIL_DAY.fullmatch(text):
            return datetime.combine(datetime.strptime(text, "%Y%m%d").date(), _END_OF_DAY)  # noqa: DTZ007
        if _UNTIL.fullmatch(text):
            at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return at.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        pass  # it is told below
    raise RuleError("UNTIL is a day like 20271231, or a time like 20271231T190000Z.")


def _check(rule: Rule) -> None:
    """What each part allows, but not together. Raises RuleError."""
    of_month = any(nth for _, nth in rule.weekdays)
    if rule.count is not None and rule.until is not None:
        raise RuleError("A rule has COUNT or UNTIL, not both.")
    if of_month and rule.freq == "WEEKLY":
        raise RuleError("Which one of a month BYDAY means can't be said with FREQ=WEEKLY.")
    if of_month and rule.freq == "YEARLY" and not rule.months:
        raise RuleError("Name the months: BYDAY means a day of a month.")
    if of_month and rule.days:
        raise RuleError("BYDAY can't say which one of a month it means beside BYMONTHDAY.")
    if rule.position and not (rule.days or rule.weekdays):
        raise RuleError("BYSETPOS needs BYDAY or BYMONTHDAY.")


def _completed(rule: Rule) -> Rule:
    """With the days that are taken from the start, where the rule names none."""
    start, days, months, weekdays = rule.start, rule.days, rule.months, rule.weekdays
    if rule.freq == "WEEKLY" and not weekdays:
        weekdays = ((start.weekday(), 0),)
    if rule.freq in ("MONTHLY", "YEARLY") and not days and not weekdays:
        days = (start.day,)
        if rule.freq == "YEARLY" and not months:
            months = (start.month,)
    return Rule(
        rule.freq,
        start,
        rule.interval,
        rule.count,
        rule.until,
        months,
        days,
        weekdays,
        rule.position,
    )


def comes_after(rule: Rule, day: date) -> bool:
    """Whether a day after this one fits, RECURRENCE_GAP_DAYS_MAX at most: a walk to the next time ends soon then."""
    return any(_fits(rule, day + timedelta(ahead)) for ahead in range(1, limits.RECURRENCE_GAP_DAYS_MAX + 1))


def _fits(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.weekdays and all(weekday != day.weekday() for weekday, _ in rule.weekdays):
        return False
    if rule.days and day.day not in rule.days and _from_end(day) not in rule.days:
        return False
    return _units(rule, day) % rule.interval == 0


def _from_end(day: date) -> int:
    """-1 for the last day of its month."""
    following = (day.replace(day=1) + timedelta(32)).replace(day=1)
    return (day - following).days


def _units(rule: Rule, day: date) -> int:
    """How many days, weeks, months or years it is after the start."""
    start = rule.start.date()
    match rule.freq:
        case "DAILY":
            return (day - start).days
        case "WEEKLY":
            return ((day - timedelta(day.weekday())) - (start - timedelta(start.weekday()))).days // 7
        case "MONTHLY":
            return (day.year - start.year) * 12 + day.month - start.month
        case "YEARLY":
            return day.year - start.year
