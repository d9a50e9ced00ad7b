"""Series themselves: what changes them goes through their actor, what lists them comes from their rows."""

from __future__ import annotations

from typing import Any, Final

from gatherup.features.series.answers import detail_of, found, series_id
from gatherup.features.series.lists import SeriesLists
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.series import (
    AddedTournament,
    ChangedSeries,
    NewSeries,
    SeriesDetail,
    SeriesPage,
    SeriesQuery,
)
from protocol.http.tournaments.tournaments import NewOwner, NewStaffRole
from protocol.limits import SERIES_NAME_CHARS_MAX
from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    ChangeSeries,
    CreateSeries,
    DropTournament,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.tournament import KIND as TOURNAMENT
from protocol.tournament.definition import LASTING, LastingSettings, definition_of
from storage.postgres.series.series import SeriesFilter, SeriesRows
from storage.postgres.tournaments.templates import Templates

GROUP: Final = "series"
SERIES: Final = "/v1/series/<series>"


class SeriesResource:
    """Series: made, listed, changed, and what counts in them."""

    def __init__(
        self, series: SeriesRows, lists: SeriesLists, templates: Templates, commands: Commands
    ) -> None:
        self._series = series
        self._lists = lists
        self._templates = templates
        self._commands = commands

    @endpoint("POST", "/v1/series", body=NewSeries, answer=CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, body: NewSeries) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a series of tournaments, which one owns. ``stream`` is its id."""
        fields = {**fields_of(body), **await self._texts_and_settings(caller, body)}
        del fields["template"]
        made = await self._commands.send(caller, CreateSeries, body, **fields)
        return made, {"Location": f"/v1/series/{made.stream}"}

    async def _texts_and_settings(self, caller: Caller, body: NewSeries) -> dict[str, Any]:
        """What is given, else what the template says. Raises ProblemError."""
        name, description, settings = body.name, body.description, body.settings
        if body.template is not None:
            row = await self._templates.get(caller.user, body.template)
            if row is None:
                raise ProblemError(Code.NOT_FOUND, "There is no such template.", field="template")
            kept = definition_of(row.definition)
            name = name or kept.name[:SERIES_NAME_CHARS_MAX]
            description = kept.description if description is None else description
            settings = settings or LastingSettings(**{field: getattr(kept, field) for field in LASTING})
        if name is None:
            raise ProblemError(Code.INVALID, "Name the series, or a template.", field="name")
        return {"name": name, "description": description or "", "settings": settings or LastingSettings()}

    @endpoint("GET", "/v1/series", query=SeriesQuery, answer=SeriesPage, polled=True, group=GROUP)
    async def index(self, caller: Caller, query: SeriesQuery) -> SeriesPage:
        """List public series, or one's own, the newest first.

        Of the removed ones those are listed that one owned and can restore.
        """
        owner = caller.user if query.removed else query.owner
        matching = SeriesFilter(mine=query.mine, removed=query.removed, owner=owner)
        return await self._lists.page(caller.user, matching, query)

    @endpoint("GET", SERIES, answer=SeriesDetail, polled=True, group=GROUP)
    async def get(self, caller: Caller, series: str) -> SeriesDetail:
        """Get a series of tournaments, and where in its log it was read."""
        return detail_of(found(await self._series.get(caller.user, series_id(series))))

    @endpoint("PATCH", SERIES, body=ChangedSeries, answer=CommandAccepted, group=GROUP)
    async def change(self, caller: Caller, series: str, body: ChangedSeries) -> CommandAccepted:
        """Change a series, as an organiser. Tournaments that it has made stay as they are."""
        return await self._send(caller, ChangeSeries, series, body)

    @endpoint("POST", SERIES + "/staff", body=NewStaffRole, answer=CommandAccepted, group=GROUP)
    async def set_staff(self, caller: Caller, series: str, body: NewStaffRole) -> CommandAccepted:
        """Give a user a role on the staff of a series, or take it away, as its owner."""
        return await self._send(caller, SetSeriesStaff, series, body)

    @endpoint("POST", SERIES + "/transfer", body=NewOwner, answer=CommandAccepted, group=GROUP)
    async def transfer(self, caller: Caller, series: str, body: NewOwner) -> CommandAccepted:
        """Give a series to one of its organisers, as its owner; one is an organiser then."""
        return await self._send(caller, TransferSeries, series, body)

    @endpoint("POST", SERIES + "/cancel", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def cancel(self, caller: Caller, series: str, body: CommandBody) -> CommandAccepted:
        """Cancel a series for good, as its owner: it makes no more tournaments. Those that it has made stay."""
        return await self._send(caller, CancelSeries, series, body)

    @endpoint("DELETE", SERIES, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def remove(self, caller: Caller, series: str, body: CommandBody) -> CommandAccepted:
        """Remove a series, as its owner: it is hidden from everybody at once, and makes no tournaments. They stay.

        The owner finds it among the ``removed`` ones, and may restore it until it is erased.
        """
        return await self._send(caller, RemoveSeries, series, body)

    @endpoint("POST", SERIES + "/restore", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def restore(self, caller: Caller, series: str, body: CommandBody) -> CommandAccepted:
        """Restore a removed series as it was, as its owner."""
        return await self._send(caller, RestoreSeries, series, body)

    @endpoint("POST", SERIES + "/tournaments", body=AddedTournament, answer=CommandAccepted, group=GROUP)
    async def add(self, caller: Caller, series: str, body: AddedTournament) -> CommandAccepted:
        """Add a tournament to a series, as the owner of both: it counts in the standings of the series."""
        return await self._send(caller, AddTournament, series, body)

    @endpoint(
        "DELETE",
        SERIES + "/tournaments/<tournament>",
        body=CommandBody,
        answer=CommandAccepted,
        group=GROUP,
    )
    async def drop(self, caller: Caller, series: str, tournament: str, body: CommandBody) -> CommandAccepted:
        """Take a tournament out of a series, as the owner of the series. The tournament itself stays."""
        stream, one = series_id(series), stream_id(TOURNAMENT, tournament)
        return await self._commands.send(caller, DropTournament, body, stream=stream, tournament=one)

    async def _send(self, caller: Caller, kind: Any, series: str, body: CommandBody) -> CommandAccepted:
        return await self._commands.send(caller, kind, body, stream=series_id(series), **fields_of(body))
