"""Which event changes which rows of a series. ``rows`` says what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from actors.kind import (
    AUTHORED,
    EVERYONE,
    LISTENERS,
    LISTENS_AFTER,
    NOBODY,
    Change,
    Delete,
    Update,
    Upsert,
    said,
)
from actors.series.rows import SERIES, STAFF, TOURNAMENT
from actors.series.state import Plan
from protocol.event import Header
from protocol.ids import USER, kind_of
from protocol.series.events import SeriesChanged, SeriesCreated

_PLAN: Final = Plan.__struct_fields__
_NONE: Final = {LISTENS_AFTER: None}


def project(header: Header, payload: Struct | None) -> Sequence[Change]:
    """The rows that an event changes."""
    rows = _ROWS.get(header.type)
    return () if rows is None else rows(header, payload)


def _plan(header: Header) -> dict[str, Any]:
    row: dict[str, Any] = {name: header.marks[name] for name in _PLAN if name in header.marks}
    if "points" in row:
        row["points"] = [*row["points"]]
    return row | _next(header)


def _next(header: Header) -> dict[str, Any]:
    """The next time, if the event says that it is another one."""
    marks = header.marks
    return {"next_at": marks["next_at"] or None} if "next_at" in marks else {}


def _created(header: Header, payload: SeriesCreated | None) -> Sequence[Change]:
    by_user = kind_of(header.author) == USER
    row: dict[str, Any] = {
        **_plan(header),
        "name": payload.name if payload else None,
        "description": payload.description if payload else None,
        "named_by": header.author,
        "described_by": header.author,
        "phase": "running",
        "owner": header.author if by_user else None,
        "created_at": header.at,
    }
    changes = [Upsert(SERIES, "", row), said(header, "texts"), Upsert(LISTENERS, EVERYONE, _NONE)]
    return [*changes, _staff(header, header.author, "owner")] if by_user else changes


def _changed(header: Header, payload: SeriesChanged | None) -> Sequence[Change]:
    marks, values = header.marks, _plan(header)
    if "named" in marks:
        values |= {"name": payload.name if payload else None, "named_by": header.author}
    if "described" in marks:
        values |= {"description": payload.description if payload else None, "described_by": header.author}
    texts = "named" in marks or "described" in marks
    return Update(SERIES, "", values), *([said(header, "texts")] if texts else [])


def _staff_set(header: Header, _: object) -> Sequence[Change]:
    user, role = cast(str, header.marks["user"]), cast("str | None", header.marks.get("role"))
    return (Delete(STAFF, user) if role is None else _staff(header, user, role),)


def _transferred(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    owner, former = cast(str, marks["owner"]), cast("str | None", marks.get("former"))
    changes: list[Change] = [Update(SERIES, "", {"owner": owner}), _staff(header, owner, "owner")]
    if former is not None:
        changes.append(_staff(header, former, "organiser") if marks["organiser"] else Delete(STAFF, former))
    return changes


def _staff(header: Header, user: str, role: str) -> Upsert:
    return Upsert(STAFF, user, {"role": role, "since": header.at})


def _removed(header: Header, _: object) -> Sequence[Change]:
    return Update(SERIES, "", {"deleted_at": header.at}), Upsert(LISTENERS, NOBODY, _NONE)


def _restored(_: Header, __: object) -> Sequence[Change]:
    return Update(SERIES, "", {"deleted_at": None}), Delete(LISTENERS, NOBODY)


def _cancelled(_: Header, __: object) -> Sequence[Change]:
    return (Update(SERIES, "", {"phase": "cancelled"}),)


def _made(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    row = {"number": cast(int, marks["number"]), "at": cast(int, marks["start_at"])}
    return (
        Upsert(TOURNAMENT, cast(str, marks["tournament"]), row),
        Update(
            SERIES, "", {"made": row["number"], "tournaments": cast(int, marks["count"]), **_next(header)}
        ),
    )


def _missed(header: Header, _: object) -> Sequence[Change]:
    return (Update(SERIES, "", _next(header)),)


def _added(header: Header, _: object) -> Sequence[Change]:
    row = {"number": None, "at": header.at}
    return Upsert(TOURNAMENT, cast(str, header.marks["tournament"]), row), _count(header)


def _dropped(header: Header, _: object) -> Sequence[Change]:
    return Delete(TOURNAMENT, cast(str, header.marks["tournament"])), _count(header)


def _count(header: Header) -> Change:
    return Update(SERIES, "", {"tournaments": cast(int, header.marks["count"])})


def _erased(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    changes: list[Change] = [Delete(STAFF, cast(str, marks["user"]))]
    changes += [Delete(AUTHORED, str(seq)) for seq in header.erases]
    own: dict[str, Any] = {name: None for name in ("name", "description") if name in marks}
    if "owner" in marks:
        own["owner"] = marks["owner"] or None
        own |= {} if marks["owner"] else {"phase": "cancelled"}
    if own:
        changes.append(Update(SERIES, "", own))
    if owner := cast(str, marks.get("owner", "")):
        changes.append(_staff(header, owner, "owner"))
    return changes


_ROWS: Final[Mapping[str, Callable[[Header, Any], Sequence[Change]]]] = {
    "series.created": _created,
    "series.changed": _changed,
    "series.staff_set": _staff_set,
    "series.transferred": _transferred,
    "series.removed": _removed,
    "series.restored": _restored,
    "series.cancelled": _cancelled,
    "series.tournament_made": _made,
    "series.times_missed": _missed,
    "series.tournament_added": _added,
    "series.tournament_dropped": _dropped,
    "series.person_erased": _erased,
}
