"""Drives the state machine over connections: makes them, reads and writes them, watches the time.

Tasks: one makes connections and reads them, one writes, one watches the time. The state machine decides everything;
``apply`` carries out what concerns the connection, hands on the rest, and never blocks.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable

import trio

from gatherup.client import actions
from gatherup.client.actions import Action
from gatherup.client.conversation import Conversation
from gatherup.client.errors import ConnectionLostError, TokenDeniedError, TokenUnavailableError
from gatherup.client.items import ItemDecoder
from gatherup.client.policy import Policy
from gatherup.client.ports import Clock, Connection, Connector, Randomness, new_client_id
from gatherup.client.state import ClientState
from gatherup.client.wire import read_frame
from protocol.garbled import UNREADABLE
from protocol.kind import WireKind

TokenProvider = Callable[[], Awaitable[str]]
"""Gives an access token that is good now.

Raises TokenUnavailableError to be asked again later, TokenDeniedError when the client may as well close.
"""


class Engine:
    """One state machine and its connections, one after the other.

    ``tell`` gets every action that isn't about the connection, with the value that the last frame carried.
    """

    def __init__(
        self,
        *,
        connector: Connector,
        token: str | TokenProvider,
        kinds: Iterable[WireKind],
        policy: Policy,
        clock: Clock,
        randomness: Randomness,
        tell: Callable[[Action, object], None],
    ) -> None:
        self.state = ClientState(
            policy=policy,
            renewable=not isinstance(token, str),
            uniform=randomness.uniform,
            new_client_id=self.new_id,
        )
        self.decoder = ItemDecoder(kinds)
        self._connector = connector
        self._token = token
        self._policy = policy
        self._clock = clock
        self._randomness = randomness
        self._tell = tell
        self._value: object = None
        """What the frame that came last carries; no other frame is ever delivered."""
        self._finished = False
        self._connect_at: float | None = None
        self._life = trio.CancelScope()
        self._conversation: Conversation | None = None
        self._nap = trio.CancelScope()
        self._wake_at = -math.inf

    def new_id(self) -> str:
        """A fresh ``client_id`` for a command."""
        return new_client_id(self._randomness)

    def now(self) -> float:
        """The time that the state machine knows."""
        return self._clock.monotonic()

    def apply(self, todo: list[Action]) -> None:
        """Carry these out, in order."""
        for action in todo:
            self._carry_out(action)
        if self.state.deadline() < self._wake_at:
            self._nap.cancel()

    async def run(self) -> None:
        """Keep connected until closed."""
        self.apply(self.state.start())
        with self._life:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch_time)
                await self._keep_connected()
                nursery.cancel_scope.cancel()

    async def _watch_time(self) -> None:
        while True:
            self._wake_at = self.state.deadline()
            with trio.CancelScope() as self._nap:
                await self._clock.sleep_until(self._wake_at)
            self.apply(self.state.elapsed(self.now()))

    async def _keep_connected(self) -> None:
        while self._connect_at is not None:
            await self._clock.sleep_until(self._connect_at)
            try:
                await self._connect_once()
            except TokenDeniedError as denied:
                self.apply(self.state.denied(str(denied)))
                return
            except (ConnectionLostError, TokenUnavailableError) as lost:
                code = lost.code if isinstance(lost, ConnectionLostError) else None
                self.apply(self.state.disconnected(code, self.now()))

    async def _connect_once(self) -> None:
        """One connection from the token to the close, or until the state machine drops it.

        Raises ConnectionLostError, or as the token provider.
        """
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
        """Talk until the connection is lost: why, or None if the state machine dropped it."""
        async with trio.open_nursery() as nursery:
            self._conversation = conversation = Conversation(link, nursery)
            try:
                nursery.start_soon(conversation.write)
                self.apply(self.state.connected(token, self.now()))
                while True:
                    self._take(await link.receive())
            except ConnectionLostError as error:
                return None if nursery.cancel_scope.cancel_called else error
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
            self.apply(self.state.denied(str(denied)))
            return
        except TokenUnavailableError:
            token = None
        self.apply(self.state.refreshed(token, self.now()))

    async def _ping(self, link: Connection) -> None:
        try:
            await link.ping()
        except ConnectionLostError:
            return  # the reader hears of it too, and acts
        self.state.heard(self.now())

    def _take(self, data: bytes) -> None:
        try:
            frame = read_frame(data)
            self._value = None if frame is None else self.decoder.value(frame)
        except UNREADABLE as error:
            self.apply(self.state.violated(f"unreadable: {error}", self.now()))
            return
        if frame is not None:
            self.apply(self.state.received(frame, self.now()))

    def _carry_out(self, action: Action) -> None:
        match action:
            case actions.Send() | actions.Ping() | actions.FetchToken() | actions.Disconnect():
                if self._conversation is not None:
                    self._on_connection(self._conversation, action)
            case actions.Connect(after_s):
                self._connect_at = None if self._finished else self.now() + after_s
            case actions.Finished():
                self._finished, self._connect_at = True, None
                self._tell(action, None)
                if self._conversation is None:
                    self._life.cancel()  # else the conversation ends politely, and with it the loop
            case _:
                self._tell(action, self._value)

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
