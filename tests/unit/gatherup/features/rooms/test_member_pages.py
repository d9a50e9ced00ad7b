"""At which position a page of members says it was read, when its rows and the roles in it come from two places."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gatherup.features.rooms.members import MembersResource
from gatherup.http.endpoint import Caller
from protocol.http.rooms.members import RoomPeopleQuery
from protocol.room.view import RoomView
from storage.postgres.rooms.people import MemberRow, MemberRows
from tests.unit.actors.room.talk import ANN, BOB, CAT, ROOM, talk

ROWS_AT = 9


class People:
    """The rows, as one statement read them."""

    async def members(self, room: str, **part: Any) -> MemberRows:
        return MemberRows(3, ROWS_AT, [MemberRow(user, None) for user in (ANN, BOB, CAT)])


class Door:
    """The room's actor, which stands at this seq."""

    def __init__(self, head: int) -> None:
        self.head = head

    async def entered(self, caller: Caller, room: str) -> None: ...

    async def shown(self, caller: Caller, room: str) -> tuple[int, RoomView]:
        return self.head, talk(BOB, CAT).view(ANN)


class Now:
    def now(self) -> int:
        return 1


@pytest.mark.parametrize("head", [ROWS_AT - 1, ROWS_AT, ROWS_AT + 1])
async def test_a_page_says_the_older_of_its_two_positions(head: int) -> None:
    """Events after it are applied to all of the page: it must not be newer than the roles, nor than the rows."""
    resource = MembersResource(*cast(Any, (People(), Door(head), None, Now())))
    page = await resource.page(cast(Caller, None), ROOM, RoomPeopleQuery())
    assert page.position is not None
    assert (page.position.stream, page.position.incarnation) == (ROOM, 3)
    assert page.position.seq == min(head, ROWS_AT)
    assert [(member.user, member.role) for member in page.members] == [
        (ANN, "owner"),
        (BOB, "member"),
        (CAT, "member"),
    ]
