"""What a game's own backend does with a key: rooms, members, messages, and tokens for the game's users.

A key acts in rooms without being a member of them, with a rank above the owner's. What it is about to do stands in
the audit log before it happens; of messages the log of the room itself tells who posted them.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from actors.ports.streams import Streams
from actors.ports.time import Clock
from gatherup.features.accounts.sign_in_service import SignInContext, SignInService
from gatherup.features.rooms.room_access import room_id
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import user_id
from gatherup.http.problem import ProblemError, of_refused, of_unknown
from protocol.codes import Code
from protocol.frames import Accepted, Refused, StreamCommand
from protocol.http.accounts.accounts import SignedIn
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.integrations import MintToken, ServerMember, ServerMessage, ServerRoom
from protocol.ids import derive_client_id
from protocol.room.commands import CreateRoom, InviteUser, JoinRoom, KickMember, PostMessage, SetRole
from storage.postgres.accounts.accounts import AccountRow, Accounts, NewAccount
from storage.postgres.audit_log import AuditLog
from storage.postgres.driver.errors import DataRejected
from storage.postgres.people.people import People

GROUP: Final = "server"
ISSUER: Final = "game"
"""Of the identities that games' own users have; no OpenID provider's, which are URLs."""
ROOM: Final = "/v1/server/rooms/<room>"
UNIQUE_VIOLATION: Final = "23505"
MEMBER: Final = ROOM + "/members/<user>"


class ServerRoomsResource:
    """Rooms as a key sees them."""

    def __init__(self, commands: Commands, router: Streams, audit: AuditLog, people: People) -> None:
        self._commands = commands
        self._router = router
        self._audit = audit
        self._people = people

    @endpoint(
        "POST",
        "/v1/server/rooms",
        body=ServerRoom,
        answer=CommandAccepted,
        status=201,
        scope="rooms.create",
        group=GROUP,
    )
    async def create(self, caller: Caller, body: ServerRoom) -> tuple[CommandAccepted, dict[str, str]]:
        """Make a room without members. ``stream`` is its id."""
        client_id = self._commands.admitted(caller, body)
        await self._note(caller, "server.create_room", on=f"client_id:{client_id}")
        command = CreateRoom(client_id=client_id, resend=body.resend, **fields_of(body))
        made = await self._commands.accepted(caller, command)
        return made, {"Location": f"/v1/rooms/{made.stream}"}

    @endpoint(
        "POST",
        ROOM + "/messages",
        body=ServerMessage,
        answer=CommandAccepted,
        status=201,
        scope="streams.publish",
        group=GROUP,
    )
    async def post(self, caller: Caller, room: str, body: ServerMessage) -> CommandAccepted:
        """Post a message as the game. Its author is ``key:`` and the key's id."""
        return await self._commands.send(caller, PostMessage, body, stream=room_id(room), **fields_of(body))

    @endpoint("PUT", MEMBER, body=ServerMember, answer=CommandAccepted, scope="rooms.manage", group=GROUP)
    async def put_member(self, caller: Caller, room: str, user: str, body: ServerMember) -> CommandAccepted:
        """Make a user a member of a room, with this role. Bans are to be lifted before."""
        stream, member = room_id(room), user_id(user)
        client_id = self._commands.admitted(caller, body)
        if await self._people.own(member) is None:  # a room asks nobody who joins by themself
            raise ProblemError(Code.NOT_FOUND, "There is no such user.", field="user")
        await self._note(caller, "server.put_member", on=stream, user=member, role=body.role or "")
        seq = await self._joined(caller.user, stream, member, client_id)
        if body.role is not None:
            role = SetRole(client_id=_step(client_id, "role"), stream=stream, user=member, role=body.role)
            seq = await self._done(caller.user, role) or seq
        return CommandAccepted(client_id=client_id, stream=stream, seq=seq)

    @endpoint("DELETE", MEMBER, body=CommandBody, answer=CommandAccepted, scope="rooms.manage", group=GROUP)
    async def delete_member(self, caller: Caller, room: str, user: str, body: CommandBody) -> CommandAccepted:
        """Remove a member from a room."""
        stream, member = room_id(room), user_id(user)
        client_id = self._commands.admitted(caller, body)
        await self._note(caller, "server.delete_member", on=stream, user=member)
        command = KickMember(client_id=client_id, resend=body.resend, stream=stream, user=member)
        return await self._commands.accepted(caller, command)

    async def _joined(self, key: str, stream: str, member: str, client_id: str) -> int | None:
        """Make a user a member, in the name of whoever lets them in; the seq, None if they were one."""
        join = JoinRoom(client_id=_step(client_id, "join"), stream=stream)
        try:
            return await self._done(member, join)
        except ProblemError as problem:
            if problem.code is not Code.NOT_FOUND:
                raise
        # Not public: who is invited may join.
        await self._done(key, InviteUser(client_id=_step(client_id, "invite"), stream=stream, user=member))
        return await self._done(member, structs.replace(join, client_id=_step(client_id, "join invited")))

    async def _done(self, by: str, command: StreamCommand) -> int | None:
        """Send one command of several. Returns its seq; None if nothing had to change. Raises ProblemError."""
        reply = await self._router.ask(command, by=by)
        match reply:
            case Accepted():
                return reply.seq
            case Refused(code=Code.ALREADY_EXISTS):
                return None
            case Refused():
                raise of_refused(reply)
            case _:
                raise of_unknown(reply)

    async def _note(self, caller: Caller, act: str, *, on: str, **after: str) -> None:
        await self._audit.note(act, by=caller.user, on=on, address=caller.address, after=after)


