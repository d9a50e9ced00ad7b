"""Refusals in a code's own words."""

from __future__ import annotations

from typing import Final

from protocol.codes import CODES, Code
from protocol.frames import Refused

UNSERVED: Final = "No node that owns streams runs just now."


def refused(
    code: Code,
    *,
    client_id: str | None = None,
    stream: str | None = None,
    message: str | None = None,
    field: str | None = None,
    retry_after_s: float | None = None,
) -> Refused:
    """A refusal, with the code's own sentence unless there is a better one."""
    info = CODES[code]
    return Refused(
        client_id=client_id,
        stream=stream,
        code=code,
        message=message or info.sentence,
        field=field,
        retry=info.retry,
        retry_after_s=retry_after_s,
    )
