"""One or more real values of every message, each with the map it must be on the wire."""

from __future__ import annotations

import json
from typing import Any, cast

import msgpack
from msgspec import Struct

from protocol.codec import Codec
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import (
    Accepted,
    Event,
    Goodbye,
    Heads,
    Hello,
    MarkRead,
    Ping,
    Position,
    RefreshToken,
    Refused,
    RoomHead,
    SessionLimits,
    Signalled,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    WatchHeads,
    Welcome,
)
from protocol.inbox import (
    Befriended,
    InboxRead,
    InboxView,
    Invited,
    LoginsEnded,
    MatchCalled,
    MatchCalledOff,
    Mentioned,
    Promoted,
    ReadInbox,
    StaffCalled,
    TeamInvited,
    Warned,
)
from protocol.presence import SetStatus, WatchPresence
from tests.unit.protocol import gathering_samples, room_samples, series_samples, tournament_samples
from tests.unit.protocol.room_samples import ANN, AT, BOB, CLIENT_ID, ROOM, VIEW, VIEW_MAP, Map
from tests.unit.protocol.tournament_samples import TOURNAMENT


def packb(value: object) -> bytes:
    """MessagePack written by the independent package."""
    return cast(bytes, msgpack.packb(value))


def pack(codec: Codec, value: object) -> bytes:
    """A message as a client in another language would write it."""
    return packb(value) if codec.binary else json.dumps(value).encode()


_POSITION: Map = {"stream": ROOM, "incarnation": 2, "seq": 41}
_ASK: Map = {"client_id": CLIENT_ID, "stream": ROOM}

CLIENT: list[tuple[Struct, Map]] = [
    (Hello(token="abc"), {"t": "hello", "token": "abc"}),
    (
        Hello(token="abc", protocol=2, positions=(Position(stream=ROOM, incarnation=2, seq=41),)),
        {"t": "hello", "token": "abc", "protocol": 2, "positions": [_POSITION]},
    ),
    (
        RefreshToken(client_id=CLIENT_ID, token="abc"),
        {"t": "refresh_token", "client_id": CLIENT_ID, "token": "abc"},
    ),
    (Subscribe(client_id=CLIENT_ID, stream=ROOM), {"t": "subscribe", **_ASK}),
    (
        Subscribe(client_id=CLIENT_ID, stream=ROOM, since=Position(stream=ROOM, incarnation=2, seq=41)),
        {"t": "subscribe", **_ASK, "since": _POSITION},
    ),
    (Unsubscribe(client_id=CLIENT_ID, stream=ROOM), {"t": "unsubscribe", **_ASK}),
    (Ping(client_id=CLIENT_ID), {"t": "ping", "client_id": CLIENT_ID}),
    (MarkRead(room=ROOM, number=2**53 - 1), {"t": "mark_read", "room": ROOM, "number": 2**53 - 1}),
    (WatchHeads(client_id=CLIENT_ID), {"t": "watch_heads", "client_id": CLIENT_ID}),
    (
        WatchHeads(client_id=CLIENT_ID, rooms=(ROOM,)),
        {"t": "watch_heads", "client_id": CLIENT_ID, "rooms": [ROOM]},
    ),
    (
        ReadInbox(client_id=CLIENT_ID, stream="inbox:" + ANN[5:], up_to=0),
        {"t": "inbox.read", "client_id": CLIENT_ID, "stream": "inbox:" + ANN[5:], "up_to": 0},
    ),
    (SetStatus(status="busy"), {"t": "set_status", "status": "busy"}),
    (WatchPresence(client_id=CLIENT_ID), {"t": "watch_presence", "client_id": CLIENT_ID}),
    (
        WatchPresence(client_id=CLIENT_ID, users=(ANN, BOB)),
        {"t": "watch_presence", "client_id": CLIENT_ID, "users": [ANN, BOB]},
    ),
    *room_samples.CLIENT,
    *tournament_samples.CLIENT,
    *gathering_samples.CLIENT,
    *series_samples.CLIENT,
]


