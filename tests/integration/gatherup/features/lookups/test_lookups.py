"""Lookup tables: read by everybody, changed by admins, never shorter."""

from __future__ import annotations

import itertools
import re
from typing import Any, get_args

import httpx
import psycopg
import pytest
import trio

from protocol import limits
from protocol.http.rooms.reports import Ground
from protocol.lookups import LOOKUPS
from storage.postgres.driver.pool import Pool
from storage.postgres.lookups.lookups import EntryRow, Lookups, NotAdded
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
TABLE = "/v1/lookups/badge"
ADMIN = "/v1/admin/lookups/badge"
_numbers = itertools.count(1)


def new_key() -> str:
    """A key that no other test of a run has."""
    return f"badge-{next(_numbers)}"


async def admin_of(site: Site, node: SharedNode) -> Person:
    person = await site.guest("Admin")

    def grant() -> None:
        with psycopg.connect(node.dsn) as connection:
            connection.execute("update account set admin = true where id = %s::uuid", (person.user[-32:],))

    await trio.to_thread.run_sync(grant)
    return person


async def entries(site: Site) -> dict[str, dict[str, Any]]:
    answer = await site.http.get(TABLE)
    assert answer.status_code == 200, answer.text
    found = answer.json()["entries"]
    assert [(e["position"], e["key"]) for e in found] == sorted((e["position"], e["key"]) for e in found)
    return {entry["key"]: entry for entry in found}


