"""Mail that waits to be sent: rows of the queue ``mail``, written in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from storage.postgres.driver.connection import TrioConnection
from storage.postgres.ids import uuid_of
from storage.postgres.outbox.jobs import add_job

QUEUE: Final = "mail"
CODES: Final = "codes"
"""The lane of letters that somebody waits for: however many others wait, these take turns with them."""

# Letters that wait, or were given up: an address is one person's, and its handle names whom a letter greets.
_ERASE = b"""
delete from job j using account a
where a.id = %(account)s and j.queue = 'mail'
    and (lower(j.arguments ->> 'to') = a.email or j.arguments -> 'values' ->> 'handle' = a.handle)
"""


class Template(StrEnum):
    """The letters there are; gatherup/jobs/letters.py has their texts and the values each takes."""

    VERIFY_EMAIL = "verify_email"
    """``handle``, ``code``: prove that the address is one's own."""
    CHANGE_EMAIL = "change_email"
    """``handle``, ``code``: the same for another address, sent to that one."""
    EMAIL_CHANGED = "email_changed"
    """``handle``, ``new``: sent to the old address; ``new`` is the new one, as far as it may be shown."""
    EMAIL_TAKEN = "email_taken"
    """``handle``: somebody tried to register with this address, which has an account. Against enumeration."""
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a template
    """``handle``, ``code``."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - as above
    """``handle``."""
    NEW_LOGIN = "new_login"
    """``handle``, ``device``, ``place``, ``at``."""
    TOKEN_REUSED = "token_reused"  # noqa: S105 - as above
    """``handle``, ``device``: a copied refresh token was shown, its login was ended."""
    LOCKED_OUT = "locked_out"
    """``handle``: too many wrong passwords."""
    SECOND_FACTOR_ON = "second_factor_on"
    """``handle``."""
    SECOND_FACTOR_OFF = "second_factor_off"
    """``handle``."""
    RECOVERY_CODE_USED = "recovery_code_used"
    """``handle``, ``left``: how many recovery codes are left."""
    ACCOUNT_DELETED = "account_deleted"
    """``handle``, ``until``: when it is erased for good, as a date."""
    ACCOUNT_RESTORED = "account_restored"
    """``handle``."""


WITH_CODE: Final = frozenset({Template.VERIFY_EMAIL, Template.CHANGE_EMAIL, Template.RESET_PASSWORD})


async def queue_mail(
    connection: TrioConnection, *, to: str, template: Template, values: Mapping[str, str]
) -> None:
    """Have this letter sent to this address once the caller's transaction commits; at least once.

    ``values`` is what the letter takes. Codes stand in the row until the mail was sent.
    """
    lane = {"lane": CODES} if template in WITH_CODE else {}
    await add_job(connection, QUEUE, {"to": to, "template": template, "values": dict(values), **lane})


async def erase_mail(connection: TrioConnection, user: str) -> None:
    """The eraser of letters: of those to a user's verified address, and of those that greet them."""
    await connection.execute(_ERASE, {"account": uuid_of(user)})
