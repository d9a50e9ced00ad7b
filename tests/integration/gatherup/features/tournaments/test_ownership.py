"""Tournaments over HTTP: given on, taken over, removed, restored, and erased in the end."""

from __future__ import annotations

from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from gatherup.features.rooms.keeps import room_keeps
from gatherup.features.tournaments.keeps import tournament_keeps
from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from tests.integration.gatherup.features.integrations.test_server_api import Backend, new_key
from tests.integration.gatherup.features.lookups.test_lookups import admin_of
from tests.integration.gatherup.features.people.test_http_erasure import where
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.gatherup.features.tournaments.test_chats import made
from tests.integration.keeping import Later, base_of, swept
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem, settings

pytestmark = pytest.mark.real
DAY_MS = 86_400_000
KEEP_DAYS = 14
MANAGE: Final = "tournaments.manage"


async def sweep(dsn: str, days: float) -> None:
    """Removed tournaments were swept, so many days later."""
    clock = Later(days * DAY_MS)
    async with Pool(dsn, autocommit=True) as pool:
        await swept(tournament_keeps(base_of(settings(dsn), pool, clock)), clock)


async def removed(who: Person, path: str = "/v1/tournaments", **query: Any) -> list[str]:
    answer = await who.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [one["tournament"] for one in answer.json()["tournaments"]]


