"""Which codes an endpoint may refuse with: what its kind gives, and what its declaration names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gatherup.http.endpoint import Declared
from protocol.codes import Code
from protocol.http.base import CommandBody

ANY: Final = (Code.RATE_LIMITED, Code.OVERLOADED, Code.UNAVAILABLE, Code.INTERNAL)
STORING: Final = (Code.UNKNOWN_OUTCOME, Code.UNSTORABLE)
SIGNED_IN: Final = (Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED)
WITH_BODY: Final = (Code.INVALID, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE)
COMMAND: Final = (
    Code.INVALID,
    Code.UNKNOWN_TYPE,
    Code.NOT_FOUND,
    Code.CLIENT_ID_REUSED,
    Code.TOO_LARGE,
    Code.HOOK_REFUSED,
)
"""What a command is refused with whatever its stream, or by a hook before it. What else: ``WireKind.refuses``."""


def codes_of(declared: Declared, of_streams: Collection[Code]) -> tuple[Code, ...]:
    """Every code that a request to this endpoint may be refused with, in the order of ``protocol.codes``.

    ``of_streams`` are those of kinds of stream, for endpoints that send commands.
    """
    if declared.unlimited:
        return declared.refuses
    codes = {*ANY, *declared.refuses}
    if not declared.open:
        codes |= {*SIGNED_IN, *STORING}
    elif declared.body is not None:
        codes |= {*STORING}
    if declared.scope is not None:
        codes.add(Code.FORBIDDEN)
    if declared.query is not None:
        codes.add(Code.INVALID)
    if declared.body is not None:
        codes |= {*WITH_BODY}
        if issubclass(declared.body, CommandBody):
            codes |= {*COMMAND, *of_streams}
    if "<" in declared.path:
        codes.add(Code.NOT_FOUND)
    if declared.versioned and declared.method != "GET":
        codes.add(Code.STALE)
    return tuple(code for code in Code if code in codes)
