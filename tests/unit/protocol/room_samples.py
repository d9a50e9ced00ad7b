"""Real values of every message of rooms, each with the map it must be on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    CreateRoom,
    DeleteMessage,
    EditMessage,
    EraseUser,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    OpenDirect,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    RevokeInvite,
    SendTyping,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)
from protocol.room.events import (
    FilterSet,
    InviteMade,
    InviteRevoked,
    MemberJoined,
    MemberKicked,
    MemberLeft,
    MemberMuted,
    MemberUnmuted,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageUnpinned,
    Reacted,
    RoleSet,
    RoomArchived,
    RoomChanged,
    RoomCreated,
    RoomRemoved,
    RoomRestored,
    RoomUnarchived,
    Unreacted,
    UserBanned,
    UserErased,
    UserInvited,
    UserUnbanned,
    UserUninvited,
)
from protocol.room.hosting import CloseRoom, HostRoom, UsersSeated
from protocol.room.view import RoomView

Map = dict[str, Any]

ROOM = "room:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
ANN = "user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11"
BOB = "user:1d9a41f0c1f84f1f8c0f7d6f3f6f6c11"
CLIENT_ID = "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e5f"
AT = 1_790_000_000_123
TEXT = 'Grüße, 你好 🎲\n\u2028 \\ " </script>'
NAME = 'Grüße, 你好 🎲 \\ " </script>'
CODE = "12-0123456789abcdef01234567"
_ASK: Map = {"client_id": CLIENT_ID, "stream": ROOM}


def _of(command: type, **fields: Any) -> tuple[Struct, Map]:
    """A command of these fields, none of which has its default, and its map."""
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}
    tag = str(command.__struct_config__.tag)  # type: ignore[attr-defined]
    return command(**_ASK, **fields), {"t": tag, **_ASK, **plain}


CLIENT: list[tuple[Struct, Map]] = [
    (
        CreateRoom(client_id=CLIENT_ID, name=NAME, access="group", history=False),
        {"t": "room.create", "client_id": CLIENT_ID, "name": NAME, "access": "group", "history": False},
    ),
    (
        CreateRoom(client_id=CLIENT_ID, name="x"),
        {"t": "room.create", "client_id": CLIENT_ID, "name": "x"},
    ),
    (
        OpenDirect(client_id=CLIENT_ID, user=BOB),
        {"t": "room.open_direct", "client_id": CLIENT_ID, "user": BOB},
    ),
    _of(ChangeRoom, name=NAME, topic="", access="private", history=False, slow_mode_s=0),
    _of(ChangeRoom),
    _of(SetFilter, words=("x", TEXT), links="known_hosts", hosts=("example.org", "a.b-c.example")),
    _of(JoinRoom, resend=True),
    _of(JoinRoom, invite=CODE),
    _of(LeaveRoom),
    _of(InviteUser, user=BOB),
    _of(UninviteUser, user=BOB),
    _of(CreateInvite),
    _of(CreateInvite, lifetime_s=60, uses=10_000),
    _of(RevokeInvite, invite=3),
    _of(SetRole, user=BOB, role="moderator"),
    _of(PostMessage, body=TEXT),
    _of(PostMessage, body="x", reply_to=7, thread=2**53 - 1),
    _of(EditMessage, message=2**53 - 1, body="x"),
    _of(DeleteMessage, message=7),
    _of(React, message=7, reaction="👩🏽\u200d🚀"),
    _of(Unreact, message=7, reaction="🚢"),
    _of(PinMessage, message=7),
    _of(UnpinMessage, message=7),
    _of(MuteMember, user=BOB, for_s=60, reason="loud"),
    _of(UnmuteMember, user=BOB),
    _of(KickMember, user=BOB, reason="spam"),
    _of(BanUser, user=BOB),
    _of(BanUser, user=BOB, for_s=60, reason="spam"),
    _of(UnbanUser, user=BOB),
    _of(ArchiveRoom),
    _of(UnarchiveRoom),
    _of(RemoveRoom),
    _of(RestoreRoom),
    (SendTyping(stream=ROOM), {"t": "room.typing", "stream": ROOM}),
]
INTERNAL = [
    _of(EraseUser, user=BOB, events=(7, 9)),
    (
        HostRoom(client_id=CLIENT_ID, number=3, name=NAME, seats=(BOB,), moderators=(BOB,), leave=(BOB,)),
        {
            "t": "room.host",
            "client_id": CLIENT_ID,
            "number": 3,
            "name": NAME,
            "seats": [BOB],
            "moderators": [BOB],
            "leave": [BOB],
        },
    ),
    _of(CloseRoom),
]

EVENTS: list[tuple[str, Struct, Map]] = [
    (
        "room.created",
        RoomCreated(name=NAME, access="public"),
        {"name": NAME, "access": "public", "history": True},
    ),
    (
        "room.changed",
        RoomChanged(topic=TEXT, slow_mode_s=0),
        {"name": None, "topic": TEXT, "access": None, "history": None, "slow_mode_s": 0},
    ),
    (
        "room.filtered",
        FilterSet(words=("x",), links="known_hosts", hosts=("a.example",)),
        {"words": ["x"], "links": "known_hosts", "hosts": ["a.example"]},
    ),
    ("room.joined", MemberJoined(), {}),
    ("room.seated", UsersSeated(), {}),
    ("room.left", MemberLeft(), {}),
    ("room.invited", UserInvited(user=BOB), {"user": BOB}),
    ("room.uninvited", UserUninvited(user=BOB), {"user": BOB}),
    (
        "room.invite_made",
        InviteMade(invite=3, expires_at=AT, uses=2),
        {"invite": 3, "expires_at": AT, "uses": 2},
    ),
    ("room.invite_revoked", InviteRevoked(invite=3), {"invite": 3}),
    ("room.role_set", RoleSet(user=BOB, role="owner"), {"user": BOB, "role": "owner"}),
    ("room.posted", MessagePosted(body=TEXT), {"body": TEXT}),
    ("room.edited", MessageEdited(message=7, body="x"), {"message": 7, "body": "x"}),
    ("room.deleted", MessageDeleted(message=7), {"message": 7}),
    ("room.reacted", Reacted(message=7, reaction="🎲"), {"message": 7, "reaction": "🎲"}),
    ("room.unreacted", Unreacted(message=7, reaction="🎲"), {"message": 7, "reaction": "🎲"}),
    ("room.pinned", MessagePinned(message=7), {"message": 7}),
    ("room.unpinned", MessageUnpinned(message=7), {"message": 7}),
    (
        "room.muted",
        MemberMuted(user=BOB, until=AT, reason="loud"),
        {"user": BOB, "until": AT, "reason": "loud"},
    ),
    ("room.unmuted", MemberUnmuted(user=BOB), {"user": BOB}),
    ("room.kicked", MemberKicked(user=BOB, reason="spam"), {"user": BOB, "reason": "spam"}),
    ("room.banned", UserBanned(user=BOB), {"user": BOB, "until": None, "reason": ""}),
    ("room.unbanned", UserUnbanned(user=BOB), {"user": BOB}),
    ("room.user_erased", UserErased(user=BOB), {"user": BOB}),
    ("room.archived", RoomArchived(), {}),
    ("room.unarchived", RoomUnarchived(), {}),
    ("room.removed", RoomRemoved(), {}),
    ("room.restored", RoomRestored(), {}),
]

VIEW = RoomView(
    room=ROOM,
    access="private",
    owner=ANN,
    moderators=[BOB],
    members=[ANN, BOB],
    member_count=2,
    role="moderator",
    messages=3,
    pinned=[7, 2],
    slow_mode_s=5,
    history=False,
    archived=True,
    muted_until=AT,
    readable_after=4,
)
VIEW_MAP: Map = {
    "room": ROOM,
    "access": "private",
    "owner": ANN,
    "moderators": [BOB],
    "members": [ANN, BOB],
    "member_count": 2,
    "role": "moderator",
    "messages": 3,
    "pinned": [7, 2],
    "slow_mode_s": 5,
    "history": False,
    "archived": True,
    "muted_until": AT,
    "readable_after": 4,
}
