"""Which event changes which rows of a gathering. ``rows`` says what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from actors.gathering.rows import COMPETITION, GATHERING, PLAYER, STAFF
from actors.gathering.state import TIMES, Settings
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
from protocol.event import Header
from protocol.gathering.events import (
    GatheringCancelled,
    GatheringChanged,
    GatheringCreated,
    PlayerWithdrawn,
)
from protocol.ids import USER, kind_of

Project = Callable[[Header, Any], Sequence[Change]]
_SETTINGS: Final = Settings.__struct_fields__


def project(header: Header, payload: Struct | None) -> Sequence[Change]:
    """The rows that an event changes."""
    rows = _ROWS.get(header.type)
    return () if rows is None else rows(header, payload)


# --- the gathering -----------------------------------------------------------------------------------------


def _created(header: Header, payload: GatheringCreated | None) -> Sequence[Change]:
    by_user = kind_of(header.author) == USER
    row = {
        **_settings(header),
        "name": payload.name if payload else None,
        "description": payload.description if payload else None,
        "phase": "draft",
        "owner": header.author if by_user else None,
        "created_by": header.author,
        "created_at": header.at,
    }
    changes = [
        Upsert(GATHERING, "", row),
        Upsert(LISTENERS, EVERYONE, {LISTENS_AFTER: None}),
        said(header, "texts"),
    ]
    return [*changes, _staff(header, header.author, "owner")] if by_user else changes


def _changed(header: Header, payload: GatheringChanged | None) -> Sequence[Change]:
    values = _settings(header)
    if payload is not None and payload.name is not None:
        values["name"] = payload.name
    if payload is not None and payload.description is not None:
        values["description"] = payload.description
    texts = "named" in header.marks or "described" in header.marks
    return _gathering(**values), *([said(header, "texts")] if texts else [])


def _settings(header: Header) -> dict[str, Any]:
    values: dict[str, Any] = {name: header.marks[name] for name in _SETTINGS if name in header.marks}
    if "games" in values:
        values["games"] = [*values["games"]]
    return values | {name: values[name] or None for name in TIMES.keys() & values.keys()}


def _phase(phase: str) -> Project:
    return lambda _, __: (_gathering(phase=phase),)


def _cancelled(header: Header, payload: GatheringCancelled | None) -> Sequence[Change]:
    reason = payload.reason if payload and payload.reason else None
    return _gathering(phase="cancelled", reason=reason), *([said(header, "reason")] if reason else [])


def _removed(header: Header, _: object) -> Sequence[Change]:
    return _gathering(deleted_at=header.at), Upsert(LISTENERS, NOBODY, {LISTENS_AFTER: None})


def _restored(_: Header, __: object) -> Sequence[Change]:
    return _gathering(deleted_at=None), Delete(LISTENERS, NOBODY)


def _attached(header: Header, _: object) -> Sequence[Change]:
    return (Upsert(COMPETITION, cast(str, header.marks["tournament"]), {"attached_at": header.at}),)


def _detached(header: Header, _: object) -> Sequence[Change]:
    return (Delete(COMPETITION, cast(str, header.marks["tournament"])),)


def _gathering(**values: Any) -> Change:
    return Update(GATHERING, "", values)


# --- people ------------------------------------------------------------------------------------------------


def _staff_set(header: Header, _: object) -> Sequence[Change]:
    user, role = cast(str, header.marks["user"]), cast("str | None", header.marks.get("role"))
    return (Delete(STAFF, user) if role is None else _staff(header, user, role),)


def _transferred(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    owner, former = cast(str, marks["owner"]), cast("str | None", marks.get("former"))
    changes = [_gathering(owner=owner), _staff(header, owner, "owner")]
    if former is not None:
        changes.append(_staff(header, former, "organiser") if marks["organiser"] else Delete(STAFF, former))
    return changes


def _staff(header: Header, user: str, role: str) -> Change:
    return Upsert(STAFF, user, {"role": role, "since": header.at})


def _registered(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    row = {
        "number": marks["player"],
        "status": "registered",
        "checked_in": False,
        "tournaments": _tournaments(header),
        "registered_at": header.at,
    }
    return Upsert(PLAYER, _user(header), cast(Any, row)), _gathering(registered=marks["registered"])


def _chosen(header: Header, _: object) -> Sequence[Change]:
    return (_player(header, tournaments=_tournaments(header)),)


def _checked_in(header: Header, _: object) -> Sequence[Change]:
    return _player(header, checked_in=True), _gathering(checked_in=header.marks["checked_in"])


def _withdrawn(header: Header, payload: PlayerWithdrawn | None) -> Sequence[Change]:
    marks = header.marks
    reason = payload.reason if payload and payload.reason else None
    return (
        _player(header, status=marks["status"], checked_in=False, tournaments=[], reason=reason),
        _gathering(registered=marks["registered"], checked_in=marks["checked_in"]),
        *([said(header, f"reasons {_user(header)}")] if reason else []),
    )


def _user(header: Header) -> str:
    return cast(str, header.marks["user"])


def _tournaments(header: Header) -> list[str]:
    return [*cast("Sequence[str]", header.marks["tournaments"])]


def _player(header: Header, **values: Any) -> Change:
    return Update(PLAYER, _user(header), values)


def _erased(header: Header, _: object) -> Sequence[Change]:
    """Their rows and texts are gone."""
    marks, user = header.marks, _user(header)
    changes: list[Change] = [Delete(PLAYER, user), Delete(STAFF, user)]
    changes += [Delete(AUTHORED, str(seq)) for seq in header.erases]
    own: dict[str, Any] = {name: None for name in ("name", "description", "reason") if name in marks}
    if "owner" in marks:
        own["owner"] = marks["owner"] or None
    if own:
        changes.append(_gathering(**own))
    if owner := cast(str, marks.get("owner", "")):
        changes.append(_staff(header, owner, "owner"))
    removed = cast("Sequence[str]", marks.get("reasons", ()))
    return [*changes, *(Update(PLAYER, other, {"reason": None}) for other in removed if other != user)]


_ROWS: Final[Mapping[str, Project]] = {
    "gathering.created": _created,
    "gathering.changed": _changed,
    "gathering.staff_set": _staff_set,
    "gathering.transferred": _transferred,
    "gathering.removed": _removed,
    "gathering.restored": _restored,
    "gathering.registration_opened": _phase("registration"),
    "gathering.check_in_opened": _phase("check_in"),
    "gathering.closed": _phase("closed"),
    "gathering.cancelled": _cancelled,
    "gathering.attached": _attached,
    "gathering.detached": _detached,
    "gathering.registered": _registered,
    "gathering.chosen": _chosen,
    "gathering.checked_in": _checked_in,
    "gathering.withdrawn": _withdrawn,
    "gathering.person_erased": _erased,
}
