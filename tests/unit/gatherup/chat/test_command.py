"""Entering a room, and addresses that are none."""

from __future__ import annotations

from typing import cast

import pytest
from click.testing import CliRunner

from gatherup.chat.account import Account
from gatherup.chat.command import command, room_of
from gatherup.client import Client, Room

MINE, OLDER = "room:" + "2" * 32, "room:" + "1" * 32


class Town:
    """A directory that answers in turn, and a server that makes rooms."""

    def __init__(self, *found: str | None) -> None:
        self.found = list(found)
        self.made: list[str] = []

    async def find_room(self, name: str) -> str | None:
        return self.found.pop(0)

    async def create_room(self, name: str) -> Room:
        self.made.append(name)
        return Room(cast(Client, self), MINE)


@pytest.mark.parametrize(
    ("name", "found", "entered", "made"),
    [
        (OLDER, [], OLDER, 0),
        ("lobby", [OLDER], OLDER, 0),
        ("lobby", [None, MINE], MINE, 1),
        ("lobby", [None, OLDER], OLDER, 1),  # somebody else made one at the same moment
        ("lobby", [None, None], MINE, 1),  # too many rooms to find it among them
    ],
)
async def test_all_meet_in_the_oldest_room_of_a_name(
    name: str, found: list[str | None], entered: str, made: int
) -> None:
    town = Town(*found)
    assert await room_of(cast(Account, town), cast(Client, town), name) == entered
    assert town.found == []
    assert len(town.made) == made


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:8081", "ws://127.0.0.1:port"])
def test_a_stream_address_that_is_none_is_a_sentence(url: str) -> None:
    done = CliRunner().invoke(command, ["lobby", "--as", "ann", "--stream", url])
    assert done.exit_code == 2
    assert "Invalid value for '--stream'" in done.output
