"""What an event of a gathering causes in its competitions; from its header alone.

One registration becomes many entries here: each competition is sent a command of its own, which is repeated until that
tournament has taken or refused it. What concerns one player goes to a tournament strictly in order, so that nobody is
entered after they have withdrawn; players don't wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from actors.kind import Send
from protocol.event import Header
from protocol.frames import Command
from protocol.tournament.gathered import (
    CancelGathered,
    CheckInGathered,
    EnterGathered,
    JoinGathering,
    LeaveGathering,
    WithdrawGathered,
)

_ITSELF: Final = "gathering"
"""The lane of what concerns a tournament as a whole."""


def effects(header: Header) -> Sequence[Send]:
    """Tournaments join and leave; players are entered, checked in and withdrawn."""
    lane = cast(str, header.marks.get("user", _ITSELF))
    return [Send(command, lane=lane) for command in _commands(header)]


def _commands(header: Header) -> Iterator[Command]:
    marks = header.marks
    user = cast(str, marks.get("user", ""))
    match header.type:
        case "gathering.attached":
            yield JoinGathering(client_id="", stream=cast(str, marks["tournament"]), user=header.author)
        case "gathering.detached":
            yield LeaveGathering(client_id="", stream=cast(str, marks["tournament"]))
        case "gathering.cancelled":
            for one in _named(header, "tournaments"):
                yield CancelGathered(client_id="", stream=one)
        case "gathering.registered":
            for one in _named(header, "tournaments"):
                yield EnterGathered(client_id="", stream=one, user=user)
        case "gathering.chosen":
            checked_in = cast(bool, marks["checked_in"])
            for one in _named(header, "added"):
                yield EnterGathered(client_id="", stream=one, user=user, checked_in=checked_in)
            for one in _named(header, "dropped"):
                yield WithdrawGathered(client_id="", stream=one, user=user)
        case "gathering.checked_in":
            for one in _named(header, "tournaments"):
                yield CheckInGathered(client_id="", stream=one, user=user)
        case "gathering.withdrawn":
            for one in _named(header, "tournaments"):
                yield WithdrawGathered(client_id="", stream=one, user=user)
        case _:
            pass


def _named(header: Header, mark: str) -> Sequence[str]:
    return cast("Sequence[str]", header.marks.get(mark, ()))
