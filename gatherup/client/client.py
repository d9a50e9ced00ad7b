"""The client itself: drives the state machine over a connection, and gives it an API.

Tasks: one makes connections and reads them, one writes, one watches the time. The state machine decides everything;
``_apply`` carries its decisions out and never blocks.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping

import trio

from gatherup.client import actions
from gatherup.client.actions import Action
from gatherup.client.conversation import Conversation
from gatherup.client.errors import ClientError, ConnectionLostError, TokenDeniedError, TokenUnavailableError
from gatherup.client.items import Closed, ItemDecoder, KindTypes, Offline, Online, Status
from gatherup.client.policy import Policy
from gatherup.client.ports import (
    Clock,
    Connection,
    Connector,
    Randomness,
    new_client_id,
)
from gatherup.client.state import ClientState
from gatherup.client.streams import Stream
from gatherup.client.wire import UNREADABLE, read_frame
from protocol.frames import Accepted, Command, Position, Signal

TokenProvider = Callable[[], Awaitable[str]]
"""Gives an access token that is good now.

Raises TokenUnavailableError to be asked again later, TokenDeniedError when the client may as well close.
"""


class Client:
    """One user's connection to GatherUp. Made by ``connect``."""

    def __init__(
        self,
        *,
        connector: Connector,
        token: str | TokenProvider,
        kinds: Mapping[str, KindTypes],
        policy: Policy,
        on_status: Callable[[Status], None] | None,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self.user: str | None = None
        """Who we are, once a session was open."""
        self._connector = connector
        self._token = token
        self._policy = policy
        self._on_status = on_status
        self._clock = clock
        self._randomness = randomness
        self._decoder = ItemDecoder(kinds)
        self._value: object = None
        """What the frame that came last carries; no other frame is ever delivered."""
        self._state = ClientState(
            policy=policy,
            renewable=not isinstance(token, str),
            uniform=randomness.uniform,
            new_client_id=self.new_id,
        )
        self._slots = trio.Semaphore(policy.pending_commands_max)
        self._waiting: dict[str, _Outcome] = {}
        self._streams: dict[str, Stream] = {}
        self._first_session = trio.Event()
        self._failure: ClientError | None = None
        self._connect_at: float | None = None
        self._life = trio.CancelScope()
        self._conversation: Conversation | None = None
        self._nap = trio.CancelScope()
        self._wake_at = -math.inf

    # --- the API -------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A fresh ``client_id`` for a command."""
        return new_client_id(self._randomness)

    @property
    def violations(self) -> int:
        """How often the server broke a promise and the client reconnected for it. 0 with a sound server."""
        return self._state.violations

    async def subscribe(self, stream: str, *, since: Position | None = None) -> Stream:
        """Follow a stream from ``since``, or from a snapshot. Returns once the server agreed.

        Raises RefusedError (no such stream, no right to listen), ClosedError, ValueError if it is followed already.
        """
        followed = Stream(stream, since, consumed=self._consumed, left=self._left)
        todo = self._state.follow(stream, since, self._now())
        self._streams[stream] = followed
        self._apply(todo)
        try:
            await followed.wait_opened()
        except BaseException:
            followed.close()
            raise
        return followed

    async def send(self, command: Command) -> Accepted:
        """Send a durable command and wait for its outcome; it is resent over every reconnect until there is one.

        Raises RefusedError (nothing happened), UnknownOutcomeError (it was resent for ``resend_for_s`` in vain, or
        the client was closed on it), ClosedError (never sent). Cancelling it stops the resending; the command may or
        may not take effect. Commands go out in the order of their ``send`` calls.
        """
        async with self._slots:
            outcome = _Outcome()
            todo = self._state.command(command, self._now())
            self._waiting[command.client_id] = outcome
            try:
                self._apply(todo)
                return await outcome.wait()
            finally:
                if self._waiting.pop(command.client_id, None) is not None:
                    self._apply(self._state.abandon(command.client_id, self._now()))

    def signal(self, signal: Signal) -> None:
        """Send an ephemeral signal if there is a session; nobody tells whether it arrived."""
        self._apply(self._state.signal(signal))

    def close(self) -> None:
        """Close for good. Pending commands and streams end at once; the socket's closing handshake follows."""
        self._apply(self._state.close())

    async def wait_online(self) -> None:
        """Return when the first session is, or was, open. Raises ClosedError if there can't be one."""
        await self._first_session.wait()
        if self.user is None and self._failure is not None:
            raise self._failure

    # --- tasks ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep connected until closed. ``connect`` runs this."""
        self._apply(self._state.start())
        with self._life:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch_time)
                await self._keep_connected()
                nursery.cancel_scope.cancel()

    async def _watch_time(self) -> None:
        while True:
            self._wake_at = self._state.deadline()
            with trio.CancelScope() as self._nap:
                await self._clock.sleep_until(self._wake_at)
            self._apply(self._state.elapsed(self._now()))

    async def _keep_connected(self) -> None:
        while self._connect_at is not None:
            await self._clock.sleep_until(self._connect_at)
            code: int | None = None
            try:
                await self._connect_once()
            except TokenDeniedError as denied:
                self._apply(self._state.denied(str(denied)))
                return
            except (ConnectionLostError, TokenUnavailableError) as lost:
                code = lost.code if isinstance(lost, ConnectionLostError) else None
            # Without effect if the state machine itself ended the connection.
            self._apply(self._state.disconnected(code, self._now()))

    async def _connect_once(self) -> None:
        """One connection from the token to the close. Raises ConnectionLostError, or as the token provider."""
        lost: ConnectionLostError | TokenDeniedError | TokenUnavailableError | None = None
        async with trio.open_nursery() as nursery:  # holds the connection's own tasks
            try:
                token = await self._fetch_token()
                with self._clock.deadline(self._policy.connect_timeout_s) as connecting:
                    link = await self._connector.connect(nursery)
                if connecting.cancelled_caught:
                    raise ConnectionLostError(None, "connecting took too long")
                try:
                    lost = await self._converse(link, token)
                finally:
                    with self._clock.deadline(self._policy.close_timeout_s):
                        await link.close()
            except (ConnectionLostError, TokenDeniedError, TokenUnavailableError) as error:
                lost = error
            finally:
                nursery.cancel_scope.cancel()
        if lost is not None:
            raise lost

    async def _converse(self, link: Connection, token: str) -> ConnectionLostError | None:
        """Talk until the connection is lost, or the state machine drops it."""
        async with trio.open_nursery() as nursery:
            self._conversation = conversation = Conversation(link, nursery)
            try:
                nursery.start_soon(conversation.write)
                self._apply(self._state.connected(token, self._now()))
                while True:
                    self._take(await link.receive())
            except ConnectionLostError as error:
                return error
            finally:
                self._conversation = None
                nursery.cancel_scope.cancel()
        return None

    async def _fetch_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        with self._clock.deadline(self._policy.connect_timeout_s):
            return await self._token()
        raise TokenUnavailableError("the provider took too long")

    async def _refresh_token(self) -> None:
        try:
            token = await self._fetch_token()
        except TokenDeniedError as denied:
            self._apply(self._state.denied(str(denied)))
            return
        except TokenUnavailableError:
            token = None
        self._apply(self._state.refreshed(token, self._now()))

    async def _ping(self, link: Connection) -> None:
        try:
            await link.ping()
        except ConnectionLostError:
            return  # the reader hears of it too, and acts
        self._state.heard(self._now())

    # --- carrying out ----------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.monotonic()

    def _take(self, data: bytes) -> None:
        try:
            frame = read_frame(data)
            self._value = None if frame is None else self._decoder.value(frame)
        except UNREADABLE as error:
            self._apply(self._state.violated(f"unreadable: {error}", self._now()))
            return
        if frame is not None:
            self._apply(self._state.received(frame, self._now()))

    def _apply(self, todo: list[Action]) -> None:
        for action in todo:
            self._carry_out(action)
        if self._state.deadline() < self._wake_at:
            self._nap.cancel()

    def _carry_out(self, action: Action) -> None:
        match action:
            case actions.Send() | actions.Ping() | actions.FetchToken() | actions.Disconnect():
                if self._conversation is not None:
                    self._on_connection(self._conversation, action)
            case actions.Deliver(stream, frame, position):
                self._streams[stream].push(self._decoder.item(frame, position, self._value))
            case actions.Opened(stream):
                self._streams[stream].opened()
            case actions.End(stream, error):
                self._streams.pop(stream).ended(error)
            case actions.Settle(client_id, outcome):
                self._waiting.pop(client_id).settle(outcome)
            case actions.Connect(after_s):
                self._connect_at = None if self._failure is not None else self._now() + after_s
            case actions.WentOnline() | actions.WentOffline() | actions.Finished():
                self._on_status_change(action)

    def _on_connection(
        self,
        conversation: Conversation,
        action: actions.Send | actions.Ping | actions.FetchToken | actions.Disconnect,
    ) -> None:
        match action:
            case actions.Send(frame):
                conversation.send(frame)
            case actions.Ping():
                conversation.nursery.start_soon(self._ping, conversation.link)
            case actions.FetchToken():
                conversation.nursery.start_soon(self._refresh_token)
            case actions.Disconnect():
                conversation.nursery.cancel_scope.cancel()

    def _on_status_change(self, action: actions.WentOnline | actions.WentOffline | actions.Finished) -> None:
        match action:
            case actions.WentOnline(welcome):
                self.user = welcome.user
                self._first_session.set()
                self._tell(Online(user=welcome.user, node=welcome.node, session=welcome.session))
            case actions.WentOffline(code, message, retry_after_s):
                self._tell(Offline(code=code, message=message, retry_after_s=retry_after_s))
            case actions.Finished(error):
                self._failure = error
                self._connect_at = None
                self._first_session.set()
                if self._conversation is None:
                    self._life.cancel()  # else the conversation ends politely, and with it the loop
                self._tell(Closed(code=error.code, message=error.message))

    def _tell(self, status: Status) -> None:
        if self._on_status is not None:
            self._on_status(status)

    def _consumed(self, stream: Stream) -> None:
        if self._streams.get(stream.id) is stream:
            self._apply(self._state.consumed(stream.id, self._now()))

    def _left(self, stream: Stream) -> None:
        if self._streams.get(stream.id) is stream:
            del self._streams[stream.id]
            self._apply(self._state.unfollow(stream.id, self._now()))


class _Outcome:
    """The one outcome of a command."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._value: Accepted | ClientError | None = None

    def settle(self, value: Accepted | ClientError) -> None:
        self._value = value
        self._event.set()

    async def wait(self) -> Accepted:
        await self._event.wait()
        assert self._value is not None
        if isinstance(self._value, ClientError):
            raise self._value
        return self._value
