"""One probe: sends events through a stream that is where it shall be, and remembers how that went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from actors.ports.log import LogUnavailableError
from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.relay import Relay
from actors.session.connection_writer import ConnectionWriters
from gatherup.canary.kind import KIND, OpenProbeStream, SendProbe
from gatherup.canary.probe_stream import ProbeStream, ProbeSubscriber, ProbeWire
from protocol.frames import Accepted, Command, Refused
from protocol.ids import SYSTEM, derive_client_id, derive_stream
from storage.postgres.driver.errors import PostgresError

CREATE_IDS_MAX: Final = 2048
"""Ids tried to find a stream in the right shard: the only one of 256 is missed once in 3,000 times."""


class ProbeLostError(Exception):
    """The canary wasn't heard; the message says where it was lost."""


class ProbeContext(Struct, frozen=True, kw_only=True):
    """What a probe goes through."""

    router: Streams
    relay: Relay
    writers: ConnectionWriters
    clock: Clock
    randomness: Randomness


class Probe:
    """Sends probes to a stream for which ``belongs`` holds; in another one as soon as it doesn't any more."""

    def __init__(self, context: ProbeContext, belongs: Callable[[str], bool], *, timeout_s: float) -> None:
        self.heard = 0
        """Probes that went the whole way."""
        self.silent = 0
        """Probes that didn't."""
        self.heard_at: float | None = None
        """When the last one came back, monotonic seconds."""
        self.reason: str | None = None
        """Why the last one didn't, a sentence; None if it did."""
        self._context = context
        self._belongs = belongs
        self._timeout_s = timeout_s
        self._target: ProbeStream | None = None
        self._create_id: str | None = None
        """The client id of the next stream that is opened: one stream, however often it is tried."""
        self._begun: float | None = None
        self._took_s = 0.0

    @property
    def tried(self) -> bool:
        """Whether a probe ended, good or bad."""
        return bool(self.heard or self.silent)

    @property
    def lag_s(self) -> float:
        """How long the probe on its way has been under way, or the last one was, whichever is longer."""
        waiting = 0.0 if self._begun is None else self._context.clock.monotonic() - self._begun
        return max(waiting, self._took_s)

    async def send(self) -> None:
        """Send one probe, and remember how it went."""
        context = self._context
        self._begun = context.clock.monotonic()
        reason: str | None = f"No canary came back within {self._timeout_s:g} s."
        with context.clock.deadline(self._timeout_s):
            try:
                await self._send()
                reason = None
            except (ProbeLostError, LogUnavailableError, PostgresError) as error:
                reason = str(error) or type(error).__name__
        now = context.clock.monotonic()
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
        target, self._target = self._target, None
        if target is not None:
            self._context.relay.detach(target.subscription)
            target.subscriber.writer.abort()

    async def _send(self) -> None:
        target = self._target
        if target is not None and (target.subscriber.lost or not self._belongs(target.stream)):
            self.leave()
            target = None
        if target is None:
            target = self._target = await self._open_target()
        nonce = self._context.randomness.token(16).hex()
        heard = target.wire.expect(nonce)
        await self._ask(SendProbe(client_id=self._client_id(), stream=target.stream, nonce=nonce))
        await heard.wait()

    async def _open_target(self) -> ProbeStream:
        create_id = self._create_id = self._create_id_for_here()
        opened = await self._ask(OpenProbeStream(client_id=create_id, resend=True))
        self._create_id = None
        if opened.stream is None or opened.seq is None:
            raise ProbeLostError("The log gave the canary no place.")
        wire = ProbeWire()
        subscriber = ProbeSubscriber(wire, self._context.writers)
        subscription = self._context.relay.register(opened.stream, subscriber)
        target = ProbeStream(opened.stream, wire, subscriber, subscription)
        try:
            await self._context.relay.attach(subscription, after=opened.seq, head=opened.seq, opening=b"\0")
        except BaseException:
            self._context.relay.detach(subscription)
            subscriber.writer.abort()
            raise
        return target

    def _create_id_for_here(self) -> str:
        if self._create_id is not None and self._belongs(derive_stream(KIND, SYSTEM, self._create_id)):
            return self._create_id
        for _ in range(CREATE_IDS_MAX):
            create_id = self._client_id()
            if self._belongs(derive_stream(KIND, SYSTEM, create_id)):
                return create_id
        raise ProbeLostError("There is no shard for the canary's stream.")

    async def _ask(self, command: Command) -> Accepted:
        reply = await self._context.router.ask(command, by=SYSTEM)
        if isinstance(reply, Accepted):
            return reply
        code = reply.code if isinstance(reply, Refused) else "unknown"
        raise ProbeLostError(f"A command wasn't accepted: {code}.")

    def _client_id(self) -> str:
        return derive_client_id(KIND, self._context.randomness.token(16).hex())
