"""Identifiers as they stand on the wire, and how new ones are derived.

All are strings of a fixed form, so that every language reads them alike:

- a *stream id* is ``kind:32hex`` (``room:5f0c…``); the hex part is unique by itself and is the log's key;
- a *user id* is ``user:32hex``;
- an *author* is whoever caused an event: a user, a stream, an api key or ``system``;
- a *client id* is a lower-case UUID with dashes, chosen by the sender of a command to make a resend safe.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated, Final

from msgspec import Meta

END: Final = r"$(?!\n)"
"""Ends every pattern here: Python's ``$`` alone would also match before a closing newline."""
STREAM_ID_PATTERN: Final = r"^[a-z][a-z0-9_]{0,15}:[0-9a-f]{32}" + END
USER_ID_PATTERN: Final = r"^user:[0-9a-f]{32}" + END
AUTHOR_PATTERN: Final = r"^(system|[a-z][a-z0-9_]{0,15}:[0-9a-f]{32})" + END
CLIENT_ID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" + END

StreamId = Annotated[
    str,
    Meta(
        pattern=STREAM_ID_PATTERN,
        max_length=49,
        description="kind:32hex",
        examples=["room:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"],
    ),
]
UserId = Annotated[
    str,
    Meta(
        pattern=USER_ID_PATTERN,
        max_length=37,
        description="user:32hex",
        examples=["user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11"],
    ),
]
Author = Annotated[
    str,
    Meta(
        pattern=AUTHOR_PATTERN,
        max_length=49,
        description="user:32hex, kind:32hex of a stream, key:32hex or system",
        examples=["user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11"],
    ),
]
ClientId = Annotated[
    str,
    Meta(
        pattern=CLIENT_ID_PATTERN,
        max_length=36,
        description="a lower-case UUID chosen by the sender; the same one again is a resend",
        examples=["7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e5f"],
    ),
]

SYSTEM: Final = "system"
USER: Final = "user"
"""The kind in a user's id."""


def kind_of(stream: str) -> str:
    """The kind's name in a stream id."""
    return stream.partition(":")[0]


def stream_key(stream: str) -> bytes:
    """The 16 bytes under which the log knows a stream. The id must be well-formed."""
    return bytes.fromhex(stream[-32:])


def client_key(client_id: str) -> bytes:
    """The 16 bytes of a client id. The id must be well-formed."""
    return bytes.fromhex(client_id.replace("-", ""))


def derive_stream(kind: str, author: str, client_id: str) -> str:
    """The id of the stream that a creating command makes: a resend derives the same one."""
    return f"{kind}:{_digest('stream', kind, author, client_id).hex()}"


def derive_client_id(*cause: str) -> str:
    """The client id of a command that the system itself sends (effect, timer): equal for equal causes."""
    h = _digest("cause", *cause).hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _digest(*parts: str) -> bytes:
    h = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode()
        h.update(len(raw).to_bytes(4, "big") + raw)
    return h.digest()
