"""The rows of a room that others query, written in the transaction of the event that changes them.

An erased payload leaves its text None. Keys stand within the stream; a missing row never existed or was deleted. Times
are Unix milliseconds.
"""

from __future__ import annotations

from typing import Final

from actors.kind import FactKey
from actors.tables import Column, Table, Type

ROOM: Final = "room"
MESSAGE: Final = "message"
"""Key: the seq of ``room.posted``."""
REACTION: Final = "reaction"
"""Key: ``<message> <author> <reaction>``."""
REACTION_COUNT: Final = "reaction_count"
"""Key: ``<message> <reaction>``."""
TABLES: Final = (
    Table(
        ROOM,
        (
            # None once erased.
            Column("name", Type.TEXT),
            Column("topic", Type.TEXT),
            Column("access", Type.TEXT, required=True),
            Column("history", Type.BOOLEAN, required=True),
            Column("slow_mode_s", Type.INTEGER, required=True),
            # Who owns the room now stands in its state.
            Column("creator", Type.TEXT, required=True),
            # Of a direct room: whom its creator talks to.
            Column("peer", Type.TEXT),
            Column("created_at", Type.INTEGER, required=True),
            Column("archived_at", Type.INTEGER),
            # Removed by its owner, who may restore it for a while.
            Column("deleted_at", Type.INTEGER),
        ),
        key=None,
    ),
    # A deleted message keeps all but body, edited_at and edits.
    Table(
        MESSAGE,
        (
            # 1, 2, 3 … within the room.
            Column("number", Type.INTEGER, required=True),
            Column("author", Type.TEXT, required=True),
            Column("body", Type.TEXT),
            Column("at", Type.INTEGER, required=True),
            Column("edited_at", Type.INTEGER),
            Column("deleted_at", Type.INTEGER),
            # The seqs of its edits.
            Column("edits", Type.INTEGERS, required=True, default=[]),
            # Seqs of messages.
            Column("reply_to", Type.INTEGER),
            Column("thread", Type.INTEGER),
            # User ids.
            Column("mentions", Type.TEXTS),
            # True if it is for all of them.
            Column("everyone", Type.BOOLEAN),
            # How many different ones it has.
            Column("reactions", Type.INTEGER),
        ),
        key=Column("seq", Type.INTEGER, required=True),
    ),
    Table(
        REACTION,
        (
            Column("message", Type.INTEGER, required=True),
            Column("author", Type.TEXT, required=True),
            Column("reaction", Type.TEXT, required=True),
            Column("at", Type.INTEGER, required=True),
        ),
    ),
    Table(
        REACTION_COUNT,
        (
            Column("message", Type.INTEGER, required=True),
            Column("reaction", Type.TEXT, required=True),
            # At least 1.
            Column("count", Type.INTEGER, required=True),
        ),
    ),
)

# Without columns of their own. ``AUTHORED`` holds events that aren't about a message; beside ``author`` it has ``of``:
# ``name``, ``kick``, or ``ban`` and ``mute`` with the user they were for.
INVITED: Final = "invited"
"""Key: the id of a user who hasn't joined. ``by``, ``at``."""
INVITE: Final = "invite"
"""Key: the number in decimal. ``by``, ``at``, ``expires_at``, ``uses`` (None: any number), ``used``."""
BAN: Final = "ban"
MUTE: Final = "mute"
"""Key of both: user id. ``by``, ``at``, ``until``, ``reason``, the last two or None. An expired one stays."""
FILTER: Final = "filter"
"""Key: ``""``. ``words``, ``links``, ``hosts``."""

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


FILTER_KEY: Final = FactKey(FILTER, "")
