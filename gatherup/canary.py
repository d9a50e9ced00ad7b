"""The canary: an event that goes the whole way again and again, and with it the node's readiness.

A node is ready when a command of its own reached an actor, was committed, published, and arrived at a
subscriber on this node. Nothing on that way is asked whether it feels well; it is used.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, Protocol

import structlog
import trio
from msgspec import Struct

from actors.kind import Accept, Decision, Facts, Happened, Instant, Kind, Refuse
from actors.ports import Clock, LogUnavailableError, Randomness, WireClosedError
from actors.relay import Relay, Subscription
from actors.session.outbox import Lane, Outbox, Outboxes
from gatherup.config import Canary as CanaryConfig
from protocol.codec import Codec, Subprotocol
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import Accepted, Command, CreateCommand, Reply, StreamCommand
from protocol.ids import SYSTEM, derive_client_id
from storage.postgres.canary import CanaryStreams
from storage.postgres.errors import PostgresError

KIND: Final = "canary"
TRIM_EVERY: Final = 100
"""Songs between two trims of the log."""
FORGET_AFTER_MS: Final = 3_600_000
"""Streams of nodes that sang last this long ago are deleted."""

_log = structlog.stdlib.get_logger("gatherup.canary")


class HatchCanary(CreateCommand, frozen=True, kw_only=True, tag="canary.hatch"):
    """Begin a stream to sing in."""


class SingCanary(StreamCommand, frozen=True, kw_only=True, tag="canary.sing"):
    """Put one event into it."""

    song: str


class CanaryHatched(Struct, frozen=True, kw_only=True):
    """The stream begins."""


class CanarySang(Struct, frozen=True, kw_only=True):
    """Something unique, to be recognised at the other end."""

    song: str


class CanaryState(Struct, frozen=True):
    """Nothing has to be remembered."""


class CanaryKind(Kind[CanaryState]):
    """The canary as a kind of stream. Only the system may use it."""

    name = KIND
    state = CanaryState
    commands = (HatchCanary, SingCanary)
    events = {"canary.hatched": CanaryHatched, "canary.sang": CanarySang}  # noqa: RUF012

    def initial(self, stream: str) -> CanaryState:
        """Nothing."""
        return CanaryState()

    def decide(
        self, state: CanaryState, facts: Facts, command: Command, *, by: str, now: Instant
    ) -> Decision:
        """Each command is one event."""
        if by != SYSTEM:
            return Refuse(Code.FORBIDDEN)
        if isinstance(command, SingCanary):
            return Accept((Happened(CanarySang(song=command.song)),))
        return Accept((Happened(CanaryHatched()),))

    def apply(self, state: CanaryState, header: Header, payload: Struct | None) -> CanaryState:
        """Nothing changes."""
        return state


class _PlainFraming:
    """Messages as they are."""

    name = KIND

    def message(self, data: bytes) -> bytes:
        return data

    def close(self, code: int, reason: str) -> bytes:
        return b""


class _Ear:
    """The Wire port of a subscriber that only listens for one song."""

    def __init__(self) -> None:
        self._song = b""
        self._heard = trio.Event()
        self._closed = False

    def listen(self, song: str) -> trio.Event:
        """Set when bytes with this song arrive."""
        self._song, self._heard = song.encode(), trio.Event()
        return self._heard

    def send_some(self, data: bytes | memoryview) -> int:
        if self._closed:
            raise WireClosedError
        if self._song and self._song in bytes(data):
            self._heard.set()
        return len(data)

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        self._closed = True


class _Listener:
    """The relay's subscriber."""

    def __init__(self, ear: _Ear, lane: Lane, outboxes: Outboxes) -> None:
        self.outbox: Final[Outbox] = outboxes.open(ear, lane)
        self.lost = False

    @property
    def user(self) -> str:
        return SYSTEM

    def unsubscribed(self, stream: str, code: Code) -> None:
        self.lost = True


class _Perch(Struct, frozen=True):
    """A stream to sing in and the subscription that hears it."""

    stream: str
    ear: _Ear
    listener: _Listener
    subscription: Subscription


