"""What is counted of wrong attempts, and how many are free.

Counts stand in PostgreSQL, so that many nodes are slowed like one.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from actors.limiting.lockout import Limited, Rule

PER_NAME: Final = Rule(free=5, wait_s=1, wait_s_max=900)
"""For one handle or e-mail address, from devices that aren't known, wherever they are."""
PER_DEVICE: Final = Rule(free=10, wait_s=1, wait_s_max=900)
"""For one device that is known, in place of PER_NAME and PER_ADDRESS: others' attempts don't keep its owner out."""
PER_ADDRESS: Final = Rule(free=20, wait_s=1, wait_s_max=300, cleared=False)
"""For one remote address, whichever names it tries. Who signs in to an account of their own clears nothing."""
PER_CODE: Final = Rule(free=5, wait_s=5, wait_s_max=900)
"""For the second factor of one account, of who knows its password; known devices are counted apart."""
PER_PASSWORD: Final = Rule(free=5, wait_s=1, wait_s_max=900)
"""For the password of one account, of who is signed in to it already."""
PER_MAILBOX: Final = Rule(free=3, wait_s=60, wait_s_max=3600, cleared=False)
"""For letters to one e-mail address that somebody asked for who may not be its owner."""
PER_SENDER: Final = Rule(free=10, wait_s=30, wait_s_max=3600, cleared=False)
"""For such letters from one remote address."""


class Limits:
    """Names what is counted. Keys are keyed digests: names and addresses that were tried are kept nowhere."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign_in(self, name: str, address: str, device: str | None) -> list[Limited]:
        """An attempt with a password. ``device``: the known one it comes from."""
        if device is not None:
            return [self._of("device", device, PER_DEVICE)]
        return [self._of("name", name, PER_NAME), self._of("address", address, PER_ADDRESS)]

    def code(self, user: str, device: str | None) -> list[Limited]:
        """An attempt with a code of the second factor. ``device``: the known one it comes from."""
        return [self._of("code", user if device is None else f"{user} {device}", PER_CODE)]

    def password(self, user: str) -> list[Limited]:
        """An attempt with the password by who is signed in."""
        return [self._of("password", user, PER_PASSWORD)]

    def mail(self, purpose: str, email: str, address: str) -> list[Limited]:
        """A letter that is asked for. Purposes are counted apart: who has one kind sent, or only tried to, keeps no
        letter of another kind from the mailbox's owner.
        """
        return [
            self._of("mailbox", f"{purpose} {email}", PER_MAILBOX),
            self._of("sender", address, PER_SENDER),
        ]

    def _of(self, what: str, text: str, rule: Rule) -> Limited:
        return Limited(blake2b(f"{what}\0{text}".encode(), key=self._key, digest_size=16).digest(), rule)
