"""Which event changes which rows of attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from actors.kind import Change, Delete, Update, Upsert
from actors.tournament.rows import ATTEMPT, SCORE
from protocol.event import Header


def _submitted(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    row: dict[str, Any] = {name: marks[name] for name in ("stage", "entrant", "attempt", "score")}
    row |= {"submitted_by": header.author, "submitted_at": header.at}
    return Upsert(ATTEMPT, str(header.seq), row), _score(header)


def _corrected(header: Header, _: object) -> Sequence[Change]:
    values: dict[str, Any] = {"score": header.marks.get("score"), "corrected_at": header.at}
    return Update(ATTEMPT, str(header.marks["submitted"]), values), _score(header)


def _score(header: Header) -> Change:
    """What all attempts of an entrant come to with this event."""
    marks = header.marks
    key = f"{marks['stage']}.{marks['entrant']}"
    if "counted" not in marks:
        return Delete(SCORE, key)
    names = ("stage", "entrant", "counted", "best", "reached")
    row: dict[str, Any] = {name: marks[name] for name in names}
    return Upsert(SCORE, key, row)


ROWS: Final[Mapping[str, Callable[[Header, Any], Sequence[Change]]]] = {
    "tournament.attempt_submitted": _submitted,
    "tournament.attempt_corrected": _corrected,
}
