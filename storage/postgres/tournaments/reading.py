"""Parts of a tournament, read together with where its log stood: one statement sees one state of the database.

Who may see a tournament is who may listen to it; that is asked in the statement that reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import many
from storage.postgres.streams.visible import VISIBLE as VISIBLE_STREAM

R = TypeVar("R")


class Head(Struct, frozen=True):
    """Where the log stood."""

    incarnation: int
    seq: int


class Read(Struct, Generic[R], frozen=True):
    """Rows, and where the log and the tournament's phase stood as they were read."""

    head: Head
    phase: str
    rows: list[R]


VISIBLE: Final = f"s.kind = 'tournament' and {VISIBLE_STREAM}"
"""Of ``stream s``; %(user)s asks."""

VOID: Final = """
exists (select from tournament_void v where v.stream_id = m.stream_id and m.number between v.first and v.last)
"""
"""Whether ``tournament_match m`` is void: its stage began anew."""
PLACE: Final = """
case when coalesce(e.placed_in, 0)
    > coalesce((select max(v.last) from tournament_void v where v.stream_id = e.stream_id), -1)
then e.place end
"""
"""The place of ``tournament_entrant e`` by the matches of the last stage; none by one that is void."""
_READ: Final = (
    """
select i.number, s.head, t.phase, part.*
from incarnation i
join stream s on s.id = %(tournament)s and """
    + VISIBLE
    + """
join tournament t on t.stream_id = s.id
left join lateral ({part}) part on true
order by part.key {direction}
"""
)


def part_of(part: str, *, back: bool = False) -> str:
    """The statement that reads this part of a tournament, which begins with a ``key`` that is never null, its order.

    The part selects of ``stream s`` and ``tournament t``. ``back``: the last ones first.
    """
    return _READ.format(part=part, direction="desc" if back else "asc")


async def read_part(
    pool: Pool, statement: str, parameters: Mapping[str, Any], row: Callable[..., R]
) -> Read[R] | None:
    """What a statement of ``part_of`` finds; None if there is no such tournament, or the user may not see it."""
    # Where the part is empty, there is one row without a key.
    found = await many(
        pool, statement, parameters, lambda one: (one[:3], None if one[3] is None else row(*one[4:]))
    )
    if not found:
        return None
    (incarnation, seq, phase), _ = found[0]
    return Read(Head(incarnation, seq), phase, [one for _, one in found if one is not None])
