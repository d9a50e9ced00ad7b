"""One worker process, as its node sees it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

import trio

from gatherup.offloop import child

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

READ_BYTES: Final = 65_536


class WorkerLostError(Exception):
    """The process ended before it answered."""


class Worker:
    """A process that calls one function at a time. It ends at the latest with the process that started it."""

    def __init__(self) -> None:
        """Start it, which takes well under a millisecond of this thread. Raises OSError."""
        self._popen = subprocess.Popen(
            [sys.executable, "-P", child.__file__],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C in a terminal reaches the node alone, and what the process does isn't counted against the node's
            # session (see child.py).
            start_new_session=True,
        )
        stdin, stdout = self._popen.stdin, self._popen.stdout
        assert stdin is not None
        assert stdout is not None
        with stdin, stdout:
            self._calls = trio.lowlevel.FdStream(os.dup(stdin.fileno()))
            self._answers = trio.lowlevel.FdStream(os.dup(stdout.fileno()))
        self._unsent = pickle.dumps(sys.path)
        """Goes before the next call: where the process finds modules."""
        self._read = bytearray()
        self.owes = False
        """Whether an answer is to come: of a call that was cancelled, if no task waits for it."""

    @property
    def pid(self) -> int:
        """The process id; nobody else's before ``running`` was false or ``close`` was called."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it hasn't ended."""
        return self._popen.poll() is None

    async def call(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What the function returns or raises there. Raises WorkerLostError.

        Cancelled, it leaves the process at work: the next caller waits until that is done.
        """
        if self.owes:
            await self._answer()
        call = self._unsent + pickle.dumps((function, arguments))
        try:
            await self._calls.send_all(call)
        except trio.BrokenResourceError:
            raise WorkerLostError from None
        except trio.Cancelled:
            self.close()  # it may have got half of a call
            raise
        self._unsent = b""
        self.owes = True
        answer: child.Answer = pickle.loads(await self._answer())  # noqa: S301 - of our own process
        returned, result = answer
        if not returned:
            raise result
        return result

    async def _answer(self) -> bytes:
        """The next answer. Cancelled, it keeps what was read of it."""
        while (length := self._length()) is None or len(self._read) < length:
            data = await self._answers.receive_some(READ_BYTES)
            if not data:
                raise WorkerLostError
            self._read += data
        answer = bytes(self._read[child.LENGTH.size : length])
        self._read.clear()
        self.owes = False
        return answer

    def _length(self) -> int | None:
        """Of the answer that comes in and its head together, once that is known."""
        if len(self._read) < child.LENGTH.size:
            return None
        return child.LENGTH.size + child.LENGTH.unpack_from(self._read)[0]

    def close(self) -> int:
        """Kill it if it still runs, and let go of it: its exit code, negative for a signal."""
        self._popen.kill()
        self._calls.close()
        self._answers.close()
        return self._popen.wait()
