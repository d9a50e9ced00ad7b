"""Who may see what of a tournament: asked in the statement that reads it, and answered here in one way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.tournaments.matches import SeatingRow

NUMBER: Final = "^[1-9][0-9]{0,6}$"
"""What a number in a path looks like, as it is published."""
_NUMBER: Final = re.compile(rf"{NUMBER}(?!\n)")
R = TypeVar("R")


def tournament_id(text: str) -> str:
    """A tournament's id from the path. Raises ProblemError."""
    return stream_id(TOURNAMENT, text)


def number_of(text: str, field: str) -> int:
    """The number of an entrant or a match from the path, as far as one can exist. Raises ProblemError."""
    if not _NUMBER.search(text):
        raise ProblemError(Code.NOT_FOUND, f"There is no such {field}.", field=field)
    return int(text)


def match_in(tournament: str, match: str) -> dict[str, Any]:
    """The fields of a command about a match, from the path. Raises ProblemError."""
    return {"stream": tournament_id(tournament), "match": number_of(match, "match")}


def entrant_in(tournament: str, entrant: str) -> dict[str, Any]:
    """The fields of a command about an entrant, from the path. Raises ProblemError."""
    return {"stream": tournament_id(tournament), "entrant": number_of(entrant, "entrant")}


def found(read: R | None) -> R:
    """What was read of a tournament that the caller may see. Raises ProblemError: it is hidden, or there is none."""
    if read is None:
        raise ProblemError(Code.NOT_FOUND)
    return read


def started(seatings: Sequence[SeatingRow], number: int | None) -> SeatingRow:
    """The stage of this number, or the last one; among those that have started. Raises ProblemError."""
    if not seatings:
        raise ProblemError(Code.WRONG_PHASE, "The tournament hasn't started.")
    if number is not None and number > len(seatings):
        raise ProblemError(Code.WRONG_PHASE, "This stage hasn't started.", field="stage")
    return seatings[-1 if number is None else number - 1]
