"""The rows of a room that others query, written in the transaction of the event that changes them.

Every ``Upsert`` holds its row whole (all columns below, None included), so the last write of a row says
everything. Keys stand within the stream; a missing row never existed or was deleted.

``room``, key ``""`` (one row a room; the room list):
    name: str | None (None once erased), public: bool, created_at: int (Unix ms), deleted_at: None (as yet),
    creator: user id (who owns the room now stands in its state)

``message``, key: the seq of ``room.posted`` in decimal (history):
    number: int (1, 2, 3 … within the room), author: user id, body: str | None (None once deleted),
    at: int (Unix ms), edited_at: int | None, deleted_at: int | None, edits: list[int] (the
    seqs of its edits). A deleted one keeps number, author and at; edited_at is None again and edits is empty.

``listener``, key: user id (who may listen; one row a member): no columns
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from msgspec import Struct

from actors.kind import LISTENERS, Change, Delete, FactKey, Upsert
from protocol.event import Header
from protocol.room import MessageEdited, MessagePosted, RoomCreated

ROOM: Final = "room"
MESSAGE: Final = "message"


def message_key(seq: int) -> FactKey:
    """The row of the message that was posted at this seq."""
    return FactKey(MESSAGE, str(seq))


def project(header: Header, payload: Struct | None) -> Sequence[Change]:
    """The rows that an event changes. An erased payload leaves its text None, so rows can be made again."""
    match header.type:
        case "room.created":
            return _room(header, payload), Upsert(LISTENERS, header.author, {})
        case "room.joined":
            return (Upsert(LISTENERS, header.author, {}),)
        case "room.left" | "room.kicked":
            return tuple(Delete(LISTENERS, user) for user in header.revokes)
        case "room.posted":
            body = payload.body if isinstance(payload, MessagePosted) else None
            number = cast(int, header.marks["number"])
            return (_message(header.seq, number=number, author=header.author, at=header.at, body=body),)
        case "room.edited":
            return (_edited(header, payload),)
        case "room.deleted":
            return (_deleted(header),)
        case _:
            return ()


def _room(header: Header, payload: Struct | None) -> Upsert:
    name = payload.name if isinstance(payload, RoomCreated) else None
    public = header.marks["public"] is True
    made = {"creator": header.author, "created_at": header.at, "deleted_at": None}
    return Upsert(ROOM, "", {"name": name, "public": public, **made})


def _edited(header: Header, payload: Struct | None) -> Upsert:
    marks = header.marks
    return _message(
        cast(int, marks["message"]),
        number=cast(int, marks["number"]),
        author=header.author,
        at=cast(int, marks["posted_at"]),
        body=payload.body if isinstance(payload, MessageEdited) else None,
        edited_at=header.at,
        edits=(*cast("Sequence[int]", marks["edits"]), header.seq),
    )


def _deleted(header: Header) -> Upsert:
    """What remains of a message: that it was, by whom, and when it went."""
    marks = header.marks
    return _message(
        cast(int, marks["message"]),
        number=cast(int, marks["number"]),
        author=cast(str, marks["author"]),
        at=cast(int, marks["posted_at"]),
        body=None,
        deleted_at=header.at,
    )


def _message(
    seq: int,
    *,
    number: int,
    author: str,
    at: int,
    body: str | None,
    edits: Sequence[int] = (),
    edited_at: int | None = None,
    deleted_at: int | None = None,
) -> Upsert:
    values = {
        "number": number,
        "author": author,
        "body": body,
        "at": at,
        "edited_at": edited_at,
        "deleted_at": deleted_at,
        "edits": list(edits),
    }
    return Upsert(MESSAGE, str(seq), values)
