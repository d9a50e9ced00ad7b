"""A person who is deleted leaves gatherings and their competitions, and what they wrote is gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.gatherup.features.people.test_http_erasure import (
    HANDLE,
    PASSWORD,
    Erased,
    deleted,
    sent,
    site_of,
    where,
)
from tests.integration.site import Person, Site

pytestmark = pytest.mark.real
NAME, DESCRIPTION, REMOVAL, CANCELLED = (
    "Xertz convention",
    "All about snickersnee",
    "for absquatulating",
    "Too few taradiddles",
)
TEXTS = [NAME, DESCRIPTION, REMOVAL, CANCELLED]


async def a_life(site: Site, ben: Person) -> tuple[Person, str, str]:
    """Somebody who writes whatever one can: who, their own gathering, and another's that they have registered with."""
    answer = await site.http.post("/v1/register", json={"handle": HANDLE, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    ann, paths = Person(site.client(), answer.json()), list[str]()
    for owner, name, description in ((ann, NAME, DESCRIPTION), (ben, "Ben's own", "")):
        made = await sent(owner, "POST", "/v1/gatherings", name=name, description=description)
        paths.append(f"/v1/gatherings/{made['stream']}")
        await sent(owner, "POST", paths[-1] + "/open-registration")
    own, theirs = paths
    await sent(ann, "POST", own + "/staff", user=ben.user, role="organiser")
    await sent(ben, "POST", own + "/register")
    await sent(ann, "POST", own + "/players/1/remove", reason=REMOVAL)
    await sent(ann, "POST", own + "/cancel", reason=CANCELLED)
    for person in (ann, ben):
        await sent(person, "POST", theirs + "/register")
    return ann, own, theirs


async def test_what_a_person_wrote_leaves_gatherings(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = Erased(monkeypatch)
    async with site_of(postgres_dsn) as site:
        ben = await site.guest("Ben")
        ann, own, theirs = await a_life(site, ben)
        assert [text for text in TEXTS if not where(postgres_dsn, text)] == []

        await deleted(ann)
        await erased.now(postgres_dsn, HANDLE)
        assert {text: found for text in TEXTS if (found := where(postgres_dsn, text))} == {}

        async def get(path: str) -> dict[str, Any]:
            answer = await ben.http.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        shown = await get(own)
        assert [shown[name] for name in ("name", "description", "reason", "owner", "organisers")] == [
            None,
            "",
            None,
            ben.user,
            [],
        ]
        assert [one["reason"] for one in (await get(own + "/players"))["players"]] == [None]
        players = (await get(theirs + "/players"))["players"]
        assert [(one["player"], one["user"]) for one in players] == [(2, ben.user)]
        assert (await get(theirs))["registered"] == 1
