"""What an inbox answers to each command. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from actors.inbox.state import Inbox
from actors.kind import Accept, Decision, Emit, FactKey, Facts, Refuse, block_key
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import USER, kind_of
from protocol.inbox import (
    Befriend,
    Befriended,
    CallMatch,
    CallOffMatch,
    CallStaff,
    EndLogins,
    InboxCommand,
    InboxRead,
    Invite,
    Invited,
    InviteToTeam,
    LoginsEnded,
    MatchCalled,
    MatchCalledOff,
    Mention,
    Mentioned,
    Promote,
    Promoted,
    ReadInbox,
    StaffCalled,
    TeamInvited,
    Warn,
    Warned,
    owner_of,
)


def admits(command: InboxCommand, by: str) -> bool:
    """Whether this author may send it: owners read, and everything else comes from streams, keys and the system."""
    if isinstance(command, ReadInbox):
        return by == owner_of(command.stream)
    return kind_of(by) != USER


def needed_facts(inbox: str, command: InboxCommand) -> Sequence[FactKey]:
    """Whether the owner has blocked whoever the item comes from."""
    match command:
        case Mention(by=author) | Invite(by=author) | InviteToTeam(by=author) | Befriend(by=author) if (
            kind_of(author) == USER
        ):
            return (block_key(owner_of(inbox), author),)
        case _:
            return ()


def decide(state: Inbox, facts: Facts, command: InboxCommand, by: str) -> Decision:
    """What the command causes."""
    if not admits(command, by):
        return Refuse(Code.NOT_FOUND)
    if any(facts[key] is not None for key in needed_facts(state.inbox, command)):
        return Refuse(Code.BLOCKED)
    match command:
        case ReadInbox():
            return _read(state, command.up_to)
        case Mention():
            mentioned = Mentioned(
                room=command.room,
                message=command.message,
                number=command.number,
                by=command.by,
                reply=command.reply,
            )
            return _item(state, mentioned)
        case Invite():
            return _item(state, Invited(room=command.room, by=command.by, direct=command.direct))
        case Befriend():
            return _item(state, Befriended(by=command.by, accepted=command.accepted))
        case CallMatch():
            called = MatchCalled(tournament=command.tournament, match=command.match, until=command.until)
            return _item(state, called)
        case CallOffMatch() | CallStaff():
            item = MatchCalledOff if isinstance(command, CallOffMatch) else StaffCalled
            return _item(state, item(tournament=command.tournament, match=command.match))
        case Promote():
            return _item(state, Promoted(tournament=command.tournament))
        case InviteToTeam():
            item = TeamInvited(tournament=command.tournament, entrant=command.entrant, by=command.by)
            return _item(state, item)
        case Warn():
            return _item(state, Warned(matter=command.matter, login=command.login))
        case EndLogins():
            marks: dict[str, Mark] = {"why": command.why}
            if command.logins:
                marks["logins"] = command.logins
            if command.before:
                marks["before"] = command.before
            ended = LoginsEnded(logins=command.logins, why=command.why, before=command.before)
            return Accept((Emit(ended, marks=marks),))


def _read(state: Inbox, up_to: int) -> Decision:
    """Everything up to there was read; nothing happens if it was before."""
    read = bisect_right(state.unread, up_to)
    if not read:
        return Accept()
    last = state.unread[read - 1]
    return Accept((Emit(InboxRead(up_to=last), marks={"up_to": last}),))


def _item(state: Inbox, item: Struct) -> Decision:
    """One more item. Where too many weren't read, the oldest of them counts as read: the mark ``up_to`` is its seq."""
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    marks = cast("dict[str, Mark]", {name: value for name, value in fields.items() if value is not None})
    if len(state.unread) >= limits.INBOX_UNREAD_MAX:
        marks["up_to"] = state.unread[0]
    return Accept((Emit(item, marks=marks),))
