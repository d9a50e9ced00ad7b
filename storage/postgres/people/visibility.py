"""Who may see whom: blocks and privacy settings."""

from __future__ import annotations

from collections.abc import Collection

from actors.ports.log import LogUnavailableError
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import user_of, uuid_of

_VISIBLE = """
select a.id from account a
where a.id = any(%(people)s) and a.deleted_at is null and lets_know(a.id, a.presence_to, %(user)s)
"""


class PostgresVisibility:
    """Implements the Visibility of sessions."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def visible(self, user: str, people: Collection[str]) -> set[str]:
        """Those of these people who let this user see them. Raises LogUnavailableError."""
        asked = {"user": uuid_of(user), "people": [uuid_of(person) for person in people]}
        try:
            found = await rows(self._pool, _VISIBLE, asked)
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
        return {user_of(person) for (person,) in found}
