"""API keys: who shows one, for how long that is remembered, and what it costs."""

from __future__ import annotations

import re

import pytest
import trio

from actors.kind import Instant
from actors.ports.logins import InvalidTokenError
from gatherup.auth.keys import KNOWN_MAX, KNOWN_S, USED_S, KeyRing, NewKeyText, new_key
from storage.postgres.integrations.keys import KeyRow
from tests.ports import SeededRandomness, TrioClock


class Rows:
    def __init__(self) -> None:
        self.table: dict[str, KeyRow] = {}
        self.reads = 0
        self.uses = 0

    def add(self, new: NewKeyText, *, expires_at: int | None = None, revoked_at: int | None = None) -> None:
        self.table[new.id] = KeyRow(
            id=new.id,
            name="arena",
            secret_hash=new.secret_hash,
            scopes=["rooms.create"],
            created_by="system",
            created_at=0,
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=revoked_at,
        )

    async def get(self, key: str) -> KeyRow | None:
        self.reads += 1
        return self.table.get(key)

    async def used(self, key: str, at: Instant) -> None:
        self.uses += 1


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def ring(rows: Rows) -> KeyRing:
    return KeyRing(rows, TrioClock())


def test_a_key_looks_like_one_and_its_secret_is_not_kept() -> None:
    new = new_key(SeededRandomness())
    assert re.fullmatch(r"gu_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", new.text)
    assert len(new.secret_hash) == 32
    assert new_key(SeededRandomness(1)).text != new.text


async def test_a_good_key_is_read_seldom_and_its_use_noted_seldom(
    autojump_clock: object, rows: Rows, ring: KeyRing
) -> None:
    new = new_key(SeededRandomness())
    rows.add(new)
    assert not ring.knows(new.text)
    for _ in range(int(USED_S * 2)):
        assert (await ring.read(new.text)).id == new.id
        assert ring.knows(new.text)
        await trio.sleep(1)
    assert rows.reads <= USED_S * 2 / KNOWN_S + 1
    assert rows.uses == 2


async def test_a_revoked_one_is_good_for_seconds_at_most(
    autojump_clock: object, rows: Rows, ring: KeyRing
) -> None:
    new = new_key(SeededRandomness())
    rows.add(new)
    await ring.read(new.text)
    rows.add(new, revoked_at=1)
    await ring.read(new.text)
    await trio.sleep(KNOWN_S)
    with pytest.raises(InvalidTokenError):
        await ring.read(new.text)


async def test_an_expired_one_says_so_only_to_who_has_it(rows: Rows, ring: KeyRing) -> None:
    new, other = new_key(SeededRandomness()), new_key(SeededRandomness(1))
    rows.add(new, expires_at=1)
    with pytest.raises(InvalidTokenError) as caught:
        await ring.read(new.text)
    assert caught.value.expired
    with pytest.raises(InvalidTokenError) as caught:
        await ring.read(new.text[:36] + other.text[36:])
    assert not caught.value.expired


@pytest.mark.parametrize("text", ["", "gu_", "gu_x_y", "é", "gu_" + "0" * 32 + "_" + "a" * 44, "\0"])
async def test_what_is_no_key_asks_nothing_of_the_database(text: str, rows: Rows, ring: KeyRing) -> None:
    with pytest.raises(InvalidTokenError):
        await ring.read(text)
    assert not ring.knows(text)
    assert rows.reads == 0


async def test_guesses_fill_no_memory(rows: Rows, ring: KeyRing) -> None:
    chance = SeededRandomness()
    first = new_key(chance)
    rows.add(first)
    await ring.read(first.text)
    for _ in range(KNOWN_MAX):
        with pytest.raises(InvalidTokenError):
            await ring.read(new_key(chance).text)
    assert not ring.knows(first.text)
