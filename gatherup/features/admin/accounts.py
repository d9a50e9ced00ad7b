"""What admins may do. Their rights are given on the command line: ``gatherup admin grant``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.features.people.relations import Since, page_of
from gatherup.http.admins import require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import user_id
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.admin import AuditEntry, AuditPage, AuditQuery, Ban, Banned, BanPage, BansQuery
from storage.postgres.admin.admins import Admins, Banning
from storage.postgres.audit_log import AuditFilter, AuditLog, AuditRow

GROUP: Final = "admin"
BAN: Final = "/v1/admin/bans/<user>"


class AdminResource:
    """Bans and the audit log; ``forbidden`` to everybody else."""

    def __init__(self, admins: Admins, audit: AuditLog, clock: Clock, wake: Callable[[], None]) -> None:
        self._admins = admins
        self._audit = audit
        self._wake = wake
        self._clock = clock
        self._bans = Pages(Since)

    @endpoint(
        "GET", "/v1/admin/bans", query=BansQuery, answer=BanPage, refuses=(Code.FORBIDDEN,), group=GROUP
    )
    async def bans(self, caller: Caller, query: BansQuery) -> BanPage:
        """List the bans from the server, the newest first."""
        await require_admin(self._admins, caller)
        edge = self._bans.edge(query.cursor)
        found = await self._admins.bans(page_of(edge, query.limit))
        page = self._bans.page(found, edge, query.limit, lambda row: Since(row.at, row.user))
        bans = [Banned(user=row.user, at=row.at, reason=row.reason) for row in page.rows]
        return BanPage(bans=bans, next=page.next, previous=page.previous)

    @endpoint("PUT", BAN, body=Ban, status=204, refuses=(Code.FORBIDDEN,), group=GROUP)
    async def ban(self, caller: Caller, user: str, body: Ban) -> None:
        """Ban a user from the server: they can't sign in, and all their logins end on every node."""
        await require_admin(self._admins, caller)
        done = await self._admins.ban(
            user_id(user),
            by=caller.user,
            reason=body.reason,
            at=self._clock.now(),
            from_address=caller.address,
        )
        if done is Banning.NOBODY:
            raise ProblemError(Code.NOT_FOUND)
        if done is Banning.ADMIN:
            raise ProblemError(Code.FORBIDDEN, "An admin can't be banned.")
        self._wake()

    @endpoint("DELETE", BAN, status=204, refuses=(Code.FORBIDDEN,), group=GROUP)
    async def unban(self, caller: Caller, user: str) -> None:
        """Lift the ban of a user from the server."""
        await require_admin(self._admins, caller)
        await self._admins.unban(user_id(user), by=caller.user, from_address=caller.address)

    @endpoint(
        "GET", "/v1/admin/audit", query=AuditQuery, answer=AuditPage, refuses=(Code.FORBIDDEN,), group=GROUP
    )
    async def audit(self, caller: Caller, query: AuditQuery) -> AuditPage:
        """List privileged and security acts: who did what, to whom, from where."""
        await require_admin(self._admins, caller)
        matching = AuditFilter(act=query.act, by=query.by, on=query.on)
        found = await self._audit.page(
            matching, before=query.before, after=query.after, limit=query.limit + 1
        )
        return _page(found, query)


def _page(found: list[AuditRow], query: AuditQuery) -> AuditPage:
    """The page of one act more than asked: that one only tells whether there are more that way."""
    more = len(found) > query.limit
    forward = query.after is not None
    rows = found[1:] if forward and more else found[: query.limit]
    older = (query.after or 0) > 0 if forward else more
    return AuditPage(
        acts=[_entry(row) for row in rows],
        before=rows[-1].id if rows and older else None,
        after=rows[0].id if rows else query.after,
    )


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=int(row.at.timestamp() * 1000),
        act=row.act,
        by=row.by,
        on=row.on,
        from_address=row.from_address,
        before=None if row.before is None else dict(row.before),
        after=None if row.after is None else dict(row.after),
    )
