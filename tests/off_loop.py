"""Worker processes that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gatherup.offloop.pool import OffLoop


@contextmanager
def off_loop() -> Iterator[OffLoop]:
    """One process, for all runs of Trio in the block; they may be several."""
    pool = OffLoop(processes=1, waiting_max=32)

    async def close() -> None:
        pool.close()

    try:
        yield pool
    finally:
        trio.run(close)
