"""What admins do with series that aren't theirs."""

from __future__ import annotations

from typing import Final

from gatherup.features.series.lists import SeriesLists
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.overseeing import Overseer
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.series import RemovedSeriesQuery, SeriesPage
from protocol.http.tournaments.tournaments import NewOwner
from protocol.series import KIND
from protocol.series.commands import RestoreSeries, TransferSeries
from storage.postgres.series.series import SeriesFilter

GROUP: Final = "admin"
ADMIN: Final = "/v1/admin/series"
_REMOVED: Final = SeriesFilter(removed=True)


class SeriesOverseeingResource:
    """Series for admins: whose they are, and those that were removed."""

    def __init__(self, lists: SeriesLists, overseer: Overseer) -> None:
        self._lists = lists
        self._overseer = overseer

    @endpoint(
        "GET", ADMIN, query=RemovedSeriesQuery, answer=SeriesPage, refuses=(Code.FORBIDDEN,), group=GROUP
    )
    async def removed_series(self, caller: Caller, query: RemovedSeriesQuery) -> SeriesPage:
        """As admin, list the series that were removed and aren't erased yet, the newest first."""
        await self._overseer.require(caller)
        return await self._lists.page(caller.user, _REMOVED, query)

    @endpoint(
        "PUT",
        ADMIN + "/<series>/owner",
        body=NewOwner,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def take_over_series(self, caller: Caller, series: str, body: NewOwner) -> CommandAccepted:
        """As admin, make a user the owner of a series, such as oneself. Who owned it has no role any more."""
        after = {"owner": body.user}
        return await self._overseer.do(caller, KIND, series, TransferSeries, body, "series.taken_over", after)

    @endpoint(
        "POST",
        ADMIN + "/<series>/restore",
        body=CommandBody,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def restore_series(self, caller: Caller, series: str, body: CommandBody) -> CommandAccepted:
        """As admin, restore a removed series as it was."""
        act = "series.restored"
        return await self._overseer.do(caller, KIND, series, RestoreSeries, body, act, {})
