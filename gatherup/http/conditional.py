"""Conditional requests (RFC 9110, 13): what a client has isn't sent again, what others changed isn't overwritten.

A ``polled`` endpoint has a tag made of its answer. A ``versioned`` one has the number of the thing's version.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from quart import Response, request
from werkzeug.http import quote_etag

from gatherup.http.endpoint import JSON
from gatherup.http.problem import ProblemError
from protocol.codes import Code

TAG_BYTES: Final = 12
_VERSION: Final = re.compile(r"([0-9]{1,15})(?:-(?:gzip|br|zstd))?")
"""A version, also as servers in front of a node write its tag when they compress the answer."""


def conditional(answer: Struct) -> Response:
    """An answer with its entity tag, or 304 if that is the one the client has. Each user's own to keep."""
    body = msgspec.json.encode(answer)
    return tagged(body, blake2b(body, digest_size=TAG_BYTES).hexdigest())


def versioned(answer: Struct, version: int) -> Response:
    """The answer of a thing at this version; 304 if the client asks for no other (If-None-Match)."""
    return tagged(msgspec.json.encode(answer), str(version))


def tagged(body: bytes, tag: str, content_type: str = JSON) -> Response:
    """A body with its tag, or 304 to who has that."""
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization", "ETag": quote_etag(tag)}
    if request.method in {"GET", "HEAD"} and request.if_none_match.contains_weak(tag):
        # Its headers replace those of the kept answer, so this one too has the type of that.
        return Response(b"", status=304, headers=headers, content_type=content_type)
    return Response(body, headers=headers, content_type=content_type)


def wanted_version() -> int | None:
    """The version that If-Match asks for; None without one, or for any. Raises ProblemError: ``stale``."""
    wanted = request.if_match
    if wanted.star_tag or not wanted:
        if request.headers.get("If-Match", "*").strip() != "*":
            raise ProblemError(Code.STALE, field="If-Match")
        return None
    # A server that compresses makes a weak tag of ours. A version is one state of a thing, so nothing is lost by that.
    tags = wanted.as_set(include_weak=True)
    tag: str | None = next(iter(tags)) if len(tags) == 1 else None  # what is no tag at all comes as None too
    found = None if tag is None else _VERSION.fullmatch(tag)
    if found is None:
        raise ProblemError(Code.STALE, field="If-Match")
    return int(found[1])
