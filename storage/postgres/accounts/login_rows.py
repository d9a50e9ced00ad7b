"""The statements about logins that several repositories use in transactions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from actors.kind import Instant
from protocol.inbox import EndLogins, Why, inbox_of
from protocol.limits import LOGINS_PER_USER_MAX
from storage.postgres.accounts.notices import warn, write
from storage.postgres.audit_log import record
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.ids import uuid_of
from storage.postgres.outbox.commands import LATER, enqueue
from storage.postgres.outbox.mail import Template

_ENTER: Final = """
with entered as (
    insert into login (id, account, device, place, last_place, created_at, last_used_at, expires_at)
    values (%(login)s, %(account)s, %(device)s, %(place)s, %(place)s, %(at)s, %(at)s, %(expires_at)s)
)
insert into refresh_token (hash, login, issued_at, expires_at)
values (%(digest)s, %(login)s, %(at)s, %(expires_at)s)
"""

_BEYOND: Final = """
select id from login where account = %(account)s and revoked_at is null
order by last_used_at desc, id offset %(max)s
"""

_END: Final = """
update login set revoked_at = %(at)s
where account = %(account)s and revoked_at is null
  and (%(only)s::uuid[] is null or id = any(%(only)s::uuid[]))
  and (%(keep)s::uuid is null or id <> %(keep)s::uuid)
returning id
"""

_RESTORE: Final = """
update account set deleted_at = null, erase_at = null
where id = %(account)s and deleted_at is not null and erase_at > %(at)s
returning 1
"""


class NewLogin(Struct, frozen=True, kw_only=True):
    """A login that begins, with its first refresh token's digest."""

    login: str
    """32 hexadecimal digits."""
    device: str
    place: str
    token_digest: bytes
    at: Instant
    token_expires_at: Instant


async def begin_login(connection: TrioConnection, user: str, login: NewLogin, *, told: bool = False) -> None:
    """Keep a login; an account that waits for its erasure stays after all.

    ``told``: its user gets a notice. The ones unused longest end beyond LOGINS_PER_USER_MAX.
    """
    account = uuid_of(user)
    cursor = await connection.execute(_RESTORE, {"account": account, "at": login.at})
    if await cursor.fetchone() is not None:
        await record(connection, "account.restored", by=user, on=user, from_address=login.place)
        await write(connection, user, Template.ACCOUNT_RESTORED, {})
    await connection.execute(
        _ENTER,
        {
            "account": account,
            "login": uuid_of(login.login),
            "device": login.device,
            "place": login.place,
            "digest": login.token_digest,
            "at": login.at,
            "expires_at": login.token_expires_at,
        },
    )
    cursor = await connection.execute(_BEYOND, {"account": account, "max": LOGINS_PER_USER_MAX})
    if beyond := [row[0].hex for row in await cursor.fetchall()]:
        await end_logins(connection, user, why="logout", at=login.at, address=login.place, only=beyond)
    if told:
        moment = datetime.fromtimestamp(login.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        await warn(
            connection,
            user,
            "signed_in",
            Template.NEW_LOGIN,
            login=login.login,
            device=login.device or "unknown",
            place=login.place,
            at=moment,
        )


async def end_logins(
    connection: TrioConnection,
    user: str,
    *,
    why: Why,
    at: Instant,
    address: str | None,
    by: str | None = None,
    only: Sequence[str] | None = None,
    keep: str | None = None,
) -> list[str]:
    """End logins of a user and enqueue it for their sessions: ``only`` these, or all, or all but ``keep``.

    Those that ended; who had ended before is left alone. ``by`` is who does it, the user themself if not given. Wake
    the relay of the command outbox after the commit.
    """
    cursor = await connection.execute(
        _END,
        {
            "account": uuid_of(user),
            "at": at,
            "only": None if only is None else [uuid_of(login) for login in only],
            "keep": None if keep is None else uuid_of(keep),
        },
    )
    ended = sorted(row[0].hex for row in await cursor.fetchall())
    everyone = only is None and keep is None
    if ended or everyone:
        # An access token may also come from a login that isn't kept any more.
        before = at if everyone else 0
        ends = EndLogins(client_id=LATER, stream=inbox_of(user), logins=tuple(ended), before=before, why=why)
        await enqueue(connection, ends)
        await record(
            connection,
            "login.ended",
            by=by or user,
            on=user,
            from_address=address,
            after={"logins": ",".join(ended), "why": why},
        )
    return ended
