"""Messages of rooms: posted and changed through the room's actor, read from their rows."""

from __future__ import annotations

import re
from typing import Final

from gatherup.features.rooms.room_access import RoomAccess, room_id
from gatherup.features.rooms.rooms import ROOM
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.rooms.messages import (
    ChangedMessage,
    GivenBy,
    GivenReaction,
    Message,
    MessagePage,
    MessagesQuery,
    NewMessage,
    PinnedMessages,
    ReactionCount,
    ReactionPage,
    ReactionsQuery,
)
from protocol.room.commands import (
    DeleteMessage,
    EditMessage,
    PinMessage,
    PostMessage,
    React,
    UnpinMessage,
    Unreact,
)
from storage.postgres.rooms.messages import MessageRow, Messages, ReactionKey

GROUP: Final = "messages"
MESSAGES: Final = ROOM + "/messages"
MESSAGE: Final = MESSAGES + "/<seq>"
_SEQ: Final = re.compile(r"^[1-9][0-9]{0,14}$(?!\n)")


class MessagesResource:
    """Messages, threads, reactions, pins."""

    def __init__(self, messages: Messages, access: RoomAccess, commands: Commands) -> None:
        self._messages = messages
        self._access = access
        self._commands = commands
        self._reactions = Pages(ReactionKey)

    @endpoint(
        "GET", MESSAGES, query=MessagesQuery, answer=MessagePage, refuses=(Code.NOT_A_MEMBER,), group=GROUP
    )
    async def history(self, caller: Caller, room: str, query: MessagesQuery) -> MessagePage:
        """Read a part of the room's history, for members: as far back as they may read."""
        return await self._part(caller, room, query, thread=None)

    @endpoint(
        "GET",
        MESSAGE + "/thread",
        query=MessagesQuery,
        answer=MessagePage,
        refuses=(Code.NOT_A_MEMBER,),
        group=GROUP,
    )
    async def thread(self, caller: Caller, room: str, seq: str, query: MessagesQuery) -> MessagePage:
        """Read a part of a message's thread, without the message itself."""
        thread = (await self._one(caller, room, seq)).seq
        return await self._part(caller, room, query, thread=thread)

    @endpoint("GET", MESSAGE, answer=Message, refuses=(Code.NOT_A_MEMBER,), group=GROUP)
    async def get(self, caller: Caller, room: str, seq: str) -> Message:
        """Read one message, for members."""
        return message_of(await self._one(caller, room, seq))

    @endpoint("POST", MESSAGES, body=NewMessage, answer=CommandAccepted, status=201, group=GROUP)
    async def post(
        self, caller: Caller, room: str, body: NewMessage
    ) -> tuple[CommandAccepted, dict[str, str]]:
        """Post a message to a room; ``seq`` names the message from then on."""
        posted = await self._commands.send(caller, PostMessage, body, stream=room_id(room), **fields_of(body))
        return posted, {"Location": f"/v1/rooms/{room}/messages/{posted.seq}"}

    @endpoint("PATCH", MESSAGE, body=ChangedMessage, answer=CommandAccepted, group=GROUP)
    async def edit(self, caller: Caller, room: str, seq: str, body: ChangedMessage) -> CommandAccepted:
        """Edit the body of one's own message."""
        return await self._commands.send(
            caller, EditMessage, body, stream=room_id(room), message=seq_of(seq), body=body.body
        )

    @endpoint("DELETE", MESSAGE, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def delete(self, caller: Caller, room: str, seq: str, body: CommandBody) -> CommandAccepted:
        """Delete a message: its body and all edits are erased everywhere."""
        return await self._commands.send(
            caller, DeleteMessage, body, stream=room_id(room), message=seq_of(seq)
        )

    @endpoint(
        "GET",
        MESSAGE + "/reactions",
        query=ReactionsQuery,
        answer=ReactionPage,
        polled=True,
        refuses=(Code.NOT_A_MEMBER,),
        group=GROUP,
    )
    async def reactions(self, caller: Caller, room: str, seq: str, query: ReactionsQuery) -> ReactionPage:
        """List the reactions to a message and who added each, for members."""
        edge = self._reactions.edge(query.cursor)
        message = (await self._one(caller, room, seq)).seq
        found = await self._messages.reactions(
            caller.user,
            room,
            message,
            reaction=query.reaction,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._reactions.page(found, edge, query.limit, lambda row: ReactionKey(row.reaction, row.user))
        given = [GivenBy(user=row.user, reaction=row.reaction) for row in page.rows]
        return ReactionPage(reactions=given, next=page.next, previous=page.previous)

    @endpoint("POST", MESSAGE + "/react", body=GivenReaction, answer=CommandAccepted, group=GROUP)
    async def react(self, caller: Caller, room: str, seq: str, body: GivenReaction) -> CommandAccepted:
        """Add a reaction to a message."""
        return await self._commands.send(
            caller, React, body, stream=room_id(room), message=seq_of(seq), reaction=body.reaction
        )

    @endpoint("POST", MESSAGE + "/unreact", body=GivenReaction, answer=CommandAccepted, group=GROUP)
    async def unreact(self, caller: Caller, room: str, seq: str, body: GivenReaction) -> CommandAccepted:
        """Remove one's own reaction from a message."""
        return await self._commands.send(
            caller, Unreact, body, stream=room_id(room), message=seq_of(seq), reaction=body.reaction
        )

    @endpoint(
        "GET", ROOM + "/pins", answer=PinnedMessages, polled=True, refuses=(Code.NOT_A_MEMBER,), group=GROUP
    )
    async def pins(self, caller: Caller, room: str) -> PinnedMessages:
        """List the pinned messages that one may read. Only members can ask."""
        pinned = (await self._access.view(caller, room)).pinned
        found = await self._messages.some(caller.user, room, pinned)
        return PinnedMessages(messages=[message_of(found[seq]) for seq in pinned if seq in found])

    @endpoint("POST", MESSAGE + "/pin", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def pin(self, caller: Caller, room: str, seq: str, body: CommandBody) -> CommandAccepted:
        """Pin a message, so that the room shows it first."""
        return await self._commands.send(caller, PinMessage, body, stream=room_id(room), message=seq_of(seq))

    @endpoint("POST", MESSAGE + "/unpin", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def unpin(self, caller: Caller, room: str, seq: str, body: CommandBody) -> CommandAccepted:
        """Unpin a message: the room no longer shows it first."""
        return await self._commands.send(
            caller, UnpinMessage, body, stream=room_id(room), message=seq_of(seq)
        )

    async def _one(self, caller: Caller, room: str, seq: str) -> MessageRow:
        return await message_in(self._messages, self._access, caller, room, seq)

    async def _part(
        self, caller: Caller, room: str, query: MessagesQuery, *, thread: int | None
    ) -> MessagePage:
        found = await self._messages.part(
            caller.user,
            room_id(room),
            thread=thread,
            before=query.before,
            after=query.after,
            limit=query.limit + 1,
        )
        if not found:  # else the one who asks may read, for who may not gets none
            await self._access.entered(caller, room)
        return _page(found, query)


def seq_of(seq: str, field: str = "message") -> int:
    """A seq from the path, as far as one can exist. Raises ProblemError."""
    if not _SEQ.search(seq):
        raise _none(field)
    return int(seq)


async def message_in(
    messages: Messages, access: RoomAccess, caller: Caller, room: str, seq: str
) -> MessageRow:
    """A message of a room of one's own that the caller may read. Raises ProblemError, PostgresError."""
    found = await messages.some(caller.user, room_id(room), (int(seq),)) if _SEQ.search(seq) else {}
    if not found:
        await access.entered(caller, room)
        raise _none("message")
    return found[int(seq)]


def message_of(row: MessageRow) -> Message:
    """A message as it is answered."""
    return Message(
        seq=row.seq,
        number=row.number,
        at=row.at,
        author=row.author,
        body=row.body,
        deleted=row.deleted_at is not None,
        edited_at=row.edited_at,
        reply_to=row.reply_to,
        thread=row.thread,
        reactions=[ReactionCount(reaction=r.reaction, count=r.count, mine=r.mine) for r in row.reactions],
    )


def _none(field: str) -> ProblemError:
    return ProblemError(Code.NOT_FOUND, f"There is no such {field}.", field=field)


def _page(found: list[MessageRow], query: MessagesQuery) -> MessagePage:
    """The page of one message more than asked: that one only tells whether there are more that way."""
    more = len(found) > query.limit
    forward = query.after is not None
    rows = found[: query.limit] if forward or not more else found[1:]
    older = (query.after or 0) > 0 if forward else more
    return MessagePage(
        messages=list(map(message_of, rows)),
        before=rows[0].seq if rows and older else None,
        after=rows[-1].seq if rows else query.after,
    )
