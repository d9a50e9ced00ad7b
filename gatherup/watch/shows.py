"""Where a tournament is shown: a picture that changes in place, or a line for each thing that happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rich.console import Console
from rich.live import Live

from gatherup.chat.screen import printable
from gatherup.client import Event, LiveBracket
from gatherup.watch.drawing import draw
from gatherup.watch.entrants import Entrants
from gatherup.watch.lines import lines_of, places, standing


class Shows(Protocol):
    """Where it is shown."""

    def stands(self, title: str) -> None:
        """It begins, or goes on after too much was missed."""
        ...

    def event(self, event: Event) -> None:
        """Something has happened."""
        ...

    def note(self, text: str) -> None:
        """Something isn't as it should be; "" once it is again."""
        ...


class Lines:
    """Plain lines, without control characters."""

    def __init__(self, live: LiveBracket, entrants: Entrants, say: Callable[[str], None]) -> None:
        self._live = live
        self._entrants = entrants
        self._say = say

    def stands(self, title: str) -> None:
        """How it stands now."""
        self._say(printable(f"-- {title}: {standing(self._live)}"))
        for place in places(self._live, self._entrants.of):
            self._say(printable(place))

    def event(self, event: Event) -> None:
        """What has happened."""
        for line in lines_of(event.header, self._live, self._entrants.of):
            self._say(printable(line))

    def note(self, text: str) -> None:
        """What isn't as it should be."""
        if text:
            self._say(printable(f"! {text}"))


class Picture:
    """The bracket on a terminal."""

    def __init__(self, live: LiveBracket, entrants: Entrants, console: Console, screen: Live) -> None:
        self._live = live
        self._entrants = entrants
        self._console = console
        self._screen = screen
        self._title = ""
        self._trouble = ""

    def stands(self, title: str) -> None:
        """Draw it anew."""
        self._title = title
        self._draw()

    def event(self, event: Event) -> None:
        """Draw what has changed."""
        self._draw()

    def note(self, text: str) -> None:
        """Say it below the title."""
        self._trouble = text
        self._draw()

    def _draw(self) -> None:
        called, width = self._entrants.of, self._console.width
        picture = draw(printable(self._title), self._live, called, printable(self._trouble), width)
        self._screen.update(picture, refresh=True)
