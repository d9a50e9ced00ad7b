"""Wrong attempts slow down the next ones: how endpoints ask and tell."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from actors.limiting.lockout import Limited
from actors.ports.time import Clock, Randomness
from gatherup.auth.lockout import Limits
from gatherup.auth.one_time import new_token, token_digest
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import NotCalledError
from protocol.codes import Code
from protocol.limits import EMAIL_CODE_LIFETIME_S, RESET_CODE_LIFETIME_S
from storage.postgres.accounts.attempts import Attempts
from storage.postgres.accounts.credentials import MailedCode, Purpose

_LIFETIMES_S: Final[Mapping[Purpose, int]] = {
    "verify_email": EMAIL_CODE_LIFETIME_S,
    "reset_password": RESET_CODE_LIFETIME_S,
}


class Lockout:
    """Counts attempts at what could be guessed, and letters that strangers could ask for."""

    def __init__(self, attempts: Attempts, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self._attempts = attempts
        self._clock = clock

    @asynccontextmanager
    async def attempt(
        self, limited: Sequence[Limited], what: str, *, on: str | None, address: str
    ) -> AsyncGenerator[None]:
        """An attempt: right if the block ends, wrong if it raises ProblemError. Raises it too: ``locked_out``.

        A wrong one, at ``what`` and on the account ``on``, stands in the audit log. Where there is no such account,
        nothing would ever end the address there: it is left out.
        """
        begun = await self._attempts.begin(limited, self._clock.now())
        if begun.wait_ms > 0:
            raise ProblemError(Code.LOCKED_OUT, retry_after_s=begun.wait_ms / 1000)
        try:
            yield
        except NotCalledError:
            await self._attempts.forgive(limited)  # nothing was tried
            raise
        except ProblemError:
            # Noted in any case, so that time doesn't tell whether there is such an account.
            known_address = None if on is None else address
            await self._attempts.failed(what, on=on, address=known_address, locks=begun.locks)
            raise
        await self._attempts.forgive(limited)

    async def allows(self, limited: Sequence[Limited]) -> bool:
        """Whether this may be done once more; it is counted then."""
        return (await self._attempts.begin(limited, self._clock.now())).wait_ms == 0


class CodesByMail:
    """Makes codes that are mailed, not too many for one mailbox or sender."""

    def __init__(self, lockout: Lockout, clock: Clock, randomness: Randomness) -> None:
        self._lockout = lockout
        self._clock = clock
        self._randomness = randomness

    async def new(self, email: str, address: str, purpose: Purpose) -> MailedCode | None:
        """A code for this mailbox; None if it, or who asks, got too many of late for this purpose.

        Nobody is told: who asks may be a stranger who would learn what others do.
        """
        email = email.lower()
        if not await self._lockout.allows(self._lockout.limits.mail(purpose, email, address)):
            return None
        code = new_token(self._randomness)
        expires_at = self._clock.now() + _LIFETIMES_S[purpose] * 1000
        return MailedCode(email=email, code=code, digest=token_digest(code), expires_at=expires_at)
