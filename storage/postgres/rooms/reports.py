"""Reports of messages: plain rows, apart from the rooms' logs.

Every method may raise PostgresError. The caller judges who may.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.limits import SEQ_MAX
from protocol.room import KIND as ROOM
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import stream_of, user_of, uuid_of
from storage.postgres.rooms.messages import COLUMNS, MessageRow, message_of


class NotFiled(Enum):
    """Why a report wasn't taken."""

    CLOSED = auto()
    """The user's report of this message was looked at."""
    TOO_MANY = auto()
    """Too many of the user's reports are open."""


class NotClosed(Enum):
    """Why a report wasn't closed."""

    MISSING = auto()
    CLOSED = auto()
    """Somebody has closed it."""


class ReportRow(Struct, frozen=True, kw_only=True):
    """A report, with the message as it reads now."""

    report: str
    room: str
    reporter: str
    ground: str
    note: str
    at: Instant
    verdict: str | None
    closed_by: str | None
    closed_at: Instant | None
    message: MessageRow


class ReportKey(Struct, frozen=True, array_like=True):
    """Where a report stands in a list: its time and its digits."""

    at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    report: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


# Two reports of one user take turns, so that together they keep to the limit.
_TURN: Final = "select from account where id = %(reporter)s for no key update"
_OPEN: Final = """
select count(*) from report
where reporter = %(reporter)s and closed_at is null and (stream_id, seq) <> (%(room)s, %(message)s)
"""
_FILE: Final = """
insert into report (stream_id, seq, reporter, ground, note, at)
values (%(room)s, %(message)s, %(reporter)s, %(ground)s, %(note)s, %(at)s)
on conflict (stream_id, seq, reporter) do update set ground = excluded.ground, note = excluded.note
where report.closed_at is null
returning id
"""

_LIST: Final = (
    """
select p.id, p.stream_id, p.reporter, p.ground, p.note, p.at, p.verdict, p.closed_by, p.closed_at, """
    + COLUMNS
    + """
from report p join message m on m.stream_id = p.stream_id and m.seq = p.seq
where (%(room)s::uuid is null or p.stream_id = %(room)s) and (p.closed_at is null) = %(open)s
"""
)
_OLDER: Final = "and (p.at, p.id) < (%(from_at)s, %(from_id)s) order by p.at desc, p.id desc limit %(limit)s"
_NEWER: Final = "and (p.at, p.id) > (%(from_at)s, %(from_id)s) order by p.at, p.id limit %(limit)s"
_FIRST: Final = ReportKey(2**62, "f" * 32)

_FIND: Final = """
select stream_id, seq, closed_at is not null from report
where id = %(report)s and (%(room)s::uuid is null or stream_id = %(room)s) for update
"""
_CLOSE: Final = """
update report set verdict = %(verdict)s, closed_by = %(by)s, closed_at = %(at)s where id = %(report)s
"""


class Reports:
    """Reads and writes reports."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def file(
        self,
        reporter: str,
        room: str,
        message: int,
        *,
        ground: str,
        note: str,
        at: Instant,
        open_max: int,
    ) -> str | NotFiled:
        """Keep a report, instead of an open one by the same user of the same message. Its id."""
        parameters = {
            "reporter": uuid_of(reporter),
            "room": uuid_of(room),
            "message": message,
            "ground": ground,
            "note": note,
            "at": at,
        }
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_TURN.encode(), parameters)
            others = await (await connection.execute(_OPEN.encode(), parameters)).fetchone()
            if others is None or others[0] >= open_max:
                return NotFiled.TOO_MANY
            filed = await (await connection.execute(_FILE.encode(), parameters)).fetchone()
        return NotFiled.CLOSED if filed is None else filed[0].hex

    async def page(
        self, user: str, *, room: str | None, opened: bool, beside: ReportKey | None, back: bool, limit: int
    ) -> list[ReportRow]:
        """Reports of one room, or of all, older than ``beside``, the newest first; ``back``: newer ones, backwards.

        ``user`` is who asks: the messages tell of their own reactions.
        """
        beside = beside or _FIRST
        parameters = {
            "user": user,
            "room": None if room is None else uuid_of(room),
            "open": opened,
            "from_at": beside.at,
            "from_id": uuid_of(beside.report),
            "limit": limit,
        }
        statement = _LIST + (_NEWER if back else _OLDER)
        return [_report(*row) for row in await rows(self._pool, statement, parameters)]

    async def close(
        self, report: str, *, room: str | None, verdict: str, by: str, from_address: str, at: Instant
    ) -> NotClosed | None:
        """Close a report, of this room if one is named, and note it in the audit log. None if that was done."""
        parameters = {
            "report": uuid_of(report),
            "room": None if room is None else uuid_of(room),
            "verdict": verdict,
            "by": uuid_of(by),
            "at": at,
        }
        async with lent(self._pool, transaction=True) as connection:
            found = await (await connection.execute(_FIND.encode(), parameters)).fetchone()
            if found is None:
                return NotClosed.MISSING
            stream, seq, closed = found
            if closed:
                return NotClosed.CLOSED
            await connection.execute(_CLOSE.encode(), parameters)
            await record(
                connection,
                "report.close",
                by=by,
                on=stream_of(ROOM, stream),
                from_address=from_address,
                after={"report": report, "message": seq, "verdict": verdict},
            )
        return None


def _report(
    report: UUID,
    room: UUID,
    reporter: UUID,
    ground: str,
    note: str,
    at: int,
    verdict: str | None,
    closed_by: UUID | None,
    closed_at: int | None,
    *message: Any,
) -> ReportRow:
    return ReportRow(
        report=report.hex,
        room=stream_of(ROOM, room),
        reporter=user_of(reporter),
        ground=ground,
        note=note,
        at=at,
        verdict=verdict,
        closed_by=None if closed_by is None else user_of(closed_by),
        closed_at=closed_at,
        message=message_of(*message),
    )
