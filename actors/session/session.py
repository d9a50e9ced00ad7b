"""One client's side of the conversation, from hello to goodbye."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from actors.kind import Instant
from actors.limiting.rate_limit import Rate, TokenBucket
from actors.ports.log import LogUnavailableError
from actors.ports.logins import InvalidTokenError
from actors.refusals import refused
from actors.session.authority import Authority
from actors.session.connection_writer import ConnectionWriter
from actors.session.read_state import ReadState
from actors.session.replies import refused_early, transcoded
from actors.session.services import SessionServices
from actors.session.subscriptions import UNAVAILABLE_RETRY_S, Subscriptions
from actors.session.watching import Watching
from protocol import limits
from protocol.codec import InvalidFrameError, UndecodableError
from protocol.codes import CLOSE_SENTENCES, CODES, CloseCode, Code
from protocol.frames import (
    ONLINE,
    Accepted,
    ClientFrame,
    Command,
    Hello,
    MarkRead,
    Ping,
    RefreshToken,
    Refused,
    Reply,
    ServerFrame,
    Signal,
    Signalled,
    Status,
    Subscribe,
    Unsubscribe,
    Unsubscribed,
    WatchHeads,
    Welcome,
)
from protocol.presence import SetStatus, WatchPresence

_log = logging.getLogger(__name__)

COMMANDS: Final = Rate(limits.COMMANDS_PER_S, limits.COMMANDS_BURST)
SUBSCRIBES: Final = Rate(limits.SUBSCRIBES_PER_S, limits.SUBSCRIBES_BURST)
SIGNALS: Final = Rate(limits.SIGNALS_PER_S, limits.SIGNALS_BURST)
INVALID_FRAMES: Final = Rate(per_s=1.0, burst=20.0)
"""Answered with a refusal; a client that sends more of them is closed as flooding."""
STATUSES: Final = Rate(limits.STATUSES_PER_S, limits.STATUSES_BURST)
INFLIGHT_RETRY_S: Final = 1.0


def _never_silent() -> float:
    return 0.0


class Session:
    """A session, run by its connection's reader task: one ``receive`` at a time.

    Everything it tells the client goes through the writer; nothing is told once that is closing. It ends with the
    writer, or by ``end``, whichever comes first.
    """

    __slots__ = (
        "_authority",
        "_commands",
        "_ended",
        "_inflight",
        "_invalid",
        "_read_state",
        "_services",
        "_signals",
        "_silence",
        "_status",
        "_statuses",
        "_subscribes",
        "_subscriptions",
        "_user",
        "_watching",
        "id",
        "token_expires_at",
        "writer",
    )

    def __init__(self, services: SessionServices, writer: ConnectionWriter) -> None:
        self.writer: Final = writer
        self.id: str | None = None
        """What the welcome and log lines call it; None before the hello."""
        self.token_expires_at: Instant | None = None
        """Unix milliseconds; None before the hello."""
        self._services = services
        self._silence: Callable[[], float] = _never_silent
        self._user: str | None = None
        self._authority = Authority(services.relay, self)
        self._subscriptions = Subscriptions(services, self)
        self._read_state = ReadState(services, self)
        self._watching: Watching | None = None
        self._status: Status = ONLINE
        self._inflight = 0
        self._ended = False
        self._commands = TokenBucket(COMMANDS)
        self._subscribes = TokenBucket(SUBSCRIBES)
        self._signals = TokenBucket(SIGNALS)
        self._statuses = TokenBucket(STATUSES)
        self._invalid = TokenBucket(INVALID_FRAMES)
        writer.on_closing = self.end

    @property
    def ready(self) -> bool:
        """Whether the hello was good."""
        return self._user is not None

    @property
    def user(self) -> str:
        """The user it speaks for, once ready."""
        assert self._user is not None
        return self._user

    # --- what the gateway calls ----------------------------------------------------------------------

    async def receive(self, message: bytes) -> None:
        """Take one whole client message. Whatever is wrong with it is told to the client, never raised."""
        if self._ended:
            return
        try:
            frame = self.writer.lane.codec.decode(message)
        except UndecodableError:
            self.close(CloseCode.BAD_FRAME)
        except InvalidFrameError as error:
            self._refuse_invalid(error.refused)
        else:
            await (self._take(frame) if self.ready else self._take_first(frame))

    def ask_silence(self, silent_s: Callable[[], float]) -> None:
        """Ask this how long nothing came from the client, seconds."""
        self._silence = silent_s

    def close(self, code: CloseCode, *, retry_after_s: float | None = None) -> None:
        """Say goodbye and close the connection."""
        self.writer.close(code, CLOSE_SENTENCES[code], goodbye=self.writer.lane.goodbye(code, retry_after_s))

    def end(self) -> None:
        """The connection is gone or closing: every subscription ends. Idempotent."""
        if self._ended:
            return
        self._ended = True
        self.writer.on_closing = None
        self._subscriptions.end_all()
        self._read_state.end()
        self._authority.end()
        if self._watching is not None:
            self._watching.end()
        if self._user is not None:
            self._services.registry.remove(self._user, self)
        if self._user is not None and self.id is not None:
            self._services.local_presence.leave(self._user, self._status)
            _log.debug("a session ended", extra={"session": self.id})

    def silent_s(self) -> float:
        """How long nothing came from the client, answers to pings included."""
        return self._silence()

    def replaced(self) -> None:
        """Another session of the user takes its place: its client seems to be gone."""
        self.close(CloseCode.IDLE)

    # --- what the relay calls ------------------------------------------------------------------------

    def unsubscribed(self, stream: str, code: Code) -> None:
        """A subscription was ended: tell the client."""
        self._subscriptions.forget(stream)
        self._tell(Unsubscribed(stream=stream, code=code, message=CODES[code].sentence))

    # --- what its authority calls --------------------------------------------------------------------

    def revoked(self) -> None:
        """The login has ended."""
        self.close(CloseCode.REVOKED)

    def signalled(self, frame: Signalled) -> None:
        """A signal in the user's inbox: also for who doesn't subscribe to it."""
        self._read_state.signalled(frame)
        if not self._subscriptions.live(frame.stream):
            self.writer.write_droppable(self.writer.lane.frame(frame))

    # --- frames --------------------------------------------------------------------------------------

    async def _take_first(self, frame: ClientFrame) -> None:
        if not isinstance(frame, Hello):
            self.close(CloseCode.HELLO_EXPECTED)
        elif frame.protocol != limits.PROTOCOL_VERSION:
            self.close(CloseCode.UNSUPPORTED_PROTOCOL)
        else:
            await self._hello(frame)

    async def _take(self, frame: ClientFrame) -> None:
        match frame:
            case Command():
                self._command(frame)
            case Signal():
                self._signal(frame)
            case Subscribe():
                await self._subscribe(frame)
            case Unsubscribe():
                self._unsubscribe(frame)
            case RefreshToken():
                await self._refresh_token(frame)
            case Ping():
                self._ping(frame)
            case MarkRead():
                self._read_state.mark(frame)
            case WatchHeads():
                self._tell(self._read_state.watch(frame))
            case SetStatus():
                self._set_status(frame)
            case WatchPresence():
                await self._watch_presence(frame)
            case _:
                self._refuse_invalid(refused(Code.INVALID, message="A hello was already sent.", field="t"))

    async def _hello(self, hello: Hello) -> None:
        services = self._services
        now = services.clock.now()
        try:
            login = services.tokens.verify(hello.token, now)
        except InvalidTokenError as error:
            self.close(CloseCode.TOKEN_EXPIRED if error.expired else CloseCode.UNAUTHENTICATED)
            return
        if not services.registry.admit(login.user, self):
            self.close(CloseCode.TOO_MANY_SESSIONS, retry_after_s=limits.CLOSE_TIMEOUT_S)
            return
        self._user = login.user
        self.token_expires_at = login.expires_at
        try:
            live = await self._authority.begin(login, services.logins)
        except LogUnavailableError:
            # Without the database it could listen to nothing anyway; an ended login must not get in meanwhile.
            self.close(CloseCode.INTERNAL, retry_after_s=UNAVAILABLE_RETRY_S)
            return
        if not live:
            self.close(CloseCode.REVOKED)
        if self._ended:
            return
        self.id = services.randomness.token(16).hex()
        self._status = hello.status
        services.local_presence.enter(login.user, hello.status)
        _log.debug("a session began", extra={"session": self.id})
        self._tell(
            Welcome(
                session=self.id,
                user=login.user,
                node=services.node,
                at=now,
                token_expires_at=login.expires_at,
            )
        )
        if hello.positions and not self._ended:
            await self._subscriptions.begin([(position.stream, position) for position in hello.positions])

    async def _refresh_token(self, frame: RefreshToken) -> None:
        if wait_s := self._wait_for(self._commands):
            self._refuse(frame, Code.RATE_LIMITED, retry_after_s=wait_s)
            return
        try:
            login = self._services.tokens.verify(frame.token, self._services.clock.now())
        except InvalidTokenError as error:
            code = Code.TOKEN_EXPIRED if error.expired else Code.UNAUTHENTICATED
            self._refuse(frame, code, field="token")
            return
        if login.user != self.user:
            self._refuse(frame, Code.FORBIDDEN, field="token")
            return
        before = self._authority.login
        try:
            if not await self._authority.move(login, self._services.logins):
                self._refuse(frame, Code.UNAUTHENTICATED, field="token")
                return
        except LogUnavailableError:
            self._refuse(frame, Code.UNAVAILABLE, retry_after_s=UNAVAILABLE_RETRY_S)
            return
        assert self.token_expires_at is not None
        same = login.login == before
        self.token_expires_at = max(self.token_expires_at, login.expires_at) if same else login.expires_at
        self._tell(Accepted(client_id=frame.client_id))

    def _ping(self, frame: Ping) -> None:
        if wait_s := self._wait_for(self._commands):
            self._refuse(frame, Code.RATE_LIMITED, retry_after_s=wait_s)
        else:
            self._tell(Accepted(client_id=frame.client_id))

    async def _subscribe(self, frame: Subscribe) -> None:
        if wait_s := self._wait_for(self._subscribes):
            self._refuse(frame, Code.RATE_LIMITED, retry_after_s=wait_s)
        elif frame.since is not None and frame.since.stream != frame.stream:
            self._refuse(frame, Code.INVALID, field="since.stream")
        else:
            await self._subscriptions.begin([(frame.stream, frame.since)], frame.client_id)

    def _unsubscribe(self, frame: Unsubscribe) -> None:
        if self._subscriptions.end(frame.stream):
            self._tell(Accepted(client_id=frame.client_id, stream=frame.stream))
        else:
            self._refuse(frame, Code.NOT_FOUND)

    def _signal(self, signal: Signal) -> None:
        if self._subscriptions.live(signal.stream) and not self._wait_for(self._signals):
            self._services.streams.signal(signal, by=self.user)

    # --- presence ------------------------------------------------------------------------------------

    def _set_status(self, frame: SetStatus) -> None:
        if frame.status == self._status:
            return
        if self._wait_for(self._statuses):
            self.close(CloseCode.FLOODING)
        else:
            before, self._status = self._status, frame.status
            self._services.local_presence.change(self.user, before, frame.status)

    async def _watch_presence(self, frame: WatchPresence) -> None:
        if wait_s := self._wait_for(self._subscribes):
            self._refuse(frame, Code.RATE_LIMITED, retry_after_s=wait_s)
            return
        services = self._services
        try:
            visible = await services.visibility.visible(self.user, frame.users)
        except LogUnavailableError:
            self._refuse(frame, Code.UNAVAILABLE, retry_after_s=UNAVAILABLE_RETRY_S)
            return
        if self._ended:
            return
        self._tell(Accepted(client_id=frame.client_id))
        if self._watching is None:
            self._watching = Watching(
                services.relay, services.presence, services.visibility, self.writer, self.user
            )
        self._watching.watch(frame.users, visible)

    # --- commands ------------------------------------------------------------------------------------

    def _command(self, command: Command) -> None:
        if self._inflight >= limits.INFLIGHT_COMMANDS_MAX:
            self._tell(refused_early(command, Code.OVERLOADED, INFLIGHT_RETRY_S))
        elif wait_s := self._wait_for(self._commands):
            self._tell(refused_early(command, Code.RATE_LIMITED, wait_s))
        else:
            self._inflight += 1
            self._services.streams.send(command, by=self.user, reply=self._replied)

    def _replied(self, reply: Reply) -> None:
        """A stream's reply; it may come after the end."""
        self._inflight -= 1
        if isinstance(reply, Refused) and reply.code == Code.INTERNAL:
            about = {"session": self.id, "client_id": reply.client_id, "stream": reply.stream}
            _log.error("a command failed", extra=about)
        if not self._ended:
            self._tell(transcoded(reply, self.writer.lane.codec))

    # --- telling -------------------------------------------------------------------------------------

    def _tell(self, frame: ServerFrame) -> None:
        self.writer.write(self.writer.lane.frame(frame))

    def _refuse_invalid(self, answer: Refused) -> None:
        """Answer what should never have been sent; who goes on so is closed."""
        self._tell(answer)
        if not self.ready:
            self.close(CloseCode.HELLO_EXPECTED)
        elif self._wait_for(self._invalid):
            self.close(CloseCode.FLOODING)

    def _refuse(
        self,
        frame: RefreshToken | Ping | Subscribe | Unsubscribe | WatchPresence,
        code: Code,
        *,
        field: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        stream = frame.stream if isinstance(frame, Subscribe | Unsubscribe) else None
        self._tell(
            refused(code, client_id=frame.client_id, stream=stream, field=field, retry_after_s=retry_after_s)
        )

    def _wait_for(self, bucket: TokenBucket) -> float:
        return bucket.take(self._services.clock.monotonic())
