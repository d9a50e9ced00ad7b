"""What somebody shows to be who they say: a password, a code of their second factor."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from actors.ports.time import Clock
from gatherup.auth import totp
from gatherup.auth.hashing import Match
from gatherup.auth.issuer import Issuer
from gatherup.auth.passwords import Passwords
from gatherup.auth.seal import Seal
from gatherup.features.accounts.lockout import Lockout
from gatherup.http.endpoint import Caller
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.handles import folded
from protocol.http.accounts.accounts import SignIn
from storage.postgres.accounts.accounts import AccountRow, Accounts
from storage.postgres.accounts.second_factors import SecondFactors
from storage.postgres.accounts.sign_ins import SignIns

SEALED_SECRET: Final = "totp"  # noqa: S105 - a purpose, see Seal
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")


class PasswordProof:
    """Checks passwords, as often as may be tried."""

    def __init__(
        self,
        accounts: Accounts,
        sign_ins: SignIns,
        passwords: Passwords,
        lockout: Lockout,
        issuer: Issuer,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sign_ins = sign_ins
        self._passwords = passwords
        self._lockout = lockout
        self._issuer = issuer
        self._clock = clock

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises NotCalledError."""
        return await self._passwords.hash(password)

    async def signing_in(self, body: SignIn, address: str) -> AccountRow:
        """Find the account of this name and password. Raises ProblemError, the same after the same time for
        everything wrong.
        """
        account = await self._accounts.by_name(body.name, self._clock.now())
        known = self._issuer.known_device(body.known_device, account and account.user)
        limited = self._lockout.limits.sign_in(folded(body.name), address, known)
        on = account and account.user
        async with self._lockout.attempt(limited, "sign_in", on=on, address=address):
            kept = None if account is None else account.password_hash
            match = await self._passwords.verify(kept, body.password)
            if not match or account is None:
                raise ProblemError(Code.WRONG_CREDENTIALS)
        return await self._renewed(account, body.password, match)

    async def again(self, caller: Caller, password: str | None, *, field: str = "password") -> AccountRow:
        """The account of who is signed in, and shows its password where it has one. Raises ProblemError."""
        user = caller.user
        account = await self._accounts.by_user(user, self._clock.now())
        if account is None:
            raise ProblemError(Code.UNAUTHENTICATED)
        if account.password_hash is None:
            return account
        if password is None:
            raise ProblemError(Code.WRONG_CREDENTIALS, "Give the account's password.", field=field)
        limited = self._lockout.limits.password(user)
        async with self._lockout.attempt(limited, "password", on=user, address=caller.address):
            match = await self._passwords.verify(account.password_hash, password)
            if not match:
                raise ProblemError(Code.WRONG_CREDENTIALS, "The password is wrong.", field=field)
        return await self._renewed(account, password, match)

    async def _renewed(self, account: AccountRow, password: str, match: Match) -> AccountRow:
        """The account, its hash made anew if it was made of the password as it was typed."""
        if match is not Match.AS_TYPED or account.password_hash is None:
            return account
        password_hash = await self._passwords.hash(password)
        await self._accounts.renew_hash(account.user, password_hash, was=account.password_hash)
        return msgspec.structs.replace(account, password_hash=password_hash)

    async def confirmed(self, caller: Caller, password: str | None, *, field: str = "password") -> AccountRow:
        """The account of who is about to change how one signs in to it: with its password, or signed in just now.

        So a copied access token isn't enough to take an account over. Raises ProblemError.
        """
        account = await self.again(caller, password, field=field)
        if account.password_hash is None:
            began_at = await self._sign_ins.began_at(caller.login)
            if began_at + limits.FRESH_LOGIN_S * 1000 < self._clock.now():
                raise ProblemError(
                    Code.WRONG_CREDENTIALS, "Sign in again, then try again.", field="Authorization"
                )
        return account


class FactorProof:
    """Checks codes of second factors. Each code works once."""

    def __init__(
        self, factors: SecondFactors, seal: Seal, lockout: Lockout, clock: Clock, *, recovery_key: bytes
    ) -> None:
        self._factors = factors
        self._seal = seal
        self._lockout = lockout
        self._clock = clock
        self._recovery_key = recovery_key

    async def check(self, user: str, code: str, address: str, *, known_device: str | None = None) -> None:
        """Take a code of the authenticator or a recovery code. Raises ProblemError."""
        limited = self._lockout.limits.code(user, known_device)
        async with self._lockout.attempt(limited, "second_factor", on=user, address=address):
            if not await self._taken(user, code, address):
                raise wrong_code()

    async def first_code(self, caller: Caller, sealed: bytes, code: str) -> int:
        """The time step of the code that confirms a secret. Raises ProblemError."""
        limited = self._lockout.limits.code(caller.user, None)
        async with self._lockout.attempt(limited, "second_factor", on=caller.user, address=caller.address):
            secret = self._seal.open(SEALED_SECRET, sealed).decode()
            step = totp.matching_step(secret, code, self._clock.now())
            if step is None:
                raise wrong_code()
        return step

    async def _taken(self, user: str, code: str, address: str) -> bool:
        plain = code.strip()
        if _SIX_DIGITS.fullmatch(plain) is None:
            digest = totp.recovery_digest(self._recovery_key, user, plain)
            return await self._factors.take_recovery_code(user, digest, address=address)
        factor = await self._factors.of(user)
        if factor is None or not factor.confirmed:
            return False
        secret = self._seal.open(SEALED_SECRET, factor.secret).decode()
        step = totp.matching_step(secret, plain, self._clock.now())
        return step is not None and await self._factors.take_step(user, step)


def wrong_code() -> ProblemError:
    """A code of a second factor that isn't right, or was used."""
    return ProblemError(Code.WRONG_CREDENTIALS, "The code is wrong or has already been used.", field="code")
