"""Gatherings over HTTP: listed, given on, taken over, removed, restored, and erased in the end."""

from __future__ import annotations

from typing import Any, Final

import psycopg
import pytest

from gatherup.features.gatherings.keeps import gathering_keeps
from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from tests.integration.gatherup.features.gatherings.fair import Fair, fair_of
from tests.integration.gatherup.features.integrations.test_server_api import Backend, new_key
from tests.integration.gatherup.features.lookups.test_lookups import admin_of
from tests.integration.keeping import Later, base_of, swept
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem, settings

pytestmark = pytest.mark.real
DAY_MS = 86_400_000
COUNT: Final = "select count(*) from {} where stream_id = %s"
KEPT: Final = (
    "event",
    "listener",
    "gathering",
    "gathering_player",
    "gathering_staff",
    "gathering_competition",
)


async def listed(who: Person, path: str = "/v1/gatherings", /, **query: Any) -> list[str]:
    """All pages."""
    found, cursor = list[str](), dict[str, str]()
    while True:
        answer = await who.http.get(path, params={"limit": 1, **query, **cursor})
        assert answer.status_code == 200, answer.text
        found += [one["gathering"] for one in answer.json()["gatherings"]]
        if (after := answer.json()["next"]) is None:
            return found
        cursor = {"cursor": after}


async def open_(fair: Fair) -> None:
    await fair.done(fair.owner, "/open-registration")


async def test_public_ones_are_listed_and_others_among_ones_own(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    async with (
        fair_of(site, node) as draft,
        fair_of(site, node, games=["chess"]) as public,
        fair_of(site, node, visibility="unlisted") as unlisted,
    ):
        for fair in (public, unlisted):
            await open_(fair)
            await fair.done(ann, "/register")
        assert await listed(ann, owner=public.owner.user) == [public.stream]
        assert await listed(ann, owner=draft.owner.user) == await listed(ann, owner=unlisted.owner.user) == []
        assert await listed(ann, mine=True) == [unlisted.stream, public.stream]
        assert await listed(ann, mine=True, game="chess", phase="registration") == [public.stream]
        assert await listed(draft.owner, mine=True) == [draft.stream]


async def test_it_is_given_on_and_taken_over(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node) as fair:
        ann, admin = await site.guest(), await admin_of(site, node)
        await fair.done(fair.owner, "/staff", user=ann.user, role="organiser")
        await fair.done(fair.owner, "/transfer", user=ann.user)
        detail = await fair.get("", fair.owner)
        assert (detail["owner"], detail["organisers"], detail["role"]) == (
            ann.user,
            [fair.owner.user],
            "organiser",
        )
        path = f"/v1/admin/gatherings/{fair.stream}"
        problem(await ann.send("PUT", path + "/owner", user=ann.user), 403, "forbidden")
        answer = await admin.send("PUT", path + "/owner", user=admin.user)
        assert answer.status_code == 200, answer.text
        assert (await fair.get("", ann))["role"] is None
        acts = await admin.http.get("/v1/admin/audit", params={"on": fair.stream})
        assert [one["act"] for one in acts.json()["acts"]] == ["gathering.taken_over"]


async def test_a_key_makes_one_and_gives_it_to_a_user(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    async with Pool(node.dsn, autocommit=True) as pool:
        backend = Backend(site, (await new_key(pool, "tournaments.manage")).text)
    client_id = "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e70"
    made = await backend.done("POST", "/gatherings", client_id=client_id, name="Fair")
    body = {"client_id": client_id[:-1] + "1", "user": ann.user}
    await backend.done("PUT", f"/gatherings/{made['stream']}/owner", **body)
    assert (await ann.http.get(f"/v1/gatherings/{made['stream']}")).json()["role"] == "organiser"


async def test_a_removed_one_is_hidden_restored_and_erased_in_the_end(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node) as fair:
        ann, admin = await site.guest(), await admin_of(site, node)
        cup = await fair.attached()
        await open_(fair)
        await fair.registered(ann, cup)
        await fair.done(fair.owner, "/close")
        await fair.done(fair.owner, "", "DELETE")
        for who in (fair.owner, ann):
            problem(await who.http.get(fair.path), 404, "not_found")
        assert await listed(ann, mine=True) == []
        assert await listed(fair.owner, removed=True) == [fair.stream]
        problem(await ann.http.get("/v1/admin/gatherings"), 403, "forbidden")
        assert fair.stream in await listed(admin, "/v1/admin/gatherings")
        path = f"/v1/admin/gatherings/{fair.stream}/restore"
        assert (await admin.send("POST", path)).status_code == 200
        assert (await fair.get("", ann))["own"]["status"] == "registered"

        await fair.done(fair.owner, "", "DELETE")
        for days, kept in ((13, True), (15, False)):
            clock = Later(days * DAY_MS)
            async with Pool(node.dsn, autocommit=True) as pool:
                await swept(gathering_keeps(base_of(settings(node.dsn), pool, clock)), clock)
            assert (left(node.dsn, fair.stream) > 0) is kept
        problem(await fair.do(fair.owner, "POST", "/restore"), 404, "not_found")
        tournament = (await ann.http.get(f"/v1/tournaments/{cup}")).json()
        assert tournament["own"]["status"] == "entered"


def left(dsn: str, stream: str) -> int:
    """How many rows there are of it."""
    with psycopg.connect(dsn) as connection:
        counts = [connection.execute(COUNT.format(name), (uuid_of(stream),)).fetchone() for name in KEPT]
    return sum(count[0] for count in counts if count)
