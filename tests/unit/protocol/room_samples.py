"""Real values of every message of rooms, each with the map it must be on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocol import room as wire

Map = dict[str, Any]

ROOM = "room:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
ANN = "user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11"
BOB = "user:1d9a41f0c1f84f1f8c0f7d6f3f6f6c11"
CLIENT_ID = "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e5f"
AT = 1_790_000_000_123
TEXT = 'Grüße, 你好 🎲\n\u2028 \\ " </script>'
CODE = "12-0123456789abcdef01234567"
_ASK: Map = {"client_id": CLIENT_ID, "stream": ROOM}


def _of(command: type, **fields: Any) -> tuple[Struct, Map]:
    """A command of these fields, none of which has its default, and its map."""
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}
    tag = str(command.__struct_config__.tag)  # type: ignore[attr-defined]
    return command(**_ASK, **fields), {"t": tag, **_ASK, **plain}


CLIENT: list[tuple[Struct, Map]] = [
    (
        wire.CreateRoom(client_id=CLIENT_ID, name=TEXT, access="group", history=False),
        {"t": "room.create", "client_id": CLIENT_ID, "name": TEXT, "access": "group", "history": False},
    ),
    (
        wire.CreateRoom(client_id=CLIENT_ID, name="x"),
        {"t": "room.create", "client_id": CLIENT_ID, "name": "x"},
    ),
    (
        wire.OpenDirect(client_id=CLIENT_ID, user=BOB),
        {"t": "room.open_direct", "client_id": CLIENT_ID, "user": BOB},
    ),
    _of(wire.ChangeRoom, name=TEXT, topic="", access="private", history=False, slow_mode_s=0),
    _of(wire.ChangeRoom),
    _of(wire.SetFilter, words=("x", TEXT), links="known_hosts", hosts=("example.org", "a.b-c.example")),
    _of(wire.JoinRoom, resend=True),
    _of(wire.JoinRoom, invite=CODE),
    _of(wire.LeaveRoom),
    _of(wire.InviteUser, user=BOB),
    _of(wire.UninviteUser, user=BOB),
    _of(wire.CreateInvite),
    _of(wire.CreateInvite, lifetime_s=60, uses=10_000),
    _of(wire.RevokeInvite, invite=3),
    _of(wire.SetRole, user=BOB, role="moderator"),
    _of(wire.PostMessage, body=TEXT),
    _of(wire.PostMessage, body="x", reply_to=7, thread=2**53 - 1),
    _of(wire.EditMessage, message=2**53 - 1, body="x"),
    _of(wire.DeleteMessage, message=7),
    _of(wire.React, message=7, reaction="👩🏽\u200d🚀"),
    _of(wire.Unreact, message=7, reaction="🚢"),
    _of(wire.PinMessage, message=7),
    _of(wire.UnpinMessage, message=7),
    _of(wire.MuteMember, user=BOB, for_s=60, reason="loud"),
    _of(wire.UnmuteMember, user=BOB),
    _of(wire.KickMember, user=BOB, reason="spam"),
    _of(wire.BanUser, user=BOB),
    _of(wire.BanUser, user=BOB, for_s=60, reason="spam"),
    _of(wire.UnbanUser, user=BOB),
    _of(wire.ArchiveRoom),
    _of(wire.UnarchiveRoom),
    _of(wire.RemoveRoom),
    _of(wire.RestoreRoom),
    (wire.SendTyping(stream=ROOM), {"t": "room.typing", "stream": ROOM}),
]
INTERNAL = [_of(wire.EraseUser, user=BOB, events=(7, 9))]

EVENTS: list[tuple[str, Struct, Map]] = [
    (
        "room.created",
        wire.RoomCreated(name=TEXT, access="public"),
        {"name": TEXT, "access": "public", "history": True},
    ),
    (
        "room.changed",
        wire.RoomChanged(topic=TEXT, slow_mode_s=0),
        {"name": None, "topic": TEXT, "access": None, "history": None, "slow_mode_s": 0},
    ),
    (
        "room.filtered",
        wire.FilterSet(words=("x",), links="known_hosts", hosts=("a.example",)),
        {"words": ["x"], "links": "known_hosts", "hosts": ["a.example"]},
    ),
    ("room.joined", wire.MemberJoined(), {}),
    ("room.left", wire.MemberLeft(), {}),
    ("room.invited", wire.UserInvited(user=BOB), {"user": BOB}),
    ("room.uninvited", wire.UserUninvited(user=BOB), {"user": BOB}),
    (
        "room.invite_made",
        wire.InviteMade(invite=3, expires_at=AT, uses=2),
        {"invite": 3, "expires_at": AT, "uses": 2},
    ),
    ("room.invite_revoked", wire.InviteRevoked(invite=3), {"invite": 3}),
    ("room.role_set", wire.RoleSet(user=BOB, role="owner"), {"user": BOB, "role": "owner"}),
    ("room.posted", wire.MessagePosted(body=TEXT), {"body": TEXT}),
    ("room.edited", wire.MessageEdited(message=7, body="x"), {"message": 7, "body": "x"}),
    ("room.deleted", wire.MessageDeleted(message=7), {"message": 7}),
    ("room.reacted", wire.Reacted(message=7, reaction="🎲"), {"message": 7, "reaction": "🎲"}),
    ("room.unreacted", wire.Unreacted(message=7, reaction="🎲"), {"message": 7, "reaction": "🎲"}),
    ("room.pinned", wire.MessagePinned(message=7), {"message": 7}),
    ("room.unpinned", wire.MessageUnpinned(message=7), {"message": 7}),
    (
        "room.muted",
        wire.MemberMuted(user=BOB, until=AT, reason="loud"),
        {"user": BOB, "until": AT, "reason": "loud"},
    ),
    ("room.unmuted", wire.MemberUnmuted(user=BOB), {"user": BOB}),
    ("room.kicked", wire.MemberKicked(user=BOB, reason="spam"), {"user": BOB, "reason": "spam"}),
    ("room.banned", wire.UserBanned(user=BOB), {"user": BOB, "until": None, "reason": ""}),
    ("room.unbanned", wire.UserUnbanned(user=BOB), {"user": BOB}),
    ("room.user_erased", wire.UserErased(user=BOB), {"user": BOB}),
    ("room.archived", wire.RoomArchived(), {}),
    ("room.unarchived", wire.RoomUnarchived(), {}),
    ("room.removed", wire.RoomRemoved(), {}),
    ("room.restored", wire.RoomRestored(), {}),
]

VIEW = wire.RoomView(
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
