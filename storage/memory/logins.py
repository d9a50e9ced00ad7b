"""Logins in memory: which have ended is a set that all nodes share."""

from __future__ import annotations

from collections.abc import Container, Sequence

from typing_extensions import override

from actors.kind import Instant
from actors.ports.logins import Login, Logins, LoginStatus
from protocol.inbox import inbox_of
from storage.memory.database import MemoryDatabase
from storage.memory.faults import Faults


class MemoryLogins(Logins):
    """The Logins port on a MemoryDatabase."""

    def __init__(
        self, database: MemoryDatabase, ended: Container[str] = (), faults: Faults | None = None
    ) -> None:
        """``ended`` holds login ids, and user ids for accounts that ended. Every other login is live.

        ``began_at``, by login, is written from outside.
        """
        self.began_at: dict[str, Instant] = {}
        self._database = database
        self._ended = ended
        self._faults = faults or Faults()

    @override
    async def statuses(self, logins: Sequence[Login]) -> list[LoginStatus]:
        await self._faults.before("logins")
        return [self._status(login) for login in logins]

    def _status(self, login: Login) -> LoginStatus:
        inbox = self._database.stream(inbox_of(login.user))
        ended = login.login in self._ended or login.user in self._ended
        return LoginStatus(
            live=not ended, inbox_head=inbox.head if inbox else 0, began_at=self.began_at.get(login.login, 0)
        )
