"""Which logins have ended, as their rows say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from typing_extensions import override

from actors.ports.log import LogUnavailableError
from actors.ports.logins import Login, Logins, LoginStatus
from actors.ports.time import Clock
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Lender
from storage.postgres.driver.queries import rows
from storage.postgres.ids import uuid_of
from storage.postgres.streams.log import CALL_TIMEOUT_S

_LOGIN_ID: Final = re.compile(r"[0-9a-f]{32}").fullmatch
_NO_LOGIN: Final = UUID(int=0)

# An inbox has the key of its user. One by one: a crowd would be joined to tables that have just grown by scans.
_STATUSES: Final = """
select l.revoked_at is null and a.deleted_at is null and a.banned_at is null and l.id is not null and a.id is not null,
       coalesce(s.head, 0), coalesce(l.created_at, 0)
from unnest(%(logins)s::uuid[], %(accounts)s::uuid[]) with ordinality q(login, account, position)
left join lateral (select l.* from login l where l.id = q.login and l.account = q.account limit 1) l on true
left join lateral (select a.* from account a where a.id = q.account limit 1) a on true
left join lateral (
    select s.* from stream s where s.id = q.account and s.kind = 'inbox' and s.deleted_at is null limit 1
) s on true
order by q.position
"""


class PostgresLogins(Logins):
    """The Logins port on PostgreSQL."""

    def __init__(self, pool: Lender, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    @override
    async def statuses(self, logins: Sequence[Login]) -> list[LoginStatus]:
        parameters = {
            "logins": [_uuid(login.login) for login in logins],
            "accounts": [uuid_of(login.user) for login in logins],
        }
        try:
            with self._clock.deadline(CALL_TIMEOUT_S):
                found = await rows(self._pool, _STATUSES, parameters)
                return [LoginStatus(live, head, began_at) for live, head, began_at in found]
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
        raise LogUnavailableError(f"no answer within {CALL_TIMEOUT_S} s")


def _uuid(login: str) -> UUID:
    """A login's id; one that nobody has for what is none."""
    return uuid_of(login) if _LOGIN_ID(login) else _NO_LOGIN
