"""Starts a node's process, which ends at the latest with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final

import trio

LINE_BYTES_MAX: Final = 65_536
_PR_SET_PDEATHSIG: Final = 1
# Loaded at import: between fork and exec nothing may allocate, lock or import more than it must.
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Child:
    """A running child. Its standard output is dropped; its standard error is read with ``lines``."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Call this from the main thread: the kernel kills the child when that thread ends."""
        launcher = os.getpid()

        def die_with_launcher() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if os.getppid() != launcher:  # it died before prctl: no signal will come
                os._exit(1)

        self._popen = subprocess.Popen(
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal reaches the launcher alone
            preexec_fn=die_with_launcher,  # noqa: PLW1509 (one system call, see above)
        )
        self._ended = os.pidfd_open(self._popen.pid)
        assert self._popen.stderr is not None
        self._errors = trio.lowlevel.FdStream(os.dup(self._popen.stderr.fileno()))
        self._popen.stderr.close()

    @property
    def pid(self) -> int:
        """The process id; nobody else's before ``wait`` has returned."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it wasn't seen to end yet."""
        return self._popen.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing if it has ended."""
        self._popen.send_signal(number)

    async def wait(self) -> int:
        """Its exit code, once it has ended: negative for a signal. One task may wait."""
        await trio.lowlevel.wait_readable(self._ended)
        return self._popen.wait()

    async def lines(self) -> AsyncGenerator[str]:
        """What it writes to standard error, line by line, until it ends. Longer lines come in pieces."""
        held = b""
        async with self._errors as errors:
            async for chunk in errors:
                *whole, held = (held + chunk).split(b"\n")
                for line in whole:
                    yield line.decode(errors="replace")
                if len(held) > LINE_BYTES_MAX:
                    yield held.decode(errors="replace")
                    held = b""
        if held:
            yield held.decode(errors="replace")

    def close(self) -> None:
        """Kill it if it still runs, and let go of it."""
        self._popen.kill()
        self._popen.wait()
        os.close(self._ended)
