"""How a series makes its next tournament, and what it does about times that have passed meanwhile."""

from __future__ import annotations

from typing import Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from actors.creation import organised_key
from actors.kind import Accept, Decision, FactKey, Instant
from actors.series.context import Context, emit
from actors.series.recurrence import LOCAL, following, instant_of, local_of, rule_of, zone_of
from actors.series.rule import Rule
from actors.series.state import MS_PER_S, Series
from protocol import limits
from protocol.event import Mark
from protocol.series import Missed
from protocol.series.events import SeriesTimesMissed, SeriesTournamentMade
from protocol.series.recurrence import Recurrence
from protocol.tournament.definition import settings_text
from protocol.tournament.making import made_tournament

MISSED_AT_ONCE: Final = 30
"""Times that one command passes over, each some 0.1 ms; the next command goes on."""


class Next(NamedTuple):
    """A time of a recurrence."""

    at: Instant
    local: str
    passed: int
    """How many were before it."""


class Times:
    """The times of one recurrence. Raises RuleError when it is none."""

    def __init__(self, recurrence: Recurrence) -> None:
        self._rule: Final[Rule] = rule_of(recurrence)
        self._zone: Final[ZoneInfo] = zone_of(recurrence.timezone)

    def first_after(self, at: Instant) -> Next | None:
        """The first time after this moment. Those before it count as passed; the start bounds how many they are."""
        found = self._next(None, 0)
        while found is not None and found.at <= at:
            found = self.after(found)
        return found

    def after(self, one: Next) -> Next | None:
        """The time that comes next."""
        return self._next(one.local, one.passed + 1)

    def _next(self, last: str | None, passed: int) -> Next | None:
        if self._rule.count is not None and passed >= self._rule.count:
            return None
        local = following(self._rule, None if last is None else local_of(last))
        if local is None:
            return None
        return Next(instant_of(local, self._zone), local.strftime(LOCAL), passed)


def upcoming(recurrence: Recurrence, first: Instant, most: int) -> list[Instant]:
    """The times from ``first`` on, which is one of them; as many as these at most."""
    times, found = Times(recurrence), list[Instant]()
    one = times.first_after(first - 1)
    while one is not None and len(found) < most:
        found.append(one.at)
        one = times.after(one)
    return found


def next_marks(found: Next | None, passed: int = 0) -> dict[str, Mark]:
    """The marks that tell the next time."""
    if found is None:
        return {"next_at": 0, "next_local": "", "passed": passed}
    return {"next_at": found.at, "next_local": found.local, "passed": found.passed}


def needed_facts(series: Series) -> tuple[FactKey, ...]:
    """How many tournaments its owner has."""
    return () if series.owner is None else (organised_key(series.owner),)


def advance(context: Context) -> Decision:
    """What is due at this time: a tournament that is still to start, or times that were missed."""
    series, now = context.series, context.now
    due, recurrence = series.due, series.plan.recurrence
    if due is None or due > now or series.next_at is None or recurrence is None:
        return Accept()
    times, this = Times(recurrence), Next(series.next_at, series.next_local, series.passed)
    if this.at <= now:
        return _passed_over(times, this, now)
    after = next_marks(times.after(this), this.passed + 1)
    if why := _hindered(context):
        return emit(SeriesTimesMissed(count=1, first_at=this.at, last_at=this.at, why=why), marks=after)
    return _made(series, this, after)


def _passed_over(times: Times, this: Next, now: Instant) -> Decision:
    """What has started by now isn't made any more."""
    first = last = this
    count, following_ = 1, times.after(this)
    while following_ is not None and following_.at <= now and count < MISSED_AT_ONCE:
        last, count, following_ = following_, count + 1, times.after(following_)
    missed = SeriesTimesMissed(count=count, first_at=first.at, last_at=last.at, why="late")
    return emit(missed, marks=next_marks(following_, last.passed + 1))


def _hindered(context: Context) -> Missed | None:
    """Why the series can't make one more now."""
    series = context.series
    if series.tournaments >= limits.SERIES_TOURNAMENTS_MAX:
        return "full"
    known = None if series.owner is None else context.facts.get(organised_key(series.owner))
    if known is not None and cast(int, known["unfinished"]) >= context.creation.unfinished_max:
        return "too_many"
    return None


def _made(series: Series, this: Next, after: dict[str, Mark]) -> Decision:
    plan = series.plan
    made = SeriesTournamentMade(
        tournament=made_tournament(series.series, this.at),
        number=series.made + 1,
        start_at=this.at,
        registration_at=_before(this.at, plan.registration_s),
        check_in_at=_before(this.at, plan.check_in_s),
        count=series.tournaments + 1,
    )
    marks: dict[str, Mark] = {"settings": settings_text(plan.settings), **after}
    if series.owner is not None:
        marks["owner"] = series.owner
    if series.staff:
        marks["staff"] = tuple(text for pair in series.staff.items() for text in pair)
    return emit(made, marks=marks)


def _before(start_at: Instant, seconds: int) -> Instant | None:
    return start_at - seconds * MS_PER_S if seconds else None
