"""Codes of an authenticator, recovery codes, and what they keep out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP

from protocol.limits import TICKET_LIFETIME_S
from tests.integration.gatherup.features.accounts.conftest import ANN, SIGN_IN, Desk, Someone
from tests.integration.site import problem

pytestmark = pytest.mark.real
PATH = "/v1/me/second-factor"
PASSWORD = ANN["password"]


def code_of(desk: Desk, secret: str) -> str:
    return TOTP(secret).generate_otp(desk.clock.now() // 30_000)


async def enrolled(desk: Desk, ann: Someone) -> tuple[str, list[str]]:
    """The secret of the authenticator, and the recovery codes."""
    secret = (await ann.send("POST", PATH, password=PASSWORD)).json()["secret"]
    answer = await ann.send("POST", f"{PATH}/confirm", code=code_of(desk, secret))
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["codes"]


async def ticket(desk: Desk) -> str:
    return problem(await desk.post("/v1/login", **SIGN_IN), 401, "second_factor_needed")["ticket"]


async def with_code(desk: Desk, given: str, code: str) -> httpx.Response:
    return await desk.post("/v1/login/code", ticket=given, code=code)


async def test_the_whole_way(desk: Desk) -> None:
    ann = await desk.with_email()
    problem(await ann.send("POST", PATH), 401, "wrong_credentials", "password")
    problem(await ann.send("POST", f"{PATH}/confirm", code="000000"), 404, "not_found")
    secret = (await ann.send("POST", PATH, password=PASSWORD)).json()["secret"]
    wrong = f"{(int(code_of(desk, secret)) + 1) % 10**6:06}"
    problem(await ann.send("POST", f"{PATH}/confirm", code=wrong), 401, "wrong_credentials", "code")
    await desk.signed_in(known_device=ann.signed_in["known_device"])  # nothing is asked for yet
    desk.outbox()
    secret, recovery = await enrolled(desk, ann)
    assert desk.mailbox.letters()[-1] == ("second_factor_on", "ann@example.org")
    assert [command["matter"] for command in desk.outbox()] == ["second_factor_on"]
    assert (await ann.get("/v1/me"))["second_factor"] is True
    problem(await ann.send("POST", PATH, password=PASSWORD), 409, "already_exists")
    problem(await ann.send("POST", f"{PATH}/confirm", code=code_of(desk, secret)), 404, "not_found")

    given = await ticket(desk)
    # The code that confirmed it is used up, like every code that was taken.
    problem(await with_code(desk, given, code_of(desk, secret)), 401, "wrong_credentials", "code")
    desk.clock.ahead_s += 60
    signed_in = await with_code(desk, given, code_of(desk, secret))
    assert signed_in.json()["user"] == ann.signed_in["user"]
    problem(await with_code(desk, given, code_of(desk, secret)), 401, "wrong_credentials", "code")

    assert (await with_code(desk, given, recovery[3].lower())).status_code == 200
    problem(await with_code(desk, given, recovery[3]), 401, "wrong_credentials", "code")
    assert ("recovery_code_used", "ann@example.org") in desk.mailbox.letters()

    desk.clock.ahead_s += 60
    dropped = {"password": PASSWORD, "code": code_of(desk, secret)}
    problem(
        await ann.send("DELETE", PATH, **{**dropped, "password": "x"}), 401, "wrong_credentials", "password"
    )
    assert (await ann.send("DELETE", PATH, **dropped)).status_code == 204
    await desk.signed_in()
    assert {"second_factor.on", "recovery_code.used", "second_factor.off"} <= set(desk.acts())
    assert desk.rows("select count(*) from recovery_code") == [(0,)]


async def test_a_ticket_is_good_for_its_sign_in_alone(desk: Desk) -> None:
    ann = await desk.registered()
    secret, _ = await enrolled(desk, ann)
    given = await ticket(desk)
    for bad in ("x", given[:-4] + "AAAA", ann.signed_in["known_device"]):
        problem(await with_code(desk, bad, "000000"), 403, "code_invalid", "ticket")
    changed: dict[str, Any] = {"old": PASSWORD, "new": "a new long password"}
    assert (await ann.send("PUT", "/v1/me/password", **changed)).status_code == 204
    desk.clock.ahead_s += 60
    problem(await with_code(desk, given, code_of(desk, secret)), 403, "code_invalid", "ticket")
    late = problem(
        await desk.post("/v1/login", **{**SIGN_IN, "password": "a new long password"}),
        401,
        "second_factor_needed",
    )["ticket"]
    desk.clock.ahead_s += TICKET_LIFETIME_S
    problem(await with_code(desk, late, code_of(desk, secret)), 403, "code_invalid", "ticket")


async def test_codes_can_t_be_guessed(desk: Desk) -> None:
    ann = await desk.registered()
    secret, recovery = await enrolled(desk, ann)
    desk.clock.ahead_s += 60
    given = await ticket(desk)
    wrong = f"{(int(code_of(desk, secret)) + 1) % 10**6:06}"
    for _ in range(5):
        problem(await with_code(desk, given, wrong), 401, "wrong_credentials", "code")
    for code in (code_of(desk, secret), recovery[0]):
        problem(await with_code(desk, given, code), 429, "locked_out")
    # Who knows the password keeps nobody out on a device of theirs.
    at_home = await desk.post("/v1/login", **SIGN_IN, known_device=ann.signed_in["known_device"])
    own = problem(at_home, 401, "second_factor_needed")["ticket"]
    assert (await with_code(desk, own, recovery[1])).status_code == 200
    desk.clock.ahead_s += 30
    assert (await with_code(desk, given, code_of(desk, secret))).status_code == 200


async def test_the_code_that_confirms_is_not_guessed(desk: Desk) -> None:
    ann = await desk.registered()
    secret = (await ann.send("POST", PATH, password=PASSWORD)).json()["secret"]
    right = {
        code_of(desk, secret),
        *(TOTP(secret).generate_otp(desk.clock.now() // 30_000 + by) for by in (-1, 1)),
    }
    wrong = [code for code in (f"{number:06}" for number in range(20)) if code not in right]
    for code in wrong[:5]:
        problem(await ann.send("POST", f"{PATH}/confirm", code=code), 401, "wrong_credentials", "code")
    problem(await ann.send("POST", f"{PATH}/confirm", code=wrong[5]), 429, "locked_out")
