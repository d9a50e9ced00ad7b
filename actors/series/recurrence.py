"""The times of a recurrence, one after the other, by python-dateutil. Pure: time zones are data.

dateutil looks for the next time to the end of the year 9999. So it is asked only when one comes soon
(``rule.comes_after``), and always from the last time on.
"""

from __future__ import annotations

# zoneinfo loads it for a name that is no zone, which no loop should wait for.
import importlib.resources  # noqa: F401  # pyright: ignore[reportUnusedImport]
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import dateutil.rrule

from actors.kind import Instant
from actors.series.rule import Rule, RuleError, comes_after, parsed
from protocol import limits
from protocol.series.recurrence import Recurrence

LOCAL: Final = "%Y-%m-%dT%H:%M"
_rrule: Final[Any] = dateutil.rrule.rrule  # it has no types
_weekday: Final[Any] = dateutil.rrule.weekday
_FREQS: Final = {
    "YEARLY": dateutil.rrule.YEARLY,
    "MONTHLY": dateutil.rrule.MONTHLY,
    "WEEKLY": dateutil.rrule.WEEKLY,
    "DAILY": dateutil.rrule.DAILY,
}


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name. Raises RuleError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no zone: a folder, say
        raise RuleError("There is no such time zone.") from None


def rule_of(recurrence: Recurrence) -> Rule:
    """What a recurrence says. Raises RuleError."""
    zone = zone_of(recurrence.timezone)
    try:
        start = local_of(recurrence.start)
    except ValueError:
        raise RuleError("There is no such day or time.") from None
    rule = parsed(recurrence.rrule, start, zone)
    if following(rule, None) is None:
        days = limits.RECURRENCE_GAP_DAYS_MAX
        raise RuleError(f"This rule has no time, or none within {days} days of its start.")
    return rule


def local_of(text: str) -> datetime:
    """A local time from its text. Raises ValueError."""
    return datetime.strptime(text, LOCAL)  # noqa: DTZ007


def following(rule: Rule, last: datetime | None) -> datetime | None:
    """The time that comes after ``last``, which is one; after None the first. None: there is none any more.

    COUNT is left to whoever counts.
    """
    begin = rule.start if last is None else last
    if not comes_after(rule, begin.date() - timedelta(days=last is None)):
        return None
    options: dict[str, Any] = {
        "bymonth": rule.months,
        "bymonthday": rule.days,
        "byweekday": [_weekday(day, nth or None) for day, nth in rule.weekdays],
        "bysetpos": rule.position,
    }
    given = {name: value for name, value in options.items() if value}
    # Intervals are counted from a time on as well as from the start: it is in one of them.
    times: Any = _rrule(
        _FREQS[rule.freq],
        dtstart=begin,
        interval=rule.interval,
        until=rule.until,
        wkst=dateutil.rrule.MO,
        **given,
    )
    return times.after(begin, inc=last is None)


def instant_of(local: datetime, zone: ZoneInfo) -> Instant:
    """When the clocks show a local time. If they show it twice it is the first of the two; if they leave it out, it is
    as long after the change as it would have been without (RFC 5545, 3.3.5).
    """
    return round(local.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp() * 1000)
