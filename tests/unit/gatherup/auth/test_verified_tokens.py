"""Remembered tokens: good as long as they are, and not a moment longer."""

from __future__ import annotations

import pytest

from actors.ports.logins import InvalidTokenError, Login
from gatherup.auth.tokens import AccessTokens
from gatherup.auth.verified import VerifiedTokens

USER = "user:" + "1" * 32
LOGIN = "2" * 32
NOW = 1_800_000_000_000
TOKENS = AccessTokens(b"k" * 32, lifetime_s=900)


class Counting:
    """Reads tokens, and counts how often."""

    def __init__(self) -> None:
        self.read = 0

    def verify(self, token: str, now: int) -> Login:
        self.read += 1
        return TOKENS.verify(token, now)


def test_a_good_token_is_read_once_and_speaks_for_the_same_login() -> None:
    counting = Counting()
    remembered = VerifiedTokens(counting)
    token, expires_at = TOKENS.issue(USER, LOGIN, NOW)
    logins = [remembered.verify(token, NOW + passed) for passed in (0, 1, 899_000)]
    assert logins == [Login(user=USER, login=LOGIN, expires_at=expires_at)] * 3
    assert counting.read == 1


def test_a_remembered_token_expires_when_it_says() -> None:
    remembered = VerifiedTokens(TOKENS)
    token, expires_at = TOKENS.issue(USER, LOGIN, NOW)
    remembered.verify(token, expires_at - 1)
    for now in (expires_at, expires_at + 1):
        with pytest.raises(InvalidTokenError) as raised:
            remembered.verify(token, now)
        assert raised.value.expired
    assert len(remembered) == 0


@pytest.mark.parametrize("end", ["", "A", "\ud800"])
def test_a_bad_token_is_never_remembered_nor_taken_for_a_good_one(end: str) -> None:
    remembered = VerifiedTokens(TOKENS)
    token, _ = TOKENS.issue(USER, LOGIN, NOW)
    remembered.verify(token, NOW)
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            remembered.verify(token[:-5] + end, NOW)
    assert len(remembered) == 1


def test_the_token_used_longest_ago_is_forgotten_first() -> None:
    counting = Counting()
    remembered = VerifiedTokens(counting, tokens_max=2)
    first, second, third = (TOKENS.issue(USER, login * 32, NOW)[0] for login in "abc")
    for token in (first, second, first, third):
        remembered.verify(token, NOW)
    assert (len(remembered), counting.read) == (2, 3)
    remembered.verify(first, NOW)
    assert counting.read == 3
    remembered.verify(second, NOW)
    assert counting.read == 4
