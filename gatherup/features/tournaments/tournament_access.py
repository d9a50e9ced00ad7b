"""Who may see what of a tournament: asked in the statement that reads it, and answered here in one way."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.tournament import KIND as TOURNAMENT

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,6}")
R = TypeVar("R")


def tournament_id(text: str) -> str:
    """A tournament's id from the path. Raises ProblemError."""
    return stream_id(TOURNAMENT, text)


def number_of(text: str, field: str) -> int:
    """The number of an entrant or a match from the path, as far as one can exist. Raises ProblemError."""
    if not _NUMBER.fullmatch(text):
        raise ProblemError(Code.NOT_FOUND, f"There is no such {field}.", field=field)
    return int(text)


def found(read: R | None) -> R:
    """What was read of a tournament that the caller may see. Raises ProblemError: it is hidden, or there is none."""
    if read is None:
        raise ProblemError(Code.NOT_FOUND)
    return read
