"""Acts of moderators on their way from a room's log to the audit log."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from actors.ports.jobs import TakenJob
from actors.room.acts import QUEUE
from gatherup.jobs.queue import JobUnknownError, Queue
from protocol.ids import Author, StreamId, UserId
from storage.postgres.audit_log import AuditLog

AT_ONCE: Final = 4
ATTEMPTS_MAX: Final = 20
TIMEOUT_S: Final = 10.0
BACKOFF_MIN_S: Final = 1.0
BACKOFF_MAX_S: Final = 3600.0


class _Act(Struct, frozen=True, kw_only=True):
    act: str
    room: StreamId
    seq: int
    at: int
    by: Author
    user: UserId | None = None
    role: str | None = None
    until: int | None = None
    message: int | None = None


class RoomActs:
    """Writes them down, each once."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def queue(self) -> Queue:
        """What the worker does with this queue."""
        return Queue(
            name=QUEUE,
            handle=self._note,
            at_once=AT_ONCE,
            attempts_max=ATTEMPTS_MAX,
            timeout_s=TIMEOUT_S,
            backoff_min_s=BACKOFF_MIN_S,
            backoff_max_s=BACKOFF_MAX_S,
        )

    async def _note(self, job: TakenJob) -> None:
        try:
            act = msgspec.convert(job.arguments, _Act)
        except msgspec.ValidationError as error:
            raise JobUnknownError(f"Not an act that this release knows: {error}") from None
        told = {"role": act.role, "until": act.until, "message": act.message}
        await self._audit.note_once(
            act.act,
            at=act.at,
            by=act.by,
            on=act.user or act.room,
            after={"room": act.room, "seq": act.seq, **{k: v for k, v in told.items() if v is not None}},
        )
