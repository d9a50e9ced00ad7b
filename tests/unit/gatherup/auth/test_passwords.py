"""Password hashing: right, bounded, and silent about which part was wrong."""

from __future__ import annotations

import threading

import pytest
import trio

from gatherup.auth.passwords import Passwords, TooManyHashesError


def passwords(*, hashers: int = 1, waiting_max: int = 4) -> Passwords:
    return Passwords(hashers=hashers, waiting_max=waiting_max, memory_kib=8, passes=1)


async def test_a_password_matches_its_own_hash_only() -> None:
    hashing = passwords()
    kept = await hashing.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert await hashing.verify(kept, "correct horse")
    assert not await hashing.verify(kept, "wrong horse")
    assert kept != await hashing.hash("correct horse")


async def test_nobody_has_no_password() -> None:
    hashing = passwords()
    assert not await hashing.verify(None, "anything")
    assert not await hashing.verify(None, "nobody has this password")


async def test_a_missing_account_costs_one_verification_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashing = passwords()
    kept = await hashing.hash("correct horse")
    verified: list[str] = []
    plain = hashing._matches
    monkeypatch.setattr(hashing, "_matches", lambda k, p: verified.append(k) or plain(k, p))
    await hashing.verify(kept, "wrong")
    await hashing.verify(None, "wrong")
    assert len(verified) == 2
    assert verified[0].rsplit("$", 2)[0] == verified[1].rsplit("$", 2)[0]  # the same cost


async def test_the_queue_is_bounded_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    hashing = passwords(hashers=1, waiting_max=2)
    release = threading.Event()
    started = threading.Event()

    def slow(kept: str, password: str) -> bool:
        started.set()
        release.wait(30)
        return True

    monkeypatch.setattr(hashing, "_matches", slow)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(hashing.verify, "kept", "password")
            await trio.to_thread.run_sync(started.wait)
            with pytest.raises(TooManyHashesError) as caught:
                await hashing.verify("kept", "password")
            assert caught.value.retry_after_s > 0
            release.set()
        assert await hashing.verify("kept", "password")
