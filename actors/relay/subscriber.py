"""Who hears what a stream publishes: subscribers get frames in their writer, watchers are called."""

from __future__ import annotations

from typing import Protocol

from actors.relay.ring import RelayedEvent
from actors.session.connection_writer import ConnectionWriter
from protocol.codes import Code
from protocol.frames import Signalled


class Subscriber(Protocol):
    """Who subscribes: a session."""

    @property
    def user(self) -> str:
        """The user whose right to listen counts."""
        ...

    @property
    def writer(self) -> ConnectionWriter:
        """The writer that gets its frames."""
        ...

    def unsubscribed(self, stream: str, code: Code) -> None:
        """The relay ended this subscription; nothing of the stream follows. Must tell the client."""
        ...


class Watcher(Protocol):
    """Gets a stream's events as they are relayed, each once and in order, perhaps already erased, and its signals,
    which may be lost.

    Neither method may block or raise.
    """

    __slots__ = ()  # each session holds several

    @property
    def user(self) -> str:
        """For whom it watches: signals of people whom they have blocked aren't told."""
        ...

    def relayed(self, stream: str, event: RelayedEvent) -> None:
        """Take an event that was relayed."""
        ...

    def signalled(self, frame: Signalled) -> None:
        """Take a signal that was relayed."""
        ...
