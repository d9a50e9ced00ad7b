"""The key of access tokens is changed under those who are signed in."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from protocol.codes import CloseCode
from tests.integration.gatherup.features.accounts.test_logouts import opened
from tests.integration.gatherup.features.rooms.test_heads import socket
from tests.integration.site import SETTINGS, Person, Site, problem, running, settings

pytestmark = pytest.mark.real
LAST = SETTINGS["GATHERUP_AUTH_TOKEN_KEY"]
NEXT = "e5" * 32


def kid(signed_in: dict[str, Any]) -> str:
    return jwt.get_unverified_header(signed_in["access_token"])["kid"]


async def published(site: Site) -> list[str]:
    return [key["kid"] for key in (await site.http.get("/.well-known/jwks.json")).json()["keys"]]


async def test_an_old_token_is_good_for_as_long_as_its_key_is_accepted(postgres_dsn: str) -> None:
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        ann = await site.guest("Ann")
        assert await published(site) == [kid(ann.signed_in)]
        await site.aclose()

    both = settings(postgres_dsn, GATHERUP_AUTH_TOKEN_KEY=NEXT, GATHERUP_AUTH_TOKEN_KEYS_ACCEPTED=LAST)
    async with running(both) as addresses:
        site = Site(addresses.http)
        old = Person(site.client(), ann.signed_in)
        await old.post(await old.new_room(), "signed in before")
        async with socket(addresses.stream, old) as old_socket:
            assert old_socket.found(t="welcome", user=ann.user)
        new = await refreshed(site, old)
        ben = await site.guest("Ben")
        assert kid(new.signed_in) == kid(ben.signed_in) != kid(old.signed_in)
        assert await published(site) == [kid(new.signed_in), kid(old.signed_in)]
        await site.aclose()

    async with running(settings(postgres_dsn, GATHERUP_AUTH_TOKEN_KEY=NEXT)) as addresses:
        site = Site(addresses.http)
        assert await published(site) == [kid(new.signed_in)]
        old, new = Person(site.client(), old.signed_in), Person(site.client(), new.signed_in)
        problem(await old.http.get("/v1/me"), 401, "unauthenticated", "Authorization")
        async with opened(addresses.stream, old) as refused:
            assert (await refused.ended())["code"] == CloseCode.UNAUTHENTICATED == 4103
        assert (await new.http.get("/v1/me")).json()["user"] == ann.user
        async with socket(addresses.stream, new) as new_socket:
            assert new_socket.found(t="welcome", user=ann.user)
        await site.aclose()


async def refreshed(site: Site, person: Person) -> Person:
    """The same login with a new token."""
    answer = await site.http.post("/v1/refresh", json={"refresh_token": person.signed_in["refresh_token"]})
    assert answer.status_code == 200, answer.text
    return Person(site.client(), answer.json())
