"""Which codes an endpoint may refuse with: what its kind gives, and what its declaration names."""

from __future__ import annotations

from typing import Final

from gatherup.http.endpoint import Declared
from protocol.codes import Code
from protocol.http.base import CommandBody

ANY: Final = (Code.RATE_LIMITED, Code.OVERLOADED, Code.UNAVAILABLE, Code.INTERNAL)
STORING: Final = (Code.UNKNOWN_OUTCOME, Code.UNSTORABLE)
SIGNED_IN: Final = (Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED)
WITH_BODY: Final = (Code.INVALID, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE)
OF_STREAMS: Final = (
    Code.INVALID,
    Code.UNKNOWN_TYPE,
    Code.FORBIDDEN,
    Code.NOT_FOUND,
    Code.NOT_A_MEMBER,
    Code.CLIENT_ID_REUSED,
    Code.ALREADY_EXISTS,
    Code.TOO_LARGE,
    Code.TOO_MANY,
    Code.ARCHIVED,
    Code.MUTED,
    Code.BANNED,
    Code.BLOCKED,
    Code.FILTERED,
    Code.INVITE_INVALID,
    Code.HOOK_REFUSED,
    Code.SLOW_MODE,
)
"""What a stream, or a hook before it, refuses a command with."""


def codes_of(declared: Declared) -> tuple[Code, ...]:
    """Every code that a request to this endpoint may be refused with, in the order of ``protocol.codes``."""
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
            codes |= {*OF_STREAMS}
    if "<" in declared.path:
        codes.add(Code.NOT_FOUND)
    if declared.versioned and declared.method != "GET":
        codes.add(Code.STALE)
    return tuple(code for code in Code if code in codes)
