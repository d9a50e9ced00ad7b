"""Any commands to a room, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from protocol.frames import Command, StreamCommand
from protocol.ids import SYSTEM
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    DeleteMessage,
    EditMessage,
    EraseUser,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    RevokeInvite,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)
from protocol.room.hosting import CloseRoom
from tests.unit.actors.room.talk import ANN, BOB, CAT, DAN, EVE, ID, KEY, ROOM

USERS = (ANN, BOB, CAT, DAN, EVE)
WHO = st.sampled_from(USERS)
AUTHORS = st.sampled_from([*USERS, *USERS, *USERS, KEY, SYSTEM])
SEQS = st.integers(1, 20)
SECRET = "hush"
"""In every text that anybody writes."""
TEXT = st.builds(
    lambda words: " ".join([SECRET, *words]),
    st.lists(st.sampled_from(["@bob", "@Cat_1", "@room", "troll", "https://evil.example", "ok"]), max_size=3),
)
REACTIONS = st.sampled_from(["👍", "👎", "🎲"])
SECONDS = st.sampled_from([1, 30, 600])
CODES = st.sampled_from([None, *(f"{number}-" + "0" * 24 for number in (1, 2))])


SOME: list[tuple[type[StreamCommand], dict[str, Any]]] = [
    (JoinRoom, {"invite": CODES}),
    (JoinRoom, {}),
    (LeaveRoom, {}),
    (InviteUser, {"user": WHO}),
    (UninviteUser, {"user": WHO}),
    (CreateInvite, {"lifetime_s": st.just(60), "uses": st.sampled_from([None, 1, 2])}),
    (RevokeInvite, {"invite": st.integers(1, 3)}),
    (SetRole, {"user": WHO, "role": st.sampled_from(["owner", "moderator", "member"])}),
    (PostMessage, {"body": TEXT}),
    (PostMessage, {"body": TEXT, "reply_to": st.none() | SEQS, "thread": st.none() | SEQS}),
    (EditMessage, {"message": SEQS, "body": TEXT}),
    (DeleteMessage, {"message": SEQS}),
    (React, {"message": SEQS, "reaction": REACTIONS}),
    (React, {"message": SEQS, "reaction": REACTIONS}),
    (Unreact, {"message": SEQS, "reaction": REACTIONS}),
    (PinMessage, {"message": SEQS}),
    (UnpinMessage, {"message": SEQS}),
    (MuteMember, {"user": WHO, "for_s": SECONDS, "reason": TEXT}),
    (UnmuteMember, {"user": WHO}),
    (KickMember, {"user": WHO, "reason": TEXT}),
    (BanUser, {"user": WHO, "for_s": st.none() | SECONDS, "reason": TEXT}),
    (UnbanUser, {"user": WHO}),
    (
        ChangeRoom,
        {
            "name": st.none() | TEXT,
            "topic": st.none() | TEXT,
            "access": st.sampled_from([None, "public", "private"]),
            "history": st.sampled_from([None, True, False]),
            "slow_mode_s": st.sampled_from([None, 0, 5]),
        },
    ),
    (
        SetFilter,
        {"words": st.sampled_from([(), ("troll",)]), "links": st.sampled_from(["allowed", "forbidden"])},
    ),
    (CloseRoom, {}),
    (ArchiveRoom, {}),
    (UnarchiveRoom, {}),
    (RemoveRoom, {}),
    (RestoreRoom, {}),
    (EraseUser, {"user": WHO, "events": st.lists(SEQS, max_size=4, unique=True).map(tuple)}),
]
"""Every command to a room that exists, with strategies for its fields. Those that stand twice come twice as often."""
ANY: st.SearchStrategy[Command] = st.one_of(
    *(st.builds(command, client_id=st.just(ID), stream=st.just(ROOM), **fields) for command, fields in SOME)
)
ACCESS = st.sampled_from(["public", "private", "group"])
"""Of a room that is made; ``direct`` ones are opened."""
