"""Who may create tournaments over HTTP and on the socket, as the operator says."""

from __future__ import annotations

import psycopg
import pytest

from gatherup.client import RefusedError, connect
from tests.integration.site import Person, Site, problem, running, settings

pytestmark = pytest.mark.real


async def create(who: Person) -> str:
    made = await who.send("POST", "/v1/tournaments", name="Cup")
    assert made.status_code == 201, made.text
    return f"/v1/tournaments/{made.json()['stream']}"


async def test_the_operator_says_who_creates_how_many(postgres_dsn: str) -> None:
    changes = {"CREATORS": "verified", "UNFINISHED_MAX": "2", "PER_DAY_MAX": "3"}
    configured = settings(
        postgres_dsn, **{f"GATHERUP_TOURNAMENTS_{name}": to for name, to in changes.items()}
    )
    async with running(configured) as addresses:
        site = Site(addresses.http)
        ann, ben = await site.guest(), await site.guest()
        problem(await ann.send("POST", "/v1/tournaments", name="Cup"), 403, "forbidden")
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute(
                "update account set email = 'ann@example.org' where id = %s::uuid", (ann.user[-32:],)
            )
        async with connect(addresses.stream, token=ben.signed_in["access_token"]) as client:
            with pytest.raises(RefusedError, match="Verify your e-mail"):
                await client.create_tournament("Cup")

        first, _ = await create(ann), await create(ann)
        problem(await ann.send("POST", "/v1/tournaments", name="Cup"), 409, "too_many")
        assert (await ann.send("POST", first + "/cancel")).status_code == 200
        third = await create(ann)
        assert (await ann.send("DELETE", third)).status_code == 200
        answer = await ann.send("POST", "/v1/tournaments", name="Cup")
        problem(answer, 429, "rate_limited")
        assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
        await site.aclose()
