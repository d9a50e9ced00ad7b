"""The methods of a series: each command has one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from gatherup.client.series import Series, SeriesSettings
from protocol.frames import StreamCommand
from protocol.series import commands
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
from tests.unit.gatherup.client.test_room import Speaker
from tests.unit.gatherup.client.world import USER, client_id

WEEKLY = "series:" + "1" * 32
CUP = "tournament:" + "2" * 32

CALLS: dict[type[StreamCommand], tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    ChangeSeries: ("change", (), {"name": "Weekly", "best": 3}, {"name": "Weekly", "best": 3}),
    SetSeriesStaff: ("set_staff", (USER, "referee"), {}, {"user": USER, "role": "referee"}),
    TransferSeries: ("transfer", (USER,), {}, {"user": USER}),
    CancelSeries: ("cancel", (), {}, {}),
    RemoveSeries: ("remove", (), {}, {}),
    RestoreSeries: ("restore", (), {}, {}),
    AddTournament: ("add", (CUP,), {}, {"tournament": CUP}),
    DropTournament: ("drop", (CUP,), {}, {"tournament": CUP}),
}


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.__name__)
async def test_a_method_sends_its_command(command: type[StreamCommand]) -> None:
    name, args, named, fields = CALLS[command]
    speaker = Speaker()
    answer = await getattr(Series(speaker, WEEKLY), name)(*args, **named)
    assert speaker.sent == [command(client_id=client_id(0), stream=WEEKLY, **fields)]
    assert answer.seq == 4


def test_every_command_has_a_method_and_every_method_a_command() -> None:
    every = {c for c in commands.COMMANDS if issubclass(c, StreamCommand)}
    assert every == CALLS.keys(), "give Series a method for it, and CALLS how it is called"
    public = {n for n, _ in inspect.getmembers(Series, inspect.isfunction) if not n.startswith("_")}
    assert public - {name for name, *_ in CALLS.values()} == {"subscribe"}


@pytest.mark.parametrize("command", [CreateSeries, ChangeSeries])
def test_every_setting_can_be_given(command: type) -> None:
    settings = set(command.__struct_fields__) - {"client_id", "resend", "stream", "name"}  # type: ignore[attr-defined]
    assert set(SeriesSettings.__annotations__) == settings
