"""Who people are: profiles, handles, privacy settings.

Every method may raise PostgresError. Times are Unix milliseconds; users are ``user:32hex``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.accounts.accounts import HandleRow, HandleTakenError
from storage.postgres.audit_log import record
from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import Row, lent, rows
from storage.postgres.ids import user_of, uuid_of

_UNIQUE_VIOLATION: Final = "23505"
Audience = Literal["everyone", "friends", "nobody"]


FIRST: Final = (2**62, f"user:{'f' * 32}")
"""Before the newest of every list of people."""


class PageOf(Struct, frozen=True, kw_only=True):
    """Which part of a list of people: what comes after ``edge`` (all, for None), or before it, backwards."""

    edge: tuple[Instant, str] | None = None
    """Time and user."""
    back: bool = False
    limit: int


class ProfileRow(Struct, frozen=True, kw_only=True):
    """What others may know of an account that isn't deleted."""

    user: str
    handle: str | None
    display_name: str
    about: str
    avatar_url: str | None
    last_seen_at: Instant | None
    """None also if whoever asks may not know."""


class FoundRow(Struct, frozen=True, kw_only=True):
    """A profile that was found by its handle."""

    profile: ProfileRow
    folded: str


class OwnProfileRow(Struct, frozen=True, kw_only=True):
    """What its owner knows of it."""

    user: str
    handle: str | None
    handle_changed_at: Instant | None
    display_name: str
    about: str
    avatar_url: str | None
    direct_from: Audience
    invites_from: Audience
    presence_to: Audience
    last_seen_to: Audience
    admin: bool
    revision: int
    """Raised by every change."""


class TooSoonError(Exception):
    """The handle was changed at ``changed_at`` already."""

    def __init__(self, changed_at: Instant) -> None:
        super().__init__(changed_at)
        self.changed_at = changed_at


class NoHandleError(Exception):
    """A guest has no handle to change, or there is no such account."""


_LAST: Final = "\U0010ffff"
"""The last character: handles are kept in the order of their characters."""

_PROFILES = """
select id, handle, display_name, about, avatar_url, last_seen_for(%(viewer)s, account) from account
where (id = any(%(accounts)s) or handle_folded = any(%(folded)s)) and deleted_at is null
"""

_SEARCH = """
select id, handle, display_name, about, avatar_url, last_seen_for(%(viewer)s, account), handle_folded from account
where handle_folded >= %(prefix)s and handle_folded < %(end)s and handle_folded > %(edge)s and deleted_at is null
order by handle_folded limit %(limit)s
"""
_SEARCH_BACK = """
select id, handle, display_name, about, avatar_url, last_seen_for(%(viewer)s, account), handle_folded from account
where handle_folded >= %(prefix)s and handle_folded < %(end)s and handle_folded < %(edge)s and deleted_at is null
order by handle_folded desc limit %(limit)s
"""

_READ = """
select id, handle, handle_changed_at, display_name, about, avatar_url, direct_from, invites_from, presence_to,
    last_seen_to, admin, revision
from account where id = %(account)s and deleted_at is null
"""

_CHANGE = """
update account set
    display_name = coalesce(%(display_name)s, display_name),
    about = coalesce(%(about)s, about),
    avatar_url = case when %(avatar_url)s::text is null then avatar_url else nullif(%(avatar_url)s, '') end,
    direct_from = coalesce(%(direct_from)s, direct_from),
    invites_from = coalesce(%(invites_from)s, invites_from),
    presence_to = coalesce(%(presence_to)s, presence_to),
    last_seen_to = coalesce(%(last_seen_to)s, last_seen_to),
    revision = revision + 1
where id = %(account)s and deleted_at is null
    and (%(revision)s::bigint is null or revision = %(revision)s)
returning id, handle, handle_changed_at, display_name, about, avatar_url, direct_from, invites_from, presence_to,
    last_seen_to, admin, revision
"""

_LOCK_HANDLE = """
select handle_folded, handle_changed_at from account
where id = %(account)s and handle is not null and deleted_at is null for no key update
"""

