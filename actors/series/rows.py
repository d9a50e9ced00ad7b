"""The rows of a series that others query, written in the transaction of the event that changes them.

Times are Unix milliseconds. ``AUTHORED`` holds events with a text, its name or its description: ``of`` is ``texts``.
"""

from __future__ import annotations

from typing import Final

from actors.tables import Column, Table, Type

SERIES: Final = "series"
STAFF: Final = "series_staff"
"""Key: a user id."""
TOURNAMENT: Final = "series_tournament"
"""Key: the id of a tournament."""
TABLES: Final = (
    Table(
        SERIES,
        (
            # None once erased.
            Column("name", Type.TEXT),
            Column("description", Type.TEXT),
            # Who has written them.
            Column("named_by", Type.TEXT),
            Column("described_by", Type.TEXT),
            Column("visibility", Type.TEXT, required=True),
            # Both as JSON; none of it is a text that people wrote.
            Column("settings", Type.TEXT, required=True),
            Column("recurrence", Type.TEXT),
            Column("create_s", Type.INTEGER, required=True),
            Column("registration_s", Type.INTEGER, required=True),
            Column("check_in_s", Type.INTEGER, required=True),
            Column("points", Type.INTEGERS, required=True, default=[]),
            Column("best", Type.INTEGER, required=True),
            Column("phase", Type.TEXT, required=True),
            # None in one that an operator made, or whose people are erased.
            Column("owner", Type.TEXT),
            Column("created_at", Type.INTEGER, required=True),
            # When it was removed; hidden from then on.
            Column("deleted_at", Type.INTEGER),
            Column("next_at", Type.INTEGER),
            # How many tournaments it has made, and how many count in it.
            Column("made", Type.INTEGER, required=True, default=0),
            Column("tournaments", Type.INTEGER, required=True, default=0),
        ),
        key=None,
    ),
    Table(
        STAFF,
        (
            # ``owner``, ``organiser``, ``referee`` or ``streamer``.
            Column("role", Type.TEXT, required=True),
            Column("since", Type.INTEGER, required=True),
        ),
        key=Column("user_id", Type.TEXT, required=True),
    ),
    Table(
        TOURNAMENT,
        (
            # Which one of those that it has made; None for one that was added.
            Column("number", Type.INTEGER),
            # When it starts, of those; when it was added, of others.
            Column("at", Type.INTEGER, required=True),
        ),
        key=Column("tournament", Type.TEXT, required=True),
    ),
)
