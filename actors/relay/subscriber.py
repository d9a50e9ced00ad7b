"""Who hears what a stream publishes: subscribers get frames in their outbox, watchers are called."""

from __future__ import annotations

from typing import Protocol

from actors.relay.ring import RelayedEvent
from actors.session.outbox import Outbox
from protocol.codes import Code
from protocol.frames import Signalled


class Subscriber(Protocol):
    """Who subscribes: a session."""

    @property
    def user(self) -> str:
        """The user whose right to listen counts."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Where frames go."""
        ...

    def unsubscribed(self, stream: str, code: Code) -> None:
        """The relay ended this subscription; nothing of the stream follows. Must tell the client."""
        ...


class Watcher(Protocol):
    """Who is told of a stream's events as they are relayed: each once, in order; it may be erased already.

    And of its signals, as far as they come. Neither method may block or raise.
    """

    __slots__ = ()  # each session holds several

    def relayed(self, stream: str, event: RelayedEvent) -> None:
        """An event passed."""
        ...

    def signalled(self, frame: Signalled) -> None:
        """A signal passed."""
        ...
