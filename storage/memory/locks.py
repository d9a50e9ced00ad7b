"""Row locks, as far as PostgreSQL's show in the log's promises: shared or exclusive, waiting or not."""

from __future__ import annotations

from collections.abc import Iterable

import trio


class RowLock:
    """The lock of one row. Who waits is woken in the order of arrival."""

    def __init__(self) -> None:
        self._sharers = 0
        self._exclusive = False
        # Waiters of both modes. An invariant: while anybody is parked, the lock is held.
        self._lot = trio.lowlevel.ParkingLot()

    @property
    def held(self) -> bool:
        """Whether anybody holds it, in either mode."""
        return self._exclusive or self._sharers > 0

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return len(self._lot)

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if that needs no waiting."""
        if self._exclusive or (self._sharers and not shared):
            return False
        if shared:
            self._sharers += 1
        else:
            self._exclusive = True
        return True

    async def acquire(self, *, shared: bool = False) -> None:
        """Take the lock, waiting for those who hold it."""
        while not self.try_acquire(shared=shared):
            await self._lot.park()

    def release(self) -> None:
        """Give up one hold."""
        if self._exclusive:
            self._exclusive = False
        else:
            self._sharers -= 1
        if not self.held:
            self._lot.unpark_all()


class Held:
    """The locks of one transaction, released together."""

    def __init__(self) -> None:
        self._locks: list[RowLock] = []

    async def __aenter__(self) -> Held:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()

    def try_add(self, lock: RowLock) -> bool:
        """Take one more exclusively if that needs no waiting."""
        if not lock.try_acquire():
            return False
        self._locks.append(lock)
        return True

    async def add(self, locks: Iterable[RowLock], *, shared: bool = False) -> None:
        """Take more, in this order, waiting for each."""
        for lock in locks:
            await lock.acquire(shared=shared)
            self._locks.append(lock)

    def release(self) -> None:
        """Release every lock that is held."""
        while self._locks:
            self._locks.pop().release()
