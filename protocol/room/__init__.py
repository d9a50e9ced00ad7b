"""Rooms on the wire: the words that commands, events and the snapshot's view share."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from protocol import limits

KIND: Final = "room"
Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
InviteCode = Annotated[
    str,
    Meta(
        max_length=limits.INVITE_CODE_CHARS_MAX,
        pattern=r"^[1-9][0-9]{0,8}-[0-9a-f]{24}$(?!\n)",
        description="what lets a stranger in: the invite's number and a secret",
    ),
]

Access = Literal["public", "private", "group", "direct"]
"""*public*: listed, anyone may join. *private*: moderators invite. *group*: a small one in which every member may
invite. *direct*: two people, for ever the same two.
"""
Role = Literal["owner", "moderator", "member"]
Links = Literal["allowed", "known_hosts", "forbidden"]
"""What a message may link to: anything, only the hosts of the filter, nothing."""
