"""Inboxes on the wire: each user's own stream of what concerns them.

Its id is ``inbox:`` and the digits of the user's id. A session hears its user's inbox without a subscription, as far
as it ends the session; who wants to show it subscribes to it like to any stream.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import StreamCommand
from protocol.ids import Author, StreamId, UserId

KIND: Final = "inbox"
Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
LoginId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", max_length=32, description="32 hexadecimal digits")
]

Why = Literal["logout", "token_reused", "password_changed", "banned", "deleted"]
"""Why logins ended."""
Matter = Literal[
    "signed_in",
    "token_reused",
    "password_changed",
    "email_changed",
    "second_factor_on",
    "second_factor_off",
    "recovery_code_used",
    "account_deleted",
]
"""What a security notice is about."""


def inbox_of(user: str) -> str:
    """The id of a user's inbox. The user id must be well-formed."""
    return f"{KIND}:{user[-32:]}"


def owner_of(inbox: str) -> str:
    """Whose inbox this is. The stream id must be an inbox's."""
    return f"user:{inbox[-32:]}"


# --- commands of the owner -----------------------------------------------------------------------------


class ReadInbox(StreamCommand, frozen=True, kw_only=True, tag="inbox.read"):
    """Mark the inbox as read up to this seq, on all devices."""

    up_to: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]


# --- commands of the server: effects of rooms and tournaments, and what accounts owe ---------------------


class Mention(StreamCommand, frozen=True, kw_only=True, tag="inbox.mention"):
    """Somebody mentioned the owner in a message, or answered a message of theirs."""

    room: StreamId
    message: Seq
    number: int
    by: Author
    reply: bool = False
    """Whether it is an answer; one that also mentions is an answer."""


class Invite(StreamCommand, frozen=True, kw_only=True, tag="inbox.invite"):
    """Somebody invited the owner to a room, or opened a direct room with them."""

    room: StreamId
    by: Author
    direct: bool = False


class Befriend(StreamCommand, frozen=True, kw_only=True, tag="inbox.befriend"):
    """Somebody asked to be the owner's friend, or accepted it."""

    by: UserId
    accepted: bool = False


class CallMatch(StreamCommand, frozen=True, kw_only=True, tag="inbox.call_match"):
    """A match of the owner in a tournament was opened."""

    tournament: StreamId
    match: Seq
    until: Seq | None = None
    """Until when the owner must be ready, Unix milliseconds; None if the match has begun."""


class CallOffMatch(StreamCommand, frozen=True, kw_only=True, tag="inbox.call_off_match"):
    """A match of the owner in a tournament isn't played any more."""

    tournament: StreamId
    match: Seq


class CallStaff(StreamCommand, frozen=True, kw_only=True, tag="inbox.call_staff"):
    """A match of a tournament on whose staff the owner is has to be decided."""

    tournament: StreamId
    match: Seq


class Promote(StreamCommand, frozen=True, kw_only=True, tag="inbox.promote"):
    """The owner has moved up from the waitlist of a tournament."""

    tournament: StreamId


class InviteToTeam(StreamCommand, frozen=True, kw_only=True, tag="inbox.invite_to_team"):
    """The captain of a team has invited the owner to it."""

    tournament: StreamId
    entrant: Seq
    """The number of the team within the tournament."""
    by: Author


class Warn(StreamCommand, frozen=True, kw_only=True, tag="inbox.warn"):
    """Something about the owner's account that they should know of."""

    matter: Matter
    login: LoginId | None = None
    """The login it is about; device and place stand in the list of logins."""


class EndLogins(StreamCommand, frozen=True, kw_only=True, tag="inbox.end_logins"):
    """Logins of the owner have ended: their sessions close, on every node."""

    logins: tuple[LoginId, ...] = ()
    before: Annotated[int, Meta(ge=0)] = 0
    """Unix ms: with the named ones all that began at this moment or earlier; 0 for no others. Who signs in again
    later stays, however late this is heard of."""
    why: Why = "logout"


InboxCommand = (
    ReadInbox
    | Mention
    | Invite
    | Befriend
    | CallMatch
    | CallOffMatch
    | CallStaff
    | Promote
    | InviteToTeam
    | Warn
    | EndLogins
)

# --- events --------------------------------------------------------------------------------------------


class Mentioned(Struct, frozen=True, kw_only=True):
    """Somebody mentioned the owner of the inbox, or answered a message of theirs.

    Marks repeat the fields of items; the mark ``up_to`` says as in ``InboxRead``.
    """

    room: StreamId
    message: int
    number: int
    by: Author
    reply: bool = False


class Invited(Struct, frozen=True, kw_only=True):
    """Somebody invited the owner of the inbox to a room, or opened a direct room with them. Marks repeat the fields."""

    room: StreamId
    by: Author
    direct: bool = False


class Befriended(Struct, frozen=True, kw_only=True):
    """Somebody asked to be the owner's friend, or accepted the owner's request. Marks repeat the fields."""

    by: UserId
    accepted: bool = False


class MatchCalled(Struct, frozen=True, kw_only=True):
    """A match of the inbox's owner in a tournament was opened. Marks repeat the fields."""

    tournament: StreamId
    match: int
    until: int | None = None
    """Until when they must be ready, Unix milliseconds; None if the match has begun."""


class MatchCalledOff(Struct, frozen=True, kw_only=True):
    """A match to which the inbox's owner was called isn't played any more, since an earlier stage of the tournament was
    corrected. Marks repeat the fields.
    """

    tournament: StreamId
    match: int


class StaffCalled(Struct, frozen=True, kw_only=True):
    """A match of a tournament on whose staff the inbox's owner is has to be decided. Marks repeat the fields."""

    tournament: StreamId
    match: int


class Promoted(Struct, frozen=True, kw_only=True):
    """The inbox's owner has moved up from the waitlist of a tournament. Marks repeat the fields."""

    tournament: StreamId


class TeamInvited(Struct, frozen=True, kw_only=True):
    """The captain of a team has invited the inbox's owner to it. Marks repeat the fields."""

    tournament: StreamId
    entrant: int
    """The number of the team within the tournament."""
    by: Author


class Warned(Struct, frozen=True, kw_only=True):
    """Something about the owner's account happened that they should know of. Marks repeat the fields."""

    matter: Matter
    login: LoginId | None = None


class InboxRead(Struct, frozen=True, kw_only=True):
    """The owner has read the items up to a seq. The mark ``up_to`` repeats the field."""

    up_to: int


class LoginsEnded(Struct, frozen=True, kw_only=True):
    """Logins of the owner have ended, and their sessions close.

    Marks repeat the fields; ``logins`` and ``before`` only if they say any.
    """

    logins: tuple[LoginId, ...]
    why: Why
    before: int = 0


EVENTS: Final[dict[str, type[Struct]]] = {
    "inbox.mentioned": Mentioned,
    "inbox.invited": Invited,
    "inbox.befriended": Befriended,
    "inbox.match_called": MatchCalled,
    "inbox.match_called_off": MatchCalledOff,
    "inbox.staff_called": StaffCalled,
    "inbox.promoted": Promoted,
    "inbox.team_invited": TeamInvited,
    "inbox.warned": Warned,
    "inbox.read": InboxRead,
    "inbox.logins_ended": LoginsEnded,
}

# --- what a snapshot shows -----------------------------------------------------------------------------


class InboxView(Struct, frozen=True, kw_only=True):
    """The state of an inbox; the items themselves are a request of their own."""

    user: UserId
    unread: int
    """Items that weren't read, at most INBOX_UNREAD_MAX."""
    read_up_to: int
    """The seq up to which everything was read."""
