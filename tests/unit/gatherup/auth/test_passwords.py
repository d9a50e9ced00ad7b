"""Password hashing: right, elsewhere than in the node, and silent about which part was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import argon2
import pytest

from gatherup.auth.hashing import Match
from gatherup.auth.passwords import Passwords
from gatherup.offloop.pool import OffLoop
from tests.off_loop import off_loop

MEMORY_KIB, PASSES = 8, 1


class NotedCalls(OffLoop):
    """Calls right here, and notes what."""

    def __init__(self) -> None:
        super().__init__(processes=1, waiting_max=0)
        self.noted: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.noted.append((function, arguments))
        return function(*arguments)


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    with off_loop() as processes:
        yield Passwords(processes, memory_kib=MEMORY_KIB, passes=PASSES)


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, "correct horse")
    assert not await passwords.verify(kept, "wrong horse")
    assert not await passwords.verify("no hash", "correct horse")
    assert kept != await passwords.hash("correct horse")


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "anything")
    assert not await passwords.verify(None, "")


async def test_a_missing_account_costs_one_verification_like_any_other() -> None:
    calls = NotedCalls()
    passwords = Passwords(calls, memory_kib=MEMORY_KIB, passes=PASSES)
    known = await passwords.hash("correct horse")
    calls.noted.clear()
    await passwords.verify(known, "wrong")
    await passwords.verify(None, "wrong")
    (verify, (kept, _)), (verify_nobody, (nobody, _)) = calls.noted
    assert verify is verify_nobody
    assert argon2.extract_parameters(nobody) == argon2.extract_parameters(kept)
    # Wrong, after all of the work, and not refused at a glance as no hash at all.
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(nobody, "wrong")


async def test_the_node_itself_hashes_nothing(monkeypatch: pytest.MonkeyPatch, passwords: Passwords) -> None:
    monkeypatch.setattr(argon2.PasswordHasher, "hash", None)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", None)
    kept = await passwords.hash("correct horse")
    assert await passwords.verify(kept, "correct horse")


async def test_a_password_is_the_same_however_its_letters_are_composed(passwords: Passwords) -> None:
    composed, apart = "Stra\u00dfe zum caf\u00e9", "Stra\u00dfe zum cafe\u0301"
    for kept in (await passwords.hash(composed), await passwords.hash(apart)):
        assert await passwords.verify(kept, composed) is Match.YES
        assert await passwords.verify(kept, apart) is Match.YES


async def test_a_hash_of_what_was_typed_is_known_as_such(passwords: Passwords) -> None:
    apart = "cafe\u0301 au lait"
    older = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1).hash(apart)
    assert await passwords.verify(older, apart) is Match.AS_TYPED
    assert await passwords.verify(older, "caf\u00e9 au lait") is Match.NO
    assert await passwords.verify(None, apart) is Match.NO
