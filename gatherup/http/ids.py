"""Ids in paths. What no id looks like is told as what doesn't exist: ``not_found``."""

from __future__ import annotations

import re
from typing import Final

from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.ids import STREAM_ID_PATTERN, USER_ID_PATTERN, kind_of

_HEX: Final = re.compile("[0-9a-f]{32}")


def stream_id(kind: str, text: str) -> str:
    """The id of a stream of this kind. Raises ProblemError."""
    if kind_of(text) != kind or not re.match(STREAM_ID_PATTERN, text):
        raise ProblemError(Code.NOT_FOUND)
    return text


def user_id(text: str) -> str:
    """A user's id. Raises ProblemError."""
    if not re.match(USER_ID_PATTERN, text):
        raise ProblemError(Code.NOT_FOUND)
    return text


def hex_id(text: str) -> str:
    """The id of a row. Raises ProblemError."""
    if not _HEX.fullmatch(text):
        raise ProblemError(Code.NOT_FOUND)
    return text
