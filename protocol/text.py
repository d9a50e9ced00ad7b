"""Text that people wrote, as wire types. None may hold U+0000, which PostgreSQL can't store."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta

from protocol import limits
from protocol.emoji import EMOJI

NO_NUL: Final = r"^[^\x00]*$"
HOST: Final = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$(?!\n)"

TEXT: Final = "text"
"""The key under which a type says in which form ``protocol.canonical`` keeps its texts."""
NAME: Final[dict[str, Any]] = {TEXT: "name"}
LINES: Final[dict[str, Any]] = {TEXT: "lines"}
REACTION: Final[dict[str, Any]] = {TEXT: "reaction"}

Body = Annotated[str, Meta(min_length=1, max_length=limits.BODY_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
RoomName = Annotated[
    str, Meta(min_length=1, max_length=limits.ROOM_NAME_CHARS_MAX, pattern=NO_NUL, extra=NAME)
]
Reason = Annotated[str, Meta(max_length=limits.REASON_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
Topic = Annotated[str, Meta(max_length=limits.TOPIC_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
Reaction = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.REACTION_CHARS_MAX,
        pattern=EMOJI,
        description="one emoji",
        extra=REACTION,
    ),
]
FilteredWord = Annotated[str, Meta(min_length=1, max_length=limits.FILTERED_WORD_CHARS_MAX, pattern=NO_NUL)]
Host = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        pattern=HOST,
        description="a host name in lower case, without port",
    ),
]
