"""The operating system's chance, behind the Randomness port."""

from __future__ import annotations

import random
import secrets

from typing_extensions import override

from actors.ports.time import Randomness


class SystemRandomness(Randomness):
    """Unpredictable to everybody, tokens and jitter alike."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    @override
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)

    @override
    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
