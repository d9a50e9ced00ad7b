"""Signing in and out."""

from __future__ import annotations

from msgspec import Struct

from actors.ports import Clock, Randomness
from gatherup.auth.passwords import Passwords
from gatherup.auth.tokens import AccessTokens, new_refresh_token, refresh_digest
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import http
from protocol.codes import Code
from storage.postgres.accounts import AccountRow, Accounts, HandleTakenError, NewLogin, Renewed, Rotation

GROUP = "accounts"


class SignedUp(Struct, frozen=True):
    """The two halves of a login: what is kept and what is told once."""

    kept: NewLogin
    refresh_token: str


class AccountsResource:
    """Registering, signing in, exchanging refresh tokens, signing out."""

    def __init__(
        self,
        accounts: Accounts,
        tokens: AccessTokens,
        passwords: Passwords,
        clock: Clock,
        randomness: Randomness,
        *,
        refresh_token_s: int,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._passwords = passwords
        self._clock = clock
        self._randomness = randomness
        self._refresh_token_ms = refresh_token_s * 1000

    @endpoint(
        "POST",
        "/v1/register",
        body=http.Register,
        answer=http.SignedIn,
        status=201,
        anonymous=True,
        group=GROUP,
    )
    async def register(self, caller: Caller, body: http.Register) -> http.SignedIn:
        """Make an account with handle and password, and sign in."""
        account = self._account(
            handle=body.handle,
            display_name=body.display_name or body.handle,
            password_hash=await self._passwords.hash(body.password),
        )
        return await self._create(account, body.device)

    @endpoint(
        "POST",
        "/v1/guest",
        body=http.SignInAsGuest,
        answer=http.SignedIn,
        status=201,
        anonymous=True,
        group=GROUP,
    )
    async def guest(self, caller: Caller, body: http.SignInAsGuest) -> http.SignedIn:
        """Make an account without handle and password, and sign in: who loses its tokens loses it."""
        account = self._account(handle=None, display_name=body.display_name, password_hash=None)
        return await self._create(account, body.device)

    @endpoint("POST", "/v1/login", body=http.SignIn, answer=http.SignedIn, anonymous=True, group=GROUP)
    async def login(self, caller: Caller, body: http.SignIn) -> http.SignedIn:
        """Sign in. A wrong handle and a wrong password get the same answer in the same time."""
        account = await self._accounts.by_handle(body.handle)
        kept = None if account is None else account.password_hash
        if not await self._passwords.verify(kept, body.password) or account is None:
            raise ProblemError(Code.WRONG_CREDENTIALS)
        begun = self._begin(body.device)
        await self._accounts.add_login(account.user, begun.kept)
        return self._signed_in(account.user, begun.kept.login, begun.refresh_token)

    @endpoint("POST", "/v1/refresh", body=http.Refresh, answer=http.SignedIn, anonymous=True, group=GROUP)
    async def refresh(self, caller: Caller, body: http.Refresh) -> http.SignedIn:
        """Exchange a refresh token. It is good once: showing it again ends the login, since somebody copied it."""
        token = new_refresh_token(self._randomness)
        at = self._clock.now()
        outcome = await self._accounts.rotate(
            refresh_digest(body.refresh_token),
            next_digest=refresh_digest(token),
            at=at,
            expires_at=at + self._refresh_token_ms,
        )
        match outcome:
            case Renewed():
                return self._signed_in(outcome.user, outcome.login, token)
            case Rotation.EXPIRED:
                raise ProblemError(Code.TOKEN_EXPIRED, "The refresh token has expired: sign in again.")
            case _:
                raise ProblemError(
                    Code.UNAUTHENTICATED, "The refresh token isn't valid.", field="refresh_token"
                )

    @endpoint("POST", "/v1/logout", status=204, group=GROUP)
    async def logout(self, caller: Caller) -> None:
        """End the login the access token came from. The access token itself stays good until it expires."""
        await self._accounts.revoke(caller.login, self._clock.now())

    @endpoint("GET", "/v1/me", answer=http.Account, group=GROUP)
    async def me(self, caller: Caller) -> http.Account:
        """The account one is signed in to."""
        account = await self._accounts.by_user(caller.user)
        if account is None:
            raise ProblemError(Code.UNAUTHENTICATED)
        return http.Account(
            user=account.user,
            handle=account.handle,
            display_name=account.display_name,
            created_at=account.created_at,
        )

    @endpoint("GET", "/v1/users", query=http.ProfilesQuery, answer=http.Profiles, group=GROUP)
    async def profiles(self, caller: Caller, query: http.ProfilesQuery) -> http.Profiles:
        """Who users are. An unknown or deleted one is simply absent."""
        found = await self._accounts.profiles(query.id)
        return http.Profiles(
            users=[
                http.Profile(id=row.user, handle=row.handle, display_name=row.display_name) for row in found
            ]
        )

    def _account(self, *, handle: str | None, display_name: str, password_hash: str | None) -> AccountRow:
        return AccountRow(
            user=f"user:{self._randomness.token(16).hex()}",
            handle=handle,
            display_name=display_name,
            password_hash=password_hash,
            created_at=self._clock.now(),
        )

    async def _create(self, account: AccountRow, device: str) -> http.SignedIn:
        begun = self._begin(device)
        try:
            await self._accounts.create(account, begun.kept)
        except HandleTakenError:
            raise ProblemError(Code.HANDLE_TAKEN, field="handle") from None
        return self._signed_in(account.user, begun.kept.login, begun.refresh_token)

    def _begin(self, device: str) -> SignedUp:
        token = new_refresh_token(self._randomness)
        at = self._clock.now()
        kept = NewLogin(
            login=self._randomness.token(16).hex(),
            device=device,
            token_digest=refresh_digest(token),
            at=at,
            token_expires_at=at + self._refresh_token_ms,
        )
        return SignedUp(kept, token)

    def _signed_in(self, user: str, login: str, refresh_token: str) -> http.SignedIn:
        now = self._clock.now()
        access_token, access_expires_at = self._tokens.issue(user, login, now)
        return http.SignedIn(
            user=user,
            access_token=access_token,
            access_expires_at=access_expires_at,
            refresh_token=refresh_token,
            refresh_expires_at=now + self._refresh_token_ms,
        )
