"""``gatherup chat``: a terminal chat on the SDK. Lines in are posts, events out are lines.

On a terminal prompt_toolkit edits the line, in a worker thread of its own; otherwise lines are read from stdin and
written to stdout, so programs can drive it too.
"""

from __future__ import annotations

import re
import sys
import termios
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, TypeVar

import click
import httpx
import msgspec
import trio
from msgspec import Struct
from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

from gatherup.client import (
    Client,
    Closed,
    ClosedError,
    Ended,
    Event,
    Offline,
    Online,
    RefusedError,
    Snapshot,
    Status,
    Stream,
    TokenUnavailableError,
    UnknownOutcomeError,
    connect,
)
from protocol import http, room
from protocol.codes import Code
from protocol.ids import StreamId

HISTORY_MESSAGES: Final = 20
PAGES_MAX: Final = 50
"""Pages of rooms that are searched for a name."""
_ROOM_ID: Final = re.compile(rf"^{room.KIND}:[0-9a-f]{{32}}$")
_CONTROL: Final = dict.fromkeys((*range(32), 127, *range(128, 160)), "\N{REPLACEMENT CHARACTER}")

A = TypeVar("A", bound=Struct)


class ChatError(Exception):
    """The chat can't begin; the message is for the user."""


@click.command("chat")
@click.argument("room_name", metavar="ROOM")
@click.option("--as", "name", required=True, help="The name you go by.")
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The server's HTTP address.")
@click.option("--stream", default="ws://127.0.0.1:8081", show_default=True, help="Its stream address.")
def command(room_name: str, name: str, url: str, stream: str) -> None:
    """Chat in ROOM, a room's id or name; a name that doesn't exist yet becomes a public room."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        if terminal:
            with patch_stdout(), terminal_kept():
                trio.run(run, room_name, name, url, stream, prompt_reader(name))
        else:
            trio.run(run, room_name, name, url, stream, read_stdin)
    except (ChatError, ClosedError, RefusedError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        return


@contextmanager
def terminal_kept() -> Generator[None]:
    """Leave the terminal as it was found, though a prompt may still be open in its thread when we go."""
    settings = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)


LineReader = Callable[[], str | None]
"""Blocks for the next line; None at the end. Called in a worker thread."""


def read_stdin() -> str | None:
    """The next line of stdin."""
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def prompt_reader(name: str) -> LineReader:
    """A reader with a prompt, line editing and history."""
    session: PromptSession[str] = PromptSession(f"{name}> ")

    def read() -> str | None:
        try:
            return session.prompt()
        except (EOFError, KeyboardInterrupt):
            return None

    return read


async def run(room_name: str, name: str, url: str, stream_url: str, read_line: LineReader) -> None:
    """Sign in as a guest, enter the room, and talk until the lines end or the server closes for good."""
    async with (
        sign_in(url, name) as account,
        connect(stream_url, token=account.token, on_status=show_status) as client,
    ):
        entered = await account.find_room(room_name) or await create_room(client, room_name)
        await join(client, entered)
        show(f"-- {room_name} is {entered}")
        stream = await client.subscribe(entered)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Screen(account, stream).run)
            await post_lines(client, entered, read_line)
            nursery.cancel_scope.cancel()


async def post_lines(client: Client, entered: StreamId, read_line: LineReader) -> None:
    """Post line after line: the next one is read when the last one is settled, so their order holds."""
    while (line := await trio.to_thread.run_sync(read_line, abandon_on_cancel=True)) is not None:  # noqa: TID251
        if not line.strip():
            continue
        post = room.PostMessage(client_id=client.new_id(), stream=entered, body=line)
        try:
            await client.send(post)
        except RefusedError as refused:
            show(f"! {refused.message}")
        except UnknownOutcomeError:
            show("! It isn't known whether this was posted.")


async def create_room(client: Client, name: str) -> StreamId:
    """Make a public room of this name."""
    if _ROOM_ID.match(name):
        return name
    accepted = await client.send(room.CreateRoom(client_id=client.new_id(), name=name))
    assert accepted.stream is not None
    return accepted.stream


async def join(client: Client, entered: StreamId) -> None:
    """Become a member, if one isn't."""
    try:
        await client.send(room.JoinRoom(client_id=client.new_id(), stream=entered))
    except RefusedError as refused:
        if refused.code is not Code.ALREADY_EXISTS:
            raise


