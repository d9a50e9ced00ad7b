"""Access tokens that were verified a moment ago, so that a client's every request doesn't cost a signature."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from typing_extensions import override

from actors.kind import Instant
from actors.ports.logins import InvalidTokenError, Login, Tokens

TOKENS_MAX: Final = 20_000
"""Tokens that one node remembers, about 400 bytes each."""
_DIGEST_BYTES: Final = 32


class VerifiedTokens(Tokens):
    """A Tokens port that remembers whom another one's good tokens speak for, until they expire.

    Nothing it remembers can become wrong: what a token says never changes, and a node's keys don't while it runs. That
    a login has ended is asked elsewhere, each time. It keeps digests, so that comparing tells nothing of a token.
    """

    def __init__(self, tokens: Tokens, *, tokens_max: int = TOKENS_MAX) -> None:
        self._tokens = tokens
        self._tokens_max = tokens_max
        self._logins: OrderedDict[bytes, Login] = OrderedDict()
        """By digest; the one used last stands last."""

    @override
    def verify(self, token: str, now: Instant) -> Login:
        key = blake2b(token.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
        login = self._logins.get(key)
        if login is None:
            login = self._logins[key] = self._tokens.verify(token, now)
            if len(self._logins) > self._tokens_max:
                self._logins.popitem(last=False)
        elif login.expires_at <= now:
            del self._logins[key]
            raise InvalidTokenError(expired=True)
        else:
            self._logins.move_to_end(key)
        return login

    def __len__(self) -> int:
        return len(self._logins)
