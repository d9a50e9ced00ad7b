"""A few CommitLinks behind one name, each replaced when it breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import trio

from tests.released.code.storage.postgres.errors import LinkUnusable, PostgresError
from tests.released.code.storage.postgres.link import CommitLink, Rows

Parameters = Callable[[Mapping[str, int]], Sequence[bytes | None]]
"""Parameters of a statement, given the object ids of the row types."""


class Links:
    """At most ``count`` statements are in flight; the others wait their turn."""

    def __init__(self, connect: Callable[[], Awaitable[CommitLink]], count: int) -> None:
        self._connect = connect
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
                try:
                    return await self._on(self._idle.pop(), statement, parameters)
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
            return await link.execute(statement, parameters(link.oids))
        finally:
            if self._closed:
                await link.aclose()
            elif not link.closed:
                self._idle.append(link)
