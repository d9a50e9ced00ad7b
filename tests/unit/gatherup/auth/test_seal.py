"""What clients hold for us can't be read, changed or used for something else."""

from __future__ import annotations

import pytest
from msgspec import Struct

from gatherup.auth.one_time import new_token, successor, token_digest
from gatherup.auth.seal import BrokenSealError, Seal, derived_key
from gatherup.randomness import SystemRandomness


class Ticket(Struct, frozen=True):
    user: str


class OtherTicket(Struct, frozen=True):
    user: str


SEAL = Seal(b"k" * 32, SystemRandomness())


def test_a_ticket_comes_back() -> None:
    assert SEAL.read_ticket(Ticket, SEAL.ticket(Ticket("ann"))) == Ticket("ann")
    assert "ann" not in SEAL.ticket(Ticket("ann"))
    assert SEAL.ticket(Ticket("ann")) != SEAL.ticket(Ticket("ann"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "\u2603",
        "A" * 4000,
        SEAL.ticket(OtherTicket("ann")),
        SEAL.ticket(Ticket("ann"))[:-4],
        "A" + SEAL.ticket(Ticket("ann"))[1:] + "AAAA",
        Seal(b"o" * 32, SystemRandomness()).ticket(Ticket("ann")),
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    with pytest.raises(BrokenSealError):
        SEAL.read_ticket(Ticket, text)


def test_bytes_are_sealed_for_one_purpose() -> None:
    sealed = SEAL.seal("totp", b"secret")
    assert SEAL.open("totp", sealed) == b"secret"
    with pytest.raises(BrokenSealError):
        SEAL.open("other", sealed)


def test_keys_for_two_uses_differ() -> None:
    assert derived_key(b"k" * 32, b"one") != derived_key(b"k" * 32, b"two")
    assert len(derived_key(b"k" * 32, b"one")) == 32


def test_tokens_are_random_and_kept_as_digests() -> None:
    tokens = {new_token(SystemRandomness()) for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert {len(token_digest(token)) for token in tokens} == {32}


def test_a_successor_is_always_the_same_and_of_its_key() -> None:
    token = new_token(SystemRandomness())
    assert successor(b"k" * 32, token) == successor(b"k" * 32, token)
    assert successor(b"o" * 32, token) != successor(b"k" * 32, token)
    assert len(successor(b"k" * 32, token)) == 43
