"""What happens in a room, as lines."""

from __future__ import annotations

from typing import Final

import click

from gatherup.chat.account import Account, ChatError
from gatherup.chat.names import Names
from gatherup.chat.recent import Recent
from gatherup.client import Ended, Event, Members, Snapshot, Stream
from protocol.http.rooms.messages import Message
from protocol.room.events import (
    MemberJoined,
    MemberKicked,
    MemberLeft,
    MemberMuted,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Reacted,
    RoomArchived,
    RoomChanged,
    UserBanned,
    UserInvited,
)

_CONTROL: Final = dict.fromkeys(
    # C0, DEL, C1, line and paragraph separators, and what turns the direction of writing
    (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\N{REPLACEMENT CHARACTER}",
)


class Screen:
    """Shows what happens in a room."""

    def __init__(self, account: Account, stream: Stream, names: Names, recent: Recent) -> None:
        self._account = account
        self._stream = stream
        self._names = names
        self._recent = recent
        self._members = Members()
        self._shown = 0  # the last seq shown

    async def run(self) -> None:
        """Show items until the stream ends; raises what ended it."""
        async for item in self._stream:
            self._members.take(item)
            match item:
                case Snapshot():
                    await self._catch_up(item)
                case Event():
                    await self._event(item)
                case Ended(error=error):
                    raise error
                case _:
                    pass  # signals

    async def _catch_up(self, snapshot: Snapshot) -> None:
        head = snapshot.position.seq
        try:
            messages = await self._account.history(snapshot.stream, before=head + 1)
        except ChatError as error:
            show(f"-- earlier messages can't be read: {error}")
            messages: list[Message] = []
        await self._names.learn(message.author for message in messages)
        for message in messages:
            if message.seq > self._shown and message.body is not None:
                self._recent.note(message.author, message.seq)
                show(f"<{self._names.of(message.author)}> {message.body}")
        self._shown = head
        if self._members.count is not None:
            show(f"-- {_counted(self._members.count)}")

    async def _event(self, event: Event) -> None:
        await self._names.learn(_people(event))
        self._shown = event.header.seq
        if isinstance(event.payload, MessagePosted):
            self._recent.note(event.header.author, event.header.seq)
            show(self._said(event, event.payload.body), loud=self._is_meant(event))
        elif (line := self._line(event)) is not None:
            show(f"* {self._names.of(event.header.author)} {line}")

    def _said(self, event: Event, body: str) -> str:
        marks, to = event.header.marks, ""
        if isinstance(replied := marks.get("replied"), str):
            to = f"(to {self._names.of(replied)}) "
        elif "thread" in marks:
            to = "(in a thread) "
        return f"<{self._names.of(event.header.author)}> {to}{body}"

    def _is_meant(self, event: Event) -> bool:
        """Whether a message mentions this user."""
        mentions = event.header.marks.get("mentions", ())
        return bool(event.header.marks.get("everyone")) or (
            isinstance(mentions, tuple | list) and self._account.user in mentions
        )

    def _line(self, event: Event) -> str | None:
        """What the author did, but for saying something; None for what isn't shown, or was erased."""
        of = self._names.of
        match event.payload:
            case MessageEdited(body=body):
                return f"changed a message: {body}"
            case MessageDeleted():
                return "deleted a message"
            case Reacted(reaction=reaction):
                return f"reacted {reaction}"
            case RoomChanged(topic=str(topic)):
                return f"set the topic: {topic}" if topic else "removed the topic"
            case RoomChanged(name=str(name)):
                return f"renamed the room: {name}"
            case MemberJoined():
                return f"joined{self._now_in()}"
            case MemberLeft():
                return f"left{self._now_in()}"
            case UserInvited(user=user):
                return f"invited {of(user)}"
            case MemberKicked(user=user):
                return f"removed {of(user)}"
            case UserBanned(user=user):
                return f"banned {of(user)}"
            case MemberMuted(user=user):
                return f"muted {of(user)}"
            case RoomArchived():
                return "archived the room"
            case _:
                return None

    def _now_in(self) -> str:
        """How many are in the room now, if that is known."""
        return "" if self._members.count is None else f" ({_counted(self._members.count)})"


def _counted(members: int) -> str:
    return "1 member" if members == 1 else f"{members} members"


def _people(event: Event) -> list[str]:
    """Whom the line about an event names."""
    named = (getattr(event.payload, "user", None), event.header.marks.get("replied"))
    return [event.header.author, *(user for user in named if isinstance(user, str))]


def show(line: str, *, loud: bool = False) -> None:
    """One line on the terminal; control characters that people wrote don't reach it."""
    line = printable(line)
    click.echo(
        click.style(line, bold=True, fg="yellow") if loud else line
    )  # plain where there is no terminal


def printable(text: str) -> str:
    """The text without control characters, which could rewrite the terminal."""
    return text.translate(_CONTROL)
