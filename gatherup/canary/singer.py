"""One canary: sings in a stream that is where it shall be, and remembers how that went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from actors.ports.log import LogUnavailableError
from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.relay import Relay
from actors.session.connection_writer import ConnectionWriters
from gatherup.canary.kind import KIND, HatchCanary, SingCanary
from gatherup.canary.perch import Ear, Listener, Perch
from protocol.frames import Accepted, Command, Refused
from protocol.ids import SYSTEM, derive_client_id, derive_stream
from storage.postgres.driver.errors import PostgresError
from storage.postgres.streams.canary import CanaryStreams

TRIM_EVERY: Final = 100
"""Songs between two trims of the log."""
FORGET_AFTER_MS: Final = 3_600_000
"""Streams of nodes that sang last this long ago are deleted."""
EGGS_MAX: Final = 2048
"""Ids tried to find a stream in the right shard: the only one of 256 is missed once in 3,000 times."""


class SilentError(Exception):
    """The canary wasn't heard; the message says where it was lost."""


class Air(Struct, frozen=True, kw_only=True):
    """What a song goes through."""

    router: Streams
    relay: Relay
    writers: ConnectionWriters
    streams: CanaryStreams
    clock: Clock
    randomness: Randomness


class Singer:
    """Sings in a stream for which ``belongs`` holds; in another one as soon as it doesn't any more."""

    def __init__(self, air: Air, belongs: Callable[[str], bool], *, timeout_s: float) -> None:
        self.heard = 0
        """Songs that went the whole way."""
        self.silent = 0
        """Songs that didn't."""
        self.heard_at: float | None = None
        """When the last one came back, monotonic seconds."""
        self.reason: str | None = None
        """Why the last one didn't, a sentence; None if it did."""
        self._air = air
        self._belongs = belongs
        self._timeout_s = timeout_s
        self._perch: Perch | None = None
        self._egg: str | None = None
        """The client id of the next hatching: one stream, however often it is tried."""
        self._begun: float | None = None
        self._took_s = 0.0

    @property
    def tried(self) -> bool:
        """Whether a song was sung to its end, good or bad."""
        return bool(self.heard or self.silent)

    @property
    def lag_s(self) -> float:
        """How long the song on its way has been under way, or the last one was, whichever is longer."""
        waiting = 0.0 if self._begun is None else self._air.clock.monotonic() - self._begun
        return max(waiting, self._took_s)

    async def sing(self) -> None:
        """Sing once, and remember how it went."""
        air = self._air
        self._begun = air.clock.monotonic()
        reason: str | None = f"No canary came back within {self._timeout_s:g} s."
        with air.clock.deadline(self._timeout_s):
            try:
                await self._sing()
                reason = None
            except (SilentError, LogUnavailableError, PostgresError) as error:
                reason = str(error) or type(error).__name__
        now = air.clock.monotonic()
        self._took_s, self._begun = now - self._begun, None
        if reason is None:
            self.heard += 1
            self.heard_at = now
        else:
            self.silent += 1
            self.leave()
        self.reason = reason

    def leave(self) -> None:
        """Let go of the stream."""
        perch, self._perch = self._perch, None
        if perch is not None:
            self._air.relay.detach(perch.subscription)
            perch.listener.writer.abort()

    async def _sing(self) -> None:
        perch = self._perch
        if perch is not None and (perch.listener.lost or not self._belongs(perch.stream)):
            self.leave()
            perch = None
        if perch is None:
            perch = self._perch = await self._take_perch()
        song = self._air.randomness.token(16).hex()
        heard = perch.ear.listen(song)
        await self._ask(SingCanary(client_id=self._client_id(), stream=perch.stream, song=song))
        await heard.wait()
        if self.heard % TRIM_EVERY == 0:
            await self._air.streams.trim(perch.stream)
            await self._air.streams.forget(self._air.clock.now() - FORGET_AFTER_MS)

    async def _take_perch(self) -> Perch:
        egg = self._egg = self._egg_for_here()
        hatched = await self._ask(HatchCanary(client_id=egg, resend=True))
        self._egg = None
        if hatched.stream is None or hatched.seq is None:
            raise SilentError("The log gave the canary no place.")
        ear = Ear()
        listener = Listener(ear, self._air.writers)
        subscription = self._air.relay.register(hatched.stream, listener)
        perch = Perch(hatched.stream, ear, listener, subscription)
        try:
            await self._air.relay.attach(subscription, after=hatched.seq, head=hatched.seq, opening=b"\0")
        except BaseException:
            self._air.relay.detach(subscription)
            listener.writer.abort()
            raise
        return perch

    def _egg_for_here(self) -> str:
        if self._egg is not None and self._belongs(derive_stream(KIND, SYSTEM, self._egg)):
            return self._egg
        for _ in range(EGGS_MAX):
            egg = self._client_id()
            if self._belongs(derive_stream(KIND, SYSTEM, egg)):
                return egg
        raise SilentError("There is no shard for the canary's stream.")

    async def _ask(self, command: Command) -> Accepted:
        reply = await self._air.router.ask(command, by=SYSTEM)
        if isinstance(reply, Accepted):
            return reply
        code = reply.code if isinstance(reply, Refused) else "unknown"
        raise SilentError(f"A command wasn't accepted: {code}.")

    def _client_id(self) -> str:
        return derive_client_id(KIND, self._air.randomness.token(16).hex())
