"""The client as a pure state machine: connect, resume, resend, wait, come back. No I/O, no clock, no chance.

Whoever drives it tells what happened (``connected``, ``received``, ``disconnected``, ``elapsed`` …) together with the
time, and carries out the returned actions in order. ``deadline`` says when ``elapsed`` is due at the latest. Times
are seconds of one monotonic clock. ``gatherup.client.client`` drives it over a socket; a simulation can drive it
over anything else.

    waiting ──connected──► greeting ──welcome──► ready ──goodbye──► parting
       ▲                      │                    │                  │
       └──────────────── disconnected, silence, violation ◄───────────┘        finished: for good
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

from gatherup.client.actions import (
    Action,
    Connect,
    Disconnect,
    Finished,
    Ping,
    Send,
    WentOffline,
    WentOnline,
)
from gatherup.client.commands import Commands
from gatherup.client.errors import ClosedError
from gatherup.client.heads import WatchedRooms
from gatherup.client.marks import Marks
from gatherup.client.policy import Policy
from gatherup.client.presence import OwnStatus, WatchedPeople
from gatherup.client.renewal import Renewal
from gatherup.client.subscriptions import Subscriptions, ViolationError
from protocol import limits
from protocol.codes import CLOSE_SENTENCES, CloseCode, may_come_back
from protocol.frames import (
    Accepted,
    Command,
    Event,
    Goodbye,
    Heads,
    Hello,
    Position,
    Refused,
    ServerFrame,
    Signal,
    Signalled,
    Status,
    Subscribed,
    Unknown,
    Unsubscribed,
    Welcome,
)
from protocol.ids import kind_of
from protocol.presence import KIND as PERSON


class Phase(Enum):
    """Where the connection stands."""

    WAITING = auto()
    """No connection; the driver waits, or is making one."""
    GREETING = auto()
    """Hello is sent, welcome isn't here."""
    READY = auto()
    PARTING = auto()
    """Goodbye was said; the server is about to close, and takes nothing more."""
    FINISHED = auto()


