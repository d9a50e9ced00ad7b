"""Facts that belong to no stream: handles of people, relations between them, and what can be chosen from lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from actors.kind import (
    BLOCK,
    COMPETITION,
    FRIENDS,
    HANDLE,
    LOOKUP,
    MEMBERSHIPS,
    ORGANISED,
    OWNED,
    PERSON,
    TEXTS_OF_SERIES,
    Row,
)
from protocol.ids import STREAM_ID_PATTERN, USER_ID_PATTERN, kind_of
from protocol.series import KIND as SERIES
from protocol.tournament import KIND as TOURNAMENT
from storage.tables import UnstorableError, check_text

_USER: Final = re.compile(USER_ID_PATTERN)
_STREAM: Final = re.compile(STREAM_ID_PATTERN)


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


# 1000 is UNFINISHED_COUNTED_MAX, 100 are CREATED_TOLD_MAX and SERIES_COUNTED_MAX.
_ORGANISED: Final = """
    select q.position, a.email is not null, (
        select count(*) from (
            select from tournament t
            where t.owner = who.id and t.deleted_at is null and t.phase not in ('finished', 'cancelled')
            union all
            select from gathering g
            where g.owner = who.id and g.deleted_at is null and g.phase not in ('closed', 'cancelled')
            limit 1000
        ) c
    ), array(
        select created_at from (
            (select created_at from tournament where created_by = who.id order by created_at desc limit 100)
            union all
            (select created_at from gathering where created_by = who.id order by created_at desc limit 100)
        ) c order by created_at desc limit 100
    ), (
        select count(*) from (
            select from series r where r.owner = who.id and r.deleted_at is null and r.phase <> 'cancelled' limit 100
        ) c
    )
    from unnest(%(k0)s::uuid[]) with ordinality q(id, position)
    join account a on a.id = q.id and a.deleted_at is null
    cross join lateral (select 'user:' || replace(a.id::text, '-', '')) who(id)
"""
_COMPETITION: Final = """
    select q.position, exists (
        select from tournament_staff f
        where f.stream_id = t.stream_id and f.user_id = q.who and f.role in ('owner', 'organiser')
    ), t.phase, t.gathering, t.team_max = 0 and t.visibility <> 'invited' and not exists (
        select from tournament_entrant e where e.stream_id = t.stream_id
    )
    from unnest(%(k0)s::uuid[], %(k1)s::text[]) with ordinality q(id, who, position)
    join tournament t on t.stream_id = q.id and t.deleted_at is null
"""
_OWNED: Final = """
    select q.position, t.owner, t.visibility
    from unnest(%(k0)s::uuid[]) with ordinality q(id, position)
    join tournament t on t.stream_id = q.id and t.deleted_at is null
"""
_TEXTS_OF_SERIES: Final = """
    select q.position, r.name, r.named_by, r.description, r.described_by
    from unnest(%(k0)s::uuid[]) with ordinality q(id, position)
    join series r on r.stream_id = q.id
"""


def _user(key: str) -> tuple[Any, ...] | None:
    return (UUID(key[-32:]),) if _USER.match(key) else None


def _stream(kind: str) -> Callable[[str], tuple[Any, ...] | None]:
    return lambda key: (UUID(key[-32:]),) if _STREAM.match(key) and kind_of(key) == kind else None


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


def _competition(key: str) -> tuple[Any, ...] | None:
    tournament, _, user = key.partition(" ")
    known = kind_of(tournament) == TOURNAMENT and _STREAM.match(tournament)
    return (UUID(tournament[-32:]), user) if known and _text(user) else None


def _columns(*names: str) -> Callable[[Sequence[Any]], Row]:
    return lambda values: dict(zip(names, values, strict=True))


SHARED: Final = {
    PERSON: SharedFacts(_PERSON, _user, _columns("handle", "direct_from", "invites_from")),
    HANDLE: SharedFacts(_HANDLE, _text, _columns("user")),
    BLOCK: SharedFacts(_BLOCK, _two_users, _columns()),
    FRIENDS: SharedFacts(_FRIENDS, _two_users, _columns()),
    LOOKUP: SharedFacts(_LOOKUP, _two_texts, _columns()),
    MEMBERSHIPS: SharedFacts(_MEMBERSHIPS, _text, _columns("count")),
    COMPETITION: SharedFacts(_COMPETITION, _competition, _columns("organises", "phase", "gathering", "fit")),
    ORGANISED: SharedFacts(_ORGANISED, _user, _columns("verified", "unfinished", "created", "series")),
    OWNED: SharedFacts(_OWNED, _stream(TOURNAMENT), _columns("owner", "visibility")),
    TEXTS_OF_SERIES: SharedFacts(
        _TEXTS_OF_SERIES,
        _stream(SERIES),
        _columns("name", "named_by", "description", "described_by"),
    ),
}
