"""Sealed values: what a client holds for us, or the database, without being able to read or change it."""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from actors.ports.time import Randomness

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32

S = TypeVar("S", bound=Struct)


class BrokenSealError(Exception):
    """It wasn't sealed by us, or for another purpose."""


class Seal:
    """AES-256-GCM under one key. What was sealed for one purpose opens for no other."""

    def __init__(self, key: bytes, randomness: Randomness) -> None:
        self._cipher = AESGCM(key)
        self._randomness = randomness

    def seal(self, purpose: str, content: bytes) -> bytes:
        """Encrypt the content."""
        nonce = self._randomness.token(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """The content. Raises BrokenSealError."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise BrokenSealError from None

    def ticket(self, content: Struct) -> str:
        """A value as text for a client to hold; its type is its purpose."""
        sealed = self.seal(type(content).__name__, msgspec.msgpack.encode(content))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read_ticket(self, kind: type[S], text: str) -> S:
        """The value. Raises BrokenSealError."""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return msgspec.msgpack.decode(self.open(kind.__name__, sealed), type=kind)
        except (binascii.Error, ValueError):
            raise BrokenSealError from None


def derived_key(key: bytes, person: bytes) -> bytes:
    """A key for one use, made from a key for many. ``person`` names the use: up to 16 bytes."""
    return blake2b(key=key, person=person, digest_size=KEY_BYTES).digest()
