"""Due jobs of an outage: notes for the audit log.

``python -m gatherup.bench.backlog URL COUNT`` writes so many; with 0 it deletes those left. It prints how many.
"""

from __future__ import annotations

import sys
from typing import Final

import trio

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

_WRITE: Final = """
insert into job (queue, arguments)
select 'audit', jsonb_build_object(
    'act', 'room.kicked', 'room', 'room:' || md5(n::text), 'seq', n, 'at', 1, 'by', 'user:' || md5('by' || n),
    'user', 'user:' || md5('user' || n)
)
from generate_series(1, %(count)s) n returning id
"""
_CLEAR: Final = "delete from job where queue = 'audit' returning id"


async def run(url: str, count: int) -> int:
    """Write or delete them; how many."""
    async with Pool(url, autocommit=True) as pool:
        return len(await rows(pool, _WRITE if count else _CLEAR, {"count": count}))


if __name__ == "__main__":
    sys.stdout.write(f"{trio.run(run, sys.argv[1], int(sys.argv[2]))}\n")
