"""Which event changes which rows of a tournament, its settings and its people. ``rows`` says what they hold."""

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
from actors.tournament import project_attempts, project_matches, project_swiss, project_teams
from actors.tournament.apply import TIMES, owner_of
from actors.tournament.apply_teams import users_in
from actors.tournament.rows import ENTRANT, MATCH, PLAYER, STAFF, STAGE, TOURNAMENT, VOID
from actors.tournament.state import Settings
from protocol.event import Header
from protocol.tournament.events import (
    EntrantEntered,
    EntrantLeft,
    TournamentCancelled,
    TournamentChanged,
    TournamentCreated,
)

Project = Callable[[Header, Any], Sequence[Change]]
_SETTINGS: Final = Settings.__struct_fields__


def project(header: Header, payload: Struct | None) -> Sequence[Change]:
    """The rows that an event changes."""
    rows = _ROWS.get(header.type)
    return () if rows is None else rows(header, payload)


# --- the tournament ----------------------------------------------------------------------------------------


def _created(header: Header, payload: TournamentCreated | None) -> Sequence[Change]:
    marks, owner = header.marks, owner_of(header)
    row = {
        **{name: marks[name] for name in _SETTINGS if name in marks},
        "name": payload.name or None if payload else None,
        "description": payload.description if payload else None,
        "phase": "draft",
        "owner": owner,
        "created_by": header.author,
        "created_at": header.at,
        "entrants": 0,
    }
    changes: list[Change] = [Upsert(TOURNAMENT, "", cast(Any, row)), _texts(header)]
    if marks["visibility"] != "invited":
        changes.append(Upsert(LISTENERS, EVERYONE, {LISTENS_AFTER: None}))
    elif owner is not None:
        changes.append(_listens(owner))
    return changes if owner is None else [*changes, _staff(header, owner, "owner")]


def _texts(header: Header) -> Change:
    """Whose the name and the description are: the author's, unless a series has made the tournament."""
    author = cast("str | None", header.marks.get("texts_by"))
    return Upsert(AUTHORED, str(header.seq), {"author": author or header.author, "of": "texts"})


def _changed(header: Header, payload: TournamentChanged | None) -> Sequence[Change]:
    marks = header.marks
    values: dict[str, Any] = {name: marks[name] for name in _SETTINGS if name in marks}
    values |= {name: values[name] or None for name in TIMES.keys() & values.keys()}
    if payload is not None and payload.name is not None:
        values["name"] = payload.name
    if payload is not None and payload.description is not None:
        values["description"] = payload.description
    texts = "named" in marks or "described" in marks
    return Update(TOURNAMENT, "", values), *([_texts(header)] if texts else [])


def _phase(phase: str) -> Project:
    return lambda _, __: (Update(TOURNAMENT, "", {"phase": phase}),)


def _started(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    values = {
        "phase": "running",
        "seeds": [*cast("Sequence[int]", marks["seeds"])],
        "moved": [*cast("Sequence[int]", marks.get("moved", ()))],
        "engine": marks["engine"],
        "draw": marks["draw"],
        "entrants": marks["count"],
        "started_at": header.at,
    }
    return (Update(TOURNAMENT, "", cast(Any, values)),)


def _seeded(header: Header, _: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"seeds": [*cast("Sequence[int]", header.marks.get("entrants", ()))]}),)


def _not_started(_: Header, __: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"start_at": None}),)


def _cancelled(header: Header, payload: TournamentCancelled | None) -> Sequence[Change]:
    reason = payload.reason if payload and payload.reason else None
    values = {"phase": "cancelled", "ended_at": header.at, "reason": reason}
    return Update(TOURNAMENT, "", cast(Any, values)), *([said(header, "reason")] if reason else [])


def _finished(header: Header, _: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"phase": "finished", "ended_at": header.at}),)


