"""The user's inbox: its items come from rows, reading them goes through its actor."""

from __future__ import annotations

import msgspec

from gatherup.http.commands import Commands
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import CommandAccepted
from protocol.http.inbox import InboxItem, InboxPage, InboxQuery, ReadUpTo
from protocol.inbox import ReadInbox, inbox_of
from storage.postgres.inbox.items import Inboxes, InboxRows

GROUP = "inbox"


class InboxResource:
    """What concerns the user, and how much of it is new."""

    def __init__(self, inboxes: Inboxes, commands: Commands) -> None:
        self._inboxes = inboxes
        self._commands = commands

    @endpoint("GET", "/v1/inbox", query=InboxQuery, answer=InboxPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, query: InboxQuery) -> InboxPage:
        """Read a part of one's inbox, the newest item first."""
        found = await self._inboxes.page(
            caller.user, before=query.before, after=query.after, limit=query.limit + 1
        )
        return _page(found, query)

    @endpoint("POST", "/v1/inbox/read", body=ReadUpTo, answer=CommandAccepted, group=GROUP)
    async def read(self, caller: Caller, body: ReadUpTo) -> CommandAccepted:
        """Mark the inbox as read up to a seq, on all devices."""
        return await self._commands.send(
            caller, ReadInbox, body, stream=inbox_of(caller.user), up_to=body.up_to
        )


def _page(found: InboxRows, query: InboxQuery) -> InboxPage:
    """The page of one item more than asked: that one only tells whether there are more that way."""
    more = len(found.items) > query.limit
    forward = query.after is not None
    rows = found.items[1:] if forward and more else found.items[: query.limit]
    older = (query.after or 0) > 0 if forward else more
    return InboxPage(
        items=[
            msgspec.convert({**row.values, "seq": row.seq, "read": row.seq <= found.read_up_to}, InboxItem)
            for row in rows
        ],
        unread=found.unread,
        read_up_to=found.read_up_to,
        before=rows[-1].seq if rows and older else None,
        after=rows[0].seq if rows else query.after,
    )
