"""The one outcome of a command, for whoever waits for it."""

from __future__ import annotations

import trio

from gatherup.client.errors import ClientError
from protocol.frames import Accepted


class Outcome:
    """The outcome of a command, which is settled once."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._value: Accepted | ClientError | None = None

    def settle(self, value: Accepted | ClientError) -> None:
        """This is how it went."""
        self._value = value
        self._event.set()

    async def wait(self) -> Accepted:
        """The answer. Raises the error it was settled with."""
        await self._event.wait()
        assert self._value is not None
        if isinstance(self._value, ClientError):
            raise self._value
        return self._value
