"""Facts that belong to no stream: handles of people, relations between them, and what can be chosen from lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from actors.kind import BLOCK, FRIENDS, HANDLE, LOOKUP, MEMBERSHIPS, ORGANISED, PERSON, Row
from protocol.ids import USER_ID_PATTERN
from storage.tables import UnstorableError, check_text

_USER: Final = re.compile(USER_ID_PATTERN)


class SharedFacts(Struct, frozen=True):
    """How rows of one table of shared facts are read."""

    statement: str
    """Takes arrays k0, k1 … of one length; returns a position in them, from 1, and the values of the row."""
    arguments: Callable[[str], tuple[Any, ...] | None]
    """What goes into those arrays for a key; None for a key that can't have a row."""
    row: Callable[[Sequence[Any]], Row]
    """A row from its values."""


_PERSON: Final = """
    select q.position, a.handle, a.direct_from, a.invites_from
    from unnest(%(k0)s::uuid[]) with ordinality q(id, position)
    join account a on a.id = q.id and a.deleted_at is null
"""
_HANDLE: Final = """
    select q.position, 'user:' || replace(a.id::text, '-', '')
    from unnest(%(k0)s::text[]) with ordinality q(handle, position)
    join account a on a.handle_folded = q.handle and a.deleted_at is null
"""
_BLOCK: Final = """
    select q.position from unnest(%(k0)s::uuid[], %(k1)s::uuid[]) with ordinality q(who, whom, position)
    join person_block b on b.account = q.who and b.blocked = q.whom
"""
_FRIENDS: Final = """
    select q.position from unnest(%(k0)s::uuid[], %(k1)s::uuid[]) with ordinality q(one, other, position)
    join friendship f on f.one = least(q.one, q.other) and f.other = greatest(q.one, q.other)
"""
_LOOKUP: Final = """
    select q.position from unnest(%(k0)s::text[], %(k1)s::text[]) with ordinality q(list, key, position)
    join lookup l on l.list = q.list and l.key = q.key and l.retired_at is null
"""
# 2000 is MEMBERSHIPS_MAX.
_MEMBERSHIPS: Final = """
    select q.position, (select count(*) from (select from listener l where l.user_id = q.id limit 2000) c)
    from unnest(%(k0)s::text[]) with ordinality q(id, position)
"""


# 1000 is UNFINISHED_COUNTED_MAX, 100 is CREATED_TOLD_MAX.
_ORGANISED: Final = """
    select q.position, a.email is not null, (
        select count(*) from (
            select from tournament t
            where t.owner = 'user:' || replace(a.id::text, '-', '') and t.deleted_at is null
                and t.phase not in ('finished', 'cancelled')
            limit 1000
        ) c
    ), array(
        select t.created_at from tournament t where t.created_by = 'user:' || replace(a.id::text, '-', '')
        order by t.created_at desc limit 100
    )
    from unnest(%(k0)s::uuid[]) with ordinality q(id, position)
    join account a on a.id = q.id and a.deleted_at is null
"""


def _user(key: str) -> tuple[Any, ...] | None:
    return (UUID(key[-32:]),) if _USER.match(key) else None


def _two_users(key: str) -> tuple[Any, ...] | None:
    one, _, other = key.partition(" ")
    first, second = _user(one), _user(other)
    return None if first is None or second is None else first + second


def _text(key: str) -> tuple[Any, ...] | None:
    try:
        check_text(key)
    except UnstorableError:
        return None  # there can't be such a row
    return (key,)


def _two_texts(key: str) -> tuple[Any, ...] | None:
    one, _, other = key.partition(" ")
    return None if _text(key) is None else (one, other)


def _columns(*names: str) -> Callable[[Sequence[Any]], Row]:
    return lambda values: dict(zip(names, values, strict=True))


SHARED: Final = {
    PERSON: SharedFacts(_PERSON, _user, _columns("handle", "direct_from", "invites_from")),
    HANDLE: SharedFacts(_HANDLE, _text, _columns("user")),
    BLOCK: SharedFacts(_BLOCK, _two_users, _columns()),
    FRIENDS: SharedFacts(_FRIENDS, _two_users, _columns()),
    LOOKUP: SharedFacts(_LOOKUP, _two_texts, _columns()),
    MEMBERSHIPS: SharedFacts(_MEMBERSHIPS, _text, _columns("count")),
    ORGANISED: SharedFacts(_ORGANISED, _user, _columns("verified", "unfinished", "created")),
}
