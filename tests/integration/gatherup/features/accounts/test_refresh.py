"""Exchanging refresh tokens: once, again for who lost the answer, and never for a thief."""

from __future__ import annotations

from typing import Any

import httpx
import jwt
import pytest
import trio

from protocol.limits import REFRESH_GRACE_S
from tests.integration.gatherup.features.accounts.conftest import Desk, Someone
from tests.integration.site import problem

pytestmark = pytest.mark.real
KEY, OTHER_KEY = "k" * 20, "o" * 20


async def refreshed(desk: Desk, token: str, key: str | None = KEY) -> httpx.Response:
    more = {} if key is None else {"retry_key": key}
    return await desk.post("/v1/refresh", refresh_token=token, **more)


async def good(desk: Desk, token: str, key: str | None = KEY) -> dict[str, Any]:
    answer = await refreshed(desk, token, key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def login_of(someone: Someone) -> str:
    return jwt.decode(someone.signed_in["access_token"], options={"verify_signature": False})["sid"]


async def is_ended(desk: Desk, someone: Someone, *tokens: str) -> None:
    """The login has ended with all of its tokens, and its user is told, once."""
    for token in tokens:
        problem(await refreshed(desk, token), 401, "unauthenticated", "refresh_token")
    inbox = "inbox:" + someone.signed_in["user"].removeprefix("user:")
    told = sorted((c["t"], c["stream"], c.get("why"), c.get("matter")) for c in desk.outbox())
    assert told == [
        ("inbox.end_logins", inbox, "token_reused", None),
        ("inbox.warn", inbox, None, "token_reused"),
    ]
    assert desk.woken > 0
    assert "login.ended" in desk.acts()


async def test_a_lost_answer_is_given_again(desk: Desk) -> None:
    first = (await desk.guest()).signed_in["refresh_token"]
    second = await good(desk, first)
    again = await good(desk, first)
    assert again["refresh_token"] == second["refresh_token"]
    assert again["refresh_expires_at"] == second["refresh_expires_at"]
    assert (await good(desk, again["refresh_token"], OTHER_KEY))["refresh_token"] != again["refresh_token"]
    assert desk.outbox() == []


async def test_two_at_once_with_one_key_get_the_same(desk: Desk) -> None:
    first = (await desk.guest()).signed_in["refresh_token"]
    answers: list[str] = []

    async def refresh() -> None:
        answers.append((await good(desk, first))["refresh_token"])

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(refresh)
    assert len(answers) == 5
    assert len(set(answers)) == 1


@pytest.mark.parametrize("key", [None, OTHER_KEY])
async def test_who_has_not_the_key_is_a_thief(desk: Desk, key: str | None) -> None:
    someone = await desk.guest()
    first = someone.signed_in["refresh_token"]
    second = await good(desk, first)
    problem(await refreshed(desk, first, key), 401, "unauthenticated", "refresh_token")
    await is_ended(desk, someone, second["refresh_token"], first)


async def test_without_a_key_nothing_is_given_again(desk: Desk) -> None:
    someone = await desk.guest()
    first = someone.signed_in["refresh_token"]
    second = await good(desk, first, None)
    problem(await refreshed(desk, first, None), 401, "unauthenticated", "refresh_token")
    await is_ended(desk, someone, second["refresh_token"])


async def test_the_grace_is_short(desk: Desk) -> None:
    someone = await desk.guest()
    first = someone.signed_in["refresh_token"]
    second = await good(desk, first)
    desk.clock.ahead_s += int(REFRESH_GRACE_S) + 1
    problem(await refreshed(desk, first), 401, "unauthenticated", "refresh_token")
    await is_ended(desk, someone, second["refresh_token"])


async def test_the_grace_ends_when_the_successor_is_used(desk: Desk) -> None:
    someone = await desk.guest()
    first = someone.signed_in["refresh_token"]
    third = await good(desk, (await good(desk, first))["refresh_token"])
    problem(await refreshed(desk, first), 401, "unauthenticated", "refresh_token")
    await is_ended(desk, someone, third["refresh_token"])


async def test_reuse_tells_by_mail_and_leaves_other_logins_alone(desk: Desk) -> None:
    someone = await desk.with_email()
    other = await desk.signed_in()
    desk.outbox()
    desk.mailbox.letters()
    first = someone.signed_in["refresh_token"]
    await good(desk, first)
    await refreshed(desk, first, OTHER_KEY)
    assert desk.mailbox.letters() == [("token_reused", "ann@example.org")]
    ended = [command for command in desk.outbox() if command["t"] == "inbox.end_logins"]
    assert [command["logins"] for command in ended] == [[login_of(someone)]]
    await good(desk, other.signed_in["refresh_token"])


async def test_a_login_that_was_not_used_expires(desk: Desk) -> None:
    first = (await desk.guest()).signed_in["refresh_token"]
    desk.clock.ahead_s += 2_592_000
    problem(await refreshed(desk, first), 401, "token_expired")
    assert desk.outbox() == []
