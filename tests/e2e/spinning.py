"""``gatherup`` with a kind that has a bug: ``python -m tests.e2e.spinning serve`` decides one message for ever."""

from __future__ import annotations

from itertools import repeat
from typing import Any
from unittest.mock import patch

from actors.kind import Decision
from actors.room.kind import RoomKind
from gatherup.cli import main
from protocol.frames import Command
from protocol.room.commands import PostMessage

POISON = "spin"


class SpinningRooms(RoomKind):
    """A room that this message stops, and with it the interpreter."""

    def decide(self, state: Any, facts: Any, command: Command, *, by: str, now: int) -> Decision:
        if isinstance(command, PostMessage) and command.body == POISON:
            sum(repeat(0))
        return super().decide(state, facts, command, by=by, now=now)


if __name__ == "__main__":
    with patch("gatherup.kinds.RoomKind", SpinningRooms):
        main()
