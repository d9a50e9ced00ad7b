"""What carries bytes from node to node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class BusUnavailableError(Exception):
    """The bus can't be reached now; what was given to it may have been carried or not."""


class Bus(Protocol):
    """Carries bytes from node to node: at most once, each sender's in order. It may lose anything at any time."""

    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        """Send each frame to its channel, in order, in one go: how many listeners each had.

        One call at a time. Raises BusUnavailableError.
        """
        ...

    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        """Hand over every frame of a channel until cancelled, in order, and come back by itself when cut off.

        ``connected`` is told True whenever the channel is subscribed (again): whatever was sent before that may be
        lost; and False once it is known to be cut off. Neither callback blocks; what can't be handed over at once
        isn't kept without bound: the connection is dropped instead, and made anew.
        """
        ...
