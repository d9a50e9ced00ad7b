"""What happens in a room, as lines."""

from __future__ import annotations

from typing import Final

import click

from gatherup.chat.account import Account, ChatError
from gatherup.chat.names import Names
from gatherup.client import Ended, Event, Snapshot, Stream
from protocol import http, room

_CONTROL: Final = dict.fromkeys(
    # C0, DEL, C1, line and paragraph separators, and what turns the direction of writing
    (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\N{REPLACEMENT CHARACTER}",
)


class Screen:
    """Shows what happens in a room."""

    def __init__(self, account: Account, stream: Stream, names: Names) -> None:
        self._account = account
        self._stream = stream
        self._names = names
        self._shown = 0  # the last seq shown

    async def run(self) -> None:
        """Show items until the stream ends; raises what ended it."""
        async for item in self._stream:
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
            messages: list[http.Message] = []
        await self._names.learn(message.author for message in messages)
        for message in messages:
            if message.seq > self._shown and message.body is not None:
                self._say(message.author, message.body)
        self._shown = head

    async def _event(self, event: Event) -> None:
        await self._names.learn(_people(event))
        who = self._names.of(event.header.author)
        self._shown = event.header.seq
        match event.payload:
            case room.MessagePosted(body=body):
                self._say(event.header.author, body)
            case room.MessageEdited(body=body):
                show(f"* {who} changed a message: {body}")
            case room.MessageDeleted():
                show(f"* {who} deleted a message")
            case room.MemberJoined():
                show(f"* {who} joined")
            case room.MemberLeft():
                show(f"* {who} left")
            case room.MemberKicked(user=user):
                show(f"* {who} removed {self._names.of(user)}")
            case _:
                pass  # of a later version, or erased

    def _say(self, author: str, body: str) -> None:
        show(f"<{self._names.of(author)}> {body}")


def _people(event: Event) -> list[str]:
    """Whom the line about an event names."""
    payload = event.payload
    return [event.header.author, *([payload.user] if isinstance(payload, room.MemberKicked) else [])]


def show(line: str) -> None:
    """One line on the terminal; control characters that people wrote don't reach it."""
    click.echo(printable(line))


def printable(text: str) -> str:
    """The text without control characters, which could rewrite the terminal."""
    return text.translate(_CONTROL)