def _stage_finished(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    entrants, places = ([*cast("Sequence[int]", marks[name])] for name in ("entrants", "places"))
    row = {"entrants": entrants, "places": places, "ended_at": header.at}
    change = Upsert if marks["stage"] == 1 else Update  # the others have a row from their start on
    return (change(STAGE, str(marks["stage"]), cast(Any, row)),)


def _stage_started(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    row = {
        "seeds": [*cast("Sequence[int]", marks["seeds"])],
        "engine": marks["engine"],
        "first": marks["first"],
        "since": header.seq,
        "started_at": header.at,
    }
    return (Upsert(STAGE, str(marks["stage"]), cast(Any, row)),)


def _stage_reopened(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    stage, flat = cast(int, marks["stage"]), cast("Sequence[int]", marks.get("void", ()))
    running: dict[str, Any] = {"entrants": [], "places": [], "ended_at": None}
    # The first one has a row only from its end on.
    changes: list[Change] = [Delete(STAGE, "1") if stage == 1 else Update(STAGE, str(stage), running)]
    for void, first, last in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        changes.append(Delete(STAGE, str(void)))
        if first <= last:
            changes.append(Upsert(VOID, str(first), {"last": last, "stage": void}))
    return changes


def _removed(header: Header, _: object) -> Sequence[Change]:
    return Update(TOURNAMENT, "", {"deleted_at": header.at}), Upsert(LISTENERS, NOBODY, {LISTENS_AFTER: None})


def _restored(_: Header, __: object) -> Sequence[Change]:
    return Update(TOURNAMENT, "", {"deleted_at": None}), Delete(LISTENERS, NOBODY)


def _gathered(header: Header, _: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"gathering": cast(str, header.marks["gathering"]), "entry": "listed"}),)


def _ungathered(_: Header, __: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"gathering": None}),)


# --- people ------------------------------------------------------------------------------------------------


def _staff_set(header: Header, _: object) -> Sequence[Change]:
    user, role = cast(str, header.marks["user"]), cast("str | None", header.marks.get("role"))
    if role is None:
        return Delete(STAFF, user), *_revoked(header)
    return _staff(header, user, role), *([_listens(user)] if "listens" in header.marks else [])


