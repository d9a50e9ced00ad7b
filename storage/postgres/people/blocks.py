"""Who has blocked whom, as the rows say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from typing_extensions import override

from actors.ports.blocks import BLOCKERS_MAX, Blocks
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.streams.log import CALL_TIMEOUT_S

_BLOCKERS: Final = """
select array(select b.account from person_block b where b.blocked = q.account limit %(most)s)
from unnest(%(accounts)s::uuid[]) with ordinality q(account, position)
order by q.position
"""


class PostgresBlocks(Blocks):
    """The Blocks port on PostgreSQL."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    @override
    async def blockers(self, users: Sequence[str]) -> list[Collection[str] | None]:
        parameters = {"accounts": [uuid_of(user) for user in users], "most": BLOCKERS_MAX + 1}
        try:
            with self._clock.deadline(CALL_TIMEOUT_S):
                found = await rows(self._pool, _BLOCKERS, parameters)
                return [
                    None if len(accounts) > BLOCKERS_MAX else frozenset(map(user_of, accounts))
                    for (accounts,) in found
                ]
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
        raise LogUnavailableError(f"no answer within {CALL_TIMEOUT_S} s")
