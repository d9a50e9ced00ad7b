"""E-mail addresses of accounts: only one that was proven is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.auth.one_time import token_digest
from gatherup.features.accounts.lockout import CodesByMail
from gatherup.features.accounts.proofs import PasswordProof
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.credentials import ChangeEmail, VerifyEmail
from storage.postgres.accounts.credentials import Credentials, EmailTakenError

GROUP: Final = "credentials"


class EmailResource:
    """Give an address, and prove it."""

    def __init__(
        self,
        credentials: Credentials,
        passwords: PasswordProof,
        codes: CodesByMail,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._credentials = credentials
        self._passwords = passwords
        self._codes = codes
        self._clock = clock
        self._wake = wake

    @endpoint(
        "PUT",
        "/v1/me/email",
        body=ChangeEmail,
        status=202,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def change_email(self, caller: Caller, body: ChangeEmail) -> None:
        """Have a code mailed to an address. Giving the code back makes it the account's address, and notifies the old
        one.

        An address that belongs to another account gets a letter that says so, and the answer is the same.
        """
        await self._passwords.confirmed(caller, body.password)
        mailed = await self._codes.new(body.email, caller.address, "verify_email")
        if mailed is not None:
            await self._credentials.ask_to_verify(caller.user, mailed)

    @endpoint(
        "POST",
        "/v1/email/verify",
        body=VerifyEmail,
        status=204,
        anonymous=True,
        refuses=(Code.CODE_INVALID, Code.EMAIL_TAKEN),
        group=GROUP,
    )
    async def verify_email(self, caller: Caller, body: VerifyEmail) -> None:
        """Verify an e-mail address with the code that was mailed to it. Good once."""
        try:
            verified = await self._credentials.verify_email(
                token_digest(body.code), at=self._clock.now(), address=caller.address
            )
        except EmailTakenError:
            raise ProblemError(Code.EMAIL_TAKEN, field="code") from None
        if not verified:
            raise ProblemError(Code.CODE_INVALID, field="code")
        self._wake()
