"""One's own account, and the keys that access tokens are checked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.ports.time import Clock
from gatherup.auth.tokens import AccessTokens
from gatherup.features.accounts.lockout import CodesByMail
from gatherup.features.accounts.proofs import PasswordProof
from gatherup.features.accounts.sign_in_service import good_handle
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.accounts import Account, Jwks, Upgrade
from storage.postgres.accounts.accounts import Accounts, HandleTakenError

GROUP: Final = "accounts"
JWKS_MAX_AGE_S: Final = 300


class MeResource:
    """What one may know of oneself, and what a guest becomes."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: PasswordProof,
        codes: CodesByMail,
        clock: Clock,
        *,
        providers: Mapping[str, str],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._codes = codes
        self._clock = clock
        self._providers = providers
        """The names of providers by issuer."""

    @endpoint("GET", "/v1/me", answer=Account, group=GROUP)
    async def me(self, caller: Caller) -> Account:
        """Get the account that one is signed in to."""
        account = await self._accounts.by_user(caller.user, self._clock.now())
        if account is None:
            raise ProblemError(Code.UNAUTHENTICATED)
        return Account(
            user=account.user,
            handle=account.handle,
            display_name=account.display_name,
            created_at=account.created_at,
            email=account.email,
            has_password=account.password_hash is not None,
            second_factor=account.second_factor,
            identities=[self._providers.get(issuer, issuer) for issuer in account.issuers],
        )

    @endpoint(
        "POST",
        "/v1/me/upgrade",
        body=Upgrade,
        status=204,
        refuses=(Code.ALREADY_EXISTS, Code.HANDLE_TAKEN, Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def upgrade(self, caller: Caller, body: Upgrade) -> None:
        """Give a guest account a handle and a password. It stays the same user; its device secret stops working."""
        handle = good_handle(body.handle)
        account = await self._accounts.by_user(caller.user, self._clock.now())
        if account is None or account.password_hash is not None or account.handle is not None:
            raise ProblemError(Code.ALREADY_EXISTS, "This account isn't a guest's.")
        await self._passwords.confirmed(caller, None)
        password_hash = await self._passwords.hash(body.password)
        mailed = None
        if body.email is not None:
            mailed = await self._codes.new(body.email, caller.address, "verify_email")
        try:
            upgraded = await self._accounts.upgrade(
                caller.user, handle, password_hash, address=caller.address, mailed=mailed
            )
        except HandleTakenError:
            raise ProblemError(Code.HANDLE_TAKEN, field="handle") from None
        if not upgraded:
            raise ProblemError(Code.ALREADY_EXISTS, "This account isn't a guest's.")


class JwksResource:
    """The public keys of access tokens."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    @endpoint("GET", "/.well-known/jwks.json", answer=Jwks, anonymous=True, group=GROUP)
    async def jwks(self, caller: Caller) -> tuple[Jwks, dict[str, str]]:
        """Get the keys with which access tokens are checked (RFC 7517)."""
        headers = {"Cache-Control": f"public, max-age={JWKS_MAX_AGE_S}"}
        return Jwks(keys=self._tokens.published), headers
