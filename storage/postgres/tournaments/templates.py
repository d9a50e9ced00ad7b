"""Templates of tournaments: definitions that people keep.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import uuid_of


class TemplateRow(Struct, frozen=True):
    """A template."""

    template: str
    definition: str
    """As JSON."""
    created_at: Instant
    changed_at: Instant


_COLUMNS: Final = "id, definition, created_at, changed_at"
_LOCK: Final = "select id from account where id = %(account)s and deleted_at is null for no key update"
_COUNT: Final = "select count(*) from tournament_template where account = %(account)s"
_ADD: Final = f"""
insert into tournament_template (account, definition, created_at, changed_at)
values (%(account)s, %(definition)s, %(at)s, %(at)s) returning {_COLUMNS}
"""  # noqa: S608
_REPLACE: Final = f"""
update tournament_template set definition = %(definition)s, changed_at = %(at)s
where account = %(account)s and id = %(template)s returning {_COLUMNS}
"""  # noqa: S608
_DELETE: Final = (
    "delete from tournament_template where account = %(account)s and id = %(template)s returning id"
)
_LIST: Final = f"""
select {_COLUMNS} from tournament_template where account = %(account)s
order by created_at desc, id desc limit %(limit)s
"""  # noqa: S608
_ONE: Final = f"select {_COLUMNS} from tournament_template where account = %(account)s and id = %(template)s"  # noqa: S608


class Templates:
    """Keeps and reads them; each is its owner's alone."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, user: str, definition: str, *, at: Instant, most: int) -> TemplateRow | None:
        """Keep one more; None: the user has ``most`` already."""
        asked = {"account": uuid_of(user), "definition": definition, "at": at}
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_LOCK.encode(), asked)
            counted = await (await connection.execute(_COUNT.encode(), asked)).fetchone()
            if counted is not None and counted[0] >= most:
                return None
            added = await (await connection.execute(_ADD.encode(), asked)).fetchone()
            return None if added is None else _row(*added)

    async def replace(self, user: str, template: str, definition: str, *, at: Instant) -> TemplateRow | None:
        """Keep another definition in its place; None: the user has no such template."""
        return await self._changed(_REPLACE, _of(user, template) | {"definition": definition, "at": at})

    async def delete(self, user: str, template: str) -> bool:
        """Whether the user had it."""
        async with lent(self._pool) as connection:
            cursor = await connection.execute(_DELETE.encode(), _of(user, template))
            return await cursor.fetchone() is not None

    async def get(self, user: str, template: str) -> TemplateRow | None:
        """A template; None: the user has no such one."""
        found = await rows(self._pool, _ONE, _of(user, template))
        return _row(*found[0]) if found else None

    async def all(self, user: str, *, limit: int) -> list[TemplateRow]:
        """Those of a user, the newest first."""
        found = await rows(self._pool, _LIST, {"account": uuid_of(user), "limit": limit})
        return [_row(*one) for one in found]

    async def _changed(self, statement: str, asked: dict[str, Any]) -> TemplateRow | None:
        async with lent(self._pool) as connection:
            changed = await (await connection.execute(statement.encode(), asked)).fetchone()
            return None if changed is None else _row(*changed)


def _of(user: str, template: str) -> dict[str, Any]:
    return {"account": uuid_of(user), "template": UUID(hex=template)}


def _row(template: UUID, *columns: Any) -> TemplateRow:
    return TemplateRow(template.hex, *columns)
