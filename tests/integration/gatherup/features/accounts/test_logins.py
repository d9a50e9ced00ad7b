"""Where one is signed in, and the end of that."""

from __future__ import annotations

import pytest

from protocol.limits import LOGINS_PER_USER_MAX
from tests.integration.gatherup.features.accounts.conftest import Desk
from tests.integration.site import problem

pytestmark = pytest.mark.real


async def test_logins_are_listed_with_device_and_place(desk: Desk) -> None:
    ann = await desk.registered(device="laptop")
    elsewhere = desk.someone(address="2001:db8:1:2:3:4:5:6")
    body = {"name": "ann", "password": "correct horse battery", "device": "phone"}
    phone = (await elsewhere.http.post("/v1/login", json=body)).json()
    desk.clock.ahead_s += 60
    await elsewhere.http.post("/v1/refresh", json={"refresh_token": phone["refresh_token"]})
    logins = (await ann.get("/v1/me/logins"))["logins"]
    assert [(one["device"], one["place"], one["current"]) for one in logins] == [
        ("phone", "2001:db8:1:2::/64", False),
        ("laptop", "10.0.0.1", True),
    ]
    assert logins[0]["last_used_at"] - logins[0]["created_at"] >= 60_000
    assert len({one["login"] for one in logins}) == 2


async def test_ending_logins_ends_those_and_tells_their_sessions(desk: Desk) -> None:
    ann, other, third = await desk.registered(), await desk.signed_in(), await desk.signed_in()
    desk.outbox()
    logins = {one["login"]: one["current"] for one in (await other.get("/v1/me/logins"))["logins"]}
    current = next(login for login, is_current in logins.items() if is_current)
    assert (await ann.send("DELETE", f"/v1/me/logins/{current}")).status_code == 204
    (told,) = desk.outbox()
    assert (told["t"], told["logins"], told.get("why", "logout")) == ("inbox.end_logins", [current], "logout")
    assert told["stream"] == "inbox:" + ann.signed_in["user"].removeprefix("user:")
    assert (await desk.post("/v1/refresh", refresh_token=other.signed_in["refresh_token"])).status_code == 401

    stranger = await desk.guest()
    foreign = (await stranger.get("/v1/me/logins"))["logins"][0]["login"]
    for login in (foreign, current, "x", "0" * 32):
        problem(await ann.send("DELETE", f"/v1/me/logins/{login}"), 404, "not_found")

    assert (await ann.http.delete("/v1/me/logins", params={"scope": "others"})).status_code == 401
    ann.http.headers["Authorization"] = f"Bearer {ann.signed_in['access_token']}"
    assert (await ann.http.delete("/v1/me/logins", params={"scope": "others"})).status_code == 204
    (told,) = desk.outbox()
    assert len(told["logins"]) == 1
    assert len((await ann.get("/v1/me/logins"))["logins"]) == 1
    assert (await desk.post("/v1/refresh", refresh_token=third.signed_in["refresh_token"])).status_code == 401
    problem(await ann.http.delete("/v1/me/logins", params={"scope": "some"}), 422, "invalid", "scope")

    assert (await ann.http.delete("/v1/me/logins")).status_code == 204
    (told,) = desk.outbox()
    assert told["before"] > 0  # all until then, also those that aren't kept any more
    desk.clock.ahead_s += 10
    problem(await ann.send("GET", "/v1/me"), 401, "unauthenticated", "Authorization")
    assert desk.woken >= 3
    assert desk.acts().count("login.ended") == 3


async def test_logout_ends_the_login_one_uses(desk: Desk) -> None:
    ann, other = await desk.registered(), await desk.signed_in()
    assert (await ann.send("POST", "/v1/logout")).status_code == 204
    desk.clock.ahead_s += 10
    problem(await ann.send("GET", "/v1/me"), 401, "unauthenticated", "Authorization")
    assert len((await other.get("/v1/me/logins"))["logins"]) == 1


async def test_the_logins_of_a_user_are_bounded(desk: Desk) -> None:
    guest = await desk.guest()
    secret = guest.signed_in["device_secret"]
    for _ in range(LOGINS_PER_USER_MAX):
        desk.clock.ahead_s += 1
        last = await desk.post("/v1/login/device", device_secret=secret)
    assert (await desk.post("/v1/refresh", refresh_token=guest.signed_in["refresh_token"])).status_code == 401
    assert len((await desk.someone(last.json()).get("/v1/me/logins"))["logins"]) == LOGINS_PER_USER_MAX


async def test_a_sign_in_from_a_new_device_is_told(desk: Desk) -> None:
    ann = await desk.with_email()
    assert desk.outbox() == []
    await desk.signed_in(device="phone", known_device=ann.signed_in["known_device"])
    assert desk.outbox() == []
    assert desk.mailbox.letters() == []
    await desk.signed_in(device="phone")
    assert [(c["t"], c["matter"]) for c in desk.outbox()] == [("inbox.warn", "signed_in")]
    assert desk.mailbox.letters() == [("new_login", "ann@example.org")]


async def test_who_deleted_the_account_keeps_it_by_signing_in_and_who_is_banned_stays_out(desk: Desk) -> None:
    ann = await desk.with_email()
    until = desk.clock.now() + 1_000_000
    desk.rows(f"update account set deleted_at = 1, erase_at = {until} returning 1")
    problem(
        await desk.post("/v1/refresh", refresh_token=ann.signed_in["refresh_token"]),
        401,
        "unauthenticated",
        "refresh_token",
    )
    back = await desk.signed_in(known_device=ann.signed_in["known_device"])
    assert back.signed_in["user"] == ann.signed_in["user"]
    assert desk.mailbox.letters() == [("account_restored", "ann@example.org")]
    assert desk.rows("select deleted_at, erase_at from account") == [(None, None)]

    desk.rows("update account set deleted_at = 1, erase_at = 2 returning 1")
    body = {"name": "Ann", "password": "correct horse battery"}
    problem(await desk.post("/v1/login", **body), 401, "wrong_credentials")
    desk.rows("update account set deleted_at = null, erase_at = null, banned_at = 1 returning 1")
    problem(await desk.post("/v1/login", **body), 403, "banned")
    problem(await desk.post("/v1/login", **{**body, "password": "wrong"}), 401, "wrong_credentials")


async def test_the_keys_of_access_tokens_are_published(desk: Desk) -> None:
    answer = await desk.http.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in key
    assert answer.headers["Cache-Control"].startswith("public")
