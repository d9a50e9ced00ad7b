"""Registering, signing in, exchanging refresh tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock, Randomness
from gatherup.auth.issuer import Issuer
from gatherup.auth.one_time import new_token, token_digest
from gatherup.features.accounts.lockout import CodesByMail
from gatherup.features.accounts.proofs import FactorProof, PasswordProof
from gatherup.features.accounts.sign_in_service import SignInContext, SignInService, good_handle
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.accounts import (
    Refresh,
    Register,
    SignedIn,
    SignIn,
    SignInAsGuest,
    SignInWithCode,
    SignInWithDevice,
)
from storage.postgres.accounts.accounts import Accounts, NewAccount
from storage.postgres.accounts.sign_ins import Renewed, Rotation, SignIns

GROUP: Final = "sign_in"


class RegisterResource:
    """Registration of accounts."""

    def __init__(
        self,
        sign_in_service: SignInService,
        passwords: PasswordProof,
        codes: CodesByMail,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._sign_in_service = sign_in_service
        self._passwords = passwords
        self._codes = codes
        self._clock = clock
        self._randomness = randomness

    @endpoint(
        "POST",
        "/v1/register",
        body=Register,
        answer=SignedIn,
        status=201,
        anonymous=True,
        refuses=(Code.HANDLE_TAKEN,),
        group=GROUP,
    )
    async def register(self, caller: Caller, body: Register) -> SignedIn:
        """Make an account with handle and password, and sign in.

        The answer shows whether a handle is taken: handles are public. It never shows whether an e-mail address is
        taken.
        """
        handle = good_handle(body.handle)
        mailed = None
        if body.email is not None:
            mailed = await self._codes.new(body.email, caller.address, "verify_email")
        account = NewAccount(
            user=self._sign_in_service.new_user(),
            handle=handle,
            display_name=body.display_name or handle.text,
            password_hash=await self._passwords.hash(body.password),
            created_at=self._clock.now(),
        )
        return await self._sign_in_service.create(account, body.device, caller.address, mailed=mailed)

    @endpoint(
        "POST", "/v1/guest", body=SignInAsGuest, answer=SignedIn, status=201, anonymous=True, group=GROUP
    )
    async def guest(self, caller: Caller, body: SignInAsGuest) -> SignedIn:
        """Make an account without handle and password, and sign in."""
        secret = new_token(self._randomness)
        account = NewAccount(
            user=self._sign_in_service.new_user(),
            handle=None,
            display_name=body.display_name,
            password_hash=None,
            device_digest=token_digest(secret),
            created_at=self._clock.now(),
        )
        return await self._sign_in_service.create(account, body.device, caller.address, device_secret=secret)


class SignInResource:
    """Signing in to accounts that there are."""

    def __init__(
        self,
        accounts: Accounts,
        sign_in_service: SignInService,
        passwords: PasswordProof,
        factors: FactorProof,
        issuer: Issuer,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sign_in_service = sign_in_service
        self._passwords = passwords
        self._factors = factors
        self._issuer = issuer
        self._clock = clock

    @endpoint(
        "POST",
        "/v1/login",
        body=SignIn,
        answer=SignedIn,
        anonymous=True,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT, Code.BANNED, Code.SECOND_FACTOR_NEEDED),
        group=GROUP,
    )
    async def login(self, caller: Caller, body: SignIn) -> SignedIn:
        """Sign in with a handle or an e-mail address, and a password.

        A wrong name and a wrong password get the same answer after the same time. With a second factor the answer is
        ``second_factor_needed`` and a ticket for /v1/login/code.
        """
        account = await self._passwords.signing_in(body, caller.address)
        known = self._issuer.known_device(body.known_device, account.user)
        context = SignInContext(device=body.device, address=caller.address, known_device=known)
        return await self._sign_in_service.admit(account, context)

    @endpoint(
        "POST",
        "/v1/login/code",
        body=SignInWithCode,
        answer=SignedIn,
        anonymous=True,
        refuses=(Code.CODE_INVALID, Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def code(self, caller: Caller, body: SignInWithCode) -> SignedIn:
        """Finish a sign-in with a code of the second factor, or with a recovery code. Each code works once."""
        half, account = await self._sign_in_service.half_signed_in(body.ticket)
        known = half.known_device
        await self._factors.check(half.user, body.code, caller.address, known_device=known)
        return await self._sign_in_service.finish(half, account, caller.address)

    @endpoint(
        "POST",
        "/v1/login/device",
        body=SignInWithDevice,
        answer=SignedIn,
        anonymous=True,
        refuses=(Code.WRONG_CREDENTIALS, Code.BANNED, Code.SECOND_FACTOR_NEEDED),
        group=GROUP,
    )
    async def device(self, caller: Caller, body: SignInWithDevice) -> SignedIn:
        """Sign in to the guest account of this device. Once the account has a password, sign in with that."""
        account = await self._accounts.by_device(token_digest(body.device_secret), self._clock.now())
        if account is None:
            raise ProblemError(
                Code.WRONG_CREDENTIALS, "No guest account has this secret.", field="device_secret"
            )
        # Who has the secret is on the device: there is nobody to warn.
        context = SignInContext(device=body.device, address=caller.address, known_device=None, told=False)
        return await self._sign_in_service.admit(account, context)


class RefreshResource:
    """Exchange of refresh tokens."""

    def __init__(self, sign_ins: SignIns, issuer: Issuer, wake: Callable[[], None]) -> None:
        self._sign_ins = sign_ins
        self._issuer = issuer
        self._wake = wake

    @endpoint(
        "POST",
        "/v1/refresh",
        body=Refresh,
        answer=SignedIn,
        anonymous=True,
        refuses=(Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED),
        group=GROUP,
    )
    async def refresh(self, caller: Caller, body: Refresh) -> SignedIn:
        """Exchange a refresh token for the next one and a new access token.

        It is good once: showing it again ends the login, since somebody copied it.

        A client that lost the answer may use it again, within a minute and with the same ``retry_key``.
        """
        outcome = await self._sign_ins.rotate(self._issuer.exchange(body, caller.address))
        match outcome:
            case Renewed():
                return self._issuer.renewed(body, outcome)
            case Rotation.EXPIRED:
                raise ProblemError(Code.TOKEN_EXPIRED, "The refresh token has expired: sign in again.")
            case _:
                self._wake()
                raise ProblemError(
                    Code.UNAUTHENTICATED, "The refresh token isn't valid.", field="refresh_token"
                )