LOGIN = "5" * 32
EVENTS: list[tuple[str, Struct, Map]] = [
    *room_samples.EVENTS,
    (
        "inbox.mentioned",
        Mentioned(room=ROOM, message=3, number=2, by=BOB, reply=True),
        {"room": ROOM, "message": 3, "number": 2, "by": BOB, "reply": True},
    ),
    ("inbox.invited", Invited(room=ROOM, by=BOB), {"room": ROOM, "by": BOB, "direct": False}),
    ("inbox.befriended", Befriended(by=BOB, accepted=True), {"by": BOB, "accepted": True}),
    (
        "inbox.match_called",
        MatchCalled(tournament=TOURNAMENT, match=3, until=AT),
        {"tournament": TOURNAMENT, "match": 3, "until": AT},
    ),
    (
        "inbox.match_called_off",
        MatchCalledOff(tournament=TOURNAMENT, match=3),
        {"tournament": TOURNAMENT, "match": 3},
    ),
    (
        "inbox.staff_called",
        StaffCalled(tournament=TOURNAMENT, match=3),
        {"tournament": TOURNAMENT, "match": 3},
    ),
    ("inbox.promoted", Promoted(tournament=TOURNAMENT), {"tournament": TOURNAMENT}),
    (
        "inbox.team_invited",
        TeamInvited(tournament=TOURNAMENT, entrant=3, by=BOB),
        {"tournament": TOURNAMENT, "entrant": 3, "by": BOB},
    ),
    ("inbox.warned", Warned(matter="signed_in", login=LOGIN), {"matter": "signed_in", "login": LOGIN}),
    ("inbox.read", InboxRead(up_to=7), {"up_to": 7}),
    (
        "inbox.logins_ended",
        LoginsEnded(logins=(LOGIN,), why="banned", before=AT),
        {"logins": [LOGIN], "why": "banned", "before": AT},
    ),
    *tournament_samples.EVENTS,
    *gathering_samples.EVENTS,
    *series_samples.EVENTS,
]
VIEWS: list[tuple[Struct, Map]] = [
    (VIEW, VIEW_MAP),
    (tournament_samples.VIEW, tournament_samples.VIEW_MAP),
    (gathering_samples.VIEW, gathering_samples.VIEW_MAP),
    (series_samples.VIEW, series_samples.VIEW_MAP),
    (InboxView(user=ANN, unread=2, read_up_to=7), {"user": ANN, "unread": 2, "read_up_to": 7}),
]


def header(kind: str = "room.posted", **fields: Any) -> Header:
    """A header of this type."""
    return Header(stream=ROOM, seq=7, at=AT, author=ANN, type=kind, **fields)


FULL_HEADER = header(revokes=(BOB,), erases=(3, 5), marks={"number": 9, "ids": (BOB, 1), "public": True})
FULL_HEADER_MAP: Map = {
    "stream": ROOM,
    "seq": 7,
    "at": AT,
    "author": ANN,
    "type": "room.posted",
    "revokes": [BOB],
    "erases": [3, 5],
    "marks": {"number": 9, "ids": [BOB, 1], "public": True},
}


_LIMITS: Map = {
    "frame_bytes_max": 65536,
    "subscriptions_max": 200,
    "inflight_commands_max": 256,
    "commands_per_s": 20.0,
    "commands_burst": 60.0,
    "signals_per_s": 5.0,
    "resume_events_max": 1000,
    "resend_for_s": 86400.0,
}
_SESSION: list[tuple[Struct, Map]] = [
    (
        Welcome(session="s1", user=ANN, node="n1", at=AT, token_expires_at=AT + 1),
        {
            "t": "welcome",
            "session": "s1",
            "user": ANN,
            "node": "n1",
            "at": AT,
            "protocol": 1,
            "heartbeat_s": 20.0,
            "token_expires_at": AT + 1,
            "limits": _LIMITS,
        },
    ),
    (
        Welcome(
            session="s1",
            user=ANN,
            node="n1",
            at=AT,
            token_expires_at=AT,
            heartbeat_s=7.5,
            limits=SessionLimits(frame_bytes_max=9),
        ),
        {
            "t": "welcome",
            "session": "s1",
            "user": ANN,
            "node": "n1",
            "at": AT,
            "token_expires_at": AT,
            "protocol": 1,
            "heartbeat_s": 7.5,
            "limits": {**_LIMITS, "frame_bytes_max": 9},
        },
    ),
    (
        Goodbye(code=4001, message="Slow.", retry=True, retry_after_s=0.5),
        {"t": "goodbye", "code": 4001, "message": "Slow.", "retry": True, "retry_after_s": 0.5},
    ),
    (
        Heads(rooms=(RoomHead(room=ROOM, seq=9, number=4, read=1, unread=2, mentions=1),), gone=(ROOM,)),
        {
            "t": "heads",
            "rooms": [
                {
                    "room": ROOM,
                    "seq": 9,
                    "number": 4,
                    "read": 1,
                    "unread": 2,
                    "mentions": 1,
                    "peer_read": None,
                }
            ],
            "gone": [ROOM],
        },
    ),
]


