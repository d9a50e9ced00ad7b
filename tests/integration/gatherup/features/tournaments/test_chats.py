"""Rooms of matches over HTTP: who is in a match talks there until it is done."""

from __future__ import annotations

import pytest
import trio

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


async def made(who: Person, room: str, **wanted: object) -> dict[str, object]:
    """The room, as soon as it is there and like this: what a match causes comes after it."""
    with trio.fail_after(30):
        while True:
            answer = await who.http.get(f"/v1/rooms/{room}")
            if answer.status_code == 200 and wanted.items() <= answer.json().items():
                return answer.json()
            await trio.sleep(0.02)


async def test_a_match_has_a_room_until_it_is_done(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=0, rooms=True) as cup:
        assert named([await cup.get()], "rooms") == [(True,)]
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        await cup.done(cup.owner, "/start")
        opened = await cup.opened(1)
        room = (await cup.get("/matches/1"))["room"]
        assert room == opened.marks["room"]
        shown = await made(cup.player(1), room, members=3)
        assert (shown["name"], shown["access"], shown["owner"]) == ("Match 1", "private", None)
        await cup.player(1).post(room, "Which server?")
        assert (await cup.owner.http.get(f"/v1/rooms/{room}/messages")).status_code == 200
        stranger = await site.guest("Stranger")
        problem(await stranger.http.get(f"/v1/rooms/{room}"), 404, "not_found")
        await cup.done(cup.owner, "/matches/1/decide", winner=1)
        await made(cup.player(2), room, archived=True)
        problem(
            await cup.player(2).send("POST", f"/v1/rooms/{room}/messages", body="Well played"),
            409,
            "archived",
        )
