"""Signing in with an identity that an OpenID provider keeps, and linking one to an account.

An identity is found by issuer and subject and by nothing else: an equal e-mail address links nobody.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.ports.time import Clock, Randomness
from gatherup.auth.id_token import Who
from gatherup.auth.issuer import Issuer, ticket_until
from gatherup.auth.oidc import Oidc, ProviderRefusedError, ProviderUnavailableError, Visit
from gatherup.auth.one_time import new_token
from gatherup.auth.seal import BrokenSealError, Seal
from gatherup.features.accounts.proofs import PasswordProof
from gatherup.features.accounts.sign_in_service import SignInContext, SignInService
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.accounts.accounts import SignedIn
from protocol.http.accounts.credentials import PasswordAgain
from protocol.http.accounts.oidc import BeginLink, BeginOidc, FinishOidc, OidcBegun, Provider, Providers
from storage.postgres.accounts.accounts import Accounts, NewAccount
from storage.postgres.accounts.identities import Identities, IdentityTakenError, LastWayInError
from storage.postgres.driver.errors import DataRejected

GROUP: Final = "oidc"
RETRY_AFTER_S: Final = 5.0
NAMELESS: Final = "Player"


class OidcVisit(Struct, frozen=True, kw_only=True):
    """A browser that is away at a provider. Sealed, it is what the client that sent it keeps."""

    provider: str
    visit: Visit
    device: str
    link: str | None
    """The user whose account the identity is to be linked to; None to sign in."""
    expires_at: Instant


class OidcFlows:
    """Sends browsers to providers and says who came back."""

    def __init__(
        self, providers: Mapping[str, Oidc], seal: Seal, clock: Clock, randomness: Randomness
    ) -> None:
        self._providers = providers
        self._seal = seal
        self._clock = clock
        self._randomness = randomness

    def told(self) -> Providers:
        """The providers that the operator has set up."""
        settings = [oidc.provider for oidc in self._providers.values()]
        return Providers(providers=[Provider(name=one.name, title=one.title) for one in settings])

    def named(self, name: str) -> Oidc:
        """The provider of this name. Raises ProblemError."""
        if (oidc := self._providers.get(name)) is None:
            raise ProblemError(Code.NOT_FOUND)
        return oidc

    async def begin(self, name: str, body: BeginOidc, *, link: str | None) -> OidcBegun:
        """Send a browser. Raises ProblemError."""
        oidc = self.named(name)
        allowed = oidc.provider.redirect_uris
        redirect_uri = allowed[0] if body.redirect_uri is None else body.redirect_uri
        if redirect_uri not in allowed:
            raise ProblemError(
                Code.INVALID, "This address isn't on the list of allowed ones.", field="redirect_uri"
            )
        visit = Visit(
            state=new_token(self._randomness),
            nonce=new_token(self._randomness),
            verifier=new_token(self._randomness),
            redirect_uri=redirect_uri,
        )
        try:
            url = await oidc.authorize_url(visit)
        except ProviderUnavailableError:
            raise _unavailable() from None
        expires_at = ticket_until(self._clock)
        sealed = OidcVisit(provider=name, visit=visit, device=body.device, link=link, expires_at=expires_at)
        return OidcBegun(authorize_url=url, begun=self._seal.ticket(sealed), expires_at=expires_at)

    async def finish(self, name: str, body: FinishOidc, *, link: str | None) -> tuple[OidcVisit, Who]:
        """Who came back. Raises ProblemError."""
        oidc = self.named(name)
        try:
            begun = self._seal.read_ticket(OidcVisit, body.begun)
        except BrokenSealError:
            raise _not_begun("begun") from None
        if begun.provider != name or begun.link != link or begun.expires_at <= self._clock.now():
            raise _not_begun("begun")
        if not hmac.compare_digest(begun.visit.state.encode(), body.state.encode()):
            raise _not_begun("state")
        try:
            return begun, await oidc.redeem(body.code, begun.visit)
        except ProviderUnavailableError:
            raise _unavailable() from None
        except ProviderRefusedError:
            raise ProblemError(
                Code.WRONG_CREDENTIALS, "The provider didn't say who signed in.", field="code"
            ) from None


class OidcResource:
    """Signing in with OpenID providers."""

    def __init__(
        self,
        oidc_flows: OidcFlows,
        accounts: Accounts,
        sign_in_service: SignInService,
        issuer: Issuer,
        clock: Clock,
    ) -> None:
        self._oidc_flows = oidc_flows
        self._accounts = accounts
        self._sign_in_service = sign_in_service
        self._issuer = issuer
        self._clock = clock

    @endpoint("GET", "/v1/oidc", answer=Providers, anonymous=True, group=GROUP)
    async def providers(self, caller: Caller) -> Providers:
        """List the sites with which one may sign in."""
        return self._oidc_flows.told()

    @endpoint(
        "POST", "/v1/oidc/<provider>/begin", body=BeginOidc, answer=OidcBegun, anonymous=True, group=GROUP
    )
    async def begin(self, caller: Caller, body: BeginOidc, provider: str) -> OidcBegun:
        """Begin to sign in with a site: the answer says where to send the browser, and what to keep meanwhile."""
        return await self._oidc_flows.begin(provider, body, link=None)

    @endpoint(
        "POST",
        "/v1/oidc/<provider>/finish",
        body=FinishOidc,
        answer=SignedIn,
        anonymous=True,
        refuses=(
            Code.CODE_INVALID,
            Code.WRONG_CREDENTIALS,
            Code.ALREADY_EXISTS,
            Code.BANNED,
            Code.SECOND_FACTOR_NEEDED,
        ),
        group=GROUP,
    )
    async def finish(self, caller: Caller, body: FinishOidc, provider: str) -> SignedIn:
        """Sign in with the code that the provider gave back. The first time, this makes an account."""
        begun, who = await self._oidc_flows.finish(provider, body, link=None)
        issuer = self._oidc_flows.named(provider).provider.issuer
        account = await self._accounts.by_identity(issuer, who.subject, self._clock.now())
        if account is None:
            return await self._create(issuer, who, begun.device, caller.address)
        known = self._issuer.known_device(body.known_device, account.user)
        context = SignInContext(device=begun.device, address=caller.address, known_device=known)
        return await self._sign_in_service.admit(account, context)

    async def _create(self, issuer: str, who: Who, device: str, address: str) -> SignedIn:
        account = NewAccount(
            user=self._sign_in_service.new_user(),
            handle=None,
            display_name=shown_name(who),
            password_hash=None,
            identity=(issuer, who.subject),
            created_at=self._clock.now(),
        )
        try:
            return await self._sign_in_service.create(account, device, address)
        except DataRejected:
            # Another sign-in of the same person made it a moment ago, or it waits to be erased.
            raise ProblemError(
                Code.ALREADY_EXISTS, "This identity already belongs to an account: begin again."
            ) from None


class IdentitiesResource:
    """Linking identities to one's account."""

    def __init__(
        self, oidc_flows: OidcFlows, identities: Identities, passwords: PasswordProof, clock: Clock
    ) -> None:
        self._oidc_flows = oidc_flows
        self._identities = identities
        self._passwords = passwords
        self._clock = clock

    @endpoint(
        "POST",
        "/v1/me/identities/<provider>/begin",
        body=BeginLink,
        answer=OidcBegun,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT),
        group=GROUP,
    )
    async def begin_link(self, caller: Caller, body: BeginLink, provider: str) -> OidcBegun:
        """Begin to link an identity to one's account."""
        await self._passwords.confirmed(caller, body.password)
        return await self._oidc_flows.begin(provider, body, link=caller.user)

    @endpoint(
        "POST",
        "/v1/me/identities/<provider>",
        body=FinishOidc,
        status=204,
        refuses=(Code.CODE_INVALID, Code.WRONG_CREDENTIALS, Code.ALREADY_EXISTS),
        group=GROUP,
    )
    async def link(self, caller: Caller, body: FinishOidc, provider: str) -> None:
        """Link the identity that the provider gave back: its owner can then sign in as this user."""
        _, who = await self._oidc_flows.finish(provider, body, link=caller.user)
        issuer = self._oidc_flows.named(provider).provider.issuer
        try:
            await self._identities.link(
                caller.user, issuer, who.subject, at=self._clock.now(), address=caller.address
            )
        except IdentityTakenError:
            raise ProblemError(
                Code.ALREADY_EXISTS, "This identity, or another one of this provider, is already linked."
            ) from None

    @endpoint(
        "DELETE",
        "/v1/me/identities/<provider>",
        body=PasswordAgain,
        status=204,
        refuses=(Code.WRONG_CREDENTIALS, Code.LOCKED_OUT, Code.FORBIDDEN),
        group=GROUP,
    )
    async def unlink(self, caller: Caller, body: PasswordAgain, provider: str) -> None:
        """Unlink the identity of a provider, so that it can't sign in to the account any more."""
        await self._passwords.confirmed(caller, body.password)
        issuer = self._oidc_flows.named(provider).provider.issuer
        try:
            unlinked = await self._identities.unlink(caller.user, issuer, address=caller.address)
        except LastWayInError:
            raise ProblemError(
                Code.FORBIDDEN, "You would have no way left to sign in: set a password first."
            ) from None
        if not unlinked:
            raise ProblemError(Code.NOT_FOUND)


def shown_name(who: Who) -> str:
    """What to call somebody who comes for the first time."""
    name = "".join(char for char in who.name or "" if char.isprintable()).strip()
    return name[: limits.DISPLAY_NAME_CHARS_MAX] or NAMELESS


def _not_begun(field: str) -> ProblemError:
    return ProblemError(
        Code.CODE_INVALID, "The sign-in wasn't begun here or has expired: begin again.", field=field
    )


def _unavailable() -> ProblemError:
    return ProblemError(Code.UNAVAILABLE, "The provider can't be reached now.", retry_after_s=RETRY_AFTER_S)
