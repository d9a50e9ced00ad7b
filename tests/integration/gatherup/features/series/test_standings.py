"""Standings of a series: by the places of its tournaments as they are now, whatever becomes of them."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.series.league import League, league_of
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site

pytestmark = pytest.mark.real


async def played(cup: Cup, players: list[Person]) -> None:
    """These four play a cup, the first wins, then the second; the others share the third place."""
    await cup.done(cup.owner, "/open-registration")
    for player in players:
        cup.players.append(player)
        await cup.done(player, "/enter")
    await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2, 3, 4])
    await cup.done(cup.owner, "/start")
    await cup.won(1, 1, 4)
    await cup.won(2, 2, 3)
    await cup.won(3, 1, 2)
    await cup.watcher.saw("finished")


async def test_points_follow_what_becomes_of_tournaments(site: Site, node: SharedNode) -> None:
    a, b, c, d = [await site.guest() for _ in range(4)]
    async with cup_of(site, node, ready_s=0) as one, cup_of(site, node, ready_s=0, owner=one.owner) as two:
        league = await league_of(site, one.owner, points=[10, 6, 4])
        for cup in (one, two):
            await league.done("/tournaments", tournament=cup.stream)
        assert await league.table() == []
        await played(one, [a, b, c, d])
        third = sorted([(3, c.user, 4), (3, d.user, 4)])
        assert await league.table() == [(1, a.user, 10), (2, b.user, 6), *third]
        # The other way round: all have a first and a last place, but who was third twice.
        await played(two, [b, a, d, c])
        first = sorted([(1, a.user, 16), (1, b.user, 16)])
        third = sorted([(3, c.user, 8), (3, d.user, 8)])
        assert await league.table(limit=1) == [*first, *third]
        await only_the_best_count(league, first_two=[a, b], last_two=[c, d])
        # b has won the first one, too: it is corrected, and runs no other way.
        await one.done(one.owner, "/matches/3/correct", winner=2)
        assert await league.table() == [(1, b.user, 20), (2, a.user, 12), *third]
        # The final of the second is to be played again: it doesn't count until it is over.
        await two.done(two.owner, "/matches/3/undo")
        assert (await league.get("/standings"))["finished"] == 1
        assert [points for _, _, points in await league.table()] == [10, 6, 4, 4]
        await two.done(two.owner, "/matches/3/decide", winner=1)
        await two.watcher.saw("finished", after=two.watcher.headers[-1].seq - 1)
        assert (await league.get("/standings"))["finished"] == 2
        await two.done(two.owner, "", "DELETE")
        assert [points for _, _, points in await league.table()] == [10, 6, 4, 4]
        await league.done(f"/tournaments/{one.stream}", "DELETE")
        assert await league.table() == []
        assert (await one.get())["phase"] == "finished"


async def only_the_best_count(league: League, first_two: list[Person], last_two: list[Person]) -> None:
    await league.done("", "PATCH", best=1)
    standings = (await league.get("/standings"))["standings"]
    assert [(row["points"], row["results"], row["counted"]) for row in standings] == [
        *[(10, 2, 1)] * 2,
        *[(4, 2, 1)] * 2,
    ]
    assert {row["user"] for row in standings[:2]} == {person.user for person in first_two}
    await league.done("", "PATCH", points=[10])
    assert {user for _, user, _ in await league.table()} == {person.user for person in first_two}
    await league.done("", "PATCH", best=0, points=[10, 6, 4])
    assert len(await league.table()) == len(first_two) + len(last_two)


async def test_places_by_standings_count_for_all_players_of_a_team(site: Site, node: SharedNode) -> None:
    async with cup_of(
        site, node, ready_s=0, team_min=1, team_max=2, entrants_max=4, stages=[{"format": "round_robin"}]
    ) as cup:
        league = await league_of(site, cup.owner, points=[3, 1])
        await league.done("/tournaments", tournament=cup.stream)
        a, b, c = [await site.guest() for _ in range(3)]
        teams = [{"user": a.user, "name": "A", "roster": [b.user]}, {"user": c.user, "name": "C"}]
        await cup.done(cup.owner, "/entrants", entrants=teams)
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2])
        await cup.done(cup.owner, "/start")
        await cup.opened(1)
        await cup.done(cup.owner, "/matches/1/decide", winner=1)
        await cup.watcher.saw("finished")
        first = sorted([(1, a.user, 3), (1, b.user, 3)])
        assert await league.table() == [*first, (3, c.user, 1)]
