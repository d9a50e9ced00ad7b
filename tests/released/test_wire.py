"""The wire and HTTP only gained optional fields since the last release."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol.schema import json_schema
from tests.integration.site import Site, running, settings
from tests.released.compatible import broken_http, broken_wire
from tests.released.write import BASELINE

PAGED = (
    "/v1/admin/bans",
    "/v1/admin/reports",
    "/v1/heads",
    "/v1/me/blocks",
    "/v1/me/friend-requests",
    "/v1/me/friends",
    "/v1/rooms",
    "/v1/rooms/{room}/bans",
    "/v1/rooms/{room}/invited",
    "/v1/rooms/{room}/members",
    "/v1/rooms/{room}/messages/{seq}/reactions",
    "/v1/rooms/{room}/reports",
    "/v1/users/search",
)
DELIBERATE: dict[str, str] = {
    f"GET {path} cursor had pattern None and has ^[np][A-Za-z0-9_-]+$(?!\\n)": "only what pages give was ever taken"
    for path in PAGED
} | {
    f"{where}.code may be '{code}' now": "clients keep a code that they don't know, and go by the status or ``retry``"
    for where in ("ServerFrame.t=refused", "GET /.well-known/jwks.json 429")
    for code in ("wrong_phase", "too_few", "confirm_needed")
}
"""What is broken on purpose, each line as the test reports it, and why that is right. Emptied at each release."""


def described() -> dict[str, Any]:
    """Today's wire, as it is read from JSON."""
    return json.loads(json.dumps(json_schema()))


def released(name: str) -> dict[str, Any]:
    return json.loads((BASELINE / name).read_text(encoding="utf-8"))


def test_the_wire_only_gains_optional_fields() -> None:
    assert unexcused(broken_wire(released("gatherup.v1.schema.json"), described())) == []


@pytest.mark.real
async def test_http_only_gains_optional_fields(postgres_dsn: str) -> None:
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        document = (await site.http.get("/openapi.json")).json()
        await site.aclose()
    broken = broken_http(released("openapi.json"), document)
    assert unexcused(broken) == []
    stale = DELIBERATE.keys() - {*broken, *broken_wire(released("gatherup.v1.schema.json"), described())}
    assert stale == set(), "nothing breaks like this any more: take it out of DELIBERATE"


def unexcused(broken: list[str]) -> list[str]:
    return [line for line in broken if line not in DELIBERATE]