async def test_an_organiser_is_given_a_tournament(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        ann = await site.guest()
        problem(await cup.do(cup.owner, "POST", "/transfer", user=ann.user), 422, "invalid", "user")
        await cup.done(cup.owner, "/staff", user=ann.user, role="organiser")
        problem(await cup.do(ann, "POST", "/transfer", user=ann.user), 403, "forbidden")
        await cup.done(cup.owner, "/transfer", user=ann.user)
        assert named([await cup.get()], "owner", "role") == [(ann.user, "organiser")]
        await cup.done(ann, "/staff", user=cup.owner.user, role=None)
        problem(await cup.do(cup.owner, "POST", "/open-registration"), 403, "forbidden")
        await cup.watcher.saw("transferred", owner=ann.user, former=cup.owner.user)


async def test_an_admin_takes_a_tournament_over(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        admin = await admin_of(site, node)
        path = f"/v1/admin/tournaments/{cup.stream}"
        problem(await cup.owner.send("PUT", path + "/owner", user=cup.owner.user), 403, "forbidden")
        problem(await admin.http.get(cup.path), 404, "not_found")
        answer = await admin.send("PUT", path + "/owner", user=admin.user)
        assert answer.status_code == 200, answer.text
        assert (await cup.get("", admin))["owner"] == admin.user
        problem(await cup.owner.http.get(cup.path), 404, "not_found")
        await cup.watcher.ended.wait()
        await cup.done(admin, "/cancel")
        acts = await admin.http.get("/v1/admin/audit", params={"on": cup.stream})
        assert named(acts.json()["acts"], "act", "by", "after") == [
            ("tournament.taken_over", admin.user, {"owner": admin.user})
        ]


async def test_a_key_makes_a_tournament_and_gives_it_to_a_user(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    async with Pool(node.dsn, autocommit=True) as pool:
        backend, other = [
            Backend(site, (await new_key(pool, scope)).text) for scope in (MANAGE, "rooms.manage")
        ]
    client_id = "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e60"
    made = await backend.done("POST", "/tournaments", client_id=client_id, name="Arena")
    path = f"/v1/tournaments/{made['stream']}"
    assert named([(await ann.http.get(path)).json()], "owner", "role") == [(None, None)]
    body = {"client_id": client_id[:-1] + "1", "user": ann.user}
    await backend.done("PUT", f"/tournaments/{made['stream']}/owner", **body)
    assert (await ann.send("POST", path + "/open-registration")).status_code == 200
    refused = await other.send("POST", "/tournaments", client_id=client_id, name="Arena")
    problem(refused, 403, "forbidden", "Authorization")


async def test_a_removed_tournament_is_hidden_and_comes_back(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        player, admin = cup.player(1), await admin_of(site, node)
        problem(await cup.do(cup.owner, "DELETE", ""), 409, "wrong_phase")
        await cup.won(1, 1, 2)
        problem(await cup.do(player, "DELETE", ""), 403, "forbidden")
        before = await cup.get("/bracket", player)
        await cup.done(cup.owner, "", "DELETE")
        await cup.watcher.ended.wait()
        for who in (cup.owner, player, admin):
            for part in ("", "/entrants", "/matches", "/bracket", "/bracket.svg", "/standings", "/matches/1"):
                problem(await who.http.get(cup.path + part), 404, "not_found")
            assert cup.stream not in await removed(who, owner=cup.owner.user)
            assert cup.stream not in await removed(who, mine=True)
        assert await removed(cup.owner, removed=True) == [cup.stream]
        assert await removed(player, removed=True) == []
        problem(await player.http.get("/v1/admin/tournaments"), 403, "forbidden")
        assert cup.stream in await removed(admin, "/v1/admin/tournaments")
        problem(await cup.do(player, "POST", "/restore"), 404, "not_found")
        await cup.done(cup.owner, "/restore")
        after = await cup.get("/bracket", player)
        assert after["matches"] == before["matches"]
        await cup.done(cup.owner, "", "DELETE")
        answer = await admin.send("POST", f"/v1/admin/tournaments/{cup.stream}/restore")
        assert answer.status_code == 200, answer.text
        assert await cup.get("/bracket", player)


TEXTS = ("Xylotomous open", "All about widdershins", "Old Borborygmus", "It was floccinaucinihil")


async def written(cup: Cup) -> None:
    """It has texts of everybody, and is over."""
    await cup.done(cup.owner, "", "PATCH", name=TEXTS[0], description=TEXTS[1])
    await cup.done(cup.owner, "/open-registration")
    await cup.done(cup.owner, "/entrants", entrants=[{"name": TEXTS[2]}])
    await cup.enter(1)
    await cup.done(cup.owner, "/start")
    await cup.opened(1)
    await cup.done(cup.owner, "/matches/1/decide", winner=2, note=TEXTS[3])


def holding(dsn: str, stream: str) -> set[str]:
    """The tables with rows of this stream."""
    statement = """
        select c.table_name from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where table_schema = 'public' and t.table_type = 'BASE TABLE' and c.column_name = 'stream_id'
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        names = [name for (name,) in connection.execute(statement).fetchall()]
        found = set[str]()
        for name in names:
            query = sql.SQL("select count(*) from {} where stream_id = %s").format(sql.Identifier(name))
            ((count,),) = connection.execute(query, (uuid_of(stream),)).fetchall()
            found |= {name} if count else set()
        return found


async def test_a_removed_tournament_is_erased_in_the_end(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await written(cup)
        kept = {
            "event",
            "listener",
            "tournament",
            "tournament_match",
            "tournament_entrant",
            "tournament_staff",
        }
        await cup.done(cup.owner, "", "DELETE")
        shown = (await cup.owner.http.get("/v1/tournaments", params={"removed": True})).json()["tournaments"]
        assert (
            DAY_MS * (KEEP_DAYS - 0.1) < shown[0]["restorable_until"] - Later(0).now() <= DAY_MS * KEEP_DAYS
        )
        await sweep(node.dsn, KEEP_DAYS - 0.5)
        assert kept <= holding(node.dsn, cup.stream)
        assert all(where(node.dsn, text) for text in TEXTS)
        assert await removed(cup.owner, removed=True) == [cup.stream]

        await sweep(node.dsn, KEEP_DAYS + 0.5)
        assert holding(node.dsn, cup.stream) == set()
        assert {text: found for text in TEXTS if (found := where(node.dsn, text))} == {}
        # Its actor is still awake, and finds that it has nothing to write to.
        problem(await cup.do(cup.owner, "POST", "/restore"), 404, "not_found")
        problem(await cup.owner.http.get(cup.path), 404, "not_found")
        assert await removed(cup.owner, removed=True) == []
        await sweep(node.dsn, KEEP_DAYS + 1)


async def test_the_rooms_of_its_matches_are_erased_with_it(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, rooms=True) as cup:
        await cup.started(2)
        room = (await cup.opened(1)).marks["room"]
        await made(cup.player(1), str(room))
        await cup.player(1).post(str(room), "only for us")
        await cup.done(cup.owner, "/cancel")
        await cup.watcher.saw("rooms_closed", closes=(1,))
        await cup.done(cup.owner, "", "DELETE")
        await sweep(node.dsn, KEEP_DAYS - 0.5)
        assert {"event", "room"} <= holding(node.dsn, str(room))
        await sweep(node.dsn, KEEP_DAYS + 0.5)
        # It is hidden at once, though its actor is awake, and goes with the next sweep of rooms.
        problem(await cup.player(1).http.get(f"/v1/rooms/{room}"), 404, "not_found")
        clock = Later((KEEP_DAYS + 0.5) * DAY_MS)
        async with Pool(node.dsn, autocommit=True) as pool:
            keeps = room_keeps(base_of(settings(node.dsn), pool, clock))
            await swept([keep for keep in keeps if keep.what == "removed rooms"], clock)
        assert holding(node.dsn, str(room)) == set()
        assert not where(node.dsn, "only for us")
