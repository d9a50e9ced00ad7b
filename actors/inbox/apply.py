"""What each event makes of an inbox. Pure, from headers alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from actors.inbox.state import Inbox
from protocol.event import Header
from protocol.inbox import InboxView, owner_of

ITEMS: Final = frozenset(
    {
        "inbox.mentioned",
        "inbox.invited",
        "inbox.befriended",
        "inbox.match_called",
        "inbox.match_called_off",
        "inbox.staff_called",
        "inbox.promoted",
        "inbox.team_invited",
        "inbox.warned",
    }
)
"""The types of events that are items: what a user is shown."""


def apply(state: Inbox, header: Header) -> Inbox:
    """The state after one event."""
    unread, read_up_to = state.unread, state.read_up_to
    if header.type in ITEMS:
        unread = (*unread, header.seq)
    up_to = header.marks.get("up_to")
    if isinstance(up_to, int):
        read_up_to = max(read_up_to, up_to)
        unread = unread[bisect_right(unread, read_up_to) :]
    return Inbox(state.inbox, unread, read_up_to)


def shown(state: Inbox) -> InboxView:
    """What a snapshot shows."""
    return InboxView(user=owner_of(state.inbox), unread=len(state.unread), read_up_to=state.read_up_to)
