"""Which login a session speaks for, and when that login ends: the user's inbox tells every node."""

from __future__ import annotations

from typing import Final, Protocol

from typing_extensions import override

from actors.kind import Instant
from actors.ports.logins import Login
from actors.relay import Relay, Watch, Watcher
from actors.relay.ring import RelayedEvent
from actors.session.logins import LoginReader
from protocol.frames import Signalled
from protocol.inbox import inbox_of

LOGINS_ENDED: Final = "inbox.logins_ended"


class Holder(Protocol):
    """Whose authority it is: a session."""

    def revoked(self) -> None:
        """Its login has ended: it must close, now."""
        ...

    def signalled(self, frame: Signalled) -> None:
        """Take a signal from the user's inbox."""
        ...


class Authority(Watcher):
    """A session's right to speak for its user. Watches the user's inbox from before it reads whether there is one.

    Both are needed: the read knows of what ended before, the inbox of what ends after it.
    """

    __slots__ = ("_holder", "_logins", "_relay", "_user", "_watch")

    def __init__(self, relay: Relay, holder: Holder) -> None:
        self._relay = relay
        self._holder = holder
        self._user = ""
        """Whom it speaks for, once it has begun."""
        self._watch: Watch | None = None
        self._logins: dict[str, Instant] = {}
        """The one it speaks for, and when that began; after it, for a moment, the one it is about to speak for."""

    @property
    def login(self) -> str:
        """The login it speaks for, once it has begun."""
        return next(iter(self._logins))

    async def begin(self, login: Login, reader: LoginReader) -> bool:
        """Speak for this login until it ends; false if it has ended. Raises LogUnavailableError."""
        # The order leaves no moment in which the end of a login goes unseen:
        # 1. Watch: from here on the relay keeps what happens in the inbox.
        # 2. Read, in one statement, whether the login is live and where the inbox stands.
        # 3. Be told what the inbox got after that head, and only then speak for the user.
        self._logins = {login.login: 0}
        self._user = login.user
        watch = self._watch = self._relay.watch(inbox_of(login.user), self)
        status = await reader.status(login)
        self._logins = {login.login: status.began_at}
        if status.live:
            self._relay.watched_from(watch, status.inbox_head)
            await self._relay.caught_up(watch)
        return status.live

    async def move(self, login: Login, reader: LoginReader) -> bool:
        """Speak for this login of the same user instead; false if it has ended, and nothing changes.

        Meanwhile the end of either ends both. Raises LogUnavailableError.
        """
        # The watch is live already and judges by self._logins, so the new login is in it before it is read. While its
        # beginning isn't known it counts as 0: "all that began until then" ends it, which costs a reconnect at most.
        before = after = self._logins
        if before.keys() == {login.login}:
            return True
        self._logins = {**before, login.login: 0}
        try:
            status = await reader.status(login)
            if status.live:
                after = {login.login: status.began_at}
        finally:
            self._logins = after
        return status.live

    def end(self) -> None:
        """Stop watching the inbox. Idempotent."""
        if self._watch is not None:
            self._relay.unwatch(self._watch)
            self._watch = None

    # --- what the relay calls ---

    @property
    @override
    def user(self) -> str:
        return self._user

    @override
    def relayed(self, stream: str, event: RelayedEvent) -> None:
        header = event.read
        if header.type == LOGINS_ENDED:
            named, before = header.marks.get("logins"), header.marks.get("before")
            these = isinstance(named, tuple) and not self._logins.keys().isdisjoint(named)
            all_then = isinstance(before, int) and min(self._logins.values()) <= before
            if these or all_then:
                self._holder.revoked()

    @override
    def signalled(self, frame: Signalled) -> None:
        if self._watch is not None and self._watch.live:
            self._holder.signalled(frame)