class Screen:
    """Shows what happens in a room."""

    def __init__(self, account: Account, stream: Stream) -> None:
        self._account = account
        self._stream = stream
        self._shown = 0  # the last seq shown

    async def run(self) -> None:
        """Show items until the stream ends; raises what ended it."""
        async for item in self._stream:
            match item:
                case Snapshot():
                    await self._catch_up(item)
                case Event():
                    self._event(item)
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
            messages = []
        for message in messages:
            if message.seq > self._shown and message.body is not None:
                self._say(message.author, message.body)
        self._shown = head

    def _event(self, event: Event) -> None:
        who = self._name(event.header.author)
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
                show(f"* {who} removed {self._name(user)}")
            case _:
                pass  # of a later version, or erased

    def _say(self, author: str, body: str) -> None:
        show(f"<{self._name(author)}> {body}")

    def _name(self, author: str) -> str:
        if author == self._account.user:
            return self._account.name
        return author.partition(":")[2][:8] or author


class Account:
    """A signed-in guest, as far as the chat needs the HTTP API."""

    def __init__(self, api: httpx.AsyncClient, name: str, signed_in: http.SignedIn) -> None:
        self.name = name
        self.user = signed_in.user
        self._api = api
        self._signed_in = signed_in
        self._fresh = True

    async def token(self) -> str:
        """An access token for the next session. Raises TokenUnavailableError when the server can't give one now."""
        if self._fresh:
            self._fresh = False
            return self._signed_in.access_token
        body = http.Refresh(refresh_token=self._signed_in.refresh_token)
        try:
            self._signed_in = await _post(self._api, "/v1/refresh", body, http.SignedIn)
        except ChatError as error:
            raise TokenUnavailableError(str(error)) from error
        return self._signed_in.access_token

    async def find_room(self, name: str) -> StreamId | None:
        """The id of the oldest room of this name, among one's own and the public ones."""
        if _ROOM_ID.match(name):
            return name
        found: StreamId | None = None
        for scope in ("mine", "public"):
            cursor: dict[str, str] = {}
            for _ in range(PAGES_MAX):
                page = await self._get("/v1/rooms", {"scope": scope, "limit": "200"} | cursor, http.RoomPage)
                found = next((r.room for r in reversed(page.rooms) if r.name == name), found)
                if page.next is None:
                    break
                cursor = {"cursor": page.next}
            if found is not None:
                return found
        return None

    async def history(self, entered: StreamId, before: int) -> list[http.Message]:
        """The newest messages before this seq, the oldest of them first."""
        query = {"before": str(before), "limit": str(HISTORY_MESSAGES)}
        page = await self._get(f"/v1/rooms/{entered}/messages", query, http.MessagePage)
        return page.messages

    async def _get(self, path: str, query: dict[str, str], answer: type[A]) -> A:
        headers = {"Authorization": f"Bearer {self._signed_in.access_token}"}
        try:
            response = await self._api.get(path, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise ChatError(f"No answer from {self._api.base_url}: {error}") from None
        return _read(response, answer)


@asynccontextmanager
async def sign_in(url: str, name: str) -> AsyncGenerator[Account, None]:
    """A new guest account of this name. Raises ChatError."""
    async with httpx.AsyncClient(base_url=url, timeout=10.0) as api:
        signed_in = await _post(api, "/v1/guest", http.SignInAsGuest(display_name=name), http.SignedIn)
        yield Account(api, name, signed_in)


async def _post(api: httpx.AsyncClient, path: str, body: Struct, answer: type[A]) -> A:
    headers = {"Content-Type": "application/json"}
    try:
        response = await api.post(path, content=msgspec.json.encode(body), headers=headers)
    except httpx.HTTPError as error:
        raise ChatError(f"No answer from {api.base_url}: {error}") from None
    return _read(response, answer)


def _read(response: httpx.Response, answer: type[A]) -> A:
    """The answer's body. Raises ChatError for a problem, or for what isn't GatherUp's."""
    try:
        if response.is_success:
            return msgspec.json.decode(response.content, type=answer)
        problem = msgspec.json.decode(response.content, type=http.Problem)
    except msgspec.DecodeError:
        raise ChatError(f"{response.url} answered {response.status_code}, not as GatherUp does") from None
    raise ChatError(problem.detail)


def show_status(status: Status) -> None:
    """Tell the user about the connection."""
    match status:
        case Online():
            show("-- connected")
        case Offline(message=message, retry_after_s=retry_after_s):
            show(f"-- disconnected: {message} Trying again in {retry_after_s:.1f} s.")
        case Closed():
            show("-- closed")


def show(line: str) -> None:
    """One line on the terminal; control characters that people wrote don't reach it."""
    click.echo(line.translate(_CONTROL))
