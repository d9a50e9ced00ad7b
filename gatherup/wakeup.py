"""How a task that mostly waits is told of work."""

from __future__ import annotations

import trio


class Wakeup:
    """Wakes one task, which calls ``clear`` before it looks for work, so that nothing told meanwhile is missed.

    It exists before the task and before whoever wakes it, so neither needs the other.
    """

    def __init__(self) -> None:
        self._event = trio.Event()

    def wake(self) -> None:
        """There is work. Never blocks."""
        self._event.set()

    def clear(self) -> None:
        """Whatever comes from now on counts."""
        self._event = trio.Event()

    async def wait(self) -> None:
        """Return once there is work, at once if there was some since ``clear``."""
        await self._event.wait()
