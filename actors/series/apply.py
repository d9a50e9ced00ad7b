"""What an event makes of a series. Headers alone decide, never payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from msgspec.structs import replace

from actors.series.state import Plan, Series
from actors.staffing import owned, with_role, without
from protocol.event import Header
from protocol.ids import USER, kind_of
from protocol.series.recurrence import recurrence_of
from protocol.tournament import StaffRole
from protocol.tournament.definition import settings_of

_PLAN: Final = Plan.__struct_fields__


def apply(series: Series, header: Header) -> Series:
    """The state after one event; types of later versions change nothing but ``seq``."""
    change = _CHANGES.get(header.type)
    after = series if change is None else change(series, header)
    return replace(_next(after, header), seq=header.seq)


def plan_of(header: Header) -> dict[str, Any]:
    """What an event says of the plan."""
    chosen: dict[str, Any] = {name: header.marks[name] for name in _PLAN if name in header.marks}
    if "settings" in chosen:
        chosen["settings"] = settings_of(chosen["settings"])
    if "recurrence" in chosen:
        chosen["recurrence"] = recurrence_of(chosen["recurrence"])
    if "points" in chosen:
        chosen["points"] = tuple(chosen["points"])
    return chosen


def _next(series: Series, header: Header) -> Series:
    """With the next time, if the event says that it is another one."""
    marks = header.marks
    if "next_at" not in marks:
        return series
    return replace(
        series,
        next_at=cast(int, marks["next_at"]) or None,
        next_local=cast(str, marks["next_local"]),
        passed=cast(int, marks["passed"]),
    )


def _created(series: Series, header: Header) -> Series:
    return replace(
        series,
        phase="running",
        owner=header.author if kind_of(header.author) == USER else None,
        named_at=header.seq,
        described_at=header.seq,
        plan=replace(series.plan, **plan_of(header)),
    )


def _changed(series: Series, header: Header) -> Series:
    return replace(
        series,
        named_at=header.seq if "named" in header.marks else series.named_at,
        described_at=header.seq if "described" in header.marks else series.described_at,
        plan=replace(series.plan, **plan_of(header)),
    )


def _staff_set(series: Series, header: Header) -> Series:
    marks = header.marks
    return with_role(series, cast(str, marks["user"]), cast("StaffRole | None", marks.get("role")))


def _transferred(series: Series, header: Header) -> Series:
    marks = header.marks
    former = cast("str | None", marks.get("former"))
    return owned(series, cast(str, marks["owner"]), organiser=former if marks["organiser"] else None)


def _made(series: Series, header: Header) -> Series:
    marks = header.marks
    return replace(
        series,
        made=cast(int, marks["number"]),
        made_until=cast(int, marks["start_at"]),
        tournaments=cast(int, marks["count"]),
    )


def _counted(series: Series, header: Header) -> Series:
    return replace(series, tournaments=cast(int, header.marks["count"]))


def _erased(series: Series, header: Header) -> Series:
    owner = cast("str | None", header.marks.get("owner"))
    after = without(series, cast(str, header.marks["user"]), owner)
    return replace(after, phase="cancelled") if owner == "" else after


_CHANGES: Final[Mapping[str, Callable[[Series, Header], Series]]] = {
    "series.created": _created,
    "series.changed": _changed,
    "series.staff_set": _staff_set,
    "series.transferred": _transferred,
    "series.cancelled": lambda series, _: replace(series, phase="cancelled"),
    "series.removed": lambda series, header: replace(series, removed_at=header.at),
    "series.restored": lambda series, _: replace(series, removed_at=None),
    "series.tournament_made": _made,
    "series.tournament_added": _counted,
    "series.tournament_dropped": _counted,
    "series.person_erased": _erased,
}
