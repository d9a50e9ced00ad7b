"""Any commands to a room, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from protocol import room as wire
from protocol.frames import Command
from protocol.ids import SYSTEM
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


def _some(command: type, **fields: Any) -> st.SearchStrategy[Command]:
    return st.builds(command, client_id=st.just(ID), stream=st.just(ROOM), **fields)


ANY: st.SearchStrategy[Command] = st.one_of(
    _some(wire.JoinRoom, invite=CODES),
    _some(wire.JoinRoom),
    _some(wire.LeaveRoom),
    _some(wire.InviteUser, user=WHO),
    _some(wire.UninviteUser, user=WHO),
    _some(wire.CreateInvite, lifetime_s=st.just(60), uses=st.sampled_from([None, 1, 2])),
    _some(wire.RevokeInvite, invite=st.integers(1, 3)),
    _some(wire.SetRole, user=WHO, role=st.sampled_from(["owner", "moderator", "member"])),
    _some(wire.PostMessage, body=TEXT),
    _some(wire.PostMessage, body=TEXT, reply_to=st.none() | SEQS, thread=st.none() | SEQS),
    _some(wire.EditMessage, message=SEQS, body=TEXT),
    _some(wire.DeleteMessage, message=SEQS),
    _some(wire.React, message=SEQS, reaction=REACTIONS),
    _some(wire.React, message=SEQS, reaction=REACTIONS),
    _some(wire.Unreact, message=SEQS, reaction=REACTIONS),
    _some(wire.PinMessage, message=SEQS),
    _some(wire.UnpinMessage, message=SEQS),
    _some(wire.MuteMember, user=WHO, for_s=SECONDS, reason=TEXT),
    _some(wire.UnmuteMember, user=WHO),
    _some(wire.KickMember, user=WHO, reason=TEXT),
    _some(wire.BanUser, user=WHO, for_s=st.none() | SECONDS, reason=TEXT),
    _some(wire.UnbanUser, user=WHO),
    _some(
        wire.ChangeRoom,
        name=st.none() | TEXT,
        topic=st.none() | TEXT,
        access=st.sampled_from([None, "public", "private"]),
        history=st.sampled_from([None, True, False]),
        slow_mode_s=st.sampled_from([None, 0, 5]),
    ),
    _some(
        wire.SetFilter,
        words=st.sampled_from([(), ("troll",)]),
        links=st.sampled_from(["allowed", "forbidden"]),
    ),
    _some(wire.ArchiveRoom),
    _some(wire.UnarchiveRoom),
    _some(wire.RemoveRoom),
    _some(wire.RestoreRoom),
    _some(wire.EraseUser, user=WHO, events=st.lists(SEQS, max_size=4, unique=True).map(tuple)),
)
ACCESS = st.sampled_from(["public", "private", "group"])
"""Of a room that is made; ``direct`` ones are opened."""
