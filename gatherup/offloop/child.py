"""The program of a worker process: it calls functions for the node that started it, one after the other.

Run by its path. It imports nothing of GatherUp by itself, so it is small and starts fast.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

NICENESS: Final = 10
"""Of a processor that both want, the node's loop gets nine tenths."""
SESSION_NICENESS: Final = Path("/proc/self/autogroup")
SESSION_TRIES: Final = 20
SESSION_PAUSE_S: Final = 0.1
"""The kernel takes one change in this time, of the whole machine, unless root asks."""
LENGTH: Final = struct.Struct("!I")
"""Comes before each answer: how many bytes it has."""

Call = tuple[Callable[..., object], tuple[object, ...]]
Answer = tuple[bool, Any]
"""Whether the function returned, and what it returned or raised."""


def main() -> None:
    """Answer calls until the node lets go of this process, or ends itself."""
    # The node decides when it ends. Whatever stops all processes of a service tells them all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _step_back()
    calls, answers = _taken_over()
    threading.Thread(target=_end_with_node, args=(calls.fileno(),), daemon=True).start()
    with suppress(EOFError, BrokenPipeError):  # The node is gone.
        sys.path[:] = pickle.load(calls)  # noqa: S301 - what comes this way is the node's own
        while True:
            _answer(pickle.load(calls), answers)  # noqa: S301 - as above


def _step_back() -> None:
    """Let others go first. Linux may share processors between sessions before it looks at priorities (autogroup): then
    this process's session is what must step back. Where it can't, the priority alone has to do.
    """
    os.nice(NICENESS)
    for _ in range(SESSION_TRIES):
        try:
            SESSION_NICENESS.write_text(str(NICENESS))
        except BlockingIOError:
            time.sleep(SESSION_PAUSE_S)
        except OSError:
            return  # a kernel without it, or one that shows it only
        else:
            return


def _taken_over() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output; what a function reads or prints doesn't get in between."""
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return calls, answers


def _end_with_node(calls: int) -> None:
    """End this process when nobody holds the other end of the pipe, also in the middle of a call."""
    poll = select.poll()
    poll.register(calls, 0)  # the kernel tells of a hang-up in any case
    poll.poll()
    os._exit(0)


def _answer(call: Call, answers: BinaryIO) -> None:
    function, arguments = call
    try:
        data = pickle.dumps((True, function(*arguments)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        data = pickle.dumps((False, error))
    answers.write(LENGTH.pack(len(data)) + data)
    answers.flush()


if __name__ == "__main__":
    main()
