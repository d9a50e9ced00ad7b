"""A few CommitLinks behind one name, each replaced when it breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from storage.postgres.driver.errors import LinkUnusable, PostgresError, ReadOnly
from storage.postgres.driver.link import CommitLink, Rows
from storage.postgres.driver.write_access import WriteAccess

Parameters = Sequence[bytes | None]


class Links:
    """At most ``count`` statements are in flight; the others wait their turn."""

    def __init__(self, connect: Callable[[], Awaitable[CommitLink]], count: int, access: WriteAccess) -> None:
        self._connect = connect
        self._access = access
        self._turn = trio.Semaphore(count)
        # Open links that nobody uses.
        self._idle: list[CommitLink] = []
        self._closed = False

    async def execute(self, statement: str, parameters: Parameters) -> Rows:
        """Run a prepared statement on any link. Raises as CommitLink.execute.

        A link that turns out to be gone before anything was sent is replaced, once.
        """
        async with self._turn:
            while self._idle:
                link = self._idle.pop()
                if not self._access.trusts(link.opened_at):
                    await link.aclose()
                    continue
                try:
                    return await self._on(link, statement, parameters)
                except LinkUnusable:
                    continue  # it broke while it was idle
            return await self._on(await self._connected(), statement, parameters)

    async def aclose(self) -> None:
        """Close all links; one in use is closed when its statement ends."""
        self._closed = True
        while self._idle:
            await self._idle.pop().aclose()

    async def _connected(self) -> CommitLink:
        if self._closed:
            raise LinkUnusable("the links are closed")
        try:
            return await self._connect()
        except LinkUnusable:
            raise
        except PostgresError as error:
            # Whatever was sent, the caller's statement wasn't.
            raise LinkUnusable(str(error), sqlstate=error.sqlstate) from error

    async def _on(self, link: CommitLink, statement: str, parameters: Parameters) -> Rows:
        try:
            return await link.execute(statement, parameters)
        except ReadOnly as error:
            self._access.refused(str(error))
            raise
        finally:
            if self._closed:
                await link.aclose()
            elif not link.closed:
                self._idle.append(link)
