"""Second factors: an authenticator's codes (TOTP) and recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock, Randomness
from gatherup.auth import totp
from gatherup.auth.seal import Seal
from gatherup.features.accounts.proofs import SEALED_SECRET, FactorProof, PasswordProof
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.credentials import (
    ConfirmFactor,
    DropFactor,
    FactorSecret,
    PasswordAgain,
    RecoveryCodes,
)
from storage.postgres.accounts.second_factors import SecondFactors

GROUP: Final = "credentials"


class AuthenticatorSecrets:
    """Secrets as authenticators take them, and sealed as they are kept."""

    def __init__(self, seal: Seal, randomness: Randomness, *, title: str, recovery_key: bytes) -> None:
        self._seal = seal
        self._randomness = randomness
        self._title = title
        self._recovery_key = recovery_key

    def new(self, account: str) -> tuple[FactorSecret, bytes]:
        """A secret for this account, to tell and to keep."""
        secret = totp.new_secret(self._randomness)
        told = FactorSecret(secret=secret, uri=totp.uri(secret, account=account, issuer=self._title))
        return told, self._seal.seal(SEALED_SECRET, secret.encode())

    def new_codes(self, user: str) -> tuple[list[str], list[bytes]]:
        """Recovery codes, to tell and to keep."""
        codes = totp.new_recovery_codes(self._randomness)
        return codes, [totp.recovery_digest(self._recovery_key, user, code) for code in codes]


class SecondFactorResource:
    """Enrolling, confirming and removing a second factor."""

    def __init__(
        self,
        factors: SecondFactors,
        secrets: AuthenticatorSecrets,
        passwords: PasswordProof,
        proof: FactorProof,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._factors = factors
        self._secrets = secrets
        self._passwords = passwords
        self._proof = proof
        self._clock = clock
        self._wake = wake

    @endpoint(
        "POST",
        "/v1/me/second-factor",
        body=PasswordAgain,
        answer=FactorSecret,
        status=201,
        refuses=(Code.ALREADY_EXISTS, Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def enrol_second_factor(self, caller: Caller, body: PasswordAgain) -> FactorSecret:
        """Begin to set up a second factor: get a secret for an authenticator.

        Nothing is asked for until its first code was right.
        """
        account = await self._passwords.confirmed(caller, body.password)
        told, kept = self._secrets.new(account.handle or account.display_name)
        if not await self._factors.begin(caller.user, kept):
            raise ProblemError(Code.ALREADY_EXISTS, "The account has a second factor already: drop it first.")
        return told

    @endpoint(
        "POST",
        "/v1/me/second-factor/confirm",
        body=ConfirmFactor,
        answer=RecoveryCodes,
        refuses=(Code.NOT_FOUND, Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def confirm_second_factor(self, caller: Caller, body: ConfirmFactor) -> RecoveryCodes:
        """Confirm the second factor with its first code: from now on signing in asks for one.

        The answer holds the recovery codes, once.
        """
        factor = await self._factors.of(caller.user)
        if factor is None or factor.confirmed:
            raise ProblemError(Code.NOT_FOUND, "Begin to set up a second factor first.")
        step = await self._proof.first_code(caller, factor.secret, body.code)
        codes, digests = self._secrets.new_codes(caller.user)
        if not await self._factors.confirm(
            caller.user, factor.secret, digests, step=step, at=self._clock.now(), address=caller.address
        ):
            raise ProblemError(Code.NOT_FOUND, "Begin to set up a second factor first.")
        self._wake()
        return RecoveryCodes(codes=codes)

    @endpoint(
        "DELETE",
        "/v1/me/second-factor",
        body=DropFactor,
        status=204,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def drop_second_factor(self, caller: Caller, body: DropFactor) -> None:
        """Drop the second factor, so that signing in asks for no code: takes the password and a code."""
        await self._passwords.confirmed(caller, body.password)
        await self._proof.check(caller.user, body.code, caller.address)
        await self._factors.drop(caller.user, address=caller.address)
        self._wake()
