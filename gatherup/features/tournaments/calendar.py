"""A calendar as iCalendar (RFC 5545). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from actors.series.making import upcoming
from protocol import limits
from protocol.ids import kind_of
from protocol.series.recurrence import recurrence_of
from protocol.tournament.making import made_tournament
from storage.postgres.tournaments.calendars import CalendarMatchRow, CalendarRow

if TYPE_CHECKING:
    from icalendar import Event

REFRESH: Final = timedelta(minutes=15)
"""How often programs are asked to look for changes."""
_CANCELLED: Final = "cancelled"


def calendar(name: str, tournaments: Sequence[CalendarRow], matches: Sequence[CalendarMatchRow]) -> bytes:
    """The phases of these tournaments and gatherings, what is planned in these series, and these matches.

    An event has the same UID for ever, and a SEQUENCE that is the position of its stream's log: it rises with
    every change.
    """
    from icalendar import Calendar  # it takes a quarter of a second to load, which no loop should wait

    made: Any = Calendar()  # it tells no types of what is added
    made.add("prodid", "-//GatherUp//Tournaments//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _shown(name))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    known = {row.stream: row for row in tournaments}
    for row in tournaments:
        for event in (*_phases(row), *_planned(row)):
            made.add_component(event)
    for match in matches:
        made.add_component(_match(known[match.tournament], match))
    return made.to_ical(sorted=False)


def _phases(row: CalendarRow) -> Iterator[Event]:
    name = _named(row)
    start = row.started_at or row.start_at
    if row.registration_at is not None:
        ends = row.check_in_at or start or row.closes_at
        yield _event(row, "registration", f"{name}: registration", row.registration_at, ends)
    if row.check_in_at is not None:
        yield _event(row, "check-in", f"{name}: check-in", row.check_in_at, start or row.closes_at)
    if start is not None:
        yield _event(row, "start", name, start, row.ended_at)


def _planned(row: CalendarRow) -> Iterator[Event]:
    """The next times of a series. Each has the UID that its tournament has once it is made, and comes before it."""
    if row.recurrence is None or row.next_at is None:
        return
    for at in upcoming(recurrence_of(row.recurrence), row.next_at, limits.CALENDAR_PLANNED_MAX):
        planned = replace(row, stream=made_tournament(row.stream, at), seq=0)
        yield _event(planned, "start", _named(row), at, None)


def _match(row: CalendarRow, match: CalendarMatchRow) -> Event:
    sides = f"{_shown(match.a) or '?'} v {_shown(match.b) or '?'}"
    summary = f"{_named(row)}: {sides}"
    return _event(row, f"match-{match.number}", summary, match.starts_at, match.ended_at)


def _event(row: CalendarRow, part: str, summary: str, start: int, end: int | None) -> Event:
    from icalendar import Event

    event: Any = Event()
    event.add("uid", f"{row.stream.partition(':')[2]}-{part}@gatherup")
    event.add("dtstamp", _time(row.changed_at))
    event.add("sequence", row.seq)
    event.add("summary", summary)
    event.add("dtstart", _time(start))
    if end is not None and end > start:
        event.add("dtend", _time(end))
    cancelled = row.phase == _CANCELLED and (end is None or end >= (row.ended_at or 0))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if part in {"registration", "check-in"} else "OPAQUE")
    return event


def _named(row: CalendarRow) -> str:
    return _shown(row.name) or kind_of(row.stream).capitalize()


def _shown(text: str | None) -> str:
    """Without what no line of a calendar may hold, and on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text or "").split())


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC)
