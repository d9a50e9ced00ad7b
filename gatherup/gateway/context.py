"""What all connections of a gateway share, and what the gateway needs of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from actors.ports.logins import InvalidTokenError, Tokens
from actors.ports.time import Clock
from actors.session.connection_writer import ConnectionWriter, ConnectionWriters, Lane
from gatherup.gateway.counters import Counters
from gatherup.gateway.limits import READ_BYTES_MAX
from gatherup.origins import Origins
from protocol.codes import CloseCode, Code


class Session(Protocol):
    """What the gateway needs of a session; ``actors.session.session.Session`` is the one there is."""

    def ask_silence(self, silent_s: Callable[[], float]) -> None:
        """Ask this how long nothing came from the client, seconds."""
        ...

    @property
    def id(self) -> str | None:
        """What log lines call it; None until the hello is heard."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the hello was good."""
        ...

    @property
    def token_expires_at(self) -> int | None:
        """Unix milliseconds; None until ready."""
        ...

    async def receive(self, message: bytes) -> None:
        """One whole client message. Never raises for bad input."""
        ...

    def close(self, code: CloseCode, *, retry_after_s: float | None = None) -> None:
        """A goodbye, then the Close."""
        ...

    def end(self) -> None:
        """The connection is gone. Safe to call twice."""
        ...


SessionFactory = Callable[[ConnectionWriter], Session]
"""A session for a new connection; its codec is that of the writer's lane."""


class Context:
    """What all connections of a gateway share."""

    __slots__ = (
        "buffer",
        "clock",
        "counters",
        "events_lane",
        "lanes",
        "origins",
        "sessions",
        "tokens",
        "writers",
    )

    def __init__(
        self,
        *,
        sessions: SessionFactory,
        writers: ConnectionWriters,
        lanes: Mapping[str, Lane],
        events_lane: Lane,
        tokens: Tokens,
        clock: Clock,
        counters: Counters,
        origins: Origins,
    ) -> None:
        self.sessions: Final = sessions
        self.writers: Final = writers
        self.lanes: Final = lanes
        self.events_lane: Final = events_lane
        """Of Server-Sent Events."""
        self.tokens: Final = tokens
        self.clock: Final = clock
        self.counters: Final = counters
        self.origins: Final = origins
        self.buffer: Final = memoryview(bytearray(READ_BYTES_MAX))
        """Read into and copied from without a checkpoint between, so that one serves all."""

    def refusal_of(self, token: str) -> Code | None:
        """What is wrong with a token, if anything."""
        try:
            self.tokens.verify(token, self.clock.now())
        except InvalidTokenError as error:
            return Code.TOKEN_EXPIRED if error.expired else Code.UNAUTHENTICATED
        return None
