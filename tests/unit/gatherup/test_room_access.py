"""Who may do what in a room whose view a node of the release before shows, as happens during a roll."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from actors.room.permissions import Permission
from gatherup.features.rooms.room_access import RoomAccess
from gatherup.http.endpoint import Caller
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.room.commands import SetRole
from tests.ports import NoStreams
from tests.unit.actors.room.talk import ANN, BOB, CAT, DAN, ROOM, talk

NEWER = {"role", "member_count"}
"""What the release before didn't show; it named every member."""


class OlderNode(NoStreams):
    """The owner of Ann's room, in which Bob moderates and Cat is a member."""

    def __init__(self) -> None:
        self._room = talk(BOB, CAT)
        self._room.done(SetRole, ANN, user=BOB, role="moderator")

    async def view(self, stream: str, *, user: str) -> Any:
        shown = msgspec.to_builtins(self._room.view(user))
        old = {name: value for name, value in shown.items() if name not in NEWER}
        assert len(old) == len(shown) - len(NEWER)
        return SimpleNamespace(head=7, view=msgspec.msgpack.encode(old))


class Rows:
    """The rows, which say that everybody is in the room."""

    async def get(self, user: str, room: str) -> Any:
        return SimpleNamespace(access="public", member=True)


ACCESS = RoomAccess(cast(Any, Rows()), OlderNode())


def caller(user: str) -> Caller:
    return Caller(user=user, login="", address="")


@pytest.mark.parametrize(
    ("user", "role"), [(ANN, "owner"), (BOB, "moderator"), (CAT, "member"), (DAN, None)], ids="abcd"
)
async def test_roles_and_the_count_are_found_in_what_an_older_node_shows(user: str, role: str | None) -> None:
    view = await ACCESS.view(caller(user), ROOM)
    assert (view.role, view.member_count) == (role, 3)


async def test_moderators_may_moderate_while_an_older_node_owns_the_room() -> None:
    for user in (ANN, BOB):
        await ACCESS.permitted(caller(user), ROOM, Permission.BAN)
    with pytest.raises(ProblemError) as refused:
        await ACCESS.permitted(caller(CAT), ROOM, Permission.BAN)
    assert refused.value.code is Code.FORBIDDEN
