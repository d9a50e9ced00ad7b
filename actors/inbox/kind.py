"""The inbox as a kind of stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct
from typing_extensions import override

from actors.inbox.apply import apply, shown
from actors.inbox.decide import admits, decide, needed_facts
from actors.inbox.project import project
from actors.inbox.state import Inbox
from actors.kind import Change, Decision, FactKey, Facts, Instant, Kind
from protocol.event import Header
from protocol.frames import Command, Signal
from protocol.inbox import InboxCommand, InboxView, owner_of
from protocol.kinds import INBOX


class InboxKind(Kind[Inbox]):
    """A user's inbox. Only its owner may listen, which needs no row: its id says whose it is."""

    wire = INBOX
    state = Inbox
    on_demand = True

    def admits(self, command: Command, *, by: str) -> bool:
        """Owners read; everything else comes from streams, keys and the system."""
        return admits(cast(InboxCommand, command), by)

    def initial(self, stream: str) -> Inbox:
        """The state of an inbox without items."""
        return Inbox(stream)

    def facts(self, state: Inbox, command: Command, *, by: str) -> Sequence[FactKey]:
        """Whether whoever an item comes from is blocked."""
        return needed_facts(state.inbox, cast(InboxCommand, command))

    @override
    def decide(self, state: Inbox, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        return decide(state, facts, cast(InboxCommand, command), by)

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> None:
        # Nothing: items name people, rooms and messages by their ids, and hold no text.
        return None

    @override
    def apply(self, state: Inbox, header: Header, payload: Struct | None) -> Inbox:
        return apply(state, header)

    @override
    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        return project(header)

    def may_signal(self, state: Inbox, signal: Signal, *, by: str, now: Instant) -> bool:
        """What the owner has read elsewhere."""
        return by == owner_of(state.inbox)

    def view(self, state: Inbox, user: str) -> InboxView:
        """How much is unread."""
        return shown(state)
