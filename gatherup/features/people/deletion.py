"""The resource with which users delete their account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.features.accounts.proofs import PasswordProof
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.people import AccountDeleted, DeleteAccount
from storage.postgres.people.erasure import Erasures

GROUP: Final = "people"
_DAY_MS: Final = 86_400_000
_FRESH_MS: Final = limits.FRESH_LOGIN_S * 1000


class DeletionResource:
    """The end of an account, which can be taken back for a while."""

    def __init__(
        self,
        erasures: Erasures,
        passwords: PasswordProof,
        clock: Clock,
        wake: Callable[[], None],
        *,
        keep_days: int,
    ) -> None:
        self._erasures = erasures
        self._passwords = passwords
        self._wake = wake
        self._keep_ms = keep_days * _DAY_MS
        self._clock = clock

    @endpoint(
        "DELETE",
        "/v1/me",
        body=DeleteAccount,
        answer=AccountDeleted,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def delete(self, caller: Caller, body: DeleteAccount) -> AccountDeleted:
        """Delete one's account: it is hidden from everybody, and every login ends.

        After ACCOUNT_ERASE_DAYS, unless the server is set up otherwise, it is erased together with everything one
        wrote. Signing in before then keeps it.
        """
        account = await self._passwords.again(caller, body.password)
        at = self._clock.now()
        if account.password_hash is None:
            began_at = await self._erasures.login_began(caller.login)
            if began_at + _FRESH_MS < at:
                raise ProblemError(Code.WRONG_CREDENTIALS, "Sign in again, then delete the account.")
        erase_at = at + self._keep_ms
        deleted = await self._erasures.delete(caller.user, at=at, erase_at=erase_at, address=caller.address)
        if not deleted:
            raise ProblemError(Code.UNAUTHENTICATED)
        self._wake()
        return AccountDeleted(erased_at=erase_at)