class Asks(Protocol):
    """The router, as far as the canary needs it."""

    def ask(self, command: Command, *, by: str) -> Awaitable[Reply]:
        """Send a command to its stream; its reply."""
        ...


class SilentError(Exception):
    """The canary wasn't heard; the message says where it was lost."""


class Canary:
    """Sings every ``period_s`` and remembers how that went."""

    def __init__(
        self,
        config: CanaryConfig,
        router: Asks,
        relay: Relay,
        outboxes: Outboxes,
        streams: CanaryStreams,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._config = config
        self._router = router
        self._relay = relay
        self._outboxes = outboxes
        self._streams = streams
        self._clock = clock
        self._randomness = randomness
        codec = Codec(Subprotocol.MSGPACK, (HatchCanary,))
        self._lane = Lane(codec, _PlainFraming())
        self._perch: _Perch | None = None
        self._egg = self._client_id()
        """The client id of the next hatching: one stream, however often it is tried."""
        self._reason: str | None = "The node is starting."
        self._heard_at = clock.monotonic()
        self.heard = 0
        """Songs that went the whole way."""
        self.silent = 0
        """Songs that didn't."""
        self.stopping = False
        """Set when the node drains: it is unready from then on."""

    def why_unready(self) -> str | None:
        """None when the node is ready, else a sentence."""
        if self.stopping:
            return "The node is shutting down."
        if self._reason is None and self._clock.monotonic() - self._heard_at > self._patience_s:
            return "No canary was heard for a while."
        return self._reason

    @property
    def _patience_s(self) -> float:
        return self._config.period_s + 2 * self._config.timeout_s

    async def run(self) -> None:
        """Sing until cancelled."""
        try:
            while True:
                begun = self._clock.monotonic()
                await self._try_once()
                await self._clock.sleep_until(begun + self._config.period_s)
        finally:
            self._leave_perch()

    async def _try_once(self) -> None:
        reason: str | None = f"No canary came back within {self._config.timeout_s} s."
        with self._clock.deadline(self._config.timeout_s):
            try:
                await self._sing()
                reason = None
            except (SilentError, LogUnavailableError, PostgresError) as error:
                reason = str(error) or type(error).__name__
        if reason is None:
            self.heard += 1
            self._heard_at = self._clock.monotonic()
        else:
            self.silent += 1
            self._leave_perch()
        if reason != self._reason and not self.stopping:
            tell = _log.info if reason is None else _log.warning
            tell("readiness changed", ready=reason is None, reason=reason)
        self._reason = reason

    async def _sing(self) -> None:
        perch = self._perch
        if perch is None or perch.listener.lost:
            perch = self._perch = await self._take_perch()
        song = self._randomness.token(16).hex()
        heard = perch.ear.listen(song)
        await self._ask(SingCanary(client_id=self._client_id(), stream=perch.stream, song=song))
        await heard.wait()
        if self.heard % TRIM_EVERY == 0:
            await self._streams.trim(perch.stream)
            await self._streams.forget(self._clock.now() - FORGET_AFTER_MS)

    async def _take_perch(self) -> _Perch:
        hatched = await self._ask(HatchCanary(client_id=self._egg, resend=True))
        self._egg = self._client_id()
        if hatched.stream is None or hatched.seq is None:
            raise SilentError("The log gave the canary no place.")
        ear = _Ear()
        listener = _Listener(ear, self._lane, self._outboxes)
        subscription = self._relay.register(hatched.stream, listener)
        await self._relay.attach(subscription, after=hatched.seq, head=hatched.seq, opening=b"\0")
        return _Perch(hatched.stream, ear, listener, subscription)

    async def _ask(self, command: Command) -> Accepted:
        reply = await self._router.ask(command, by=SYSTEM)
        if not isinstance(reply, Accepted):
            raise SilentError("Commands aren't accepted: the log or its node can't serve.")
        return reply

    def _client_id(self) -> str:
        return derive_client_id(KIND, self._randomness.token(16).hex())

    def _leave_perch(self) -> None:
        perch, self._perch = self._perch, None
        if perch is not None:
            self._relay.detach(perch.subscription)
            perch.listener.outbox.abort()
