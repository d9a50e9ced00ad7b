"""Passwords and e-mail addresses of accounts that there are, and the codes that are mailed for them.

Every method may raise PostgresError. Only digests of codes reach the tables; the codes themselves stand in letters
until those are sent. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.accounts.login_rows import end_logins
from storage.postgres.accounts.notices import warn
from storage.postgres.audit_log import record
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.outbox.mail import Template, queue_mail

_UNIQUE_VIOLATION: Final = "23505"

Purpose = Literal["verify_email", "reset_password"]


class EmailTakenError(Exception):
    """Another account has verified this e-mail address."""


class MailedCode(Struct, frozen=True, kw_only=True):
    """A code that is going to be mailed."""

    email: str
    code: str
    digest: bytes
    expires_at: Instant


_SAID = (
    "select coalesce(handle, display_name), email from account where id = %(account)s and deleted_at is null"
)
_BY_EMAIL = """
select id, coalesce(handle, display_name), email from account where email = %(email)s and deleted_at is null
"""

_KEEP_CODE = """
insert into mailed_token (digest, account, purpose, email, expires_at)
values (%(digest)s, %(account)s, %(purpose)s, %(email)s, %(expires_at)s)
on conflict (account, purpose) do update
set digest = excluded.digest, email = excluded.email, expires_at = excluded.expires_at
"""

_USE_CODE = """
delete from mailed_token t using account a
where t.digest = %(digest)s and t.purpose = %(purpose)s and t.expires_at > %(at)s
  and a.id = t.account and a.deleted_at is null
returning t.account, t.email, a.email
"""

_STANDS = "select from mailed_token where digest = %(digest)s and expires_at > %(at)s"

# Whoever uses one locks its account first, as who sets a password does.
_LOCK_OF_CODE = """
select from account a join mailed_token t on t.account = a.id where t.digest = %(digest)s for no key update of a
"""

_FORGET_CODES = "delete from mailed_token where account = %(account)s"

_SET_EMAIL = "update account set email = %(email)s where id = %(account)s"

_RENEW = """
update account set password_hash = %(password_hash)s, device_digest = null where id = %(account)s
"""

_LOCK_IF_SAME = """
select from account where id = %(account)s and password_hash is not distinct from %(was)s for no key update
"""


class Credentials:
    """Reads and writes passwords, addresses and codes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask_to_verify(self, user: str, mailed: MailedCode) -> None:
        """Mail a code that proves that this address is the user's. If it is another's, that one is told instead."""
        async with lent(self._pool, transaction=True) as connection:
            await mail_verification(connection, user, mailed)

    async def code_stands(self, digest: bytes, *, at: Instant) -> bool:
        """Whether a code is good: neither used, nor replaced by a newer one of its purpose, nor expired."""
        return bool(await rows(self._pool, _STANDS, {"digest": digest, "at": at}))

    async def verify_email(self, digest: bytes, *, at: Instant, address: str) -> bool:
        """Make the address whose code this is the account's. False if the code isn't good. Raises EmailTakenError."""
        try:
            async with lent(self._pool, transaction=True) as connection:
                used = await _use(connection, digest, "verify_email", at)
                if used is None:
                    return False
                user, email, before = used
                # Codes for a new password went to the mailbox that was: it counts no more.
                await connection.execute(_FORGET_CODES, {"account": uuid_of(user)})
                await connection.execute(_SET_EMAIL, {"account": uuid_of(user), "email": email})
                await record(connection, "email.verified", by=user, on=user, from_address=address)
                if before is not None and before != email:
                    await _tell_change(connection, user, before, email)
                return True
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION:
                raise EmailTakenError from None
            raise

    async def ask_to_reset(self, mailed: MailedCode) -> None:
        """Mail a code with which the password can be set, if an account has this address."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_BY_EMAIL, {"email": mailed.email})
            if (found := await cursor.fetchone()) is not None:
                account, name, _ = found
                user = user_of(account)
                await _send(connection, user, "reset_password", mailed, Template.RESET_PASSWORD, name)

    async def reset_password(self, digest: bytes, password_hash: str, *, at: Instant, address: str) -> bool:
        """Set the password of who was mailed this code; every login ends. False if the code isn't good."""
        async with lent(self._pool, transaction=True) as connection:
            used = await _use(connection, digest, "reset_password", at)
            if used is None:
                return False
            await _set_password(connection, used[0], password_hash, keep=None, at=at, address=address)
            return True

    async def change_password(
        self, user: str, password_hash: str, *, was: str | None, keep: str, at: Instant, address: str
    ) -> bool:
        """Set the user's password and end every login but ``keep``. False if the password isn't ``was`` any longer."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_LOCK_IF_SAME, {"account": uuid_of(user), "was": was})
            if await cursor.fetchone() is None:
                return False
            await _set_password(connection, user, password_hash, keep=keep, at=at, address=address)
            return True


async def mail_verification(connection: TrioConnection, user: str, mailed: MailedCode) -> None:
    """Do what ``Credentials.ask_to_verify`` does, in the caller's transaction."""
    cursor = await connection.execute(_BY_EMAIL, {"email": mailed.email})
    if (taken := await cursor.fetchone()) is not None:
        values = {"handle": taken[1]}
        await queue_mail(connection, to=mailed.email, template=Template.EMAIL_TAKEN, values=values)
        return
    cursor = await connection.execute(_SAID, {"account": uuid_of(user)})
    if (said := await cursor.fetchone()) is None:
        return
    name, email = said
    template = Template.VERIFY_EMAIL if email is None else Template.CHANGE_EMAIL
    await _send(connection, user, "verify_email", mailed, template, name)


