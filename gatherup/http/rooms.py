"""Rooms: what changes them goes through their actor, what shows them comes from their rows."""

from __future__ import annotations

import re

from gatherup.http.commands import Commands, room_id
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import http
from protocol.codes import Code
from protocol.room import (
    CreateRoom,
    DeleteMessage,
    EditMessage,
    JoinRoom,
    KickMember,
    LeaveRoom,
    PostMessage,
)
from storage.postgres.rooms import MessageRow, RoomRow, Rooms

GROUP = "rooms"
_SEQ = re.compile(r"^[1-9][0-9]{0,14}$(?!\n)")
_CURSOR = re.compile(r"^(?P<at>[0-9]{1,18})-(?P<room>[0-9a-f]{32})$(?!\n)")
ROOM = "/v1/rooms/<room>"
MESSAGE = "/v1/rooms/<room>/messages/<seq>"


class RoomsResource:
    """Rooms, memberships and messages."""

    def __init__(self, rooms: Rooms, commands: Commands) -> None:
        self._rooms = rooms
        self._commands = commands

    @endpoint("POST", "/v1/rooms", body=http.NewRoom, answer=http.CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, body: http.NewRoom) -> tuple[http.CommandAccepted, dict[str, str]]:
        """Make a room; one is its owner and first member. ``stream`` is its id."""
        made = await self._commands.send(caller, CreateRoom, body, name=body.name, public=body.public)
        return made, {"Location": f"/v1/rooms/{made.stream}"}

    @endpoint("GET", "/v1/rooms", query=http.RoomsQuery, answer=http.RoomPage, group=GROUP)
    async def page(self, caller: Caller, query: http.RoomsQuery) -> http.RoomPage:
        """Public rooms, or one's own, the newest first."""
        after = None if query.cursor is None else _position(query.cursor)
        found = await self._rooms.page(
            caller.user, mine=query.scope == "mine", after=after, limit=query.limit + 1
        )
        page = found[: query.limit]
        more = len(found) > query.limit
        return http.RoomPage(rooms=[_summary(row) for row in page], next=_cursor(page[-1]) if more else None)

    @endpoint("GET", ROOM, answer=http.RoomSummary, group=GROUP)
    async def get(self, caller: Caller, room: str) -> http.RoomSummary:
        """A public room, or one's own. Any other looks as if it didn't exist."""
        return _summary(await self._visible(caller, room))

    @endpoint("POST", ROOM + "/join", body=http.CommandBody, answer=http.CommandAccepted, group=GROUP)
    async def join(self, caller: Caller, room: str, body: http.CommandBody) -> http.CommandAccepted:
        """Become a member."""
        return await self._commands.send(caller, JoinRoom, body, stream=room_id(room))

    @endpoint("POST", ROOM + "/leave", body=http.CommandBody, answer=http.CommandAccepted, group=GROUP)
    async def leave(self, caller: Caller, room: str, body: http.CommandBody) -> http.CommandAccepted:
        """Stop being a member."""
        return await self._commands.send(caller, LeaveRoom, body, stream=room_id(room))

    @endpoint("POST", ROOM + "/kick", body=http.Kick, answer=http.CommandAccepted, group=GROUP)
    async def kick(self, caller: Caller, room: str, body: http.Kick) -> http.CommandAccepted:
        """As owner, end somebody's membership."""
        return await self._commands.send(
            caller, KickMember, body, stream=room_id(room), user=body.user, reason=body.reason
        )

    @endpoint("GET", ROOM + "/messages", query=http.MessagesQuery, answer=http.MessagePage, group=GROUP)
    async def messages(self, caller: Caller, room: str, query: http.MessagesQuery) -> http.MessagePage:
        """A part of the history, for members."""
        if query.before is not None and query.after is not None:
            raise ProblemError(Code.INVALID, "Give before or after, not both.", field="after")
        if not (await self._visible(caller, room)).member:
            raise ProblemError(Code.NOT_A_MEMBER)
        found = await self._rooms.messages(
            caller.user, room, before=query.before, after=query.after, limit=query.limit + 1
        )
        return _page(found, query)

    @endpoint(
        "POST", ROOM + "/messages", body=http.NewMessage, answer=http.CommandAccepted, status=201, group=GROUP
    )
    async def post(self, caller: Caller, room: str, body: http.NewMessage) -> http.CommandAccepted:
        """Post a message; ``seq`` names it from then on."""
        return await self._commands.send(caller, PostMessage, body, stream=room_id(room), body=body.body)

    @endpoint("PATCH", MESSAGE, body=http.ChangedMessage, answer=http.CommandAccepted, group=GROUP)
    async def edit(
        self, caller: Caller, room: str, seq: str, body: http.ChangedMessage
    ) -> http.CommandAccepted:
        """Give one's own message another body."""
        return await self._commands.send(
            caller, EditMessage, body, stream=room_id(room), message=_seq(seq), body=body.body
        )

    @endpoint("DELETE", MESSAGE, body=http.CommandBody, answer=http.CommandAccepted, group=GROUP)
    async def delete(
        self, caller: Caller, room: str, seq: str, body: http.CommandBody
    ) -> http.CommandAccepted:
        """Erase a message and all its edits, everywhere."""
        return await self._commands.send(caller, DeleteMessage, body, stream=room_id(room), message=_seq(seq))

    async def _visible(self, caller: Caller, room: str) -> RoomRow:
        found = await self._rooms.get(caller.user, room_id(room))
        if found is None or not (found.public or found.member):
            raise ProblemError(Code.NOT_FOUND)
        return found


def _seq(seq: str) -> int:
    """A seq from the path, as far as one can exist. Raises ProblemError."""
    if not _SEQ.search(seq):
        raise ProblemError(Code.NOT_FOUND, "There is no such message.", field="message")
    return int(seq)


def _position(cursor: str) -> tuple[int, str]:
    """What a cursor stands for: the last room seen, by time and id. Raises ProblemError."""
    found = _CURSOR.search(cursor)
    if found is None:
        raise ProblemError(Code.INVALID, "This is no cursor of a page.", field="cursor")
    return int(found["at"]), f"room:{found['room']}"


def _cursor(row: RoomRow) -> str:
    return f"{row.created_at}-{row.room.removeprefix('room:')}"


def _summary(row: RoomRow) -> http.RoomSummary:
    return http.RoomSummary(
        room=row.room,
        name=row.name,
        public=row.public,
        creator=row.creator,
        created_at=row.created_at,
        member=row.member,
    )


def _page(found: list[MessageRow], query: http.MessagesQuery) -> http.MessagePage:
    """The page of one message more than asked: that one only tells whether there are more that way."""
    more = len(found) > query.limit
    forward = query.after is not None
    rows = found[: query.limit] if forward or not more else found[1:]
    older = (query.after or 0) > 0 if forward else more
    return http.MessagePage(
        messages=[
            http.Message(
                seq=row.seq,
                at=row.at,
                author=row.author,
                body=row.body,
                deleted=row.deleted_at is not None,
                edited_at=row.edited_at,
            )
            for row in rows
        ],
        before=rows[0].seq if rows and older else None,
        after=rows[-1].seq if rows else query.after,
    )
