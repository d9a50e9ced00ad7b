"""The command: on a terminal a picture, elsewhere lines."""

from __future__ import annotations

from functools import partial

import click
import trio
from rich.console import Console

from gatherup.addresses import USUAL
from gatherup.chat.account import ChatError
from gatherup.chat.command import stream_url
from gatherup.chat.screen import printable
from gatherup.client import ClosedError, RefusedError
from gatherup.watch.running import lines, picture, run


@click.command("watch")
@click.argument("tournament")
@click.option("--url", default=USUAL.http, show_default=True, help="The server's HTTP address.")
@click.option(
    "--stream", default=USUAL.stream, show_default=True, callback=stream_url, help="Its stream address."
)
def command(tournament: str, url: str, stream: str) -> None:
    """Watch TOURNAMENT, by its id, until it is over: a live bracket, or plain lines where there is no terminal.

    The spectator is a new guest, who may watch what isn't for invited people alone.
    """
    console = Console()
    showing = partial(picture, console) if console.is_terminal else lines
    try:
        trio.run(run, tournament, url, stream, showing)
    except ClosedError as error:
        raise click.ClickException(printable(error.message)) from None
    except (ChatError, RefusedError) as error:
        raise click.ClickException(printable(str(error))) from None
    except KeyboardInterrupt:
        return
