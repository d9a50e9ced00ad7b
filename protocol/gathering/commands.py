"""What a gathering is asked for."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from protocol import limits
from protocol.frames import CreateCommand, StreamCommand
from protocol.gathering import (
    Chosen,
    Games,
    GatheringRole,
    GatheringVisibility,
    PlayerNumber,
    PlayersMax,
)
from protocol.ids import StreamId, UserId
from protocol.text import Reason
from protocol.tournament import At, AtOrNever, Description, Name

_Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]

# --- the gathering ---------------------------------------------------------------------------------------


class CreateGathering(CreateCommand, frozen=True, kw_only=True, tag="gathering.create"):
    """Create a gathering as a draft; its creator owns it. ``accepted.stream`` is the gathering's id.

    The times that are given come in this order: registration, check-in, close. What has no time waits for a command.
    """

    name: Name
    description: Description = ""
    games: Games = ()
    players_max: PlayersMax = limits.GATHERING_PLAYERS_MAX
    """How many may be registered at a time."""
    visibility: GatheringVisibility = "public"
    registration_at: At | None = None
    check_in_at: At | None = None
    closes_at: At | None = None


class ChangeGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.change"):
    """Change the settings of a gathering. A setting that is None stays as it is; a time of 0 is taken away."""

    name: Name | None = None
    description: Description | None = None
    games: Games | None = None
    players_max: PlayersMax | None = None
    visibility: GatheringVisibility | None = None
    registration_at: AtOrNever | None = None
    check_in_at: AtOrNever | None = None
    closes_at: AtOrNever | None = None


class SetGatheringStaff(StreamCommand, frozen=True, kw_only=True, tag="gathering.set_staff"):
    """Give a user a role on the staff of a gathering, or take it away."""

    user: UserId
    role: GatheringRole | None
    """None: no role any more."""


class TransferGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.transfer"):
    """Give a gathering to one of its organisers, as its owner, who is an organiser from then on."""

    user: UserId


class RemoveGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.remove"):
    """Remove a gathering that is a draft, closed or cancelled, as its owner: it is hidden from everybody at once.

    It can be restored until it is erased, some days later.
    """


class RestoreGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.restore"):
    """Restore a gathering that was removed, as its owner: it is as it was."""


class OpenGatheringRegistration(StreamCommand, frozen=True, kw_only=True, tag="gathering.open_registration"):
    """Open the registration of a gathering, or open it again."""


class OpenGatheringCheckIn(StreamCommand, frozen=True, kw_only=True, tag="gathering.open_check_in"):
    """Open the check-in of a gathering, which ends the registration."""


class CloseGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.close"):
    """End the registration and the check-in of a gathering."""


class CancelGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.cancel"):
    """Cancel a gathering for good, with those of its competitions that haven't started. What runs goes on."""

    reason: Reason = ""


# --- its competitions ------------------------------------------------------------------------------------


class AttachCompetition(StreamCommand, frozen=True, kw_only=True, tag="gathering.attach"):
    """Make a tournament that one organises, and that nobody has entered, a competition of a gathering that one
    organises. From then on people enter it through the gathering alone.
    """

    tournament: StreamId


class DetachCompetition(StreamCommand, frozen=True, kw_only=True, tag="gathering.detach"):
    """Take a tournament out of a gathering. Whoever has entered it stays in it, and staff enter others."""

    tournament: StreamId


# --- who takes part --------------------------------------------------------------------------------------


class RegisterPlayer(StreamCommand, frozen=True, kw_only=True, tag="gathering.register"):
    """Register with a gathering whose registration is open, for these of its competitions: one is entered in each."""

    tournaments: Chosen = ()


class ChooseCompetitions(StreamCommand, frozen=True, kw_only=True, tag="gathering.choose"):
    """Say, while the registration is open, which competitions of a gathering one plays: one is entered in those that
    are new, and leaves those that aren't named.
    """

    tournaments: Chosen


class CheckInPlayer(StreamCommand, frozen=True, kw_only=True, tag="gathering.check_in"):
    """Check in to a gathering: it counts for all competitions that one has chosen. Organisers may do so for somebody
    else, outside of the check-in, too.
    """

    player: PlayerNumber | None = None
    """Whom organisers check in; None: oneself."""


class WithdrawPlayer(StreamCommand, frozen=True, kw_only=True, tag="gathering.withdraw"):
    """Withdraw from a gathering, and from all of its competitions that aren't over."""


class RemoveGatheringPlayer(StreamCommand, frozen=True, kw_only=True, tag="gathering.remove_player"):
    """Remove a player from a gathering, and from all of its competitions that aren't over."""

    player: PlayerNumber
    bar: bool = False
    """Whether they may not come back."""
    reason: Reason = ""


GatheringCommand = (
    CreateGathering
    | ChangeGathering
    | SetGatheringStaff
    | TransferGathering
    | RemoveGathering
    | RestoreGathering
    | OpenGatheringRegistration
    | OpenGatheringCheckIn
    | CloseGathering
    | CancelGathering
    | AttachCompetition
    | DetachCompetition
    | RegisterPlayer
    | ChooseCompetitions
    | CheckInPlayer
    | WithdrawPlayer
    | RemoveGatheringPlayer
)
COMMANDS: Final = GatheringCommand.__args__
"""What clients may send."""

# --- the server's own ------------------------------------------------------------------------------------


class AdvanceGathering(StreamCommand, frozen=True, kw_only=True, tag="gathering.advance"):
    """The gathering's own: go on to the phase whose time has come."""


class EraseGatheringPerson(StreamCommand, frozen=True, kw_only=True, tag="gathering.erase_person"):
    """The server's own: this user's account is gone. They withdraw, and of these events those that hold a text of
    theirs are emptied.

    Sent again, each time with another client_id, until no row names them.
    """

    user: UserId
    events: Annotated[tuple[_Seq, ...], Meta(max_length=limits.ERASE_SEQS_MAX)] = ()


INTERNAL: Final = (AdvanceGathering, EraseGatheringPerson)
