"""E-mail addresses, passwords, guests that become accounts."""

from __future__ import annotations

from collections.abc import Sequence

import argon2
import httpx
import psycopg
import pytest
import trio

from gatherup.auth.one_time import token_digest
from protocol.limits import EMAIL_CODE_LIFETIME_S, FRESH_LOGIN_S, RESET_CODE_LIFETIME_S
from storage.postgres.accounts.credentials import Credentials
from storage.postgres.driver.pool import Pool
from tests.integration.gatherup.features.accounts.conftest import ANN, SIGN_IN, Desk
from tests.integration.site import problem

pytestmark = pytest.mark.real
WAITING = """
select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""
BEN = {"handle": "Ben", "password": "another long one"}


async def test_an_address_is_the_account_s_once_it_is_proven(desk: Desk) -> None:
    ann = await desk.registered(email="Ann@Example.org")
    assert (await ann.get("/v1/me"))["email"] is None
    problem(await desk.post("/v1/login", **{**SIGN_IN, "name": "ann@example.org"}), 401, "wrong_credentials")
    code = desk.mailbox.code("verify_email")
    problem(await desk.post("/v1/email/verify", code=code + "x"), 403, "code_invalid", "code")
    assert (await desk.post("/v1/email/verify", code=code)).status_code == 204
    problem(await desk.post("/v1/email/verify", code=code), 403, "code_invalid", "code")
    assert (await ann.get("/v1/me"))["email"] == "ann@example.org"
    assert (await desk.signed_in(name="ANN@example.org")).signed_in["user"] == ann.signed_in["user"]


async def test_registering_never_tells_whose_an_address_is(desk: Desk) -> None:
    await desk.with_email()
    fresh = await desk.post("/v1/register", **{**ANN, "handle": "Carl"}, email="carl@example.org")
    desk.mailbox.letters()
    taken = await desk.post("/v1/register", **BEN, email="ann@example.org")
    assert taken.status_code == fresh.status_code == 201
    assert taken.json().keys() == fresh.json().keys()
    assert desk.mailbox.letters() == [("email_taken", "ann@example.org")]


async def test_of_two_who_prove_an_address_one_gets_it(desk: Desk) -> None:
    await desk.registered(email="ann@example.org")
    first = desk.mailbox.code("verify_email")
    await desk.post("/v1/register", **BEN, email="ann@example.org")
    second = desk.mailbox.code("verify_email")
    assert (await desk.post("/v1/email/verify", code=second)).status_code == 204
    problem(await desk.post("/v1/email/verify", code=first), 409, "email_taken", "code")


async def test_another_address_takes_the_password_and_the_new_mailbox_and_tells_the_old(desk: Desk) -> None:
    ann = await desk.with_email()
    new = {"email": "ann@elsewhere.example"}
    problem(await ann.send("PUT", "/v1/me/email", **new), 401, "wrong_credentials", "password")
    problem(await ann.send("PUT", "/v1/me/email", **new, password="x"), 401, "wrong_credentials", "password")
    asked = await ann.send("PUT", "/v1/me/email", **new, password=ANN["password"])
    assert asked.status_code == 202
    code = desk.mailbox.code("change_email")
    assert (await ann.get("/v1/me"))["email"] == "ann@example.org"
    desk.clock.ahead_s += EMAIL_CODE_LIFETIME_S + 1
    problem(await desk.post("/v1/email/verify", code=code), 403, "code_invalid", "code")
    ann = await desk.signed_in()
    await ann.send("PUT", "/v1/me/email", **new, password=ANN["password"])
    code = dict(desk.mailbox.codes())["change_email"]
    desk.outbox()
    assert (await desk.post("/v1/email/verify", code=code)).status_code == 204
    assert desk.mailbox.letters() == [("email_changed", "ann@example.org")]
    assert [command["matter"] for command in desk.outbox()] == ["email_changed"]


async def test_a_reset_tells_strangers_nothing_and_ends_every_login(desk: Desk) -> None:
    ann = await desk.with_email()
    desk.outbox()
    known = await desk.post("/v1/password/reset", email="ann@example.org")
    code = desk.mailbox.code("reset_password")
    unknown = await desk.post("/v1/password/reset", email="nobody@example.org")
    assert (known.status_code, known.content, dict(known.headers)) == (202, b"", dict(unknown.headers))
    assert (unknown.status_code, unknown.content) == (202, b"")
    assert desk.mailbox.letters() == []
    assert len(desk.clock.sleeps_s) == 2  # both are answered at a time of their own, not when they were done

    new = "a new long password"
    problem(await desk.post("/v1/password/reset/finish", code="x", password=new), 403, "code_invalid", "code")
    done = await desk.post("/v1/password/reset/finish", code=code, password=new)
    assert done.status_code == 204
    assert desk.mailbox.letters() == [("password_changed", "ann@example.org")]
    sent = {command["t"]: command for command in desk.outbox()}
    assert sent.keys() == {"inbox.end_logins", "inbox.warn"}
    assert sent["inbox.warn"]["matter"] == "password_changed"
    ended = sent["inbox.end_logins"]
    assert (ended["why"], len(ended["logins"])) == ("password_changed", 1)
    assert 0 < ended["before"] <= desk.clock.now()
    problem(
        await desk.post("/v1/refresh", refresh_token=ann.signed_in["refresh_token"]),
        401,
        "unauthenticated",
        "refresh_token",
    )
    problem(
        await desk.post("/v1/password/reset/finish", code=code, password=new), 403, "code_invalid", "code"
    )
    problem(await desk.post("/v1/login", **SIGN_IN), 401, "wrong_credentials")
    await desk.signed_in(password=new)
    await desk.post("/v1/password/reset", email="ann@example.org")
    code = dict(desk.mailbox.codes())["reset_password"]
    desk.clock.ahead_s += RESET_CODE_LIFETIME_S + 1
    problem(
        await desk.post("/v1/password/reset/finish", code=code, password=new), 403, "code_invalid", "code"
    )
    assert {"email.verified", "password.changed", "login.ended"} <= set(desk.acts())


async def test_a_mailbox_is_not_flooded_and_nobody_learns_that_it_is_not(desk: Desk) -> None:
    await desk.with_email()
    for _ in range(5):
        assert (await desk.post("/v1/password/reset", email="ann@example.org")).status_code == 202
    assert 1 <= len(desk.mailbox.letters()) <= 3


async def test_changing_the_password_takes_the_old_one_and_keeps_this_login(desk: Desk) -> None:
    ann = await desk.registered()
    other = await desk.signed_in()
    desk.outbox()
    new = "a new long password"
    problem(await ann.send("PUT", "/v1/me/password", new=new), 401, "wrong_credentials", "old")
    problem(await ann.send("PUT", "/v1/me/password", old="x", new=new), 401, "wrong_credentials", "old")
    changed = await ann.send("PUT", "/v1/me/password", old=ANN["password"], new=new)
    assert changed.status_code == 204
    assert {c["t"] for c in desk.outbox()} == {"inbox.end_logins", "inbox.warn"}
    refresh = "/v1/refresh"
    assert (await desk.post(refresh, refresh_token=ann.signed_in["refresh_token"])).status_code == 200
    assert (await desk.post(refresh, refresh_token=other.signed_in["refresh_token"])).status_code == 401
    await desk.signed_in(password=new)


async def test_a_guest_comes_back_with_its_device_and_becomes_an_account(desk: Desk) -> None:
    guest = await desk.guest()
    user, secret = guest.signed_in["user"], guest.signed_in["device_secret"]
    back = await desk.post("/v1/login/device", device_secret=secret)
    assert (back.status_code, back.json()["user"], back.json()["device_secret"]) == (200, user, None)
    problem(await desk.post("/v1/login/device", device_secret="x"), 401, "wrong_credentials", "device_secret")
    problem(await guest.send("PUT", "/v1/me/password", new="a long password"), 403, "forbidden")

    await desk.registered()
    problem(await guest.send("POST", "/v1/me/upgrade", **ANN), 409, "handle_taken", "handle")
    cyrillic = {**BEN, "handle": "\u0410nn"}
    problem(await guest.send("POST", "/v1/me/upgrade", **cyrillic), 422, "invalid", "handle")
    upgraded = await guest.send("POST", "/v1/me/upgrade", **BEN, email="ben@example.org")
    assert upgraded.status_code == 204
    await desk.post("/v1/email/verify", code=desk.mailbox.code("verify_email"))
    problem(await guest.send("POST", "/v1/me/upgrade", **BEN), 409, "already_exists")
    me = await guest.get("/v1/me")
    assert (me["user"], me["handle"], me["email"], me["has_password"]) == (
        user,
        "Ben",
        "ben@example.org",
        True,
    )
    signed_in = await desk.signed_in(name="ben@example.org", password=BEN["password"])
    assert signed_in.signed_in["user"] == user
    problem(
        await desk.post("/v1/login/device", device_secret=secret), 401, "wrong_credentials", "device_secret"
    )


async def test_a_copied_access_token_takes_no_account_over(desk: Desk) -> None:
    guest = await desk.guest()
    desk.clock.ahead_s += FRESH_LOGIN_S + 1
    for method, path, body in (
        ("POST", "/v1/me/upgrade", BEN),
        ("PUT", "/v1/me/email", {"email": "ben@example.org"}),
        ("POST", "/v1/me/second-factor", {}),
        ("PUT", "/v1/me/password", {"new": "a long password"}),
    ):
        refused = await guest.send(method, path, **body)
        problem(refused, 401, "wrong_credentials", "Authorization")
    back = await desk.post("/v1/login/device", device_secret=guest.signed_in["device_secret"])
    assert (await desk.someone(back.json()).send("POST", "/v1/me/upgrade", **BEN)).status_code == 204


async def test_secrets_are_not_in_the_database(desk: Desk) -> None:
    guest = await desk.guest()
    ann = await desk.with_email()
    await desk.post("/v1/password/reset", email="ann@example.org")
    (code,) = [code for template, code in desk.mailbox.codes() if template == "reset_password"]
    desk.rows("delete from job returning 1")  # letters hold their codes until they are sent
    desk.rows("delete from mailed returning 1")
    renewed = (await desk.post("/v1/refresh", refresh_token=ann.signed_in["refresh_token"])).json()
    enrolled = await ann.send("POST", "/v1/me/second-factor", password=ANN["password"])
    secrets = [
        ANN["password"],
        code,
        enrolled.json()["secret"],
        guest.signed_in["device_secret"],
        *(
            signed_in[kind]
            for signed_in in (ann.signed_in, renewed)
            for kind in ("refresh_token", "access_token")
        ),
        ann.signed_in["known_device"],
    ]
    tables = desk.rows("select format('%I', tablename) from pg_tables where schemaname = 'public'")
    text = "".join(str(desk.rows(f"select t::text from {table} t")) for (table,) in tables)
    assert "Ann" in text
    for secret in secrets:
        assert secret not in text
        assert secret.encode().hex() not in text


async def test_who_knew_the_former_password_gets_no_address_of_theirs_verified(desk: Desk) -> None:
    ann = await desk.with_email()
    thief = await desk.signed_in()
    await thief.send("PUT", "/v1/me/email", email="thief@elsewhere.example", password=ANN["password"])
    code = dict(desk.mailbox.codes())["change_email"]
    changed = await ann.send("PUT", "/v1/me/password", old=ANN["password"], new="a new long password")
    assert changed.status_code == 204
    problem(await desk.post("/v1/email/verify", code=code), 403, "code_invalid", "code")
    assert (await ann.get("/v1/me"))["email"] == "ann@example.org"


async def test_letters_to_an_owner_can_t_be_used_up_by_who_registers_with_the_address(desk: Desk) -> None:
    await desk.with_email()
    for _ in range(5):
        problem(
            await desk.post("/v1/register", **ANN, email="ann@example.org"), 409, "handle_taken", "handle"
        )
    assert desk.mailbox.letters() == []
    await desk.post("/v1/password/reset", email="ann@example.org")
    assert desk.mailbox.letters() == [("reset_password", "ann@example.org")]


async def waits(desk: Desk, answers: Sequence[object]) -> None:
    """Until the request waits for a row, or is answered."""
    while not answers and not desk.rows(WAITING):  # noqa: ASYNC110 - only PostgreSQL knows
        await trio.sleep(0.01)


@pytest.mark.parametrize("how", ["login", "change"])
async def test_a_password_that_changes_while_it_is_checked_is_good_for_nothing(desk: Desk, how: str) -> None:
    ann = await desk.registered()
    answers: list[httpx.Response] = []

    async def old_password() -> None:
        if how == "login":
            answers.append(await desk.post("/v1/login", **SIGN_IN))
        else:
            body = {"old": ANN["password"], "new": "of the thief, long"}
            answers.append(await ann.send("PUT", "/v1/me/password", **body))

    with psycopg.connect(desk.dsn) as other:
        other.execute("update account set password_hash = 'another'")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(old_password)
            await waits(desk, answers)
            other.commit()
    field = None if how == "login" else "old"
    problem(answers[0], 401, "wrong_credentials", field)
    assert desk.rows("select password_hash from account") == [("another",)]
    assert len(desk.rows("select from login")) == 1


async def test_a_reset_and_a_change_at_once_take_turns(desk: Desk) -> None:
    ann = await desk.with_email()
    await desk.post("/v1/password/reset", email="ann@example.org")
    code = desk.mailbox.code("reset_password")
    done: list[int] = []

    async def reset() -> None:
        answer = await desk.post("/v1/password/reset/finish", code=code, password="by the reset, long")
        done.append(answer.status_code)

    with psycopg.connect(desk.dsn) as other:
        other.execute("select from account for no key update")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reset)
            await waits(desk, done)
            # As who sets a password does, which the reset mustn't hold already.
            other.execute("set local lock_timeout = '5s'")
            other.execute("delete from mailed_token where account = (select id from account)")
            other.commit()
    assert done == [403]
    assert (await ann.get("/v1/me"))["email"] == "ann@example.org"


async def test_a_hash_of_a_password_as_it_was_typed_is_good_once_more_and_made_anew(desk: Desk) -> None:
    apart, composed = "cafe\u0301 au lait", "caf\u00e9 au lait"
    ann = await desk.registered(password=apart)
    assert (await desk.signed_in(password=composed)).signed_in["user"] == ann.signed_in["user"]
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(apart)
    with psycopg.connect(desk.dsn, autocommit=True) as connection:
        connection.execute("update account set password_hash = %s", (older,))
    problem(await desk.post("/v1/login", **{**SIGN_IN, "password": composed}), 401, "wrong_credentials")
    await desk.signed_in(password=apart)
    await desk.signed_in(password=composed)
    changed = await ann.send("PUT", "/v1/me/password", old=composed, new="another long one")
    assert changed.status_code == 204


async def test_only_the_newest_code_of_a_purpose_stands_until_it_is_used_or_over(desk: Desk) -> None:
    """So no other is mailed, however late its letter is."""
    async with Pool(desk.dsn, autocommit=True) as pool:

        async def stand(*codes: str) -> list[bool]:
            now = desk.clock.now()
            return [await Credentials(pool).code_stands(token_digest(code), at=now) for code in codes]

        await desk.registered(email="ann@example.org")
        verify = desk.mailbox.code("verify_email")
        assert await stand(verify, verify + "x") == [True, False]
        await desk.post("/v1/email/verify", code=verify)
        resets = list[str]()
        for _ in range(2):
            await desk.post("/v1/password/reset", email="ann@example.org")
            resets.append(desk.mailbox.code("reset_password"))
        assert await stand(verify, *resets) == [False, False, True]
        desk.clock.ahead_s += RESET_CODE_LIFETIME_S
        assert await stand(*resets) == [False, False]
