"""Python's collector of reference cycles, set for a process that lives long and makes few cycles.

By default it looks at the youngest objects after every 700 that outlived being made. A commit of 200 streams
has many more in its hands, so they are looked at again and again and none is garbage: a seventh of the
processor time of a busy node.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG_OBJECTS: Final = 10_000
"""Objects made and not freed before the youngest are looked at, which then takes about a millisecond."""
YOUNG_ROUNDS: Final = 20
"""Looks at the youngest before those that outlived one are looked at again."""


def relax_garbage_collection() -> None:
    """Look less often, and never again at what exists now. Called once, when the process has started up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, YOUNG_ROUNDS)
