"""Ratings over HTTP: what tournaments make of them, and what a correction does."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from storage.postgres.driver.pool import Pool
from tests.integration.gatherup.features.integrations.test_server_api import Backend, new_key
from tests.integration.gatherup.features.lookups.test_lookups import admin_of
from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import HANG_S, Person, Site, problem

pytestmark = pytest.mark.real
GAME = "go"


async def _own(person: Person) -> list[dict[str, Any]]:
    return (await person.http.get(f"/v1/users/{person.user}/ratings")).json()["ratings"]


async def _rated(person: Person, matches: int, *, above: float | None = None) -> dict[str, Any]:
    """Their rating in the game, as soon as so many matches have entered it, and it is as high."""
    with trio.fail_after(HANG_S):
        while True:
            for own in await _own(person):
                if own["matches"] == matches and (above is None or own["mu"] > above):
                    return own
            await trio.lowlevel.checkpoint()


async def test_results_are_rated_and_rated_again_when_they_are_corrected(
    site: Site, node: SharedNode
) -> None:
    async with cup_of(site, node, ready_s=0, game=GAME) as cup:
        await cup.started(3)
        await cup.opened(2)
        ann, ben, cleo = cup.players
        assert await _own(ann) == []
        await cup.won(2, 2, 3)
        first = await _rated(ben, 1, above=25)
        assert (first["game"], first["user"]) == (GAME, ben.user)
        assert first["rating"] == first["mu"] - 3 * first["sigma"]
        assert (await _rated(cleo, 1))["mu"] < 25
        await cup.won(3, 2, 1)
        assert (await _rated(ben, 2, above=first["mu"]))["rating"] > (await _rated(ann, 1))["rating"]
        listed = (await ann.http.get("/v1/ratings", params={"game": GAME})).json()
        assert [row["user"] for row in listed["ratings"] if row["user"] in {ann.user, ben.user}] == [
            ben.user,
            ann.user,
        ]
        assert listed["waiting"] == 0
        path = f"/v1/users/{ben.user}/ratings/history"
        history = (await ann.http.get(path, params={"game": GAME})).json()["changes"]
        assert named(history, "tournament", "match") == [(cup.stream, 3), (cup.stream, 2)]
        one = (await ann.http.get(path, params={"game": GAME, "limit": 1})).json()
        two = (await ann.http.get(path, params={"game": GAME, "cursor": one["next"]})).json()
        assert one["changes"] + two["changes"] == history
        back = (await ann.http.get(path, params={"game": GAME, "cursor": two["previous"]})).json()
        assert back["changes"] == one["changes"]
        # The final had been won by the other.
        await cup.done(cup.owner, "/matches/3/correct", winner=1, scores=[[3, 1]])
        await _rated(ann, 1, above=25)
        assert (await _rated(ben, 2))["mu"] < first["mu"]
        problem(
            await ann.http.get(f"/v1/users/{ann.user}/ratings/history", params={"game": "chess"}),
            404,
            "not_found",
        )
        problem(await ann.http.get("/v1/ratings"), 422, "invalid", "game")


async def test_pages_of_ratings_go_both_ways(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=0, game="draughts") as cup:
        await cup.started(4)
        await cup.opened(2)
        await cup.won(1, 1, 4)
        await cup.won(2, 2, 3)
        for person in cup.players:
            await _rated(person, 1)

        async def page(**query: Any) -> dict[str, Any]:
            return (
                await cup.owner.http.get("/v1/ratings", params={"game": "draughts", "limit": 3, **query})
            ).json()

        first = await page()
        second = await page(cursor=first["next"])
        assert {row["user"] for row in first["ratings"] + second["ratings"]} == {
            person.user for person in cup.players
        }
        assert first["ratings"][0]["rating"] > second["ratings"][0]["rating"]
        assert (await page(cursor=second["previous"]))["ratings"] == first["ratings"]


async def test_forfeits_and_tournaments_of_no_game_arent_rated(site: Site, node: SharedNode) -> None:
    async with (
        cup_of(site, node, ready_s=0) as other,
        cup_of(site, node, ready_s=0, game=GAME) as cup,
    ):
        await other.started(2)
        await other.won(1, 1, 2)
        await cup.started(3)
        await cup.opened(2)
        await cup.done(2, "/leave")
        await cup.won(3, 3, 1)
        assert (await _rated(cup.player(3), 1))["mu"] > 25
        assert await _own(cup.player(2)) == []
        assert await _own(other.player(1)) == []


async def test_an_admin_or_a_backend_marks_a_tournament_as_rated(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, game=GAME) as cup, Pool(node.dsn, autocommit=True) as pool:
        admin, path = await admin_of(site, node), f"/v1/admin/tournaments/{cup.stream}/rated"
        assert await cup.get("/rated") == {"tournament": cup.stream, "marked": False, "rated": True}
        problem(await cup.owner.http.put(path, json={"rated": True}), 403, "forbidden")
        problem(await admin.http.put(path, json={}), 422, "invalid", "rated")
        assert (await admin.http.put(path, json={"rated": True})).status_code == 204
        assert (await cup.get("/rated"))["marked"]
        backend = Backend(site, (await new_key(pool, "tournaments.manage")).text)
        server = f"/v1/server/tournaments/{cup.stream}/rated"
        assert (await backend.http.put(server, json={"rated": False})).status_code == 204
        assert not (await cup.get("/rated"))["marked"]
        missing = path.replace(cup.stream, "tournament:" + "1" * 32)
        problem(await admin.http.put(missing, json={"rated": True}), 404, "not_found")
    async with cup_of(site, node, game=GAME, visibility="invited", entry="listed") as cup:
        assert not (await cup.get("/rated"))["rated"]
        stranger = await site.guest()
        problem(await stranger.http.get(cup.path + "/rated"), 404, "not_found")