def _transferred(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    owner, former = cast(str, marks["owner"]), cast("str | None", marks.get("former"))
    changes = [Update(TOURNAMENT, "", {"owner": owner}), _staff(header, owner, "owner")]
    if former is not None:
        changes.append(_staff(header, former, "organiser") if marks["organiser"] else Delete(STAFF, former))
    return [*changes, *([_listens(owner)] if "listens" in marks else []), *_revoked(header)]


def _staff(header: Header, user: str, role: str) -> Change:
    return Upsert(STAFF, user, {"role": role, "since": header.at})


def _listens(user: str) -> Change:
    return Upsert(LISTENERS, user, {LISTENS_AFTER: None})


def _revoked(header: Header) -> Sequence[Change]:
    return [Delete(LISTENERS, user) for user in header.revokes]


def _entered(header: Header, payload: EntrantEntered | None) -> Sequence[Change]:
    marks = header.marks
    user, number = cast("str | None", marks.get("user")), cast(int, marks["entrant"])
    row = {
        "user_id": user,
        "name": payload.name if payload else None,
        "status": marks["status"],
        "checked_in": user is None or "seed" in marks,
        **_late(header),
        "entered_at": header.at,
        "roster": [*(roster := users_in(header, "roster"))],
        "tags": _tags(header),
    }
    users = roster or (() if user is None else (user,))
    changes: list[Change] = [Upsert(ENTRANT, str(number), cast(Any, row)), _count(header)]
    if user is None or roster:
        changes.append(said(header, f"names {number}"))
    return [*changes, *project_teams.players(header, number, users), *project_teams.listeners(header, users)]


def _accepted(header: Header, _: object) -> Sequence[Change]:
    return _entrant(header, status=header.marks["status"]), _count(header)


def _promoted(header: Header, _: object) -> Sequence[Change]:
    return _entrant(header, status="entered"), _count(header)


def _left(header: Header, payload: EntrantLeft | None) -> Sequence[Change]:
    reason = payload.reason if payload and payload.reason else None
    text = [said(header, f"reasons {header.marks['entrant']}")] if reason else []
    marks = header.marks
    withdrawn = {"left_stage": marks.get("stage"), "forfeits_from": marks.get("forfeits_from")}
    changed = _entrant(header, status=marks["status"], reason=reason, **withdrawn)
    return changed, _count(header), *project_teams.freed(header), *_revoked(header), *text


def _reinstated(header: Header, _: object) -> Sequence[Change]:
    withdrawn = {} if header.marks.get("frozen") else {"left_stage": None, "forfeits_from": None}
    return (_entrant(header, status="entered", reason=None, **withdrawn),)


def _reopened(_: Header, __: object) -> Sequence[Change]:
    return (Update(TOURNAMENT, "", {"phase": "running", "ended_at": None}),)


def _checked_in(header: Header, _: object) -> Sequence[Change]:
    if "seed" not in header.marks:
        return (_entrant(header, checked_in=True),)
    return _entrant(header, status="entered", checked_in=True, **_late(header)), _count(header)


def _tagged(header: Header, _: object) -> Sequence[Change]:
    return (_entrant(header, tags=_tags(header)),)


def _tags(header: Header) -> list[str]:
    return [*cast("Sequence[str]", header.marks.get("tags", ()))]


def _late(header: Header) -> dict[str, Any]:
    """What the row of an entrant says of who comes after the start."""
    return {"late_seed": header.marks.get("seed"), "half_byes": header.marks.get("half_byes", 0)}


def _entrant(header: Header, **values: Any) -> Change:
    return Update(ENTRANT, str(header.marks["entrant"]), values)


def _count(header: Header) -> Change:
    return Update(TOURNAMENT, "", {"entrants": cast(int, header.marks["count"])})


def _erased(header: Header, _: object) -> Sequence[Change]:
    """Whose they were isn't known any more, and the texts are gone; entrants keep the id."""
    marks, user = header.marks, cast(str, header.marks["user"])
    changes: list[Change] = [Delete(PLAYER, user), Delete(STAFF, user), *_revoked(header)]
    changes += [Delete(AUTHORED, str(seq)) for seq in header.erases]
    own: dict[str, Any] = {name: None for name in ("name", "description", "reason") if name in marks}
    if "owner" in marks:
        own["owner"] = marks["owner"] or None
    if own:
        changes.append(Update(TOURNAMENT, "", own))
    if owner := cast(str, marks.get("owner", "")):
        changes.append(_staff(header, owner, "owner"))
    for mark, (table, columns) in _GONE.items():
        numbers = cast("Sequence[int]", marks.get(mark, ()))
        changes += [Update(table, str(number), dict.fromkeys(columns)) for number in numbers]
    return changes


_GONE: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "names": (ENTRANT, ("name",)),
    "reasons": (ENTRANT, ("reason",)),
    "disputes": (MATCH, ("note", "evidence")),
    "decisions": (MATCH, ("decision",)),
}
_ROWS: Final[Mapping[str, Project]] = {
    "tournament.created": _created,
    "tournament.changed": _changed,
    "tournament.registration_opened": _phase("registration"),
    "tournament.check_in_opened": _phase("check_in"),
    "tournament.tagged": _tagged,
    "tournament.seeded": _seeded,
    "tournament.started": _started,
    "tournament.not_started": _not_started,
    "tournament.cancelled": _cancelled,
    "tournament.finished": _finished,
    "tournament.stage_finished": _stage_finished,
    "tournament.stage_started": _stage_started,
    "tournament.stage_reopened": _stage_reopened,
    "tournament.staff_set": _staff_set,
    "tournament.transferred": _transferred,
    "tournament.removed": _removed,
    "tournament.restored": _restored,
    "tournament.gathered": _gathered,
    "tournament.ungathered": _ungathered,
    "tournament.entered": _entered,
    "tournament.accepted": _accepted,
    "tournament.promoted": _promoted,
    "tournament.left": _left,
    "tournament.checked_in": _checked_in,
    "tournament.reinstated": _reinstated,
    "tournament.reopened": _reopened,
    "tournament.person_erased": _erased,
    **project_teams.ROWS,
    **project_matches.ROWS,
    **project_swiss.ROWS,
    **project_attempts.ROWS,
}
