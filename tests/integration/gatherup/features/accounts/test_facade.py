"""Registering, signing in, exchanging refresh tokens, signing out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio

from tests.integration.site import Person, Site, problem, running, settings, unique
from tests.tls import NO_TLS

pytestmark = pytest.mark.real
PASSWORD = "correct horse battery"


def somebody() -> tuple[dict[str, str], dict[str, str]]:
    """With what somebody new registers, and signs in."""
    handle = unique("Ann")
    return {"handle": handle, "password": PASSWORD}, {"name": handle, "password": PASSWORD}


async def refreshed(site: Site, token: str) -> httpx.Response:
    return await site.http.post("/v1/refresh", json={"refresh_token": token})


async def test_register_login_me(site: Site) -> None:
    ann, sign_in = somebody()
    registered = await site.http.post("/v1/register", json={**ann, "display_name": "Ann of Green"})
    assert registered.status_code == 201
    name = sign_in["name"].swapcase()
    signed_in = await site.http.post("/v1/login", json={**sign_in, "name": name, "device": "phone"})
    assert signed_in.status_code == 200
    assert signed_in.json()["user"] == registered.json()["user"]
    assert signed_in.json()["refresh_token"] != registered.json()["refresh_token"]
    me = await Person(site.client(), signed_in.json()).http.get("/v1/me")
    assert me.status_code == 200
    assert me.json()["handle"] == ann["handle"]
    assert me.json()["display_name"] == "Ann of Green"
    assert me.json()["user"] == registered.json()["user"]


async def test_a_guest_has_no_handle(site: Site) -> None:
    guest = await site.guest("Somebody")
    me = (await guest.http.get("/v1/me")).json()
    assert (me["handle"], me["display_name"]) == (None, "Somebody")


async def test_a_handle_is_unique_whatever_its_case(site: Site) -> None:
    ann, _ = somebody()
    assert (await site.http.post("/v1/register", json=ann)).status_code == 201
    again = await site.http.post("/v1/register", json={**ann, "handle": ann["handle"].upper()})
    problem(again, 409, "handle_taken", "handle")


async def test_one_of_many_who_want_a_handle_gets_it(site: Site) -> None:
    ann, _ = somebody()
    statuses: list[int] = []

    async def register() -> None:
        statuses.append((await site.http.post("/v1/register", json=ann)).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(register)
    assert sorted(statuses) == [201, *[409] * 7]


async def test_a_wrong_handle_and_a_wrong_password_are_told_alike(site: Site) -> None:
    ann, sign_in = somebody()
    await site.http.post("/v1/register", json=ann)
    await site.guest("Ann")
    wrong = await site.http.post("/v1/login", json={**sign_in, "password": "wrong"})
    nobody = await site.http.post("/v1/login", json={**sign_in, "name": "Nobody"})
    guest = await site.http.post("/v1/login", json={"name": "", "password": ""})
    assert problem(wrong, 401, "wrong_credentials") == problem(nobody, 401, "wrong_credentials")
    assert guest.json() == wrong.json()
    assert {k: v for k, v in wrong.headers.items() if k != "date"} == {
        k: v for k, v in nobody.headers.items() if k != "date"
    }


async def test_refresh_rotates(site: Site) -> None:
    guest = await site.guest()
    first = guest.signed_in
    second = await refreshed(site, first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["user"] == guest.user
    third = await refreshed(site, second.json()["refresh_token"])
    assert third.status_code == 200
    assert len({first["refresh_token"], second.json()["refresh_token"], third.json()["refresh_token"]}) == 3
    assert (await Person(site.client(), third.json()).http.get("/v1/me")).status_code == 200


async def test_reuse_of_a_refresh_token_ends_its_family_and_no_other(site: Site) -> None:
    ann, sign_in = somebody()
    registered = (await site.http.post("/v1/register", json=ann)).json()
    other = (await site.http.post("/v1/login", json=sign_in)).json()
    second = (await refreshed(site, registered["refresh_token"])).json()
    problem(await refreshed(site, registered["refresh_token"]), 401, "unauthenticated", "refresh_token")
    problem(await refreshed(site, second["refresh_token"]), 401, "unauthenticated", "refresh_token")
    assert (await refreshed(site, other["refresh_token"])).status_code == 200


async def test_a_refresh_token_shown_many_times_at_once_is_exchanged_once(site: Site) -> None:
    guest = await site.guest()
    answers: list[httpx.Response] = []

    async def refresh() -> None:
        answers.append(await refreshed(site, guest.signed_in["refresh_token"]))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(refresh)
    (winner,) = [answer for answer in answers if answer.status_code == 200]
    assert [a.status_code for a in answers if a is not winner] == [401] * 5
    problem(await refreshed(site, winner.json()["refresh_token"]), 401, "unauthenticated", "refresh_token")


async def test_logout_ends_this_login_only(site: Site) -> None:
    ann, sign_in = somebody()
    registered = (await site.http.post("/v1/register", json=ann)).json()
    other = (await site.http.post("/v1/login", json=sign_in)).json()
    done = await Person(site.client(), registered).http.post("/v1/logout")
    assert (done.status_code, done.content) == (204, b"")
    problem(await refreshed(site, registered["refresh_token"]), 401, "unauthenticated", "refresh_token")
    assert (await refreshed(site, other["refresh_token"])).status_code == 200


async def test_an_invented_refresh_token_is_refused(site: Site) -> None:
    for token in ("x", "x" * 43, "☃"):
        problem(await refreshed(site, token), 401, "unauthenticated", "refresh_token")


BAD_FIELDS: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/register", {"handle": "ab", "password": "long enough"}, "handle"),
    ("/v1/register", {"handle": "a" * 33, "password": "long enough"}, "handle"),
    ("/v1/register", {"handle": "an n", "password": "long enough"}, "handle"),
    ("/v1/register", {"handle": "ann\n", "password": "long enough"}, "handle"),
    ("/v1/register", {"handle": "\u0430nn", "password": "long enough"}, "handle"),
    ("/v1/register", {"handle": "ann", "password": "short"}, "password"),
    ("/v1/register", {"handle": "ann", "password": "x" * 257}, "password"),
    ("/v1/register", {"handle": "ann", "password": "long\0enough"}, "password"),
    ("/v1/register", {"handle": "ann", "password": 12345678}, "password"),
    ("/v1/register", {"handle": "ann"}, "password"),
    ("/v1/register", {"handle": "ann", "password": "long enough", "admin": True}, "admin"),
    ("/v1/register", {"handle": "ann", "password": "long enough", "display_name": ""}, "display_name"),
    ("/v1/guest", {}, "display_name"),
    ("/v1/guest", {"display_name": "a\0b"}, "display_name"),
    ("/v1/guest", {"display_name": "x" * 65}, "display_name"),
    ("/v1/guest", {"display_name": "x", "device": "x" * 121}, "device"),
    ("/v1/login", {"name": "ann"}, "password"),
    ("/v1/login", {"name": "a\0b", "password": "x"}, "name"),
    ("/v1/login", {"name": "ann", "password": "a\0b"}, "password"),
    ("/v1/login", {"name": "ann", "password": "x", "known_device": 7}, "known_device"),
    ("/v1/login/code", {"ticket": "x", "code": "12345"}, "code"),
    ("/v1/login/device", {"device_secret": ""}, "device_secret"),
    ("/v1/register", {"handle": "ann", "password": "long enough", "email": "ann"}, "email"),
    ("/v1/register", {"handle": "ann", "password": "long enough", "email": "a@b.c\nBcc: x@y.zz"}, "email"),
    ("/v1/refresh", {}, "refresh_token"),
    ("/v1/refresh", {"refresh_token": 1}, "refresh_token"),
]


async def test_a_bad_field_is_named(site: Site) -> None:
    for path, body, field in BAD_FIELDS:
        problem(await site.http.post(path, json=body), 422, "invalid", field)


async def test_sign_ins_are_limited_by_address(postgres_dsn: str) -> None:
    limited = settings(postgres_dsn, GATHERUP_HTTP_ANONYMOUS_BURST="3", GATHERUP_HTTP_ANONYMOUS_PER_S="0.001")
    async with (
        running(limited) as addresses,
        httpx.AsyncClient(base_url=addresses.http, verify=NO_TLS) as http,
    ):
        for _ in range(3):
            assert (await http.post("/v1/guest", json={"display_name": "x"})).status_code == 201
        refused = await http.post("/v1/guest", json={"display_name": "x"})
        document = problem(refused, 429, "rate_limited")
        assert document["retry"] is True
        assert int(refused.headers["retry-after"]) >= document["retry_after_s"] > 1
        problem(await http.get("/v1/me", headers={"Authorization": "Bearer x"}), 429, "rate_limited")
        assert (await http.get("/health/live")).status_code == 200


async def test_behind_a_proxy_the_address_it_saw_counts(postgres_dsn: str) -> None:
    limited = settings(
        postgres_dsn,
        GATHERUP_HTTP_ANONYMOUS_BURST="1",
        GATHERUP_HTTP_ANONYMOUS_PER_S="0.001",
        GATHERUP_HTTP_PROXY_HOPS="1",
    )
    async with (
        running(limited) as addresses,
        httpx.AsyncClient(base_url=addresses.http, verify=NO_TLS) as http,
    ):

        async def sign_in(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            answer = await http.post("/v1/guest", json={"display_name": "x"}, headers=headers)
            return answer.status_code

        assert await sign_in("10.0.0.1") == 201
        assert await sign_in("10.0.0.2") == 201
        assert await sign_in("6.6.6.6, 10.0.0.1") == 429  # what a client claims doesn't help it
        # nor does it in a line of its own, before the one that the proxy adds
        lines = [("X-Forwarded-For", "6.6.6.7"), ("X-Forwarded-For", "10.0.0.1")]
        assert (await http.post("/v1/guest", json={"display_name": "x"}, headers=lines)).status_code == 429


async def test_a_full_password_queue_is_told_to_wait(postgres_dsn: str) -> None:
    slow = settings(
        postgres_dsn,
        GATHERUP_AUTH_HASHERS="1",
        GATHERUP_AUTH_HASHES_WAITING_MAX="1",
        GATHERUP_AUTH_HASH_MEMORY_KIB="65536",
        GATHERUP_AUTH_HASH_PASSES="8",
    )
    answers: list[httpx.Response] = []
    async with (
        running(slow) as addresses,
        httpx.AsyncClient(base_url=addresses.http, verify=NO_TLS, timeout=60) as http,
    ):

        async def register(number: int) -> None:
            answers.append(
                await http.post("/v1/register", json={"handle": f"ann{number}", "password": PASSWORD})
            )

        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(register, number)
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) < 8
    assert refused
    for answer in refused:
        assert problem(answer, 503, "overloaded")["retry_after_s"] > 0
        assert answer.headers["retry-after"]