async def _send(
    connection: TrioConnection, user: str, purpose: Purpose, mailed: MailedCode, template: Template, name: str
) -> None:
    parameters = {
        "digest": mailed.digest,
        "account": uuid_of(user),
        "purpose": purpose,
        "email": mailed.email,
        "expires_at": mailed.expires_at,
    }
    await connection.execute(_KEEP_CODE, parameters)
    values = {"handle": name, "code": mailed.code}
    await queue_mail(connection, to=mailed.email, template=template, values=values)


async def _use(
    connection: TrioConnection, digest: bytes, purpose: Purpose, at: Instant
) -> tuple[str, str, str | None] | None:
    """Use up a code: its user, the address it was sent to, and the user's present address."""
    await connection.execute(_LOCK_OF_CODE, {"digest": digest})
    cursor = await connection.execute(_USE_CODE, {"digest": digest, "purpose": purpose, "at": at})
    found = await cursor.fetchone()
    return None if found is None else (user_of(found[0]), found[1], found[2])


async def _set_password(
    connection: TrioConnection, user: str, password_hash: str, *, keep: str | None, at: Instant, address: str
) -> None:
    account = uuid_of(user)
    await connection.execute(_RENEW, {"account": account, "password_hash": password_hash})
    # The one for another address too: who asked for it knew the former password, and the new one would be theirs.
    await connection.execute(_FORGET_CODES, {"account": account})
    await end_logins(connection, user, why="password_changed", at=at, address=address, keep=keep)
    await record(connection, "password.changed", by=user, on=user, from_address=address)
    await warn(connection, user, "password_changed", Template.PASSWORD_CHANGED)


async def _tell_change(connection: TrioConnection, user: str, before: str, after: str) -> None:
    cursor = await connection.execute(_SAID, {"account": uuid_of(user)})
    said = await cursor.fetchone()
    values = {"handle": said[0] if said is not None else "", "new": masked(after)}
    await queue_mail(connection, to=before, template=Template.EMAIL_CHANGED, values=values)
    await warn(connection, user, "email_changed")


def masked(email: str) -> str:
    """An address as far as whoever reads the old one's mailbox may see it."""
    local, _, domain = email.partition("@")
    return f"{local[0]}…@{domain}"
