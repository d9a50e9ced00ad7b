"""The watchdog: ends a process whose loop stands, and says on standard error where it stood.

A loop that stands can't be asked to end, and what holds it may keep the interpreter too: no Python code runs then, in
no thread. So the kernel counts the time (ITIMER_PROF) and the signal is served by C code alone.
"""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys
from typing import Final

from actors.ports.time import Clock

STOOD: Final = int(signal.SIGPROF)
"""The exit code of a process that was ended for this."""
FEEDINGS: Final = 20
"""In the time after which the process ends, the loop must show up so often: threads, such as those that send mail, use
up time of the processor as well, on several at once.
"""
_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.signal.argtypes = ctypes.c_int, ctypes.c_void_p


async def watch_loop(clock: Clock, stands_max_s: float) -> None:
    """While this runs, the process ends with STOOD once its loop stood for this long.

    What counts is the processor's time: a process that is stopped, or gets none on a busy machine, is left alone.
    """
    # _exit takes the signal's number for the status. The default action would do for all but the first process of a
    # container, for whom the kernel ignores it.
    _libc.signal(signal.SIGPROF, ctypes.cast(_libc._exit, ctypes.c_void_p))
    faulthandler.register(signal.SIGPROF, file=sys.stderr, all_threads=True, chain=True)
    try:
        while True:
            signal.setitimer(signal.ITIMER_PROF, stands_max_s)
            await clock.sleep_until(clock.monotonic() + stands_max_s / FEEDINGS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


def how_it_ended(code: int) -> str:
    """How a process ended, for a person: what a supervisor says of one that it starts again."""
    return f"ended with {code}: its loop stood, the log says where" if code == STOOD else f"ended with {code}"
