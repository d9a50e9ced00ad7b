"""Tokens that are random and kept only as a digest: refresh tokens, device secrets, what is mailed."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from actors.ports.time import Randomness

TOKEN_BYTES: Final = 32


def new_token(randomness: Randomness) -> str:
    """43 characters that nobody can guess."""
    return _text(randomness.token(TOKEN_BYTES))


def token_digest(token: str) -> bytes:
    """What is kept of a token: SHA-256. A slow hash isn't needed for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def successor(key: bytes, token: str) -> str:
    """The refresh token that this one is exchanged for: always the same, and known to nobody without the key.

    So an answer that was lost can be given again though only digests are kept.
    """
    return _text(
        hashlib.blake2b(token.encode(), key=key, digest_size=TOKEN_BYTES, person=b"refresh").digest()
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
