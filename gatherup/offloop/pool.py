"""A bounded number of worker processes, behind a bounded queue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar, TypeVarTuple

import structlog
import trio
from typing_extensions import override

from actors.ports.executor import Executor
from gatherup.offloop.worker import Worker, WorkerLostError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

RETRY_AFTER_S: Final = 2.0
ATTEMPTS: Final = 2
"""A process may be killed, for want of memory or by mistake. What kills two is given up."""

_log = structlog.stdlib.get_logger("gatherup.offloop")


class NotCalledError(Exception):
    """As many calls wait as may wait, or processes end instead of answering."""

    retry_after_s = RETRY_AFTER_S


class OffLoop(Executor):
    """Calls pure functions in processes of low priority, so that neither the loop nor its GIL is held.

    A function and what it takes and gives are pickled: it is one of a module, and the process imports that module, so
    keep it small. Processes are started when calls need them.
    """

    def __init__(self, *, processes: int, waiting_max: int) -> None:
        self._limiter = trio.CapacityLimiter(processes)
        self._waiting_max = waiting_max
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        """All that were started, the idle ones too; never more than ``processes``."""

    @override
    async def call(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What ``function(*arguments)`` returns or raises. Raises NotCalledError.

        It may be called twice, if the first process was killed meanwhile; and to its end, though nobody waits any more.
        """
        if self._limiter.available_tokens < 1 and self._waiting >= self._waiting_max:
            raise NotCalledError
        async with self._limiter:
            for _ in range(ATTEMPTS):
                with suppress(WorkerLostError):
                    return await self._call(function, *arguments)
        raise NotCalledError

    async def close_at_end(self) -> None:
        """Wait until cancelled, then end all processes. Nobody may call after that."""
        try:
            await trio.sleep_forever()
        finally:
            self.close()

    def close(self) -> None:
        """End all processes. Call it in a run of Trio."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._idle.clear()

    @property
    def _waiting(self) -> int:
        return self._limiter.statistics().tasks_waiting

    async def _call(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        worker = self._taken()
        try:
            return await worker.call(function, *arguments)
        except WorkerLostError:
            self._lose(worker)
            raise
        finally:
            if worker in self._workers:
                self._idle.append(worker)

    def _taken(self) -> Worker:
        """An idle worker, if one is free of earlier calls; else a new one, as long as there may be more."""
        for worker in [one for one in self._idle if not one.running]:
            self._idle.remove(worker)
            self._lose(worker)
        self._idle.sort(key=lambda one: one.owes, reverse=True)
        if self._idle and (not self._idle[-1].owes or len(self._workers) >= self._limiter.total_tokens):
            return self._idle.pop()
        try:
            worker = Worker()
        except OSError as error:
            _log.warning("no worker process can be started", error=str(error))
            raise WorkerLostError from error
        self._workers.add(worker)
        return worker

    def _lose(self, worker: Worker) -> None:
        self._workers.remove(worker)
        _log.warning("a worker process was lost", pid=worker.pid, code=worker.close())
