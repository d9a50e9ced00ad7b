"""The rows of a room that others query, written in the transaction of the event that changes them.

Every ``Upsert`` holds its row whole. An erased payload leaves its text None. Keys stand within the stream; a missing
row never existed or was deleted.

``room``, key ``""`` (one row a room):
    name, topic: str | None (None once erased; a topic that is None was never set), access: as in the protocol,
    history: bool, slow_mode_s: int, creator: author (who owns the room now stands in its state), peer: user id | None
    (of a direct room, whom its creator talks to), created_at, archived_at, deleted_at: int | None (Unix ms)

``message``, key: the seq of ``room.posted`` in decimal (history):
    number: int (1, 2, 3 … within the room), author: author, body: str | None (None once deleted), at: int (Unix ms),
    edited_at: int | None, deleted_at: int | None, edits: list[int] (the seqs of its edits), reply_to, thread:
    int | None (seqs of messages), mentions: list[user id] | None, everyone: bool | None (True if it is for all of
    them), reactions: int | None (how many different ones it has).
    A deleted one keeps all but body, edited_at and edits.

``reaction``, key ``<message> <author> <reaction>``: message: int, author, reaction: str, at: int (Unix ms)
``reaction_count``, key ``<message> <reaction>``: message: int, reaction: str, count: int (at least 1)

``listener``, key: user id (one row a member): after: int | None (they may read later events only).
    Key ``NOBODY``: the room is removed.

In ``projection_row``:
``invited``, key: user id, of those who haven't joined: by, at
``invite``, key: the number in decimal: by, at, expires_at, uses: int | None, used: int
``ban`` and ``mute``, key: user id: by, at, until: int | None, reason: str | None. An expired one stays.
``filter``, key ``""``: words: list[str], links: str, hosts: list[str]
``authored``, key: the seq of an event that isn't about a message and holds a text of its author's: author, of:
    ``name``, ``kick``, or ``ban`` and ``mute`` with the user they were for
"""

from __future__ import annotations

from typing import Final

from actors.kind import FactKey

ROOM: Final = "room"
MESSAGE: Final = "message"
REACTION: Final = "reaction"
REACTION_COUNT: Final = "reaction_count"
AUTHORED: Final = "authored"
INVITED: Final = "invited"
INVITE: Final = "invite"
BAN: Final = "ban"
MUTE: Final = "mute"
FILTER: Final = "filter"

SETTINGS: Final = ("access", "history", "slow_mode_s")
"""The settings that are ids or numbers: marks, and fields of the state."""


def message_key(seq: int) -> FactKey:
    """The row of the message that was posted at this seq."""
    return FactKey(MESSAGE, str(seq))


def reaction_key(message: int, author: str, reaction: str) -> FactKey:
    """The row of one's reaction to a message."""
    return FactKey(REACTION, f"{message} {author} {reaction}")


def count_key(message: int, reaction: str) -> FactKey:
    """The row that counts a reaction to a message."""
    return FactKey(REACTION_COUNT, f"{message} {reaction}")


def authored_key(seq: int) -> FactKey:
    """The row that tells whose text this event holds."""
    return FactKey(AUTHORED, str(seq))


FILTER_KEY: Final = FactKey(FILTER, "")
