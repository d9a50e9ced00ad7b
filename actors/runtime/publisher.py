"""Where committed events and signals of this node's streams go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actors.ports.log import LogRow
from protocol.frames import Signalled


class Publisher(Protocol):
    """Passes events and signals on to subscribers, on whatever node they are. Nothing here blocks or raises."""

    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        """Committed events of a stream, in order, without a gap within one activation."""
        ...

    def traced(self, stream: str, seq: int, parent: str) -> None:
        """This event, which was published just now, is the last one of a traced command."""
        ...

    def signalled(self, frame: Signalled) -> None:
        """A signal that the owner let pass."""
        ...

    def stands(self, stream: str, head: int) -> None:
        """The stream was activated here and stands at this head.

        An earlier owner may have committed up to there without publishing it: who has less reads the log.
        """
        ...
