"""One run of the command: a guest signs in, follows the tournament and has it shown."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final

import click
from rich.console import Console
from rich.live import Live

from gatherup.chat.account import sign_in
from gatherup.chat.names import Names
from gatherup.client import LiveBracket, Offline, Status, connect
from gatherup.clock import SystemClock
from gatherup.watch.entrants import Entrants
from gatherup.watch.shows import Lines, Picture, Shows
from gatherup.watch.watching import Watching

SPECTATOR: Final = "Spectator"

Showing = Callable[[LiveBracket, Entrants], AbstractContextManager[Shows]]
"""Makes where it is shown."""


@contextmanager
def picture(console: Console, live: LiveBracket, entrants: Entrants) -> Generator[Shows]:
    """A picture on this terminal; the last one stays."""
    with Live(console=console, auto_refresh=False) as screen:
        yield Picture(live, entrants, console, screen)


@contextmanager
def lines(live: LiveBracket, entrants: Entrants) -> Generator[Shows]:
    """Lines on standard output."""
    yield Lines(live, entrants, click.echo)


async def run(tournament: str, url: str, stream_url: str, showing: Showing) -> None:
    """Watch a tournament until it is over, or the server closes for good."""
    async with sign_in(url, SPECTATOR) as account:
        live, entrants = LiveBracket(), Entrants(Names(account.names, SystemClock(), {}))
        with showing(live, entrants) as shows:
            connected = connect(stream_url, token=account.token, on_status=partial(tell, shows))
            async with connected as client, await client.tournament(tournament).subscribe() as stream:
                await Watching(account, tournament, live, entrants, shows).run(stream)


def tell(shows: Shows, status: Status) -> None:
    """Say that the connection is gone, or back."""
    match status:
        case Offline(message=message, retry_after_s=retry_after_s):
            shows.note(f"Disconnected: {message} Trying again in {retry_after_s:.1f} s.")
        case _:
            shows.note("")
