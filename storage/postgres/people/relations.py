"""What people are to one another: blocks, requests to be friends, friendships.

Every method may raise PostgresError. Times are Unix milliseconds; users are ``user:32hex``.

Whatever changes the two of a pair locks both accounts, the smaller id first, so that a block and a request that
crosses it take turns.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from actors.kind import Instant
from protocol import limits
from protocol.inbox import Befriend, inbox_of
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.outbox.commands import LATER, enqueue
from storage.postgres.people.people import FIRST, PageOf


class RelatedRow(Struct, frozen=True, kw_only=True):
    """Somebody, and since when."""

    user: str
    at: Instant


class Outcome(Enum):
    """What became of a request."""

    DONE = auto()
    ASKED = auto()
    FRIENDS = auto()
    NOBODY = auto()
    """There is no such user."""
    BLOCKED = auto()
    """The other has blocked who asks."""
    BLOCKING = auto()
    """Who asks has blocked the other."""
    TOO_MANY = auto()


_LOCK = """
select id from account where id = any(%(pair)s) and deleted_at is null order by id for no key update
"""

_COUNT_BLOCKS = "select count(*) from person_block where account = %(me)s"
_BLOCK = """
insert into person_block (account, blocked, created_at) values (%(me)s, %(other)s, %(at)s)
on conflict do nothing
"""
_UNBLOCK = "delete from person_block where account = %(me)s and blocked = %(other)s"
_BLOCKS_BETWEEN = """
select account from person_block
where (account = %(me)s and blocked = %(other)s) or (account = %(other)s and blocked = %(me)s)
"""

_PART = """
with ended as (
    delete from friendship where one = least(%(me)s, %(other)s) and other = greatest(%(me)s, %(other)s)
)
delete from friend_request
where (account = %(me)s and wanted = %(other)s) or (account = %(other)s and wanted = %(me)s)
"""

_RELATION = """
select
    exists (
        select from friendship where one = least(%(me)s, %(other)s) and other = greatest(%(me)s, %(other)s)
    ),
    exists (select from friend_request where account = %(me)s and wanted = %(other)s),
    exists (select from friend_request where account = %(other)s and wanted = %(me)s)
