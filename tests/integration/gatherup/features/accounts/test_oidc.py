"""Signing in with an identity that a provider keeps."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio

from gatherup.auth.oidc import ANSWER_BYTES_MAX
from protocol.limits import TICKET_LIFETIME_S
from tests.integration.gatherup.features.accounts.conftest import ANN, Desk, Someone
from tests.integration.gatherup.features.accounts.issuer import LocalIssuer
from tests.integration.site import problem

pytestmark = pytest.mark.real


async def begun(desk: Desk, **body: Any) -> dict[str, Any]:
    answer = await desk.post("/v1/oidc/local/begin", **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def visited(desk: Desk, issuer: LocalIssuer, sub: str = "1", name: str = "Ann") -> dict[str, Any]:
    """What a client of this person would finish with."""
    started = await begun(desk, device="phone")
    return {"begun": started["begun"], **issuer.authorize(started["authorize_url"], sub=sub, name=name)}


async def finish(desk: Desk, body: dict[str, Any]) -> httpx.Response:
    return await desk.post("/v1/oidc/local/finish", **body)


async def signed_in(desk: Desk, issuer: LocalIssuer, sub: str = "1", name: str = "Ann") -> Someone:
    answer = await finish(desk, await visited(desk, issuer, sub, name))
    assert answer.status_code == 200, answer.text
    return desk.someone(answer.json())


async def test_who_comes_again_is_the_same_user(desk: Desk, issuer: LocalIssuer) -> None:
    assert (await desk.http.get("/v1/oidc")).json() == {"providers": [{"name": "local", "title": "Local"}]}
    first = await signed_in(desk, issuer)
    again, other = await signed_in(desk, issuer, name="Anna"), await signed_in(desk, issuer, sub="2")
    assert first.signed_in["user"] == again.signed_in["user"] != other.signed_in["user"]
    me = await first.get("/v1/me")
    assert (me["display_name"], me["handle"], me["identities"], me["email"]) == ("Ann", None, ["local"], None)
    assert (await first.get("/v1/me/logins"))["logins"][0]["device"] == "phone"


async def test_an_equal_address_links_nobody(desk: Desk, issuer: LocalIssuer) -> None:
    ann = await desk.with_email("ann@example.org")  # as the provider says, verified
    assert (await signed_in(desk, issuer)).signed_in["user"] != ann.signed_in["user"]


async def test_only_what_was_begun_here_is_finished(desk: Desk, issuer: LocalIssuer) -> None:
    good, other = await visited(desk, issuer), await visited(desk, issuer, sub="2")
    problem(await finish(desk, {**good, "begun": other["begun"]}), 403, "code_invalid", "state")
    problem(await finish(desk, {**good, "state": other["state"]}), 403, "code_invalid", "state")
    problem(await finish(desk, {**good, "begun": "x"}), 403, "code_invalid", "begun")
    # The code of another visit: its verifier, and its nonce, are others.
    problem(await finish(desk, {**good, "code": other["code"]}), 401, "wrong_credentials", "code")
    assert (await finish(desk, good)).status_code == 200
    problem(await finish(desk, good), 401, "wrong_credentials", "code")
    late = await visited(desk, issuer)
    desk.clock.ahead_s += TICKET_LIFETIME_S
    problem(await finish(desk, late), 403, "code_invalid", "begun")
    problem(
        await desk.post("/v1/oidc/local/begin", redirect_uri="https://evil.example/"),
        422,
        "invalid",
        "redirect_uri",
    )
    problem(await desk.post("/v1/oidc/other/begin"), 404, "not_found")


@pytest.mark.parametrize(
    "claims", [{"nonce": "x"}, {"aud": "another"}, {"iss": "http://127.0.0.1/elsewhere"}, {"exp": 1}]
)
async def test_a_token_that_isn_t_for_this_sign_in_is_refused(
    desk: Desk, issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    problem(await finish(desk, await visited(desk, issuer)), 401, "wrong_credentials", "code")
    assert desk.rows("select count(*) from account") == [(0,)]


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "http://127.0.0.1/elsewhere"},
        {"authorization_endpoint": 7},
        {"more": "x" * ANSWER_BYTES_MAX},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
async def test_what_is_no_provider_is_not_visited(
    desk: Desk, issuer: LocalIssuer, metadata: dict[str, Any]
) -> None:
    issuer.metadata = metadata
    problem(await desk.post("/v1/oidc/local/begin"), 503, "unavailable")
    issuer.metadata = {}
    await begun(desk)


async def test_a_provider_may_change_its_key_and_be_away(desk: Desk, issuer: LocalIssuer) -> None:
    first = await signed_in(desk, issuer)
    issuer.change_key()
    desk.clock.ahead_s += 61
    assert (await signed_in(desk, issuer)).signed_in["user"] == first.signed_in["user"]
    body = await visited(desk, issuer)
    issuer.close()
    away = problem(await finish(desk, body), 503, "unavailable")
    assert away["retry_after_s"] > 0


async def test_an_identity_is_linked_and_unlinked_by_who_is_signed_in(
    desk: Desk, issuer: LocalIssuer
) -> None:
    ann, ben = await desk.registered(), await signed_in(desk, issuer, sub="2")
    base = "/v1/me/identities/local"
    started = (await ann.send("POST", f"{base}/begin", password=ANN["password"])).json()
    body = {"begun": started["begun"], **issuer.authorize(started["authorize_url"], sub="1", name="Ann")}
    # What one began to link can neither sign in nor be linked to somebody else.
    problem(await finish(desk, body), 403, "code_invalid", "begun")
    problem(await ben.send("POST", base, **body), 403, "code_invalid", "begun")
    assert (await ann.send("POST", base, **body)).status_code == 204
    assert (await signed_in(desk, issuer, sub="1")).signed_in["user"] == ann.signed_in["user"]

    started = (await ann.send("POST", f"{base}/begin", password=ANN["password"])).json()
    taken = {"begun": started["begun"], **issuer.authorize(started["authorize_url"], sub="2", name="Ben")}
    problem(await ann.send("POST", base, **taken), 409, "already_exists")

    problem(await ben.send("DELETE", base), 403, "forbidden")  # there would be no way left to sign in
    problem(await ann.send("DELETE", base), 401, "wrong_credentials", "password")
    assert (await ann.send("DELETE", base, password=ANN["password"])).status_code == 204
    problem(await ann.send("DELETE", base, password=ANN["password"]), 404, "not_found")
    assert (await signed_in(desk, issuer, sub="1")).signed_in["user"] != ann.signed_in["user"]
    assert {"identity.linked", "identity.unlinked"} <= set(desk.acts())


async def test_two_who_come_first_at_once_both_find_the_keys(desk: Desk, issuer: LocalIssuer) -> None:
    bodies = [await visited(desk, issuer, sub=str(number)) for number in range(4)]
    answers: list[int] = []

    async def come(body: dict[str, Any]) -> None:
        answers.append((await finish(desk, body)).status_code)

    async with trio.open_nursery() as nursery:
        for body in bodies:
            nursery.start_soon(come, body)
    assert answers == [200] * 4
