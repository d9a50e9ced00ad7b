"""A node that says where its CPU time goes: ``python -m gatherup.bench.sampled serve``.

Its stack is looked at each millisecond of CPU time. On SIGUSR2 it writes a table to standard error and begins anew.
A look counts for the innermost function that is no part of the standard library, which so bears what it calls there
and in C.
"""

from __future__ import annotations

import signal
import sys
import sysconfig
from collections import Counter
from types import FrameType
from typing import Final

from gatherup.cli import main

EVERY_S: Final = 0.001
FUNCTIONS_TOLD: Final = 12
_LIBRARY: Final = sysconfig.get_path("stdlib") + "/"
_PACKAGES: Final = sysconfig.get_path("purelib") + "/"
_OWN: Final = ("protocol", "actors", "storage", "gatherup")


class Samples:
    """What was seen since the last table."""

    def __init__(self) -> None:
        self._packages: Counter[str] = Counter()
        self._functions: Counter[str] = Counter()

    def look(self, _: int, frame: FrameType | None) -> None:
        """Count the present stack."""
        while frame is not None and _of_library(frame.f_code.co_filename) and frame.f_back is not None:
            frame = frame.f_back
        if frame is None:
            return
        module = str(frame.f_globals.get("__name__", ""))
        parts = module.split(".")
        self._packages[".".join(parts[:2] if parts[0] in _OWN else parts[:1])] += 1
        self._functions[f"{module}.{frame.f_code.co_qualname}"] += 1

    def tell(self, _: int, __: FrameType | None) -> None:
        """Write the table and forget."""
        seen = self._packages.total()
        lines = [f"CPU time of the node, {seen} samples"]
        for counted, most in ((self._packages, None), (self._functions, FUNCTIONS_TOLD)):
            lines += [f"  {count / seen:6.1%}  {name}" for name, count in counted.most_common(most)]
            lines.append("")
            counted.clear()
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


def _of_library(path: str) -> bool:
    return path.startswith("<frozen") or (path.startswith(_LIBRARY) and not path.startswith(_PACKAGES))


if __name__ == "__main__":
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.look)
    signal.signal(signal.SIGUSR2, samples.tell)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    main(prog_name="gatherup")