@pytest.mark.parametrize("lookup", LOOKUPS)
async def test_every_table_is_there_for_everybody(site: Site, lookup: str) -> None:
    answer = await site.http.get(f"/v1/lookups/{lookup}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["lookup"] == lookup
    assert len(answer.json()["entries"]) >= 4


async def test_what_a_client_has_is_not_sent_again(site: Site, node: SharedNode) -> None:
    admin = await admin_of(site, node)
    tag = (await site.http.get(TABLE)).headers["ETag"]
    assert (await site.http.get(TABLE, headers={"If-None-Match": tag})).status_code == 304
    await admin.http.post(ADMIN, json={"key": new_key(), "name": "New"})
    changed = await site.http.get(TABLE, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)


async def test_an_entry_is_added_renamed_moved_and_retired(site: Site, node: SharedNode) -> None:
    admin, key = await admin_of(site, node), new_key()
    added = await admin.http.post(ADMIN, json={"key": key, "name": "First"})
    assert added.status_code == 201, added.text
    at_the_end = max(entry["position"] for entry in (await entries(site)).values())
    assert added.json() == {"key": key, "name": "First", "position": at_the_end, "retired": False}
    for change, expected in (
        ({"name": "Second"}, {"name": "Second", "position": at_the_end, "retired": False}),
        ({"position": 3}, {"name": "Second", "position": 3, "retired": False}),
        ({"retired": True}, {"name": "Second", "position": 3, "retired": True}),
        ({}, {"name": "Second", "position": 3, "retired": True}),
        ({"retired": False}, {"name": "Second", "position": 3, "retired": False}),
    ):
        changed = await admin.http.patch(f"{ADMIN}/{key}", json=change)
        assert changed.status_code == 200, changed.text
        assert changed.json() == (await entries(site))[key] == {"key": key, **expected}


async def test_what_is_retired_can_not_be_chosen(site: Site, node: SharedNode) -> None:
    admin, key = await admin_of(site, node), f"Game-{next(_numbers)}"
    games = "/v1/admin/lookups/game"
    assert (await admin.http.post(games, json={"key": key, "name": "A game"})).status_code == 201

    async def chosen(game: str) -> httpx.Response:
        return await admin.send("POST", "/v1/tournaments", name="Cup", game=game)

    first = await chosen(key)
    assert first.status_code == 201, first.text
    problem(await chosen(key.lower()), 404, "not_found", "game")
    await admin.http.patch(f"{games}/{key}", json={"retired": True})
    problem(await chosen(key), 404, "not_found", "game")
    shown = await admin.http.get(f"/v1/tournaments/{first.json()['stream']}")
    assert shown.json()["game"] == key, "what refers to it stays"
    await admin.http.patch(f"{games}/{key}", json={"retired": False})
    assert (await chosen(key)).status_code == 201


async def test_what_admins_do_is_in_the_audit_log(site: Site, node: SharedNode) -> None:
    admin, key = await admin_of(site, node), new_key()
    await admin.http.post(ADMIN, json={"key": key, "name": "First", "position": 7})
    for change in ({"name": "Second", "retired": True}, {"retired": True}):
        await admin.http.patch(f"{ADMIN}/{key}", json=change)
    acts = (await admin.http.get("/v1/admin/audit", params={"by": admin.user})).json()["acts"]
    first = {"key": key, "name": "First", "position": 7, "retired": False}
    second = {"key": key, "name": "Second", "position": 7, "retired": True}
    assert [(act["act"], act["on"], act["before"], act["after"]) for act in acts] == [
        ("lookup.changed", "lookup:badge", first, second),
        ("lookup.added", "lookup:badge", None, first),
    ]
    assert {act["from_address"] for act in acts} == {site.address}


async def test_only_admins_change_a_table(site: Site) -> None:
    ann = await site.guest("Ann")
    key = new_key()
    problem(await ann.http.post(ADMIN, json={"key": key, "name": "New"}), 403, "forbidden")
    problem(await ann.http.patch(f"{ADMIN}/winner", json={"retired": True}), 403, "forbidden")
    found = await entries(site)
    assert (key in found, found["winner"]["retired"]) == (False, False)


async def test_what_is_wrong_is_refused(site: Site, node: SharedNode) -> None:
    admin, key = await admin_of(site, node), new_key()
    assert (await admin.http.post(ADMIN, json={"key": key, "name": "New"})).status_code == 201
    for again in (key, key.upper()):
        refused = await admin.http.post(ADMIN, json={"key": again, "name": "Other"})
        problem(refused, 409, "already_exists", "key")
    for body, field in (
        ({"key": "", "name": "New"}, "key"),
        ({"key": "two words", "name": "New"}, "key"),
        ({"key": "x" * (limits.LOOKUP_KEY_CHARS_MAX + 1), "name": "New"}, "key"),
        ({"key": "good", "name": ""}, "name"),
        ({"key": "good", "name": "x" * (limits.LOOKUP_NAME_CHARS_MAX + 1)}, "name"),
        ({"key": "good", "name": "New", "position": -1}, "position"),
    ):
        problem(await admin.http.post(ADMIN, json=body), 422, "invalid", field)
    for path in (f"{ADMIN}/nothing", f"{ADMIN}/a%00b", "/v1/admin/lookups/colour/winner"):
        problem(await admin.http.patch(path, json={"name": "New"}), 404, "not_found")
    problem(
        await admin.http.post("/v1/admin/lookups/colour", json={"key": key, "name": "N"}), 404, "not_found"
    )
    problem(await site.http.get("/v1/lookups/colour"), 404, "not_found")
    assert (await entries(site))[key]["name"] == "New"


async def test_additions_at_once_keep_to_the_limit(pool: Pool) -> None:
    lookups = Lookups(pool)
    room = len(await lookups.entries("game")) + 2
    outcomes: list[EntryRow | NotAdded] = []

    async def add(key: str) -> None:
        outcomes.append(await _added(lookups, key, entries_max=room))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(add, f"game-{number}")
    assert outcomes.count(NotAdded.TOO_MANY) == 4
    assert len(await lookups.entries("game")) == room


async def test_an_entry_at_the_end_has_no_position_beyond_the_last(pool: Pool) -> None:
    lookups = Lookups(pool)
    await _added(lookups, "last", position=limits.LOOKUP_POSITION_MAX)
    added = await _added(lookups, "after")
    assert isinstance(added, EntryRow)
    assert added.position == limits.LOOKUP_POSITION_MAX


async def test_the_reasons_of_reports_are_those_that_reports_take(pool: Pool) -> None:
    seeded = [entry.key for entry in await Lookups(pool).entries("report_reason")]
    assert seeded == list(get_args(Ground))


async def test_languages_are_tags(pool: Pool) -> None:
    for entry in await Lookups(pool).entries("language"):
        assert re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", entry.key), entry


async def _added(
    lookups: Lookups, key: str, *, position: int | None = None, entries_max: int = limits.LOOKUP_ENTRIES_MAX
) -> EntryRow | NotAdded:
    return await lookups.add(
        "game",
        key,
        name=key,
        position=position,
        entries_max=entries_max,
        position_max=limits.LOOKUP_POSITION_MAX,
        by="system",
        from_address="::1",
    )
