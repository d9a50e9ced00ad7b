"""The rows of a gathering that others query, written in the transaction of the event that changes them.

An erased payload leaves its text None. Times are Unix milliseconds.

``AUTHORED`` holds events with a text: ``of`` is ``texts`` (name and description) or ``reason`` of the gathering, or
``reasons`` with the id of a user, of their removal.
"""

from __future__ import annotations

from typing import Final

from actors.tables import Column, Table, Type

GATHERING: Final = "gathering"
COMPETITION: Final = "gathering_competition"
"""Key: the id of a tournament that is a competition of it."""
PLAYER: Final = "gathering_player"
"""Key: the id of a user who has ever registered."""
STAFF: Final = "gathering_staff"
"""Key: a user id."""
_USER: Final = Column("user_id", Type.TEXT, required=True)
TABLES: Final = (
    Table(
        GATHERING,
        (
            # None once erased.
            Column("name", Type.TEXT),
            Column("description", Type.TEXT),
            Column("games", Type.TEXTS, required=True, default=[]),
            Column("players_max", Type.INTEGER, required=True),
            Column("visibility", Type.TEXT, required=True),
            Column("registration_at", Type.INTEGER),
            Column("check_in_at", Type.INTEGER),
            Column("closes_at", Type.INTEGER),
            Column("phase", Type.TEXT, required=True),
            # None in one that an operator made, or whose people are erased.
            Column("owner", Type.TEXT),
            Column("created_by", Type.TEXT, required=True),
            Column("created_at", Type.INTEGER, required=True),
            # When it was removed; hidden from then on.
            Column("deleted_at", Type.INTEGER),
            # Why it was cancelled.
            Column("reason", Type.TEXT),
            Column("registered", Type.INTEGER, required=True, default=0),
            Column("checked_in", Type.INTEGER, required=True, default=0),
        ),
        key=None,
    ),
    Table(
        COMPETITION,
        (Column("attached_at", Type.INTEGER, required=True),),
        key=Column("tournament", Type.TEXT, required=True),
    ),
    Table(
        PLAYER,
        (
            Column("number", Type.INTEGER, required=True),
            Column("status", Type.TEXT, required=True),
            Column("checked_in", Type.BOOLEAN, required=True, default=False),
            # The tournaments that they have chosen.
            Column("tournaments", Type.TEXTS, required=True, default=[]),
            Column("registered_at", Type.INTEGER, required=True),
            # Why they were removed.
            Column("reason", Type.TEXT),
        ),
        key=_USER,
    ),
    # The owner is in it, too.
    Table(
        STAFF,
        (
            # ``owner`` or ``organiser``.
            Column("role", Type.TEXT, required=True),
            Column("since", Type.INTEGER, required=True),
        ),
        key=_USER,
    ),
)
