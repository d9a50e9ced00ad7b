"""A room with a word for each command, as the tests of its decisions use it."""

from __future__ import annotations

from typing import Any, cast

from actors.kind import (
    LISTENERS,
    LISTENS_AFTER,
    NOBODY,
    Accept,
    Decision,
    FactKey,
    Refuse,
)
from actors.room.kind import RoomKind
from actors.room.state import Room
from protocol.codes import Code
from protocol.ids import SYSTEM, derive_client_id
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
from protocol.room.view import RoomView
from tests.fold import Folded

ROOM = "room:" + "1" * 32
ANN, BOB, CAT, DAN, EVE = (f"user:{letter * 32}" for letter in "abcde")
KEY = "key:" + "9" * 32
OTHER_STREAM = "tournament:" + "8" * 32
ID = derive_client_id("test")
HANDLES = {ANN: "Ann", BOB: "bob", CAT: "Cat_1", DAN: "dan", EVE: "eve"}

STRANGE: dict[str, Any] = {
    "join": JoinRoom,
    "close": CloseRoom,
    "join with a code": lambda **k: JoinRoom(invite="1-" + "0" * 24, **k),
    "leave": LeaveRoom,
    "invite": lambda **k: InviteUser(user=CAT, **k),
    "uninvite": lambda **k: UninviteUser(user=CAT, **k),
    "decline": lambda **k: UninviteUser(user=EVE, **k),
    "create invite": CreateInvite,
    "revoke invite": lambda **k: RevokeInvite(invite=1, **k),
    "set role": lambda **k: SetRole(user=ANN, role="member", **k),
    "post": lambda **k: PostMessage(body="x", **k),
    "reply": lambda **k: PostMessage(body="@ann x", reply_to=2, thread=2, **k),
    "edit": lambda **k: EditMessage(message=2, body="x", **k),
    "delete": lambda **k: DeleteMessage(message=2, **k),
    "react": lambda **k: React(message=2, reaction="👍", **k),
    "unreact": lambda **k: Unreact(message=2, reaction="👍", **k),
    "pin": lambda **k: PinMessage(message=2, **k),
    "unpin": lambda **k: UnpinMessage(message=2, **k),
    "mute": lambda **k: MuteMember(user=ANN, for_s=9, **k),
    "unmute": lambda **k: UnmuteMember(user=ANN, **k),
    "kick": lambda **k: KickMember(user=ANN, **k),
    "ban": lambda **k: BanUser(user=ANN, **k),
    "unban": lambda **k: UnbanUser(user=ANN, **k),
    "change": lambda **k: ChangeRoom(name="x", **k),
    "nothing to change": ChangeRoom,
    "filter": SetFilter,
    "archive": ArchiveRoom,
    "unarchive": UnarchiveRoom,
    "remove": RemoveRoom,
    "restore": RestoreRoom,
    "erase": lambda **k: EraseUser(user=ANN, events=(2,), **k),
}
"""Whatever somebody may send to a room that isn't theirs."""


class Talk(Folded):
    """A room, everybody with their handles, and Ann's friends."""

    def __init__(self, stream: str = ROOM) -> None:
        super().__init__(RoomKind(b"k" * 32), stream)
        for user, handle in HANDLES.items():
            self.people.add(user, handle)

    @property
    def room(self) -> Room:
        return cast(Room, self.state)

    # --- commands ---

    def send(self, command: type, by: str, **fields: Any) -> Decision:
        return self.do(command(client_id=ID, stream=self.stream, **fields), by)

    def done(self, command: type, by: str, **fields: Any) -> Any:
        """It is accepted: the answer, if there is one."""
        decision = self.send(command, by, **fields)
        assert isinstance(decision, Accept), decision
        return decision.answer

    def create(self, by: str = ANN, **fields: Any) -> Decision:
        return self.do(CreateRoom(client_id=ID, name="Chess", **fields), by)

    def open(self, by: str, user: str) -> Decision:
        return self.do(OpenDirect(client_id=ID, user=user), by)

    def join(self, by: str, invite: str | None = None) -> Decision:
        return self.send(JoinRoom, by, invite=invite)

    def leave(self, by: str) -> Decision:
        return self.send(LeaveRoom, by)

    def post(self, by: str, body: str = "hi", **fields: Any) -> int:
        """Post and return the seq."""
        self.done(PostMessage, by, body=body, **fields)
        return len(self.log)

    def edit(self, by: str, message: int, body: str = "ho") -> Decision:
        return self.send(EditMessage, by, message=message, body=body)

    def delete(self, by: str, message: int) -> Decision:
        return self.send(DeleteMessage, by, message=message)

    def kick(self, by: str, user: str) -> Decision:
        return self.send(KickMember, by, user=user, reason="spam")

    def later(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    # --- what came of it ---

    def row(self, message: int) -> dict[str, Any]:
        return dict(self.rows[FactKey("message", str(message))])

    def keyed(self, table: str) -> dict[str, dict[str, Any]]:
        return {key.key: dict(row) for key, row in self.rows.items() if key.table == table}

    def listens(self, user: str) -> bool:
        rows = self.keyed(LISTENERS)
        return user in rows and NOBODY not in rows

    def listens_after(self, user: str) -> int:
        return self.keyed(LISTENERS)[user][LISTENS_AFTER] or 0

    def marks(self) -> dict[str, Any]:
        """Of the last event."""
        return self.headers()[-1].marks

    def view(self, user: str) -> RoomView:
        return cast(RoomView, self.kind.view(self.state, user))


def talk(*users: str, access: str = "public", **fields: Any) -> Talk:
    """Ann's room with these in it."""
    made = Talk()
    assert isinstance(made.create(access=access, **fields), Accept)
    for user in users:
        if access != "public":
            made.done(InviteUser, ANN, user=user)
        assert isinstance(made.join(user), Accept)
    return made


def direct(one: str = ANN, other: str = BOB) -> Talk:
    """The direct room of two."""
    made = Talk()
    assert isinstance(made.open(one, other), Accept)
    return made


def code(decision: Decision, field: str | None = None) -> Code:
    """Why it was refused."""
    assert isinstance(decision, Refuse), decision
    assert decision.field == field
    return decision.code


NOT_FOUND = Refuse(Code.NOT_FOUND)
"""What a room that was never made answers, word for word."""
OPERATORS = (KEY, SYSTEM)
