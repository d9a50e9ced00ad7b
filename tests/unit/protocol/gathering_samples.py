"""Real values of every message of gatherings, each with the map it must be on the wire."""

from __future__ import annotations

from typing import Any, Final, cast

from msgspec import Struct

from protocol.gathering.commands import (
    AttachCompetition,
    CancelGathering,
    ChangeGathering,
    CheckInPlayer,
    ChooseCompetitions,
    CloseGathering,
    CreateGathering,
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
from protocol.gathering.events import (
    CompetitionAttached,
    CompetitionDetached,
    CompetitionsChosen,
    GatheringCancelled,
    GatheringChanged,
    GatheringCheckInOpened,
    GatheringClosed,
    GatheringCreated,
    GatheringPersonErased,
    GatheringRegistrationOpened,
    GatheringRemoved,
    GatheringRestored,
    GatheringStaffSet,
    GatheringTransferred,
    PlayerCheckedIn,
    PlayerRegistered,
    PlayerWithdrawn,
)
from protocol.gathering.view import GatheringView, OwnRegistration
from tests.unit.protocol.room_samples import ANN, AT, BOB, CLIENT_ID, NAME, TEXT, Map
from tests.unit.protocol.tournament_samples import GATHERING, TOURNAMENT

OTHER = "tournament:" + "7" * 32
_ASK: Final[Map] = {"client_id": CLIENT_ID, "stream": GATHERING}
_CHOSEN: Final[Map] = {
    "games": ("chess",),
    "players_max": 64,
    "visibility": "unlisted",
    "registration_at": AT,
    "check_in_at": AT + 1,
    "closes_at": AT + 2,
}


def _plain(fields: Map) -> Map:
    return {name: [*value] if isinstance(value, tuple) else value for name, value in fields.items()}


def _of(command: type, **fields: Any) -> tuple[Struct, Map]:
    """A command of these fields, none of which has its default, and its map."""
    tag = str(command.__struct_config__.tag)  # type: ignore[attr-defined]
    return cast(Struct, command(**_ASK, **fields)), {"t": tag, **_ASK, **_plain(fields)}


CLIENT: list[tuple[Struct, Map]] = [
    (
        CreateGathering(client_id=CLIENT_ID, name=NAME, description=TEXT, **_CHOSEN),
        {
            "t": "gathering.create",
            "client_id": CLIENT_ID,
            "name": NAME,
            "description": TEXT,
            **_plain(_CHOSEN),
        },
    ),
    _of(ChangeGathering, name=NAME, description=TEXT, **_CHOSEN),
    _of(SetGatheringStaff, user=BOB, role="organiser"),
    _of(TransferGathering, user=BOB),
    _of(RemoveGathering),
    _of(RestoreGathering),
    _of(OpenGatheringRegistration),
    _of(OpenGatheringCheckIn),
    _of(CloseGathering),
    _of(CancelGathering, reason=TEXT),
    _of(AttachCompetition, tournament=TOURNAMENT),
    _of(DetachCompetition, tournament=TOURNAMENT),
    _of(RegisterPlayer, tournaments=(TOURNAMENT, OTHER)),
    _of(ChooseCompetitions, tournaments=(OTHER,)),
    _of(CheckInPlayer, player=7),
    _of(WithdrawPlayer),
    _of(RemoveGatheringPlayer, player=7, bar=True, reason=TEXT),
]


def _event(type_: str, payload: Struct, **fields: Any) -> tuple[str, Struct, Map]:
    return f"gathering.{type_}", payload, _plain(fields)


_TEXTS: Final[Map] = {"name": NAME, "description": TEXT}
_WHO: Final[Map] = {"player": 7, "user": BOB}
EVENTS: list[tuple[str, Struct, Map]] = [
    _event("created", GatheringCreated(**_TEXTS, **_CHOSEN), **_TEXTS, **_CHOSEN),
    _event("changed", GatheringChanged(**_TEXTS, **_CHOSEN), **_TEXTS, **_CHOSEN),
    _event("staff_set", GatheringStaffSet(user=BOB, role="organiser"), user=BOB, role="organiser"),
    _event(
        "transferred",
        GatheringTransferred(owner=BOB, former=ANN, organiser=True),
        owner=BOB,
        former=ANN,
        organiser=True,
    ),
    _event("removed", GatheringRemoved()),
    _event("restored", GatheringRestored()),
    _event("registration_opened", GatheringRegistrationOpened()),
    _event("check_in_opened", GatheringCheckInOpened()),
    _event("closed", GatheringClosed()),
    _event("cancelled", GatheringCancelled(reason=TEXT), reason=TEXT),
    _event("attached", CompetitionAttached(tournament=TOURNAMENT), tournament=TOURNAMENT),
    _event("detached", CompetitionDetached(tournament=TOURNAMENT), tournament=TOURNAMENT),
    _event(
        "registered",
        PlayerRegistered(**_WHO, tournaments=(TOURNAMENT,), registered=5),
        **_WHO,
        tournaments=(TOURNAMENT,),
        registered=5,
    ),
    _event(
        "chosen",
        CompetitionsChosen(
            **_WHO, tournaments=(OTHER,), added=(OTHER,), dropped=(TOURNAMENT,), checked_in=True
        ),
        **_WHO,
        tournaments=(OTHER,),
        added=(OTHER,),
        dropped=(TOURNAMENT,),
        checked_in=True,
    ),
    _event(
        "checked_in",
        PlayerCheckedIn(**_WHO, tournaments=(OTHER,), checked_in=2),
        **_WHO,
        tournaments=(OTHER,),
        checked_in=2,
    ),
    _event(
        "withdrawn",
        PlayerWithdrawn(
            **_WHO, status="removed", tournaments=(OTHER,), registered=4, checked_in=1, reason=TEXT
        ),
        **_WHO,
        status="removed",
        tournaments=(OTHER,),
        registered=4,
        checked_in=1,
        reason=TEXT,
    ),
    _event("person_erased", GatheringPersonErased(user=BOB), user=BOB),
]
_STATE: Final[Map] = {
    "gathering": GATHERING,
    "phase": "registration",
    "owner": ANN,
    "organisers": (BOB,),
    **_CHOSEN,
    "tournaments": (TOURNAMENT, OTHER),
    "registered": 5,
    "checked_in": 2,
    "role": "organiser",
}
_OWN: Final[Map] = {"player": 7, "status": "registered", "checked_in": True, "tournaments": (OTHER,)}
VIEW = GatheringView(**_STATE, own=OwnRegistration(**_OWN))
VIEW_MAP: Map = {**_plain(_STATE), "own": _plain(_OWN)}
