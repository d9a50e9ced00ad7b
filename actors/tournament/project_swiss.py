"""Which event changes which rows of Swiss rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from actors.kind import Change, Upsert
from actors.tournament.rows import ROUND
from protocol.event import Header


def _published(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    row: dict[str, Any] = {name: marks[name] for name in ("stage", "round", "first", "matches", "bye")}
    row |= {name: [*cast("Sequence[int]", marks[name])] for name in ("pairs", "reasons")}
    return (Upsert(ROUND, str(header.seq), row),)


ROWS: Final[Mapping[str, Callable[[Header, Any], Sequence[Change]]]] = {
    "tournament.round_published": _published
}