"""
_COUNT_FRIENDS = """
select greatest(
    (select count(*) from friendship where one = %(me)s or other = %(me)s),
    (select count(*) from friendship where one = %(other)s or other = %(other)s)
)
"""
_COUNT_REQUESTS = """
select greatest(
    (select count(*) from friend_request where account = %(me)s),
    (select count(*) from friend_request where wanted = %(other)s)
)
"""
_ASK = "insert into friend_request (account, wanted, created_at) values (%(me)s, %(other)s, %(at)s)"
_BEFRIEND = """
with answered as (
    delete from friend_request where account = %(other)s and wanted = %(me)s
)
insert into friendship (one, other, created_at)
values (least(%(me)s, %(other)s), greatest(%(me)s, %(other)s), %(at)s)
"""

_BLOCKS = "select blocked as id, created_at from person_block where account = %(me)s"
_RECEIVED = "select account as id, created_at from friend_request where wanted = %(me)s"
_SENT = "select wanted as id, created_at from friend_request where account = %(me)s"
_FRIENDS = """
select other as id, created_at from friendship where one = %(me)s
union all select one, created_at from friendship where other = %(me)s
"""
_PAGE = """
select r.id, r.created_at from ({related}) r join account a on a.id = r.id
where a.deleted_at is null and (r.created_at, r.id) < (%(at)s, %(key)s)
order by r.created_at desc, r.id desc limit %(limit)s
"""
_PAGE_BACK = """
select r.id, r.created_at from ({related}) r join account a on a.id = r.id
where a.deleted_at is null and (r.created_at, r.id) > (%(at)s, %(key)s)
order by r.created_at, r.id limit %(limit)s
"""


class Relations:
    """Reads and writes blocks, friends and requests."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def block(self, user: str, other: str, at: Instant) -> Outcome:
        """Block ``other`` for ``user``, which ends friendship and requests between them. DONE, NOBODY or TOO_MANY."""
        pair = _pair(user, other, at)
        async with lent(self._pool, transaction=True) as connection:
            if not await _locked(connection, pair):
                return Outcome.NOBODY
            if await _number(connection, _COUNT_BLOCKS, pair) >= limits.BLOCKS_MAX:
                return Outcome.TOO_MANY
            await connection.execute(_BLOCK.encode(), pair)
            await connection.execute(_PART.encode(), pair)
        return Outcome.DONE

    async def unblock(self, user: str, other: str) -> None:
        """End a block; nothing happens if there is none."""
        async with lent(self._pool) as connection:
            await connection.execute(_UNBLOCK.encode(), _pair(user, other, 0))

    async def befriend(self, user: str, other: str, at: Instant) -> Outcome:
        """Ask ``other`` to be friends, or accept their asking; they are told in their inbox, once.

        ASKED or FRIENDS, also if it was so already; else NOBODY, BLOCKED, BLOCKING or TOO_MANY.
        """
        pair = _pair(user, other, at)
        async with lent(self._pool, transaction=True) as connection:
            if not await _locked(connection, pair):
                return Outcome.NOBODY
            if (blocked := await _blocked(connection, pair)) is not None:
                return blocked
            cursor = await connection.execute(_RELATION.encode(), pair)
            ((friends, asked, wanted),) = await cursor.fetchall()
            if friends or asked:
                return Outcome.FRIENDS if friends else Outcome.ASKED
            count, most, statement = (
                (_COUNT_FRIENDS, limits.FRIENDS_MAX, _BEFRIEND)
                if wanted
                else (_COUNT_REQUESTS, limits.FRIEND_REQUESTS_MAX, _ASK)
            )
            if await _number(connection, count, pair) >= most:
                return Outcome.TOO_MANY
            await connection.execute(statement.encode(), pair)
            news = Befriend(client_id=LATER, stream=inbox_of(other), by=user, accepted=wanted)
            await enqueue(connection, news)
            return Outcome.FRIENDS if wanted else Outcome.ASKED

    async def part(self, user: str, other: str) -> None:
        """End a friendship, decline a request or take one's own back; nothing happens if there is none."""
        pair = _pair(user, other, 0)
        async with lent(self._pool, transaction=True) as connection:
            await _locked(connection, pair)
            await connection.execute(_PART.encode(), pair)

    async def blocks(self, user: str, page: PageOf) -> list[RelatedRow]:
        """Whom the user has blocked, the newest first."""
        return await self._page(_BLOCKS, user, page)

    async def friends(self, user: str, page: PageOf) -> list[RelatedRow]:
        """The user's friends, the newest first."""
        return await self._page(_FRIENDS, user, page)

    async def requests(self, user: str, page: PageOf, *, sent: bool) -> list[RelatedRow]:
        """Whom the user has asked, or who asked the user, the newest first."""
        return await self._page(_SENT if sent else _RECEIVED, user, page)

    async def _page(self, related: str, user: str, page: PageOf) -> list[RelatedRow]:
        at, last = page.edge or FIRST
        parameters = {"me": uuid_of(user), "at": at, "key": uuid_of(last), "limit": page.limit}
        statement = (_PAGE_BACK if page.back else _PAGE).format(related=related)
        found = await rows(self._pool, statement, parameters)
        return [RelatedRow(user=user_of(account), at=created_at) for account, created_at in found]


def _pair(user: str, other: str, at: Instant) -> dict[str, object]:
    me, them = uuid_of(user), uuid_of(other)
    return {"me": me, "other": them, "pair": [me, them], "at": at}


async def _locked(connection: TrioConnection, pair: dict[str, object]) -> bool:
    """Hold both accounts to the end of the transaction; False unless there are two."""
    cursor = await connection.execute(_LOCK.encode(), pair)
    return len(await cursor.fetchall()) == 2


async def _number(connection: TrioConnection, statement: str, pair: dict[str, object]) -> int:
    cursor = await connection.execute(statement.encode(), pair)
    ((number,),) = await cursor.fetchall()
    return number


async def _blocked(connection: TrioConnection, pair: dict[str, object]) -> Outcome | None:
    cursor = await connection.execute(_BLOCKS_BETWEEN.encode(), pair)
    blockers = {account for (account,) in await cursor.fetchall()}
    if pair["other"] in blockers:
        return Outcome.BLOCKED
    return Outcome.BLOCKING if blockers else None
