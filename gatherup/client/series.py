"""One series of tournaments, with a method for each of its commands."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from typing_extensions import Unpack

from gatherup.client.room import Speaks
from gatherup.client.streams import Stream
from protocol.frames import Accepted, Position, StreamCommand
from protocol.series import SeriesVisibility
from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    ChangeSeries,
    DropTournament,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.series.recurrence import Recurrence
from protocol.tournament import StaffRole
from protocol.tournament.definition import LastingSettings


class SeriesSettings(TypedDict, total=False):
    """What a series can be created with or changed to; ``CreateSeries`` tells what each means."""

    description: str
    visibility: SeriesVisibility
    settings: LastingSettings
    recurrence: Recurrence
    create_s: int
    registration_s: int
    check_in_s: int
    points: tuple[int, ...]
    best: int


class Series:
    """A series of tournaments by its id; made by ``Client.series`` and ``create_series``.

    What changes it is durable when the method returns, and raises as ``Client.send`` does. A tournament that it makes
    is there a moment after its event.
    """

    def __init__(self, client: Speaks, series: str) -> None:
        self.id: Final = series
        self._client = client

    async def subscribe(self, *, since: Position | None = None) -> Stream:
        """Follow the series; what the stream yields is told at ``Client.subscribe``."""
        return await self._client.subscribe(self.id, since=since)

    async def change(self, *, name: str | None = None, **settings: Unpack[SeriesSettings]) -> Accepted:
        """Change settings; those that are left out stay as they are, and so do tournaments that were made."""
        return await self._send(ChangeSeries, name=name, **settings)

    async def set_staff(self, user: str, role: StaffRole | None) -> Accepted:
        """Give a user a role on the staff; None takes it away."""
        return await self._send(SetSeriesStaff, user=user, role=role)

    async def transfer(self, user: str) -> Accepted:
        """Give the series to one of its organisers, as its owner; one is an organiser then."""
        return await self._send(TransferSeries, user=user)

    async def cancel(self) -> Accepted:
        """Cancel the series for good: it makes no more tournaments."""
        return await self._send(CancelSeries)

    async def remove(self) -> Accepted:
        """Remove the series as its owner: it is hidden, and can be restored for some days."""
        return await self._send(RemoveSeries)

    async def restore(self) -> Accepted:
        """Restore the series, which was removed, as its owner."""
        return await self._send(RestoreSeries)

    async def add(self, tournament: str) -> Accepted:
        """Let a tournament count in it, as the owner of both."""
        return await self._send(AddTournament, tournament=tournament)

    async def drop(self, tournament: str) -> Accepted:
        """Let a tournament count in it no more, as the owner of the series."""
        return await self._send(DropTournament, tournament=tournament)

    async def _send(self, command: type[StreamCommand], **fields: Any) -> Accepted:
        return await self._client.send(command(client_id=self._client.new_id(), stream=self.id, **fields))
