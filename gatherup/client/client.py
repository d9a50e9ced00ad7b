"""The client itself: the API of the SDK. What happens on its connection stands in ``engine``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import trio
from typing_extensions import Unpack

from gatherup.client import actions
from gatherup.client.actions import Action
from gatherup.client.engine import Engine, TokenProvider
from gatherup.client.errors import ClientError
from gatherup.client.feed import HeadsFeed, PresenceFeed
from gatherup.client.gathering import Gathering, GatheringSettings
from gatherup.client.items import Closed, Gone, Offline, Online, Status
from gatherup.client.outcome import Outcome
from gatherup.client.policy import Policy
from gatherup.client.ports import Clock, Connector, Randomness
from gatherup.client.room import Room
from gatherup.client.series import Series, SeriesSettings
from gatherup.client.streams import Stream
from gatherup.client.tournament import Tournament, TournamentSettings
from protocol import presence
from protocol.frames import Accepted, Command, CreateCommand, Position, Signal
from protocol.gathering.commands import CreateGathering
from protocol.inbox import inbox_of
from protocol.kind import WireKind
from protocol.room.commands import CreateRoom, OpenDirect
from protocol.series.commands import CreateSeries
from protocol.tournament.commands import CreateTournament


class Client:
    """One user's connection to GatherUp. Made by ``connect``."""

    def __init__(
        self,
        *,
        connector: Connector,
        token: str | TokenProvider,
        kinds: Iterable[WireKind],
        policy: Policy,
        on_status: Callable[[Status], None] | None,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self.user: str | None = None
        """Who we are, once a session was open."""
        self._on_status = on_status
        self._engine = Engine(
            connector=connector,
            token=token,
            kinds=kinds,
            policy=policy,
            clock=clock,
            randomness=randomness,
            tell=self._carry_out,
        )
        self._state = self._engine.state
        self._slots = trio.Semaphore(policy.pending_commands_max)
        self._waiting: dict[str, Outcome] = {}
        self._streams: dict[str, Stream] = {}
        self._heads: HeadsFeed | None = None
        self._people: PresenceFeed | None = None
        self._first_session = trio.Event()
        self._failure: ClientError | None = None

    # --- the API -------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A fresh ``client_id`` for a command."""
        return self._engine.new_id()

    @property
    def violations(self) -> int:
        """How often the server broke a promise and the client reconnected for it. 0 with a sound server."""
        return self._state.violations

    async def subscribe(self, stream: str, *, since: Position | None = None) -> Stream:
        """Follow a stream from ``since``, or from a snapshot. Returns once the server agreed.

        Raises RefusedError (no such stream, no right to listen), ClosedError, ValueError if it is followed already.
        """
        followed = Stream(stream, since, consumed=self._consumed, left=self._left)
        todo = self._state.follow(stream, since, self._engine.now())
        self._streams[stream] = followed
        self._engine.apply(todo)
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
            outcome = Outcome()
            todo = self._state.command(command, self._engine.now())
            self._waiting[command.client_id] = outcome
            try:
                self._engine.apply(todo)
                return await outcome.wait()
            finally:
                if self._waiting.pop(command.client_id, None) is not None:
                    self._engine.apply(self._state.abandon(command.client_id, self._engine.now()))

    def room(self, room: str) -> Room:
        """A room by its id, to do things in. Nothing is sent."""
        return Room(self, room)

    async def create_room(
        self,
        name: str,
        *,
        access: Literal["public", "private", "group"] = "public",
        history: bool = True,
    ) -> Room:
        """Make a room and be its owner. Raises as ``send``."""
        made = CreateRoom(client_id=self.new_id(), name=name, access=access, history=history)
        return Room(self, await self._made(made))

    async def open_direct(self, user: str) -> Room:
        """The direct room of oneself and this user, made if there is none. Raises as ``send``."""
        return Room(self, await self._made(OpenDirect(client_id=self.new_id(), user=user)))

    def tournament(self, tournament: str) -> Tournament:
        """A tournament by its id, to do things in. Nothing is sent."""
        return Tournament(self, tournament)

    async def create_tournament(self, name: str, **settings: Unpack[TournamentSettings]) -> Tournament:
        """Make a tournament as a draft and be its owner. Raises as ``send``."""
        made = CreateTournament(client_id=self.new_id(), name=name, **settings)
        return Tournament(self, await self._made(made))

    def gathering(self, gathering: str) -> Gathering:
        """A gathering by its id, to do things in. Nothing is sent."""
        return Gathering(self, gathering)

    async def create_gathering(self, name: str, **settings: Unpack[GatheringSettings]) -> Gathering:
        """Make a gathering as a draft and be its owner. Raises as ``send``."""
        made = CreateGathering(client_id=self.new_id(), name=name, **settings)
        return Gathering(self, await self._made(made))

    def series(self, series: str) -> Series:
        """A series of tournaments by its id, to do things in. Nothing is sent."""
        return Series(self, series)

    async def create_series(self, name: str, **settings: Unpack[SeriesSettings]) -> Series:
        """Make a series of tournaments and be its owner. Raises as ``send``."""
        made = CreateSeries(client_id=self.new_id(), name=name, **settings)
        return Series(self, await self._made(made))

    async def subscribe_inbox(self, *, since: Position | None = None) -> Stream:
        """Follow one's own inbox, see ``subscribe``. Its snapshot is an ``InboxView``."""
        assert self.user is not None  # ``connect`` gives a client away once it knows
        return await self.subscribe(inbox_of(self.user), since=since)

    async def watch_heads(self, rooms: Sequence[str]) -> HeadsFeed:
        """Be told how much is new in these rooms, 1 … HEADS_ROOMS_MAX. Returns once the server agreed.

        Raises RefusedError, ClosedError, ValueError if heads are watched already: ``HeadsFeed.watch`` changes which.
        """
        if self._heads is not None:
            raise ValueError("heads are watched already")
        self._heads = feed = HeadsFeed(self._watch_heads)
        await feed.begin(rooms)
        return feed

    async def watch_presence(self, users: Sequence[str]) -> PresenceFeed:
        """Be told who of these people is there, 1 … WATCHED_PEOPLE_MAX. Returns once the server agreed.

        Raises RefusedError, ClosedError, ValueError if presence is watched already: its ``watch`` changes whose.
        """
        if self._people is not None:
            raise ValueError("presence is watched already")
        self._people = feed = PresenceFeed(self._watch_people)
        await feed.begin(users)
        return feed

    def set_status(self, status: presence.Status) -> None:
        """How the user wants to be seen while this client is connected: online, away, busy or invisible."""
        self._engine.apply(self._state.set_status(status, self._engine.now()))

    def mark_read(self, room: str, number: int) -> None:
        """The user has read this room up to this message number. Told with the next session if there is none now.

        Nobody tells whether it arrived. Of several for one room the highest is told, as fast as the session allows.
        """
        self._engine.apply(self._state.mark_read(room, number, self._engine.now()))

    def signal(self, signal: Signal) -> None:
        """Send an ephemeral signal if there is a session; nobody tells whether it arrived."""
        self._engine.apply(self._state.signal(signal))

    def close(self) -> None:
        """Close for good. Pending commands and streams end at once; the socket's closing handshake follows."""
        self._engine.apply(self._state.close())

    async def wait_online(self) -> None:
        """Return when the first session is, or was, open. Raises ClosedError if there can't be one."""
        await self._first_session.wait()
        if self.user is None and self._failure is not None:
            raise self._failure

    async def run(self) -> None:
        """Keep connected until closed. ``connect`` runs this."""
        await self._engine.run()

    # --- carrying out ----------------------------------------------------------------------------------------

    def _carry_out(self, action: Action, value: object) -> None:
        match action:
            case actions.Deliver(stream, frame, position):
                self._streams[stream].push(self._engine.decoder.item(frame, position, value))
            case actions.Opened(stream):
                self._streams[stream].opened()
            case actions.End(stream, error):
                self._streams.pop(stream).ended(error)
            case actions.WatchedHeads() | actions.DeliverHeads() | actions.EndHeads():
                self._on_heads(action)
            case actions.WatchedPresence() | actions.DeliverPresence() | actions.EndPresence():
                self._on_presence(action)
            case actions.Settle(client_id, outcome):
                self._waiting.pop(client_id).settle(outcome)
            case actions.WentOnline() | actions.WentOffline() | actions.Finished():
                self._on_status_change(action)
            case _:
                raise AssertionError(action)  # the engine's own

    def _on_heads(self, action: actions.WatchedHeads | actions.DeliverHeads | actions.EndHeads) -> None:
        if (feed := self._heads) is None:
            return
        match action:
            case actions.WatchedHeads():
                feed.answered()
            case actions.DeliverHeads(frame):
                feed.push({room: Gone(room=room) for room in frame.gone})
                feed.push({head.room: head for head in frame.rooms})
            case actions.EndHeads(error):
                self._heads = None
                feed.ended(error)

    def _on_presence(
        self, action: actions.WatchedPresence | actions.DeliverPresence | actions.EndPresence
    ) -> None:
        if (feed := self._people) is None:
            return
        match action:
            case actions.WatchedPresence():
                feed.answered()
            case actions.DeliverPresence(people):
                feed.push({person.user: person for person in people})
            case actions.EndPresence(error):
                self._people = None
                feed.ended(error)

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
                self._first_session.set()
                self._tell(Closed(code=error.code, message=error.message))

    def _tell(self, status: Status) -> None:
        if self._on_status is not None:
            self._on_status(status)

    def _consumed(self, stream: Stream) -> None:
        if self._streams.get(stream.id) is stream:
            self._engine.apply(self._state.consumed(stream.id, self._engine.now()))

    def _left(self, stream: Stream) -> None:
        if self._streams.get(stream.id) is stream:
            del self._streams[stream.id]
            self._engine.apply(self._state.unfollow(stream.id, self._engine.now()))

    def _watch_heads(self, rooms: tuple[str, ...]) -> None:
        if not rooms:
            self._heads = None
        self._engine.apply(self._state.watch_heads(rooms, self._engine.now()))

    def _watch_people(self, users: tuple[str, ...]) -> None:
        if not users:
            self._people = None
        self._engine.apply(self._state.watch_presence(users, self._engine.now()))

    async def _made(self, command: CreateCommand) -> str:
        stream = (await self.send(command)).stream
        assert stream is not None  # a creating command's answer names it
        return stream