def _step(client_id: str, name: str) -> str:
    """The client id of one of the commands that a request is made of: a resend sends the same ones."""
    return derive_client_id("server", client_id, name)


class MintResource:
    """Tokens for a game's own users."""

    def __init__(
        self, accounts: Accounts, sign_in_service: SignInService, audit: AuditLog, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._sign_in_service = sign_in_service
        self._audit = audit
        self._clock = clock

    @endpoint(
        "POST",
        "/v1/server/tokens",
        body=MintToken,
        answer=SignedIn,
        status=201,
        scope="tokens.mint",
        refuses=(Code.WRONG_CREDENTIALS, Code.BANNED, Code.SECOND_FACTOR_NEEDED),
        group=GROUP,
    )
    async def mint(self, caller: Caller, body: MintToken) -> SignedIn:
        """Sign in a user of the game by the id that the game knows. Give the tokens to their client alone.

        The first request makes the account. A user who turned a second factor on must give a code here too. Admins
        can't be signed in this way: otherwise a key with this scope could make itself keys with every scope.
        """
        account = await self._known(body)
        if account is None:
            try:
                return await self._made(caller, body)
            except DataRejected as error:
                # Another request made the account at the same time.
                account = await self._known(body) if error.sqlstate == UNIQUE_VIOLATION else None
                if account is None:
                    raise
        if account.admin:
            raise ProblemError(Code.FORBIDDEN, "Admins must sign in by themselves.")
        await self._audit.note("server.mint_token", by=caller.user, on=account.user, address=caller.address)
        # The game knows who it is: there is nobody to warn of a new device.
        context = SignInContext(device=body.device, address=caller.address, known_device=None, told=False)
        return await self._sign_in_service.admit(account, context)

    async def _known(self, body: MintToken) -> AccountRow | None:
        return await self._accounts.by_identity(ISSUER, body.external_id, self._clock.now())

    async def _made(self, caller: Caller, body: MintToken) -> SignedIn:
        account = NewAccount(
            user=self._sign_in_service.new_user(),
            handle=None,
            display_name=body.display_name,
            password_hash=None,
            identity=(ISSUER, body.external_id),
            created_at=self._clock.now(),
        )
        await self._audit.note("server.mint_token", by=caller.user, on=account.user, address=caller.address)
        return await self._sign_in_service.create(account, body.device, caller.address)