class ClientState:
    """One client's state over all its connections.

    ``uniform`` and ``new_client_id`` are its only sources of chance. ``renewable`` tells whether the token comes from
    a provider: if not, an expired one ends the client.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        renewable: bool,
        uniform: Callable[[float, float], float],
        new_client_id: Callable[[], str],
    ) -> None:
        self.phase = Phase.WAITING
        self.violations = 0
        """How often the server broke the order of a stream, or sent what can't be read."""
        self._policy = policy
        self._renewable = renewable
        self._uniform = uniform
        self._commands = Commands(policy)
        self._subscriptions = Subscriptions(policy, new_client_id)
        self._watched = WatchedRooms(policy, new_client_id)
        self._people = WatchedPeople(policy, new_client_id)
        self._marks = Marks()
        self._status = OwnStatus()
        self._renewal = Renewal(policy, renewable, new_client_id)
        self._attempts = 0
        self._since = 0.0  # when the present phase began
        self._ready_at = math.inf  # when this session began; infinity without one
        self._heard_at = 0.0
        self._pinged = False
        self._goodbye: Goodbye | None = None
        self._welcome: Welcome | None = None

    # --- the user ------------------------------------------------------------------------------------------

    def start(self) -> list[Action]:
        """The first thing to do; nothing if it was closed before."""
        return [] if self.phase is Phase.FINISHED else [Connect(0.0)]

    def command(self, command: Command, now: float) -> list[Action]:
        """Send a command as soon as its turn comes; exactly one Settle follows, now or later.

        Raises ClosedError when finished, ValueError when its client_id is pending already.
        """
        self._check_open()
        self._commands.add(command, now)
        return self._flush(now)

    def abandon(self, client_id: str, now: float) -> list[Action]:
        """Nobody waits for this command any more: no Settle, no resend."""
        self._commands.abandon(client_id)
        return self._flush(now)

    def signal(self, signal: Signal) -> list[Action]:
        """Send an ephemeral signal, or drop it when there is no session."""
        return [Send(signal)] if self.phase is Phase.READY else []

    def follow(self, stream: str, since: Position | None, now: float) -> list[Action]:
        """Follow a stream: Opened follows, or End. Raises ClosedError, or ValueError if it is followed already."""
        self._check_open()
        return self._subscriptions.follow(stream, since, now)

    def unfollow(self, stream: str, now: float) -> list[Action]:
        """Follow it no longer."""
        return self._subscriptions.unfollow(stream, now)

    def consumed(self, stream: str, now: float) -> list[Action]:
        """The stream's reader took one Event or Subscribed that was delivered."""
        return self._subscriptions.consumed(stream, now)

    def watch_heads(self, rooms: tuple[str, ...], now: float) -> list[Action]:
        """Watch the heads of these rooms instead of those before; none ends it.

        WatchedHeads follows, or EndHeads, unless there are none. Raises ClosedError.
        """
        self._check_open()
        return self._watched.watch(rooms, now)

    def mark_read(self, room: str, number: int, now: float) -> list[Action]:
        """Tell that a room was read up to this message, as soon as there is a session."""
        self._marks.add(room, number)
        return self._told(now)

    def watch_presence(self, users: tuple[str, ...], now: float) -> list[Action]:
        """Watch the presence of these people instead of those before; none ends it.

        WatchedPresence follows, or EndPresence, unless there are none. Raises ClosedError.
        """
        self._check_open()
        return self._people.watch(users, now)

    def set_status(self, status: Status, now: float) -> list[Action]:
        """Tell this session, and those after it, how the user wants to be seen."""
        self._status.set(status)
        return self._told(now)

    def close(self) -> list[Action]:
        """Close for good. What is pending is settled, unknown if it may have taken effect."""
        return self._drop() + self._finish(CloseCode.NORMAL, CLOSE_SENTENCES[CloseCode.NORMAL])

    def denied(self, message: str) -> list[Action]:
        """There will be no token any more: close for good."""
        return self._drop() + self._finish(CloseCode.UNAUTHENTICATED, message)

    # --- the connection ------------------------------------------------------------------------------------

    def connected(self, token: str, now: float) -> list[Action]:
        """A connection is open, and this is the token to use on it."""
        if self.phase is not Phase.WAITING:
            return [Disconnect()]
        self._enter(Phase.GREETING, now)
        positions = self._subscriptions.positions()
        return [Send(Hello(token=token, positions=positions, status=self._status.greeting()))]

    def disconnected(self, code: int | None, now: float) -> list[Action]:
        """The connection is gone, or could not be made. ``code`` is the close code, if there was one."""
        if self.phase is Phase.FINISHED:
            return []
        if self._goodbye is not None:
            code = self._goodbye.code
        expired = code == CloseCode.TOKEN_EXPIRED and not self._renewable
        if code is not None and (expired or not may_come_back(code)):
            return self._finish(code, self._sentence(code))
        return self._come_back(code, self._sentence(code), now)

    def violated(self, why: str, now: float) -> list[Action]:
        """The server sent what it must not: drop the connection, come back and resume."""
        if self.phase in (Phase.WAITING, Phase.FINISHED):
            return []
        self.violations += 1
        return [Disconnect(), *self._come_back(None, why, now)]

    def heard(self, now: float) -> None:
        """Something came from the server that is no frame: a pong."""
        self._heard_at = now
        self._pinged = False

    def received(self, frame: ServerFrame, now: float) -> list[Action]:
        """A frame came from the server."""
        self.heard(now)
        if self.phase not in (Phase.GREETING, Phase.READY):
            return []
        try:
            return self._received(frame, now)
        except ViolationError as violation:
            return self.violated(str(violation), now)

    def refreshed(self, token: str | None, now: float) -> list[Action]:
        """The newer token that FetchToken asked for; None if there is none yet."""
        return self._renewal.fetched(token, now) if self.phase is Phase.READY else []

    # --- time --------------------------------------------------------------------------------------------------

    def elapsed(self, now: float) -> list[Action]:
        """Time passed. May be called at any time, must be called by ``deadline``."""
        if self.phase is Phase.FINISHED:
            return []
        actions: list[Action] = [*self._commands.expired(now)]
        if self._silent(now):
            return [*actions, Disconnect(), *self._come_back(None, "The server was silent.", now)]
        if self.phase is not Phase.READY:
            return actions
        if not self._pinged and now >= self._heard_at + self._heartbeat_s:
            self._pinged = True
            actions.append(Ping())
        actions += [
            *self._renewal.elapsed(now),
            *self._subscriptions.elapsed(now),
            *self._watched.elapsed(now),
            *self._people.elapsed(now),
        ]
        return [*actions, *self._told(now), *self._flush(now)]

    def deadline(self) -> float:
        """When ``elapsed`` has something to do at the latest; infinity for never."""
        commands = self._commands.deadline()
        match self.phase:
            case Phase.FINISHED:
                return math.inf
            case Phase.WAITING:
                return commands
            case Phase.GREETING:
                return min(commands, self._since + self._policy.welcome_timeout_s)
            case Phase.READY | Phase.PARTING:
                silence = 2 if self._pinged or self.phase is Phase.PARTING else 1
                alive = self._heard_at + silence * self._heartbeat_s
                asked = min(part.deadline() for part in self._asking)
                told = min(self._marks.deadline(), self._status.deadline())
                return min(commands, asked, told, alive)

    # --- inside --------------------------------------------------------------------------------------------

    @property
    def _heartbeat_s(self) -> float:
        return limits.HEARTBEAT_S if self._welcome is None else self._welcome.heartbeat_s

    def _silent(self, now: float) -> bool:
        match self.phase:
            case Phase.GREETING:
                return now >= self._since + self._policy.welcome_timeout_s
            case Phase.READY | Phase.PARTING:
                return now >= self._heard_at + 2 * self._heartbeat_s
            case _:
                return False

    def _received(self, frame: ServerFrame, now: float) -> list[Action]:
        match frame:
            case Goodbye():
                self._goodbye = frame
                self._leave(Phase.PARTING, now)
                return []
            case Welcome() if self.phase is Phase.GREETING:
                return self._welcomed(frame, now)
            case _ if self.phase is Phase.GREETING:
                raise ViolationError("the first frame wasn't a welcome")
            case Event():
                return self._subscriptions.event(frame, now)
            case Signalled() if kind_of(frame.stream) == PERSON:
                return self._people.signalled(frame)
            case Signalled():
                return self._subscriptions.signalled(frame)
            case Subscribed():
                return self._subscriptions.subscribed(frame, now)
            case Unsubscribed():
                return self._subscriptions.unsubscribed(frame, now)
            case Heads():
                return self._watched.heads(frame)
            case Accepted() | Refused() | Unknown():
                return self._replied(frame, now)
            case _:
                raise ViolationError(f"a {type(frame).__name__} out of place")

    def _welcomed(self, welcome: Welcome, now: float) -> list[Action]:
        self._enter(Phase.READY, now)
        self._ready_at = now
        self._welcome = welcome
        self._commands.opened(welcome.limits, now)
        self._marks.opened(welcome.limits)
        self._status.opened()
        self._renewal.opened(welcome, now)
        asked = [*self._subscriptions.opened(now), *self._watched.opened(now), *self._people.opened(now)]
        return [WentOnline(welcome), *self._told(now), *asked, *self._flush(now)]

    def _replied(self, reply: Accepted | Refused | Unknown, now: float) -> list[Action]:
        for asked in self._asking:
            if (actions := asked.replied(reply, now)) is not None:
                return actions
        settled = self._commands.answered(reply, now)
        return [*([settled] if settled else []), *self._flush(now)]

    @property
    def _asking(self) -> tuple[Renewal, Subscriptions, WatchedRooms, WatchedPeople]:
        """Those that ask the server something of their own."""
        return self._renewal, self._subscriptions, self._watched, self._people

    def _told(self, now: float) -> list[Action]:
        """Send the status and read positions that may go now; neither is answered."""
        return [*map(Send, self._status.sendable(now)), *map(Send, self._marks.sendable(now))]

    def _flush(self, now: float) -> list[Action]:
        if self.phase is not Phase.READY:
            return []
        return [Send(command) for command in self._commands.sendable(now)]

    def _come_back(self, code: int | None, why: str, now: float) -> list[Action]:
        if now - self._ready_at >= self._policy.backoff_reset_s:
            self._attempts = 0
        self._ready_at = math.inf
        ceiling = min(self._policy.backoff_max_s, self._policy.backoff_min_s * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        wait = self._uniform(ceiling / 2, ceiling)
        if self._goodbye is not None and self._goodbye.retry_after_s is not None:
            wait = max(wait, self._goodbye.retry_after_s)
        self._goodbye = None
        self._leave(Phase.WAITING, now)
        return [WentOffline(code, why, wait), Connect(wait)]

    def _drop(self) -> list[Action]:
        return [Disconnect()] if self.phase not in (Phase.WAITING, Phase.FINISHED) else []

    def _finish(self, code: int, message: str) -> list[Action]:
        if self.phase is Phase.FINISHED:
            return []
        self._leave(Phase.FINISHED, self._since)
        error = ClosedError(code, message)
        watched = [*self._watched.closed(error), *self._people.closed(error)]
        ended = [*self._subscriptions.closed(error), *watched]
        return [*self._commands.closed(error), *ended, Finished(error)]

    def _leave(self, phase: Phase, now: float) -> None:
        self._enter(phase, now)
        self._commands.lost()
        for part in (*self._asking, self._marks, self._status):
            part.lost()

    def _enter(self, phase: Phase, now: float) -> None:
        self.phase, self._since = phase, now
        self.heard(now)

    def _sentence(self, code: int | None) -> str:
        if self._goodbye is not None:
            return self._goodbye.message
        if code in CloseCode.__members__.values():
            return CLOSE_SENTENCES[CloseCode(code)]
        return "No connection could be made." if self.phase is Phase.WAITING else "The connection was lost."

    def _check_open(self) -> None:
        if self.phase is Phase.FINISHED:
            raise ClosedError(CloseCode.NORMAL, "The client is closed.")
