"""The gathering's methods: each command has one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from gatherup.client.gathering import Gathering, GatheringSettings
from protocol.frames import StreamCommand
from protocol.gathering import commands
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
from tests.unit.gatherup.client.test_room import Speaker
from tests.unit.gatherup.client.world import USER, client_id

FAIR = "gathering:" + "1" * 32
CUP = "tournament:" + "2" * 32

CALLS: dict[type[StreamCommand], tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    ChangeGathering: ("change", (), {"name": "Fair", "closes_at": 0}, {"name": "Fair", "closes_at": 0}),
    SetGatheringStaff: ("set_staff", (USER, "organiser"), {}, {"user": USER, "role": "organiser"}),
    TransferGathering: ("transfer", (USER,), {}, {"user": USER}),
    RemoveGathering: ("remove", (), {}, {}),
    RestoreGathering: ("restore", (), {}, {}),
    OpenGatheringRegistration: ("open_registration", (), {}, {}),
    OpenGatheringCheckIn: ("open_check_in", (), {}, {}),
    CloseGathering: ("close", (), {}, {}),
    CancelGathering: ("cancel", (), {"reason": "rain"}, {"reason": "rain"}),
    AttachCompetition: ("attach", (CUP,), {}, {"tournament": CUP}),
    DetachCompetition: ("detach", (CUP,), {}, {"tournament": CUP}),
    RegisterPlayer: ("register", ([CUP],), {}, {"tournaments": (CUP,)}),
    ChooseCompetitions: ("choose", ([CUP],), {}, {"tournaments": (CUP,)}),
    CheckInPlayer: ("check_in", (), {"player": 7}, {"player": 7}),
    WithdrawPlayer: ("withdraw", (), {}, {}),
    RemoveGatheringPlayer: (
        "remove_player",
        (7,),
        {"bar": True, "reason": "x"},
        {"player": 7, "bar": True, "reason": "x"},
    ),
}


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.__name__)
async def test_a_method_sends_its_command(command: type[StreamCommand]) -> None:
    name, args, named, fields = CALLS[command]
    speaker = Speaker()
    answer = await getattr(Gathering(speaker, FAIR), name)(*args, **named)
    assert speaker.sent == [command(client_id=client_id(0), stream=FAIR, **fields)]
    assert answer.seq == 4


def test_every_command_has_a_method_and_every_method_a_command() -> None:
    every = {c for c in commands.COMMANDS if issubclass(c, StreamCommand)}
    assert every == CALLS.keys(), "give Gathering a method for it, and CALLS how it is called"
    public = {n for n, _ in inspect.getmembers(Gathering, inspect.isfunction) if not n.startswith("_")}
    assert public - {name for name, *_ in CALLS.values()} == {"subscribe"}


@pytest.mark.parametrize("command", [CreateGathering, ChangeGathering])
def test_every_setting_can_be_given(command: type) -> None:
    settings = set(command.__struct_fields__) - {"client_id", "resend", "stream", "name"}
    assert set(GatheringSettings.__annotations__) == settings
