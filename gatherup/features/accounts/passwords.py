"""Setting passwords: by who knows the old one, and by who has the mailbox."""

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
from protocol.http.accounts.credentials import AskReset, ChangePassword, ResetPassword
from storage.postgres.accounts.credentials import Credentials

GROUP: Final = "credentials"
ANSWER_S: Final = 0.25
"""Asking for a reset takes at least this long: how long it really took would tell whether there is such an account."""


class PasswordsResource:
    """Changing and resetting passwords."""

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
        "/v1/me/password",
        body=ChangePassword,
        status=204,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT, Code.FORBIDDEN),
        group=GROUP,
    )
    async def change_password(self, caller: Caller, body: ChangePassword) -> None:
        """Change the password of the account. Every other login ends, and the user is told."""
        account = await self._passwords.confirmed(caller, body.old, field="old")
        if account.password_hash is None and account.handle is None and account.email is None:
            raise ProblemError(
                Code.FORBIDDEN, "A guest sets a handle together with a password: use /v1/me/upgrade."
            )
        changed = await self._credentials.change_password(
            caller.user,
            await self._passwords.hash(body.new),
            was=account.password_hash,
            keep=caller.login,
            at=self._clock.now(),
            address=caller.address,
        )
        if not changed:  # since it was checked
            raise ProblemError(Code.WRONG_CREDENTIALS, "The password is wrong.", field="old")
        self._wake()

    @endpoint("POST", "/v1/password/reset", body=AskReset, status=202, anonymous=True, group=GROUP)
    async def ask_reset(self, caller: Caller, body: AskReset) -> None:
        """Ask for a code by mail with which the password can be reset.

        The answer is the same, and as late, whether or not an account has the address.
        """
        answer_at = self._clock.monotonic() + ANSWER_S
        mailed = await self._codes.new(body.email, caller.address, "reset_password")
        if mailed is not None:
            await self._credentials.ask_to_reset(mailed)
        await self._clock.sleep_until(answer_at)

    @endpoint(
        "POST",
        "/v1/password/reset/finish",
        body=ResetPassword,
        status=204,
        anonymous=True,
        refuses=(Code.CODE_INVALID,),
        group=GROUP,
    )
    async def reset(self, caller: Caller, body: ResetPassword) -> None:
        """Set a password with a mailed code. Every login ends, and the user gets a notice."""
        password_hash = await self._passwords.hash(body.password)
        if not await self._credentials.reset_password(
            token_digest(body.code), password_hash, at=self._clock.now(), address=caller.address
        ):
            raise ProblemError(Code.CODE_INVALID, field="code")
        self._wake()