def server(codec: Codec) -> list[tuple[Struct, Map]]:
    """Server frames; what is Raw inside them is in this codec's encoding."""
    return [*_SESSION, *_replies(codec), *_subscriptions(codec), *_events(codec)]


def _replies(codec: Codec) -> list[tuple[Struct, Map]]:
    return [
        (Accepted(client_id=CLIENT_ID), {"t": "accepted", "client_id": CLIENT_ID}),
        (
            Accepted(client_id=CLIENT_ID, stream=ROOM, seq=9, events=2, answer=codec.raw({"a": [1, None]})),
            {"t": "accepted", **_ASK, "seq": 9, "events": 2, "answer": {"a": [1, None]}},
        ),
        (
            Refused(code=Code.INVALID, message="No."),
            {"t": "refused", "code": "invalid", "message": "No."},
        ),
        (
            Refused(
                client_id=CLIENT_ID,
                stream=ROOM,
                code=Code.RATE_LIMITED,
                message="Wait.",
                field="body",
                retry=True,
                retry_after_s=1.5,
            ),
            {
                "t": "refused",
                **_ASK,
                "code": "rate_limited",
                "message": "Wait.",
                "field": "body",
                "retry": True,
                "retry_after_s": 1.5,
            },
        ),
        (Unknown(client_id=CLIENT_ID), {"t": "unknown", "client_id": CLIENT_ID}),
        (
            Unknown(client_id=CLIENT_ID, stream=ROOM, retry_after_s=2.5),
            {"t": "unknown", **_ASK, "retry_after_s": 2.5},
        ),
    ]


def _subscriptions(codec: Codec) -> list[tuple[Struct, Map]]:
    return [
        (
            Subscribed(stream=ROOM, incarnation=1, seq=4, head=9),
            {"t": "subscribed", "stream": ROOM, "incarnation": 1, "seq": 4, "head": 9},
        ),
        (
            Subscribed(
                client_id=CLIENT_ID, stream=ROOM, incarnation=1, seq=9, head=9, snapshot=codec.raw(VIEW)
            ),
            {"t": "subscribed", **_ASK, "incarnation": 1, "seq": 9, "head": 9, "snapshot": VIEW_MAP},
        ),
        (
            Unsubscribed(stream=ROOM, code=Code.FORBIDDEN, message="No."),
            {"t": "unsubscribed", "stream": ROOM, "code": "forbidden", "message": "No."},
        ),
    ]


def _events(codec: Codec) -> list[tuple[Struct, Map]]:
    return [
        (
            Event(header=FULL_HEADER, payload=None),
            {"t": "event", "header": FULL_HEADER_MAP, "payload": None},
        ),
        *(
            (
                Event(header=header(kind), payload=codec.raw(payload)),
                {"t": "event", "header": _header_map(kind), "payload": expected},
            )
            for kind, payload, expected in EVENTS
        ),
        (
            Signalled(stream=ROOM, author=ANN, type="room.typing", data={"a": 1, "b": [ANN], "c": "x"}),
            {
                "t": "signal",
                "stream": ROOM,
                "author": ANN,
                "type": "room.typing",
                "data": {"a": 1, "b": [ANN], "c": "x"},
            },
        ),
    ]


def _header_map(kind: str) -> Map:
    return {"stream": ROOM, "seq": 7, "at": AT, "author": ANN, "type": kind}
