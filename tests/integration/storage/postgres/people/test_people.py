"""Profiles and handles."""

from __future__ import annotations

from uuid import UUID

import pytest
import trio

from actors.text.handles import checked
from protocol.handles import folded
from storage.postgres.accounts.accounts import HandleRow, HandleTakenError
from storage.postgres.audit_log import AuditFilter, AuditLog
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.people.last_seen import PostgresLastSeen
from storage.postgres.people.people import NoHandleError, OwnProfileRow, People, TooSoonError
from storage.postgres.people.visibility import PostgresVisibility
from tests.integration.registered import AT, registered

pytestmark = pytest.mark.real
DAY_MS = 86_400_000
NOTHING = dict.fromkeys(
    ("display_name", "about", "avatar_url", "direct_from", "invites_from", "presence_to", "last_seen_to")
)


def handle(text: str) -> HandleRow:
    good = checked(text)
    return HandleRow(good.text, good.folded, good.skeleton)


async def renamed(people: People, user: str, text: str, *, at: int = AT) -> OwnProfileRow:
    return await people.change_handle(user, handle(text), at=at, rest_ms=30 * DAY_MS, from_address="::1")


async def test_a_lookalike_of_a_taken_handle_is_taken(pool: Pool) -> None:
    people = People(pool)
    await registered(pool, "Paypal")
    for taken in ("PAYPAL", "paypaI", "paypa1"):
        with pytest.raises(HandleTakenError):
            await registered(pool, taken)
    other = await registered(pool, "somebody")
    with pytest.raises(HandleTakenError):
        await renamed(people, other, "paypa1")
    assert (await renamed(people, other, "someb0dy")).handle == "someb0dy"  # like one's own only


async def test_a_handle_is_changed_once_in_a_while_and_the_old_one_is_free(pool: Pool) -> None:
    people = People(pool)
    ann = await registered(pool, "ann")
    changed = await renamed(people, ann, "Anna")
    assert (changed.handle, changed.handle_changed_at, changed.revision) == ("Anna", AT, 2)
    with pytest.raises(TooSoonError) as caught:
        await renamed(people, ann, "annabel", at=AT + 30 * DAY_MS - 1)
    assert caught.value.changed_at == AT
    assert (await renamed(people, ann, "annabel", at=AT + 30 * DAY_MS)).handle == "annabel"
    await registered(pool, "ann")
    entries = await AuditLog(pool).page(
        AuditFilter(act="account.handle_changed"), before=None, after=None, limit=9
    )
    assert [(entry.by, entry.before, entry.after) for entry in entries] == [(ann, None, None)] * 2


async def test_a_guest_has_no_handle_to_change(pool: Pool) -> None:
    with pytest.raises(NoHandleError):
        await renamed(People(pool), await registered(pool, None), "ann")


async def test_of_many_who_want_a_lookalike_at_once_one_gets_it(pool: Pool) -> None:
    people = People(pool)
    users = [await registered(pool, f"user_{number}") for number in (2, 3, 4, 5)]
    got: list[str] = []

    async def take(user: str, text: str) -> None:
        try:
            got.append((await renamed(people, user, text)).user)
        except HandleTakenError:
            return

    async with trio.open_nursery() as nursery:
        for user, text in zip(users, ("mario", "rnario", "Mario", "marío"), strict=True):
            nursery.start_soon(take, user, text)
    # í isn't taken for i
    assert len(got) == 2
    assert users[3] in got


async def test_a_profile_is_changed_as_it_was_read(pool: Pool) -> None:
    people = People(pool)
    ann = await registered(pool, "ann")
    first = await people.own(ann)
    assert first is not None
    changes = {
        **NOTHING,
        "about": "Hello",
        "avatar_url": "https://example.org/a.png",
        "direct_from": "nobody",
    }
    second = await people.change(ann, changes, revision=first.revision)
    assert second is not None
    assert (second.about, second.avatar_url, second.direct_from) == (
        "Hello",
        "https://example.org/a.png",
        "nobody",
    )
    assert second.display_name == first.display_name
    assert await people.change(ann, changes, revision=first.revision) is None
    third = await people.change(ann, {**NOTHING, "about": "", "avatar_url": ""}, revision=None)
    assert third is not None
    assert (third.about, third.avatar_url, third.revision) == ("", None, second.revision + 1)


async def test_users_are_found_by_id_and_handle(pool: Pool) -> None:
    people = People(pool)
    ann, ben = await registered(pool, "Ann"), await registered(pool, "Ben")
    found = await people.profiles(ann, [ann, "user:" + "f" * 32], [folded("BEN"), folded("ann"), "nobody"])
    assert sorted(row.user for row in found) == [ann, ben]


async def test_search_takes_what_is_typed_for_itself(pool: Pool) -> None:
    people = People(pool)
    for text in ("ann_b", "annab", "Annc", "bann", "日本語", "日本人"):
        ann = await registered(pool, text)

    async def search(prefix: str, edge: str | None = None, *, back: bool = False) -> list[str | None]:
        found = await people.search(ann, folded(prefix), edge=edge, back=back, limit=2)
        return [row.profile.handle for row in found]

    assert await search("ann") == ["ann_b", "annab"]
    assert await search("ANN", "annab") == ["Annc"]
    assert await search("ann", "annc", back=True) == ["annab", "ann_b"]
    assert await search("ann_") == ["ann_b"]
    assert await search("a%") == []
    assert await search("\\") == []
    assert len(await search("日本")) == 2
    await execute(pool, "update account set deleted_at = 1, erase_at = 2 where handle = 'Annc'", {})
    assert await search("annc") == []


async def test_when_somebody_was_here_is_told_to_whom_they_let_know(pool: Pool) -> None:
    people, visibility = People(pool), PostgresVisibility(pool)
    ann, ben, eve = [await registered(pool, name) for name in ("ann", "ben", "eve")]
    await PostgresLastSeen(pool).keep({ann: AT + 1, "user:" + "f" * 32: AT})
    await PostgresLastSeen(pool).keep({ann: AT})  # never back
    one, other = sorted((ann, ben))
    befriend = "insert into friendship (one, other, created_at) values (%(one)s, %(other)s, 1)"
    await execute(pool, befriend, {"one": UUID(one[5:]), "other": UUID(other[5:])})

    async def told(viewer: str) -> tuple[int | None, bool]:
        (row,) = await people.profiles(viewer, [ann])
        return row.last_seen_at, ann in await visibility.visible(viewer, [ann])

    async def let(presence_to: str, last_seen_to: str) -> None:
        changes = {**NOTHING, "presence_to": presence_to, "last_seen_to": last_seen_to}
        assert await people.change(ann, changes, revision=None) is not None

    assert [await told(viewer) for viewer in (ann, ben, eve)] == [
        (AT + 1, True),
        (AT + 1, True),
        (None, True),
    ]
    await let("friends", "everyone")
    assert [await told(viewer) for viewer in (ann, ben, eve)] == [
        (AT + 1, True),
        (AT + 1, True),
        (AT + 1, False),
    ]
    await let("nobody", "nobody")
    assert [await told(viewer) for viewer in (ann, ben, eve)] == [
        (AT + 1, True),
        (None, False),
        (None, False),
    ]
    await let("everyone", "everyone")
    block = "insert into person_block (account, blocked, created_at) values (%(ann)s, %(eve)s, 1)"
    await execute(pool, block, {"ann": UUID(ann[5:]), "eve": UUID(eve[5:])})
    assert await told(eve) == (None, False)