_CHANGE_HANDLE = """
update account set
    handle = %(text)s, handle_folded = %(folded)s, handle_skeleton = %(skeleton)s, handle_changed_at = %(at)s,
    revision = revision + 1
where id = %(account)s
returning id, handle, handle_changed_at, display_name, about, avatar_url, direct_from, invites_from, presence_to,
    last_seen_to, admin, revision
"""


class People:
    """Reads and writes profiles."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def profiles(
        self, viewer: str, users: Iterable[str], folded: Iterable[str] = ()
    ) -> list[ProfileRow]:
        """The profiles of these users and of who has these handles, each once, in no particular order."""
        parameters = {
            "viewer": uuid_of(viewer),
            "accounts": [uuid_of(user) for user in users],
            "folded": list(folded),
        }
        return [_profile(*row) for row in await rows(self._pool, _PROFILES, parameters)]

    async def search(
        self, viewer: str, prefix: str, *, edge: str | None, back: bool, limit: int
    ) -> list[FoundRow]:
        """Profiles whose folded handle begins so and comes after ``edge``, in order; before it, backwards."""
        parameters = {
            "viewer": uuid_of(viewer),
            "prefix": prefix,
            "end": prefix + _LAST,
            "edge": edge or "",
            "limit": limit,
        }
        found = await rows(self._pool, _SEARCH_BACK if back else _SEARCH, parameters)
        return [FoundRow(profile=_profile(*row[:-1]), folded=row[-1]) for row in found]

    async def own(self, user: str) -> OwnProfileRow | None:
        """The profile as its owner sees it; None if there is no such account."""
        found = await rows(self._pool, _READ, {"account": uuid_of(user)})
        return _own(found[0]) if found else None

    async def change(
        self, user: str, changes: Mapping[str, str | None], *, revision: int | None
    ) -> OwnProfileRow | None:
        """Change what isn't None, all or nothing. None if there is no such account, or it isn't at ``revision``.

        The keys are those of ``protocol.http.people.ChangeProfile``.
        """
        parameters = {**changes, "account": uuid_of(user), "revision": revision}
        found = await rows(self._pool, _CHANGE, parameters)
        return _own(found[0]) if found else None

    async def change_handle(
        self, user: str, handle: HandleRow, *, at: Instant, rest_ms: int, from_address: str
    ) -> OwnProfileRow:
        """Give an account another handle, at most once in ``rest_ms``.

        Raises HandleTakenError, TooSoonError, NoHandleError.
        """
        account = uuid_of(user)
        try:
            async with lent(self._pool, transaction=True) as connection:
                cursor = await connection.execute(_LOCK_HANDLE.encode(), {"account": account})
                found = await cursor.fetchone()
                if found is None:
                    raise NoHandleError
                changed_at = found[1]
                if changed_at is not None and changed_at + rest_ms > at:
                    raise TooSoonError(changed_at)
                parameters = {
                    "account": account,
                    "text": handle.text,
                    "folded": handle.folded,
                    "skeleton": handle.skeleton,
                    "at": at,
                }
                cursor = await connection.execute(_CHANGE_HANDLE.encode(), parameters)
                changed = await cursor.fetchone()
                assert changed is not None, "the row is locked"
                await record(
                    connection, "account.handle_changed", by=user, on=user, from_address=from_address
                )
                return _own(changed)
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION:
                raise HandleTakenError from None
            raise


def _profile(
    account: UUID,
    handle: str | None,
    display_name: str,
    about: str,
    avatar_url: str | None,
    last_seen_at: Instant | None,
) -> ProfileRow:
    return ProfileRow(
        user=user_of(account),
        handle=handle,
        display_name=display_name,
        about=about,
        avatar_url=avatar_url,
        last_seen_at=last_seen_at,
    )


def _own(row: Row) -> OwnProfileRow:
    account, *values = row
    names = OwnProfileRow.__struct_fields__[1:]
    return OwnProfileRow(user=user_of(account), **dict(zip(names, values, strict=True)))
