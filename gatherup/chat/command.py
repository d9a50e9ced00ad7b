"""The command: sign in, enter the room, post what is typed."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click
import trio
from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

from gatherup.addresses import USUAL
from gatherup.chat.account import ROOM_ID, Account, ChatError, sign_in
from gatherup.chat.names import Names
from gatherup.chat.recent import Recent
from gatherup.chat.screen import Screen, printable, show
from gatherup.chat.talk import Talk
from gatherup.client import (
    Client,
    Closed,
    ClosedError,
    Offline,
    Online,
    RefusedError,
    Room,
    Status,
    connect,
)
from gatherup.client.transport import WebSocketConnector
from gatherup.clock import SystemClock
from protocol.codes import Code
from protocol.ids import StreamId


def stream_url(_context: click.Context, _parameter: click.Parameter, url: str) -> str:
    """The address, if it can be one of a WebSocket. Raises click.BadParameter."""
    try:
        WebSocketConnector(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return url


@click.command("chat")
@click.argument("room_name", metavar="ROOM")
@click.option("--as", "name", required=True, help="The name you go by.")
@click.option("--url", default=USUAL.http, show_default=True, help="The server's HTTP address.")
@click.option(
    "--stream", default=USUAL.stream, show_default=True, callback=stream_url, help="Its stream address."
)
def command(room_name: str, name: str, url: str, stream: str) -> None:
    """Chat in ROOM, a room's id or name; a name that doesn't exist yet becomes a public room.

    Lines are posted; /help lists what else can be done.
    """
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        if terminal:
            with patch_stdout(raw=True), terminal_kept():  # raw: ours are the only control characters
                trio.run(run, room_name, name, url, stream, prompt_reader(name))
        else:
            trio.run(run, room_name, name, url, stream, read_stdin)
    except ClosedError as error:
        raise click.ClickException(printable(error.message)) from None
    except (ChatError, RefusedError) as error:
        raise click.ClickException(printable(str(error))) from None
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
        names = Names(account.names, SystemClock(), {account.user: account.name})
        entered = client.room(await room_of(account, client, room_name))
        await join(entered)
        show(f"-- {room_name} is {entered.id}")
        while (elsewhere := await talk(account, client, entered, names, read_line)) is not None:
            entered = elsewhere


async def talk(
    account: Account, client: Client, entered: Room, names: Names, read_line: LineReader
) -> Room | None:
    """Show what happens in the room and carry out what is typed. The room that one goes to; None at the end."""
    recent, elsewhere = Recent(), None
    async with await entered.subscribe() as stream, trio.open_nursery() as nursery:
        nursery.start_soon(Screen(account, stream, names, recent).run)
        elsewhere = await take_lines(Talk(entered, names, recent), client, read_line)
        nursery.cancel_scope.cancel()
    return elsewhere


async def take_lines(here: Talk, client: Client, read_line: LineReader) -> Room | None:
    """Take line after line: the next one is read when the last one is settled, so their order holds."""
    while (line := await trio.to_thread.run_sync(read_line, abandon_on_cancel=True)) is not None:  # noqa: TID251
        if line.strip() and (order := await here.take(line)) is not None:
            elsewhere = client.room(order.room)
            try:
                await join(elsewhere, order.code)
            except RefusedError as refused:
                show(f"! {refused.message}")
            else:
                show(f"-- this is {elsewhere.id}")
                return elsewhere
    return None


async def room_of(account: Account, client: Client, name: str) -> StreamId:
    """The id of the room of this id or name, made if it doesn't exist yet."""
    if ROOM_ID.match(name):
        return name
    if (found := await account.find_room(name)) is not None:
        return found
    made = await client.create_room(name)
    # Names aren't unique, and others may have made one at the same moment: all meet in the oldest.
    return await account.find_room(name) or made.id


async def join(entered: Room, invite: str | None = None) -> None:
    """Become a member, if one isn't."""
    try:
        await entered.join(invite=invite)
    except RefusedError as refused:
        if refused.code is not Code.ALREADY_EXISTS:
            raise


def show_status(status: Status) -> None:
    """Tell the user about the connection."""
    match status:
        case Online():
            show("-- connected")
        case Offline(message=message, retry_after_s=retry_after_s):
            show(f"-- disconnected: {message} Trying again in {retry_after_s:.1f} s.")
        case Closed():
            show("-- closed")
