"""The rows of a room that others query: which event changes which. ``actors.room.rows`` says what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from actors.kind import AUTHORED, LISTENERS, LISTENS_AFTER, NOBODY, Change, Delete, Update, Upsert, said
from actors.room import message_rows
from actors.room.rows import BAN, FILTER, INVITE, INVITED, MUTE, ROOM, SETTINGS
from protocol.event import Header
from protocol.ids import kind_of
from protocol.room.events import FilterSet, MemberKicked, MemberMuted, RoomChanged, RoomCreated, UserBanned

Project = Callable[[Header, Any], Sequence[Change]]


def project(header: Header, payload: Struct | None) -> Sequence[Change]:
    """The rows that an event changes."""
    rows = _ROWS.get(header.type)
    return () if rows is None else rows(header, payload)


# --- the room ------------------------------------------------------------------------------------------------


def _created(header: Header, payload: RoomCreated | None) -> Sequence[Change]:
    marks = header.marks
    peer = cast("str | None", marks.get("peer"))
    row = {
        "name": payload.name if payload else None,
        "topic": None,
        "access": marks["access"],
        "history": marks["history"],
        "slow_mode_s": 0,
        "creator": header.author,
        "peer": peer,
        "created_at": header.at,
        "archived_at": None,
        "deleted_at": None,
    }
    members = [header.author] if kind_of(header.author) == "user" else []
    members += [peer] if peer else []
    listeners = [Upsert(LISTENERS, user, {LISTENS_AFTER: None}) for user in members]
    name = [] if peer else [said(header, "name")]
    return Upsert(ROOM, "", cast(Any, row)), *listeners, *name


def _changed(header: Header, payload: RoomChanged | None) -> Sequence[Change]:
    values: dict[str, Any] = {name: header.marks[name] for name in SETTINGS if name in header.marks}
    texts = "named" in header.marks or "topic" in header.marks
    if payload and payload.name is not None:
        values["name"] = payload.name
    if payload and payload.topic is not None:
        values["topic"] = payload.topic
    return Update(ROOM, "", values), *([said(header, "name")] if texts else [])


def _filtered(header: Header, payload: FilterSet | None) -> Sequence[Change]:
    if not header.marks["filters"]:
        return (Delete(FILTER, ""),)
    words = list(payload.words) if payload else []
    links = payload.links if payload else "allowed"
    hosts = list(payload.hosts) if payload else []
    return (Upsert(FILTER, "", {"words": words, "links": links, "hosts": hosts}),)


def _archived(header: Header, _: object) -> Sequence[Change]:
    return (Update(ROOM, "", {"archived_at": header.at}),)


def _unarchived(_: Header, __: object) -> Sequence[Change]:
    return (Update(ROOM, "", {"archived_at": None}),)


def _removed(header: Header, _: object) -> Sequence[Change]:
    return Update(ROOM, "", {"deleted_at": header.at}), Upsert(LISTENERS, NOBODY, {LISTENS_AFTER: None})


def _restored(_: Header, __: object) -> Sequence[Change]:
    return Update(ROOM, "", {"deleted_at": None}), Delete(LISTENERS, NOBODY)


# --- who is in -----------------------------------------------------------------------------------------------


def _joined(header: Header, _: object) -> Sequence[Change]:
    user, marks = header.author, header.marks
    after = None if marks.get("history", True) else header.seq - 1
    rows: list[Change] = [Upsert(LISTENERS, user, {LISTENS_AFTER: after}), Delete(INVITED, user)]
    if "invite" in marks:
        rows.append(Update(INVITE, str(marks["invite"]), {"used": cast(int, marks["used"])}))
    return rows


def _seated(header: Header, _: object) -> Sequence[Change]:
    users = cast("Sequence[str]", header.marks.get("users", ()))
    rows: list[Change] = [*_left(header, None)]
    for user in users:
        rows += Upsert(LISTENERS, user, {LISTENS_AFTER: None}), Delete(INVITED, user)
    return rows


def _left(header: Header, _: object) -> Sequence[Change]:
    return tuple(Delete(LISTENERS, user) for user in header.revokes)


def _kicked(header: Header, payload: MemberKicked | None) -> Sequence[Change]:
    text = [said(header, "kick")] if payload and payload.reason else []
    return *_left(header, payload), *text


def _invited(header: Header, _: object) -> Sequence[Change]:
    return (Upsert(INVITED, _user(header), {"by": header.author, "at": header.at}),)


def _uninvited(header: Header, _: object) -> Sequence[Change]:
    return (Delete(INVITED, _user(header)),)


def _invite_made(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    limits = {"expires_at": cast(int, marks["expires_at"]), "uses": cast("int | None", marks.get("uses"))}
    return (
        Upsert(INVITE, str(marks["invite"]), {"by": header.author, "at": header.at, "used": 0, **limits}),
    )


def _invite_revoked(header: Header, _: object) -> Sequence[Change]:
    return (Delete(INVITE, str(header.marks["invite"])),)


def _muted(header: Header, payload: MemberMuted | None) -> Sequence[Change]:
    return _kept_down(MUTE, header, payload)


def _unmuted(header: Header, _: object) -> Sequence[Change]:
    return (Delete(MUTE, _user(header)),)


def _banned(header: Header, payload: UserBanned | None) -> Sequence[Change]:
    return *_kept_down(BAN, header, payload), Delete(INVITED, _user(header)), *_left(header, payload)


def _unbanned(header: Header, _: object) -> Sequence[Change]:
    return (Delete(BAN, _user(header)),)


def _kept_down(table: str, header: Header, payload: MemberMuted | UserBanned | None) -> Sequence[Change]:
    user, until = _user(header), cast("int | None", header.marks.get("until"))
    reason = payload.reason if payload else None
    row = Upsert(table, user, {"by": header.author, "at": header.at, "until": until, "reason": reason})
    return row, *([said(header, f"{table} {user}")] if reason else [])


def _user(header: Header) -> str:
    return cast(str, header.marks["user"])


def _erased(header: Header, _: object) -> Sequence[Change]:
    """Among the erased seqs some are of messages, some of other texts. Of bans and mutes only the reason goes."""
    user, marks = _user(header), header.marks
    rows: list[Change] = [Delete(INVITED, user), *_left(header, None)]
    for seq in header.erases:
        rows += message_rows.emptied(seq, header), Delete(AUTHORED, str(seq))
    for table in (BAN, MUTE):
        kept_down = cast("Sequence[str]", marks.get(table, ()))
        rows += [Update(table, other, {"reason": None}) for other in kept_down]
    gone = {column: None for column in ("name", "topic") if column in marks}
    return [*rows, Update(ROOM, "", gone)] if gone else rows


_ROWS: Final[dict[str, Project]] = {
    "room.created": _created,
    "room.changed": _changed,
    "room.filtered": _filtered,
    "room.archived": _archived,
    "room.unarchived": _unarchived,
    "room.removed": _removed,
    "room.restored": _restored,
    "room.joined": _joined,
    "room.seated": _seated,
    "room.left": _left,
    "room.kicked": _kicked,
    "room.invited": _invited,
    "room.uninvited": _uninvited,
    "room.invite_made": _invite_made,
    "room.invite_revoked": _invite_revoked,
    "room.muted": _muted,
    "room.unmuted": _unmuted,
    "room.banned": _banned,
    "room.unbanned": _unbanned,
    "room.posted": message_rows.posted,
    "room.edited": message_rows.edited,
    "room.deleted": message_rows.deleted,
    "room.user_erased": _erased,
    "room.reacted": message_rows.reacted,
    "room.unreacted": message_rows.unreacted,
}
