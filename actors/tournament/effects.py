"""What an event of a tournament causes in people's inboxes; from its header alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from actors.kind import Effect, Send
from protocol.event import Header
from protocol.inbox import CallMatch, Promote, inbox_of


def effects(header: Header) -> Sequence[Effect]:
    """Players are called to their matches, and told that they have moved up from the waitlist."""
    marks = header.marks
    match header.type:
        case "tournament.match_opened":
            return [
                Send(
                    CallMatch(
                        client_id="",
                        stream=inbox_of(user),
                        tournament=header.stream,
                        match=cast(int, marks["match"]),
                        until=cast("int | None", marks.get("until")),
                    )
                )
                for user in cast("Sequence[str]", marks.get("players", ()))
            ]
        case "tournament.promoted" if "user" in marks:
            inbox = inbox_of(cast(str, marks["user"]))
            return (Send(Promote(client_id="", stream=inbox, tournament=header.stream)),)
        case _:
            return ()
