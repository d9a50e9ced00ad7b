"""The kinds of stream that clients know. The codec, the schemas and both SDKs are made from this list.

A kind that is added here has its types in docs/schema and in the TypeScript SDK after ``make docs``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from protocol import gathering, inbox, series, tournament
from protocol.codes import Code
from protocol.frames import Read
from protocol.gathering import commands as gathering_commands
from protocol.gathering import events as gathering_events
from protocol.gathering.view import GatheringView
from protocol.kind import WireKind
from protocol.room import KIND, commands, events, hosting
from protocol.room.view import RoomView
from protocol.series import commands as series_commands
from protocol.series import events as series_events
from protocol.series.view import SeriesView
from protocol.tournament import commands as tournament_commands
from protocol.tournament import events as tournament_events
from protocol.tournament.view import TournamentView

ROOM: Final = WireKind(
    name=KIND,
    commands=commands.COMMANDS,
    internal=(commands.EraseUser, hosting.HostRoom, hosting.CloseRoom),
    signals=(commands.SendTyping,),
    internal_signals=(Read,),
    events=events.EVENTS,
    view=RoomView,
    answers={"room.create_invite": commands.InviteCreated},
    refuses=(
        Code.FORBIDDEN,
        Code.NOT_A_MEMBER,
        Code.ALREADY_EXISTS,
        Code.TOO_MANY,
        Code.CONFIRM_NEEDED,
        Code.ARCHIVED,
        Code.MUTED,
        Code.BANNED,
        Code.BLOCKED,
        Code.FILTERED,
        Code.INVITE_INVALID,
        Code.SLOW_MODE,
    ),
)
INBOX: Final = WireKind(
    name=inbox.KIND,
    commands=(inbox.ReadInbox,),
    internal=(
        inbox.Mention,
        inbox.Invite,
        inbox.Befriend,
        inbox.CallMatch,
        inbox.CallOffMatch,
        inbox.CallStaff,
        inbox.Promote,
        inbox.InviteToTeam,
        inbox.Warn,
        inbox.EndLogins,
    ),
    internal_signals=(Read,),
    events=inbox.EVENTS,
    view=inbox.InboxView,
    refuses=(Code.BLOCKED,),
)
TOURNAMENT: Final = WireKind(
    name=tournament.KIND,
    commands=tournament_commands.COMMANDS,
    internal=tournament_commands.INTERNAL,
    events=tournament_events.EVENTS,
    view=TournamentView,
    answers=tournament_commands.ANSWERS,
    refuses=(
        Code.FORBIDDEN,
        Code.ALREADY_EXISTS,
        Code.TOO_MANY,
        Code.TOO_FEW,
        Code.CONFIRM_NEEDED,
        Code.RATE_LIMITED,
        Code.WRONG_PHASE,
        Code.BLOCKED,
    ),
)
GATHERING: Final = WireKind(
    name=gathering.KIND,
    commands=gathering_commands.COMMANDS,
    internal=gathering_commands.INTERNAL,
    events=gathering_events.EVENTS,
    view=GatheringView,
    refuses=(
        Code.FORBIDDEN,
        Code.ALREADY_EXISTS,
        Code.TOO_MANY,
        Code.RATE_LIMITED,
        Code.WRONG_PHASE,
        Code.BLOCKED,
    ),
)
SERIES: Final = WireKind(
    name=series.KIND,
    commands=series_commands.COMMANDS,
    internal=series_commands.INTERNAL,
    events=series_events.EVENTS,
    view=SeriesView,
    refuses=(
        Code.FORBIDDEN,
        Code.ALREADY_EXISTS,
        Code.TOO_MANY,
        Code.RATE_LIMITED,
        Code.WRONG_PHASE,
        Code.BLOCKED,
    ),
)
KINDS: Final = (ROOM, INBOX, TOURNAMENT, GATHERING, SERIES)


def events_of(kinds: Iterable[WireKind]) -> dict[str, type[Struct]]:
    """The payloads of these kinds' events, by the header's ``type``."""
    return {name: payload for kind in kinds for name, payload in kind.events.items()}


def views_of(kinds: Iterable[WireKind]) -> dict[str, type[Struct]]:
    """What snapshots hold, by the kind's name."""
    return {kind.name: kind.view for kind in kinds if kind.view is not None}


def answers_of(kinds: Iterable[WireKind]) -> dict[str, type[Struct]]:
    """What ``accepted.answer`` holds, by the command's tag."""
    return {tag: answer for kind in kinds for tag, answer in kind.answers.items()}
