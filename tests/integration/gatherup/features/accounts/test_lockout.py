"""Guessing is slow, for everybody but the owner on a device of theirs."""

from __future__ import annotations

import pytest
import trio

from gatherup.auth.lockout import PER_ADDRESS, PER_DEVICE, PER_NAME
from gatherup.offloop.pool import NotCalledError, OffLoop
from tests.integration.gatherup.features.accounts.conftest import SIGN_IN, Desk, Someone
from tests.integration.site import problem

pytestmark = pytest.mark.real
WRONG = {**SIGN_IN, "password": "wrong"}


async def guess(someone: Someone, times: int, **body: str) -> list[int]:
    return [(await someone.http.post("/v1/login", json=body)).status_code for _ in range(times)]


async def test_a_name_is_locked_everywhere_but_on_its_owner_s_device(desk: Desk) -> None:
    ann = await desk.registered()
    known = ann.signed_in["known_device"]
    assert await guess(desk.someone(), PER_NAME.free, **WRONG) == [401] * PER_NAME.free
    locked = problem(await desk.someone().send("POST", "/v1/login", **WRONG), 429, "locked_out")
    assert locked["retry"] is True
    assert 0 < locked["retry_after_s"] <= 1
    # The right password helps as little, from here or elsewhere; the owner is let in.
    for address in ("10.0.0.1", "10.9.9.9"):
        there = desk.someone(address=address)
        problem(await there.send("POST", "/v1/login", **{**SIGN_IN, "name": "ANN"}), 429, "locked_out")
    forged = desk.someone()
    problem(
        await forged.send("POST", "/v1/login", **SIGN_IN, known_device=known[:-4] + "AAAA"), 429, "locked_out"
    )
    other = (await desk.registered(handle="Ben")).signed_in["known_device"]
    problem(await forged.send("POST", "/v1/login", **SIGN_IN, known_device=other), 429, "locked_out")
    back = await desk.signed_in(known_device=known)
    assert back.signed_in["user"] == ann.signed_in["user"]
    desk.clock.ahead_s += 2
    await desk.signed_in()
    assert await guess(desk.someone(), PER_NAME.free, **WRONG) == [401] * PER_NAME.free


async def test_what_could_not_be_checked_was_no_attempt(
    desk: Desk, processes: OffLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.registered()

    async def refuse(*_: object) -> bool:
        raise NotCalledError

    with monkeypatch.context() as busy:
        busy.setattr(processes, "call", refuse)
        for _ in range(PER_NAME.free + 1):
            refused = problem(await desk.someone().send("POST", "/v1/login", **SIGN_IN), 503, "overloaded")
            assert refused["retry"] is True
            assert refused["retry_after_s"] > 0
    await desk.signed_in()
    assert audit(desk) == []


def audit(desk: Desk) -> list[tuple[str, str, str | None, str | None]]:
    query = "select act, actor, subject, address from audit_log where act ~ 'failed|locked' order by id"
    return [(act, by, on, address) for act, by, on, address in desk.rows(query)]


async def test_wrong_attempts_and_lockouts_stand_in_the_audit_log(desk: Desk) -> None:
    ann = await desk.registered()
    user = ann.signed_in["user"]
    thief = desk.someone(address="10.6.6.6")
    await guess(thief, PER_NAME.free + 2, **WRONG)
    failed, locked = (("sign_in." + what, "system", user, "10.6.6.6") for what in ("failed", "locked_out"))
    assert audit(desk) == [failed] * PER_NAME.free + [locked]
    await guess(thief, 1, **{**WRONG, "name": "nobody"})
    assert audit(desk)[-1] == ("sign_in.failed", "system", None, None)
    change = {"old": "wrong", "new": "correct horse battery"}
    problem(await ann.send("PUT", "/v1/me/password", **change), 401, "wrong_credentials", "old")
    assert audit(desk)[-1][:3] == ("password.failed", "system", user)
    await desk.signed_in(known_device=ann.signed_in["known_device"])
    assert len(audit(desk)) == PER_NAME.free + 3


async def test_a_stolen_known_device_is_slowed_too(desk: Desk) -> None:
    known = (await desk.registered()).signed_in["known_device"]
    statuses = await guess(desk.someone(), PER_DEVICE.free + 1, **WRONG, known_device=known)
    assert statuses == [401] * PER_DEVICE.free + [429]


async def test_names_that_nobody_has_are_locked_alike(desk: Desk) -> None:
    assert await guess(desk.someone(), PER_NAME.free + 1, **WRONG) == [401] * PER_NAME.free + [429]


async def test_guesses_at_once_count_too(desk: Desk) -> None:
    await desk.registered()
    statuses: list[int] = []

    async def one() -> None:
        statuses.extend(await guess(desk.someone(), 1, **WRONG))

    async with trio.open_nursery() as nursery:
        for _ in range(PER_NAME.free * 3):
            nursery.start_soon(one)
    assert statuses.count(401) <= PER_NAME.free + 1  # one more, should a second go by meanwhile
    assert statuses.count(429) >= PER_NAME.free * 2 - 1


async def test_an_address_that_tries_many_names_is_slowed_and_no_other(desk: Desk) -> None:
    await desk.registered()
    thief = desk.someone(address="10.6.6.6")
    for number in range(PER_ADDRESS.free):
        # To sign in to an account of one's own in between clears nothing.
        assert (
            await thief.send("POST", "/v1/login", **{**WRONG, "name": f"name{number}"})
        ).status_code == 401
        if number == PER_ADDRESS.free // 2:
            assert (await thief.send("POST", "/v1/login", **SIGN_IN)).status_code == 200
    problem(await thief.send("POST", "/v1/login", **{**WRONG, "name": "another"}), 429, "locked_out")
    await desk.signed_in()
