"""The operating system's chance, behind the Randomness port."""

from __future__ import annotations

import random
import secrets


class SystemRandomness:
    """Unpredictable to everybody, tokens and jitter alike."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def token(self, size: int) -> bytes:
        """This many unpredictable bytes."""
        return secrets.token_bytes(size)

    def uniform(self, low: float, high: float) -> float:
        """A number between the two."""
        return self._random.uniform(low, high)
