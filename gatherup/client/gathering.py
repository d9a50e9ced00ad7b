"""One gathering, with a method for each of its commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypedDict

from typing_extensions import Unpack

from gatherup.client.room import Speaks
from gatherup.client.streams import Stream
from protocol.frames import Accepted, Position, StreamCommand
from protocol.gathering import GatheringRole, GatheringVisibility
from protocol.gathering.commands import (
    AttachCompetition,
    CancelGathering,
    ChangeGathering,
    CheckInPlayer,
    ChooseCompetitions,
    CloseGathering,
    DetachCompetition,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
    RegisterPlayer,
    RemoveGathering,
    RemoveGatheringPlayer,
    RestoreGathering,
    SetGatheringStaff,
    TransferGathering,
    WithdrawPlayer,
)


class GatheringSettings(TypedDict, total=False):
    """What a gathering can be created with or changed to; ``CreateGathering`` tells what each means."""

    description: str
    games: tuple[str, ...]
    players_max: int
    visibility: GatheringVisibility
    registration_at: int
    check_in_at: int
    closes_at: int


class Gathering:
    """A gathering by its id; made by ``Client.gathering`` and ``create_gathering``.

    What changes it is durable when the method returns, and raises as ``Client.send`` does. What follows in its
    competitions happens a moment later.
    """

    def __init__(self, client: Speaks, gathering: str) -> None:
        self.id: Final = gathering
        self._client = client

    async def subscribe(self, *, since: Position | None = None) -> Stream:
        """Follow the gathering; what the stream yields is told at ``Client.subscribe``."""
        return await self._client.subscribe(self.id, since=since)

    # --- the gathering itself ------------------------------------------------------------------------------

    async def change(self, *, name: str | None = None, **settings: Unpack[GatheringSettings]) -> Accepted:
        """Change settings; those that are left out stay as they are. A time of 0 is taken away."""
        return await self._send(ChangeGathering, name=name, **settings)

    async def set_staff(self, user: str, role: GatheringRole | None) -> Accepted:
        """Give a user a role on the staff; None takes it away."""
        return await self._send(SetGatheringStaff, user=user, role=role)

    async def transfer(self, user: str) -> Accepted:
        """Give the gathering to one of its organisers, as its owner; one is an organiser then."""
        return await self._send(TransferGathering, user=user)

    async def remove(self) -> Accepted:
        """Remove the gathering as its owner: it is hidden, and can be restored for some days."""
        return await self._send(RemoveGathering)

    async def restore(self) -> Accepted:
        """Restore the gathering, which was removed, as its owner."""
        return await self._send(RestoreGathering)

    async def open_registration(self) -> Accepted:
        """Open the registration, or open it again."""
        return await self._send(OpenGatheringRegistration)

    async def open_check_in(self) -> Accepted:
        """Open the check-in, which ends the registration."""
        return await self._send(OpenGatheringCheckIn)

    async def close(self) -> Accepted:
        """End the registration and the check-in."""
        return await self._send(CloseGathering)

    async def cancel(self, *, reason: str = "") -> Accepted:
        """Cancel the gathering for good, with those of its competitions that haven't started."""
        return await self._send(CancelGathering, reason=reason)

    async def attach(self, tournament: str) -> Accepted:
        """Make a tournament that nobody has entered one of its competitions, as an organiser of both."""
        return await self._send(AttachCompetition, tournament=tournament)

    async def detach(self, tournament: str) -> Accepted:
        """Take a tournament out of it. Whoever has entered it stays in it."""
        return await self._send(DetachCompetition, tournament=tournament)

    # --- who takes part ------------------------------------------------------------------------------------

    async def register(self, tournaments: Iterable[str] = ()) -> Accepted:
        """Register for these of its competitions."""
        return await self._send(RegisterPlayer, tournaments=tuple(tournaments))

    async def choose(self, tournaments: Iterable[str]) -> Accepted:
        """Say which competitions one plays: one leaves those that aren't named."""
        return await self._send(ChooseCompetitions, tournaments=tuple(tournaments))

    async def check_in(self, *, player: int | None = None) -> Accepted:
        """Check oneself in to all competitions that one has chosen, or as an organiser somebody else."""
        return await self._send(CheckInPlayer, player=player)

    async def withdraw(self) -> Accepted:
        """Withdraw, also from all competitions that aren't over."""
        return await self._send(WithdrawPlayer)

    async def remove_player(self, player: int, *, bar: bool = False, reason: str = "") -> Accepted:
        """Remove a player as an organiser; who is barred can't come back."""
        return await self._send(RemoveGatheringPlayer, player=player, bar=bar, reason=reason)

    async def _send(self, command: type[StreamCommand], **fields: Any) -> Accepted:
        return await self._client.send(command(client_id=self._client.new_id(), stream=self.id, **fields))
