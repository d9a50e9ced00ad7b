"""Telling somebody about their account: an item of their inbox and a letter, in the transaction of the cause."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.inbox import Matter, Warn, inbox_of
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.ids import uuid_of
from storage.postgres.outbox.commands import LATER, enqueue
from storage.postgres.outbox.mail import Template, queue_mail

_READER = "select email, coalesce(handle, display_name) from account where id = %(account)s"


async def warn(
    connection: TrioConnection,
    user: str,
    matter: Matter,
    template: Template | None = None,
    *,
    login: str | None = None,
    **values: str,
) -> None:
    """Put a notice into the user's inbox; ``template`` goes to their e-mail address too, if they have one."""
    await enqueue(connection, Warn(client_id=LATER, stream=inbox_of(user), matter=matter, login=login))
    if template is not None:
        await write(connection, user, template, values)


async def write(connection: TrioConnection, user: str, template: Template, values: Mapping[str, str]) -> None:
    """Send a letter to the user's e-mail address, if they have one."""
    cursor = await connection.execute(_READER, {"account": uuid_of(user)})
    found = await cursor.fetchone()
    if found is not None and found[0] is not None:
        await queue_mail(connection, to=found[0], template=template, values={"handle": found[1], **values})
