"""Templates of tournaments over HTTP: kept, replaced, made into tournaments, and what is refused."""

from __future__ import annotations

from typing import Any, Final

import psycopg
import pytest

from protocol import limits
from storage.postgres.ids import uuid_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
ALL: Final = "/v1/tournament-templates"
WEEKLY: Final[dict[str, Any]] = {
    "name": "Weekly",
    "description": "Every week.",
    "format": "double_elimination",
    "best_of": 3,
    "entrants_max": 16,
    "team_min": 2,
    "team_max": 3,
}


async def kept(who: Person, **definition: Any) -> dict[str, Any]:
    answer = await who.http.post(ALL, json={"definition": {**WEEKLY, **definition}})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_template_is_kept_replaced_and_deleted(site: Site, node: SharedNode) -> None:
    ann, ben = await site.guest(), await site.guest()
    first, second = await kept(ann), await kept(ann, name="Monthly")
    assert first["definition"].items() >= WEEKLY.items()
    listed = (await ann.http.get(ALL)).json()["templates"]
    assert listed == [second, first]
    assert (await ben.http.get(ALL)).json()["templates"] == []
    path = f"{ALL}/{first['template']}"
    for method in ("GET", "PUT", "DELETE"):
        body = {"definition": WEEKLY} if method == "PUT" else None
        problem(await ben.http.request(method, path, json=body), 404, "not_found")
    changed = {**WEEKLY, "best_of": 5}
    assert (await ann.http.put(path, json={"definition": changed})).status_code == 200
    assert (await ann.http.get(path)).json()["definition"].items() >= changed.items()
    assert (await ann.http.delete(path)).status_code == 204
    problem(await ann.http.get(path), 404, "not_found")
    problem(await ann.http.delete(path), 404, "not_found")
    assert (await ann.http.get(ALL)).json()["templates"] == [second]


async def test_a_tournament_is_made_from_it_with_what_is_different(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    path = f"{ALL}/{(await kept(ann))['template']}/tournaments"
    start_at = 4_000_000_000_000
    made = await ann.send("POST", path, name="Weekly 7", best_of=1, start_at=start_at, check_in_at=0)
    assert made.status_code == 201, made.text
    read = (await ann.http.get(made.headers["Location"])).json()
    expected = {**WEEKLY, "name": "Weekly 7", "best_of": 1, "start_at": start_at, "check_in_at": None}
    assert {name: read[name] for name in expected} == expected
    assert (read["phase"], read["owner"]) == ("draft", ann.user)
    plain = await ann.send("POST", path)
    read = (await ann.http.get(plain.headers["Location"])).json()
    assert {name: read[name] for name in WEEKLY} == WEEKLY
    problem(await ann.send("POST", path, team_min=3, team_max=2), 422, "invalid", "team_min")
    problem(await ann.send("POST", path, game="no such game"), 422, "invalid", "game")
    problem(await (await site.guest()).send("POST", path), 404, "not_found")


BAD: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"name": ""}, "definition.name"),
    ({"name": "x" * (limits.TOURNAMENT_NAME_CHARS_MAX + 1)}, "definition.name"),
    ({"entrants_max": limits.TOURNAMENT_ENTRANTS_MAX + 1}, "definition.entrants_max"),
    ({"start_at": 4_000_000_000_000}, "definition.start_at"),
    ({"visibility": "invited"}, "definition.entry"),
    ({"team_min": 3, "team_max": 2}, "definition.team_min"),
    ({"stages": [{"format": "round_robin"}, {}]}, "definition.stages"),
)


@pytest.mark.parametrize(("definition", "field"), BAD, ids=lambda value: str(value)[:40])
async def test_what_no_tournament_can_be_is_not_kept(
    site: Site, node: SharedNode, definition: dict[str, Any], field: str
) -> None:
    ann = await site.guest()
    answer = await ann.http.post(ALL, json={"definition": {**WEEKLY, **definition}})
    assert problem(answer, 422, "invalid", field)["detail"]
    assert (await ann.http.get(ALL)).json()["templates"] == []


async def test_a_person_keeps_only_so_many(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    await kept(ann)
    more = """
        insert into tournament_template (account, definition, created_at, changed_at)
        select account, definition, created_at, changed_at from tournament_template, generate_series(2, %s)
        where account = %s
    """
    with psycopg.connect(node.dsn, autocommit=True) as connection:
        connection.execute(more, (limits.TOURNAMENT_TEMPLATES_MAX, uuid_of(ann.user)))
    problem(await ann.http.post(ALL, json={"definition": WEEKLY}), 409, "too_many")
    listed = (await ann.http.get(ALL)).json()["templates"]
    assert len(listed) == limits.TOURNAMENT_TEMPLATES_MAX
