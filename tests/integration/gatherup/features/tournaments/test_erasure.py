"""A person who is deleted leaves tournaments: what they wrote is gone, and matches go on without them."""

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
from tests.integration.gatherup.features.tournaments.cup import named
from tests.integration.site import Person, Site

pytestmark = pytest.mark.real
NAME, DESCRIPTION, ENTRANT = "Xertz open", "All about snickersnee", "Old Gongoozler"
REMOVAL, DECISION, CANCELLED = "for absquatulating", "It was bumfuzzled", "Too few taradiddles"
NOTE, EVIDENCE = "They did cattywampus", "https://pics.example.org/quomodocunquize.png"
TEXTS = [NAME, DESCRIPTION, ENTRANT, REMOVAL, DECISION, CANCELLED, NOTE, EVIDENCE]


async def made(owner: Person, **body: Any) -> str:
    """The path of a tournament whose registration is open."""
    stream = (await sent(owner, "POST", "/v1/tournaments", ready_s=0, **body))["stream"]
    path = f"/v1/tournaments/{stream}"
    await sent(owner, "POST", path + "/open-registration")
    return path


async def a_life(site: Site, ben: Person, eve: Person) -> tuple[Person, str, str]:
    """Somebody who writes whatever one can: who, their own tournament, and another's."""
    answer = await site.http.post("/v1/register", json={"handle": HANDLE, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    ann = Person(site.client(), answer.json())
    own = await made(ann, name=NAME, description=DESCRIPTION)
    await sent(ann, "POST", own + "/staff", user=eve.user, role="organiser")
    await sent(ann, "POST", own + "/entrants", entrants=[{"name": ENTRANT}, {"user": ben.user}])
    await sent(eve, "POST", own + "/enter")
    await sent(ann, "POST", own + "/entrants/2/remove", reason=REMOVAL)
    await sent(ann, "POST", own + "/start")
    await sent(ann, "POST", own + "/matches/1/decide", winner=1, note=DECISION)
    cancelled = await made(ann, name=NAME)
    await sent(ann, "POST", cancelled + "/cancel", reason=CANCELLED)
    theirs = await made(ben, name="Ben's own")
    for person in (ann, ben):
        await sent(person, "POST", theirs + "/enter")
    await sent(ben, "POST", theirs + "/start")
    await sent(ann, "POST", theirs + "/matches/1/dispute", note=NOTE, evidence=EVIDENCE)
    return ann, own, theirs


async def test_what_a_person_wrote_leaves_tournaments(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = Erased(monkeypatch)
    async with site_of(postgres_dsn) as site:
        ben, eve = await site.guest("Ben"), await site.guest("Eve")
        ann, own, theirs = await a_life(site, ben, eve)
        assert [text for text in TEXTS if not where(postgres_dsn, text)] == []

        await deleted(ann)
        await erased.now(postgres_dsn, HANDLE)
        assert {text: found for text in TEXTS if (found := where(postgres_dsn, text))} == {}

        async def get(path: str) -> dict[str, Any]:
            answer = await ben.http.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        # Hers goes on under the organiser who is left; the other ends without her.
        shown = await get(own)
        assert named([shown], "name", "description", "owner", "phase") == [(None, "", eve.user, "finished")]
        entrants = (await get(own + "/entrants"))["entrants"]
        assert named(entrants, "user", "name", "status", "reason") == [
            (None, None, "entered", None),
            (ben.user, None, "removed", None),
            (eve.user, None, "entered", None),
        ]
        assert (await get(own + "/matches/1"))["decision"] is None
        entrants = (await get(theirs + "/entrants"))["entrants"]
        assert named(entrants, "user", "status", "place") == [(ann.user, "left", 2), (ben.user, "entered", 1)]
        match = await get(theirs + "/matches/1")
        assert named([match], "kind", "winner", "note", "evidence") == [("forfeit", 2, None, None)]
        assert (await get(theirs))["phase"] == "finished"
