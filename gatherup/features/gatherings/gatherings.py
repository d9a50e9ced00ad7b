"""Gatherings themselves: what changes them goes through their actor, what lists them comes from their rows."""

from __future__ import annotations

from typing import Any, Final

from gatherup.features.gatherings.answers import detail_of, found, gathering_id
from gatherup.features.gatherings.lists import GatheringLists
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import stream_id
from protocol.gathering.commands import (
    AttachCompetition,
    CancelGathering,
    ChangeGathering,
    CloseGathering,
    CreateGathering,
    DetachCompetition,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
    RemoveGathering,
    RestoreGathering,
    SetGatheringStaff,
    TransferGathering,
)
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.gatherings import (
    ChangedGathering,
    GatheringDetail,
    GatheringPage,
    GatheringsQuery,
    NewCompetition,
    NewGathering,
    NewGatheringRole,
)
from protocol.http.tournaments.tournaments import Cancellation, NewOwner
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.gatherings.gatherings import GatheringFilter, Gatherings

GROUP: Final = "gatherings"
GATHERING: Final = "/v1/gatherings/<gathering>"


class GatheringsResource:
    """Gatherings: made, listed, changed, brought from phase to phase."""

    def __init__(self, gatherings: Gatherings, lists: GatheringLists, commands: Commands) -> None:
        self._gatherings = gatherings
        self._lists = lists
        self._commands = commands

    @endpoint("POST", "/v1/gatherings", body=NewGathering, answer=CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, body: NewGathering) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a gathering as a draft, which one owns. ``stream`` is its id."""
        made = await self._commands.send(caller, CreateGathering, body, **fields_of(body))
        return made, {"Location": f"/v1/gatherings/{made.stream}"}

    @endpoint("GET", "/v1/gatherings", query=GatheringsQuery, answer=GatheringPage, polled=True, group=GROUP)
    async def index(self, caller: Caller, query: GatheringsQuery) -> GatheringPage:
        """List public gatherings, or one's own, the newest first.

        Of the removed ones those are listed that one owned and can restore.
        """
        matching = GatheringFilter(
            mine=query.mine,
            removed=query.removed,
            phase=query.phase,
            game=query.game,
            owner=caller.user if query.removed else query.owner,
        )
        return await self._lists.page(caller.user, matching, query)

    @endpoint("GET", GATHERING, answer=GatheringDetail, polled=True, group=GROUP)
    async def get(self, caller: Caller, gathering: str) -> GatheringDetail:
        """Get a gathering with its competitions, in which phase each is, and what one is in them."""
        read = found(await self._gatherings.get(caller.user, gathering_id(gathering)))
        return detail_of(read, await self._gatherings.competitions(caller.user, gathering))

    @endpoint("PATCH", GATHERING, body=ChangedGathering, answer=CommandAccepted, group=GROUP)
    async def change(self, caller: Caller, gathering: str, body: ChangedGathering) -> CommandAccepted:
        """Change the settings of a gathering, as an organiser."""
        return await self._send(caller, ChangeGathering, gathering, body)

    @endpoint("POST", GATHERING + "/staff", body=NewGatheringRole, answer=CommandAccepted, group=GROUP)
    async def set_staff(self, caller: Caller, gathering: str, body: NewGatheringRole) -> CommandAccepted:
        """Make a user an organiser of a gathering, or take that away, as its owner."""
        return await self._send(caller, SetGatheringStaff, gathering, body)

    @endpoint("POST", GATHERING + "/transfer", body=NewOwner, answer=CommandAccepted, group=GROUP)
    async def transfer(self, caller: Caller, gathering: str, body: NewOwner) -> CommandAccepted:
        """Give a gathering to one of its organisers, as its owner; one is an organiser then."""
        return await self._send(caller, TransferGathering, gathering, body)

    @endpoint("DELETE", GATHERING, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def remove(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """Remove a gathering that is a draft, closed or cancelled, as its owner: it is hidden from everybody at once.

        The owner finds it among the ``removed`` ones, and may restore it until it is erased. Its competitions stay.
        """
        return await self._send(caller, RemoveGathering, gathering, body)

    @endpoint("POST", GATHERING + "/restore", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def restore(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """Restore a removed gathering as it was, as its owner."""
        return await self._send(caller, RestoreGathering, gathering, body)

    @endpoint("POST", GATHERING + "/open-registration", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def open_registration(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """Open the registration of a gathering, or open it again, as an organiser."""
        return await self._send(caller, OpenGatheringRegistration, gathering, body)

    @endpoint("POST", GATHERING + "/open-check-in", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def open_check_in(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """Open the check-in of a gathering, as an organiser, which ends the registration."""
        return await self._send(caller, OpenGatheringCheckIn, gathering, body)

    @endpoint("POST", GATHERING + "/close", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def close(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """End the registration and the check-in of a gathering, as an organiser."""
        return await self._send(caller, CloseGathering, gathering, body)

    @endpoint("POST", GATHERING + "/cancel", body=Cancellation, answer=CommandAccepted, group=GROUP)
    async def cancel(self, caller: Caller, gathering: str, body: Cancellation) -> CommandAccepted:
        """Cancel a gathering, and its competitions that haven't started, as an organiser. What runs goes on."""
        return await self._send(caller, CancelGathering, gathering, body)

    @endpoint("POST", GATHERING + "/competitions", body=NewCompetition, answer=CommandAccepted, group=GROUP)
    async def attach(self, caller: Caller, gathering: str, body: NewCompetition) -> CommandAccepted:
        """Make a tournament that nobody has entered a competition of a gathering, as an organiser of both."""
        return await self._send(caller, AttachCompetition, gathering, body)

    @endpoint(
        "DELETE",
        GATHERING + "/competitions/<tournament>",
        body=CommandBody,
        answer=CommandAccepted,
        group=GROUP,
    )
    async def detach(
        self, caller: Caller, gathering: str, tournament: str, body: CommandBody
    ) -> CommandAccepted:
        """Take a tournament out of a gathering, as an organiser. Whoever has entered it stays in it."""
        stream, one = gathering_id(gathering), stream_id(TOURNAMENT, tournament)
        return await self._commands.send(caller, DetachCompetition, body, stream=stream, tournament=one)

    async def _send(self, caller: Caller, kind: Any, gathering: str, body: CommandBody) -> CommandAccepted:
        return await self._commands.send(
            caller, kind, body, stream=gathering_id(gathering), **fields_of(body)
        )
