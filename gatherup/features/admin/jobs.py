"""Dead jobs over HTTP, for admins: as ``gatherup jobs`` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import asdict

from actors.ports.jobs import Chosen, JobRows
from gatherup.http.admins import require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.jobs import ChooseJobs, DeadCount, DeadJobs, DeadJobShown, DeadQuery, JobsChanged
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog

GROUP: Final = "admin"
ON: Final = "jobs"
"""What the audit log says it was done to."""
_NOTHING: Final = "Give the ids of jobs, a filter (queue, kind, dead_for_s), or everything."
_BOTH: Final = "everything means all that are dead: give no ids and no filters with it."


class JobsResource:
    """Dead jobs; ``forbidden`` to everybody but admins. Each change is noted in the audit log before it is made."""

    def __init__(self, admins: Admins, jobs: JobRows, audit: AuditLog, wake: Callable[[], None]) -> None:
        self._admins = admins
        self._jobs = jobs
        self._audit = audit
        self._wake = wake

    @endpoint(
        "GET",
        "/v1/admin/jobs/dead",
        query=DeadQuery,
        answer=DeadJobs,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def dead(self, caller: Caller, query: DeadQuery) -> DeadJobs:
        """List jobs that ran out of attempts: how many of each queue and kind, and the newest of them."""
        await require_admin(self._admins, caller)
        chosen = Chosen(queue=query.queue, kind=query.kind, dead_for_s=query.dead_for_s)
        counts = sorted((await self._jobs.dead_counts(chosen)).items())
        return DeadJobs(
            counts=[DeadCount(queue=queue, kind=kind, dead=dead) for (queue, kind), dead in counts],
            jobs=[
                DeadJobShown(
                    id=job.id,
                    queue=job.queue,
                    kind=job.kind,
                    attempts=job.attempts,
                    created_at=job.created_at,
                    dead_at=job.dead_at,
                    error=job.last_error,
                )
                for job in await self._jobs.dead(chosen, query.limit)
            ],
        )

    @endpoint(
        "POST",
        "/v1/admin/jobs/retry",
        body=ChooseJobs,
        answer=JobsChanged,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def retry(self, caller: Caller, body: ChooseJobs) -> JobsChanged:
        """Give dead jobs all their attempts again. They do what still holds."""
        chosen = await self._noted(caller, body, "jobs.retry")
        jobs = await self._jobs.retry(chosen)
        self._wake()
        return JobsChanged(jobs=jobs)

    @endpoint(
        "POST",
        "/v1/admin/jobs/purge",
        body=ChooseJobs,
        answer=JobsChanged,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def purge(self, caller: Caller, body: ChooseJobs) -> JobsChanged:
        """Delete dead jobs for good."""
        return JobsChanged(jobs=await self._jobs.purge(await self._noted(caller, body, "jobs.purge")))

    async def _noted(self, caller: Caller, body: ChooseJobs, act: str) -> Chosen:
        """Which are meant, noted in the audit log. Raises ProblemError."""
        await require_admin(self._admins, caller)
        filters = (body.ids, body.queue, body.kind, body.dead_for_s)
        if body.everything and any(given is not None for given in filters):
            raise ProblemError(Code.INVALID, _BOTH, field="everything")
        if not body.everything and all(given is None for given in filters):
            raise ProblemError(Code.INVALID, _NOTHING, field="ids")
        told = {name: _text(value) for name, value in asdict(body).items() if value not in (None, False)}
        await self._audit.note(act, by=caller.user, on=ON, address=caller.address, after=told)
        ids = None if body.ids is None else tuple(body.ids)
        return Chosen(ids=ids, queue=body.queue, kind=body.kind, dead_for_s=body.dead_for_s or 0)


def _text(value: list[int] | str | int) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
