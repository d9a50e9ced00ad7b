"""Reports of messages: members file them, the room's moderators and admins look at them and close them."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from actors.ports.time import Clock
from actors.room.permissions import Permission
from gatherup.features.rooms.messages import MESSAGE, message_in, message_of
from gatherup.features.rooms.room_access import RoomAccess
from gatherup.features.rooms.rooms import ROOM
from gatherup.http.admins import Admins, require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol import limits
from protocol.codes import Code
from protocol.http.rooms.reports import CloseReport, NewReport, Report, Reported, ReportPage, ReportsQuery
from storage.postgres.rooms.messages import Messages
from storage.postgres.rooms.reports import NotClosed, NotFiled, ReportKey, ReportRow, Reports

GROUP: Final = "reports"
_REPORT: Final = re.compile(r"^[0-9a-f]{32}$(?!\n)")


class ReportsResource:
    """Reports, by message, by room, and all of them."""

    def __init__(
        self,
        reports: Reports,
        messages: Messages,
        access: RoomAccess,
        admins: Admins,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._throttle = throttle
        self._reports = reports
        self._messages = messages
        self._access = access
        self._admins = admins
        self._clock = clock
        self._pages = Pages(ReportKey)

    @endpoint(
        "POST",
        MESSAGE + "/report",
        body=NewReport,
        answer=Reported,
        status=201,
        refuses=(Code.NOT_A_MEMBER, Code.ALREADY_EXISTS, Code.TOO_MANY),
        group=GROUP,
    )
    async def file(self, caller: Caller, room: str, seq: str, body: NewReport) -> Reported:
        """Report a message that one can read. A second report, while the first is open, replaces it."""
        self._throttle.admit(caller.user)
        message = await message_in(self._messages, self._access, caller, room, seq)
        if message.deleted_at is not None:
            raise ProblemError(Code.NOT_FOUND, "The message was deleted.", field="message")
        filed = await self._reports.file(
            caller.user,
            room,
            message.seq,
            ground=body.ground,
            note=body.note,
            at=self._clock.now(),
            open_max=limits.REPORTS_OPEN_MAX,
        )
        match filed:
            case NotFiled.CLOSED:
                raise ProblemError(
                    Code.ALREADY_EXISTS, "Your report of this message has already been reviewed."
                )
            case NotFiled.TOO_MANY:
                raise ProblemError(Code.TOO_MANY, f"{limits.REPORTS_OPEN_MAX} of your reports are open.")
            case report:
                return Reported(report=report)

    @endpoint(
        "GET",
        ROOM + "/reports",
        query=ReportsQuery,
        answer=ReportPage,
        refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN),
        group=GROUP,
    )
    async def of_room(self, caller: Caller, room: str, query: ReportsQuery) -> ReportPage:
        """List the reports of a room, for its moderators."""
        await self._access.permitted(caller, room, Permission.DELETE_OTHERS)
        return await self._page(caller, query, room)

    @endpoint(
        "POST",
        ROOM + "/reports/<report>/close",
        body=CloseReport,
        status=204,
        refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN, Code.ALREADY_EXISTS),
        group=GROUP,
    )
    async def close_in_room(self, caller: Caller, room: str, report: str, body: CloseReport) -> None:
        """Close a report, as a moderator of the room."""
        await self._access.permitted(caller, room, Permission.DELETE_OTHERS)
        await self._close(caller, report, body, room)

    @endpoint(
        "GET",
        "/v1/admin/reports",
        query=ReportsQuery,
        answer=ReportPage,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def of_all(self, caller: Caller, query: ReportsQuery) -> ReportPage:
        """List the reports of all rooms, as an admin."""
        await require_admin(self._admins, caller)
        return await self._page(caller, query, None)

    @endpoint(
        "POST",
        "/v1/admin/reports/<report>/close",
        body=CloseReport,
        status=204,
        refuses=(Code.FORBIDDEN, Code.ALREADY_EXISTS),
        group=GROUP,
    )
    async def close(self, caller: Caller, report: str, body: CloseReport) -> None:
        """Close a report, as an admin."""
        await require_admin(self._admins, caller)
        await self._close(caller, report, body, None)

    async def _page(self, caller: Caller, query: ReportsQuery, room: str | None) -> ReportPage:
        edge = self._pages.edge(query.cursor)
        found = await self._reports.page(
            caller.user,
            room=room,
            opened=query.state == "open",
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(found, edge, query.limit, lambda row: ReportKey(row.at, row.report))
        return ReportPage(reports=list(map(_report, page.rows)), next=page.next, previous=page.previous)

    async def _close(self, caller: Caller, report: str, body: CloseReport, room: str | None) -> None:
        left = NotClosed.MISSING
        if _REPORT.search(report):
            left = await self._reports.close(
                report,
                room=room,
                verdict=body.verdict,
                by=caller.user,
                from_address=caller.address,
                at=self._clock.now(),
            )
        if left is NotClosed.MISSING:
            raise ProblemError(Code.NOT_FOUND, "There is no such report.", field="report")
        if left is NotClosed.CLOSED:
            raise ProblemError(Code.ALREADY_EXISTS, "This report has already been closed.", field="report")


def _report(row: ReportRow) -> Report:
    fields: dict[str, Any] = {**msgspec.structs.asdict(row), "message": message_of(row.message)}
    return Report(**fields)
