"""Whatever can't be is refused over HTTP with a stable code, a sentence and the field, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from tests.integration.gatherup.features.gatherings.fair import fair_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
NOBODY = "user:" + "1" * 32
MISSING = "tournament:" + "1" * 32
OTHER_KIND = "room:" + "1" * 32
MANY = [f"tournament:{number:032x}" for number in range(limits.GATHERING_COMPETITIONS_MAX + 1)]
ABSURD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"name": ""}, "invalid", "name"),
    ({"name": "x" * 81}, "invalid", "name"),
    ({"name": "a\0b"}, "invalid", "name"),
    ({"description": "x" * 4001}, "invalid", "description"),
    ({"players_max": 0}, "invalid", "players_max"),
    ({"players_max": limits.GATHERING_PLAYERS_MAX + 1}, "invalid", "players_max"),
    ({"players_max": 2**63}, "invalid", "players_max"),
    ({"visibility": "invited"}, "invalid", "visibility"),
    ({"games": ["chess"] * 17}, "invalid", "games"),
    ({"games": ["chess", "chess"]}, "invalid", "games"),
    ({"games": ["no-such-game"]}, "not_found", "games"),
    ({"closes_at": 2**53}, "invalid", "closes_at"),
    ({"check_in_at": 4_000_000_000_000, "closes_at": 3_999_999_999_999}, "invalid", "closes_at"),
)
# who, method, part, body, status, code, field
Bad = tuple[str, str, str, dict[str, Any], int, str, str | None]
OPEN: tuple[Bad, ...] = (
    ("ann", "POST", "/register", {"tournaments": ["a"]}, 409, "already_exists", None),
    ("ann", "POST", "/choose", {"tournaments": ["a"]}, 409, "already_exists", "tournaments"),
    ("ann", "POST", "/choose", {"tournaments": ["a", "a"]}, 422, "invalid", "tournaments"),
    ("ann", "POST", "/choose", {"tournaments": [MISSING]}, 404, "not_found", "tournaments"),
    ("ann", "POST", "/choose", {"tournaments": [OTHER_KIND]}, 404, "not_found", "tournaments"),
    ("ann", "POST", "/choose", {"tournaments": ["x"]}, 422, "invalid", "tournaments[0]"),
    ("ann", "POST", "/choose", {"tournaments": MANY}, 422, "invalid", "tournaments"),
    ("ann", "POST", "/choose", {"tournaments": ["loose"]}, 404, "not_found", "tournaments"),
    ("ann", "POST", "/choose", {}, 422, "invalid", "tournaments"),
    ("ann", "POST", "/check-in", {}, 409, "wrong_phase", None),
    ("ann", "POST", "/check-in", {"player": 1}, 403, "forbidden", None),
    ("ann", "POST", "/close", {}, 403, "forbidden", None),
    ("ann", "POST", "/competitions", {"tournament": "a"}, 403, "forbidden", None),
    ("ann", "POST", "/players/1/remove", {}, 403, "forbidden", None),
    ("ann", "DELETE", "", {}, 403, "forbidden", None),
    ("stranger", "POST", "/choose", {"tournaments": ["a"]}, 403, "forbidden", None),
    ("stranger", "POST", "/withdraw", {}, 403, "forbidden", None),
    ("stranger", "POST", "/register", {"tournaments": ["loose"]}, 404, "not_found", "tournaments"),
    ("owner", "POST", "/competitions", {"tournament": "a"}, 409, "already_exists", "tournament"),
    ("owner", "POST", "/competitions", {"tournament": MISSING}, 404, "not_found", "tournament"),
    ("owner", "POST", "/competitions", {"tournament": OTHER_KIND}, 404, "not_found", "tournament"),
    ("owner", "POST", "/competitions", {"tournament": "theirs"}, 403, "forbidden", "tournament"),
    ("owner", "POST", "/competitions", {"tournament": "teams"}, 422, "invalid", "tournament"),
    ("owner", "POST", "/competitions", {"tournament": "invited"}, 422, "invalid", "tournament"),
    ("owner", "DELETE", "/competitions/" + MISSING, {}, 404, "not_found", "tournament"),
    ("owner", "DELETE", "/competitions/x", {}, 404, "not_found", None),
    ("owner", "POST", "/open-registration", {}, 409, "wrong_phase", None),
    ("owner", "DELETE", "", {}, 409, "wrong_phase", None),
    ("owner", "POST", "/restore", {}, 409, "already_exists", None),
    ("owner", "POST", "/check-in", {"player": 9}, 404, "not_found", "player"),
    ("owner", "POST", "/check-in", {"player": 0}, 422, "invalid", "player"),
    ("owner", "POST", "/players/9/remove", {}, 404, "not_found", "player"),
    ("owner", "POST", "/players/01/remove", {}, 404, "not_found", "player"),
    ("owner", "POST", "/players/99999/remove", {}, 404, "not_found", "player"),
    ("owner", "POST", "/players/1/remove", {"reason": "x" * 10_000}, 422, "invalid", "reason"),
    ("owner", "POST", "/cancel", {"reason": "a\0b"}, 422, "invalid", "reason"),
    ("owner", "POST", "/staff", {"user": NOBODY, "role": "organiser"}, 404, "not_found", "user"),
    ("owner", "POST", "/staff", {"user": "ann", "role": "referee"}, 422, "invalid", "role"),
    ("owner", "POST", "/transfer", {"user": "ann"}, 422, "invalid", "user"),
    ("owner", "PATCH", "", {}, 422, "invalid", None),
    ("owner", "PATCH", "", {"registration_at": 0}, 409, "wrong_phase", "registration_at"),
)


@pytest.mark.parametrize(("body", "code", "field"), ABSURD)
async def test_nobody_makes_an_absurd_gathering(
    site: Site, body: dict[str, Any], code: str, field: str
) -> None:
    owner = await site.guest()
    answer = await owner.send("POST", "/v1/gatherings", **{"name": "Fair", **body})
    problem(answer, 404 if code == "not_found" else 422, code, field)


async def test_what_cannot_be_is_refused_and_changes_nothing(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node) as fair:
        ann, stranger = await site.guest(), await site.guest()
        cups = {
            "a": await fair.attached(),
            "loose": await fair.cup(),
            "theirs": await fair.cup(stranger),
            "teams": await fair.cup(team_min=1, team_max=2),
            "invited": await fair.cup(visibility="invited", entry="listed"),
        }
        await fair.done(fair.owner, "/open-registration")
        await fair.registered(ann, cups["a"])
        people: dict[str, Person] = {"ann": ann, "stranger": stranger, "owner": fair.owner}
        before, otherwise = await fair.get(), dict[str, Any]()
        for who, method, part, body, status, code, field in OPEN:
            names = cups | {"ann": ann.user}
            filled = {name: _filled(value, names) for name, value in body.items()}
            answer = await fair.do(people[who], method, part, **filled)
            document = answer.json()
            told = (answer.status_code, document.get("code"), document.get("field"))
            if told != (status, code, field):
                otherwise[f"{who} {method} {part} {body}"] = told
            else:
                problem(answer, status, code, field)
        assert otherwise == {}
        assert await fair.get() == before


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


async def test_what_there_is_not_is_not_found(site: Site) -> None:
    ann = await site.guest()
    gone = "/v1/gatherings/gathering:" + "1" * 32
    for path in (gone, gone + "/players", gone + "/next-matches", gone + "/calendar.ics", "/v1/gatherings/x"):
        problem(await ann.http.get(path), 404, "not_found")
    problem(await ann.send("POST", gone + "/register", tournaments=[]), 404, "not_found")
    problem(await ann.http.post(gone + "/calendar"), 404, "not_found")
    for query in ({"cursor": "nope"}, {"limit": 0}, {"phase": "running"}, {"color": "red"}):
        assert (await ann.http.get("/v1/gatherings", params=query)).status_code == 422
