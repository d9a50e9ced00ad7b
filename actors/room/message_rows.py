"""The rows that messages and reactions change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from actors.kind import Change, Delete, Update, Upsert
from actors.room.rows import MESSAGE, REACTION, REACTION_COUNT, count_key, reaction_key
from protocol.event import Header
from protocol.room.events import MessageEdited, MessagePosted, Reacted, Unreacted


def posted(header: Header, payload: MessagePosted | None) -> Sequence[Change]:
    """A new message."""
    marks = header.marks
    mentions = cast("Sequence[str] | None", marks.get("mentions"))
    row: dict[str, Any] = {
        "number": marks["number"],
        "author": header.author,
        "body": payload.body if payload else None,
        "at": header.at,
        "edited_at": None,
        "deleted_at": None,
        "edits": [],
        "reply_to": marks.get("reply_to"),
        "thread": marks.get("thread"),
        "mentions": None if mentions is None else list(mentions),
        "everyone": marks.get("everyone"),
        "reactions": None,
    }
    return (Upsert(MESSAGE, str(header.seq), row),)


def edited(header: Header, payload: MessageEdited | None) -> Sequence[Change]:
    """Another body."""
    marks = header.marks
    edits = [*cast("Sequence[int]", marks["edits"]), header.seq]
    body = payload.body if payload else None
    return (Update(MESSAGE, str(marks["message"]), {"body": body, "edited_at": header.at, "edits": edits}),)


def deleted(header: Header, _: object) -> Sequence[Change]:
    """No body."""
    return (emptied(cast(int, header.marks["message"]), header),)


def emptied(message: int, header: Header) -> Update:
    """What remains of a message: that it was, by whom, and when it went."""
    return Update(
        MESSAGE, str(message), {"body": None, "deleted_at": header.at, "edited_at": None, "edits": []}
    )


def reacted(header: Header, payload: Reacted | None) -> Sequence[Change]:
    """One more of this reaction."""
    message = cast(int, header.marks["message"])
    rows: list[Change] = _kinds(header, message)
    if payload:
        own = {"message": message, "author": header.author, "reaction": payload.reaction, "at": header.at}
        rows.append(Upsert(REACTION, reaction_key(message, header.author, payload.reaction).key, own))
        rows.append(_counted(header, message, payload.reaction))
    return rows


def unreacted(header: Header, payload: Unreacted | None) -> Sequence[Change]:
    """One less."""
    message = cast(int, header.marks["message"])
    rows: list[Change] = _kinds(header, message)
    if payload:
        rows.append(Delete(REACTION, reaction_key(message, header.author, payload.reaction).key))
        rows.append(_counted(header, message, payload.reaction))
    return rows


def _kinds(header: Header, message: int) -> list[Change]:
    kinds = cast("int | None", header.marks.get("kinds"))
    return [] if kinds is None else [Update(MESSAGE, str(message), {"reactions": kinds})]


def _counted(header: Header, message: int, reaction: str) -> Change:
    key, count = count_key(message, reaction).key, cast(int, header.marks["count"])
    if count == 0:
        return Delete(REACTION_COUNT, key)
    return Upsert(REACTION_COUNT, key, {"message": message, "reaction": reaction, "count": count})
