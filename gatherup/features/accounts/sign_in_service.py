"""Makes a login for somebody who has proved who they are, after a second factor where the account has one."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.ports.time import Clock
from actors.text.handles import Handle, HandleError, checked
from gatherup.auth.issuer import Issuer, ticket_until
from gatherup.auth.seal import BrokenSealError, Seal
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.accounts import SignedIn
from storage.postgres.accounts.accounts import AccountRow, Accounts, HandleRow, HandleTakenError, NewAccount
from storage.postgres.accounts.credentials import MailedCode
from storage.postgres.accounts.sign_ins import SignIns

_PROOF_BYTES: Final = 16


class SignInContext(Struct, frozen=True, kw_only=True):
    """From where somebody signs in."""

    device: str
    address: str
    known_device: str | None
    told: bool = True
    """Whether the user gets a notice, unless the device is known."""


class HalfSignedIn(Struct, frozen=True, kw_only=True):
    """Somebody who showed one factor. Sealed, it is the ticket with which they show the other."""

    user: str
    device: str
    known_device: str | None
    password: bytes
    """A digest of the password's hash: a new password makes the ticket void."""
    expires_at: Instant


class SignInService:
    """Lets in who may come in."""

    def __init__(
        self, accounts: Accounts, sign_ins: SignIns, issuer: Issuer, seal: Seal, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._sign_ins = sign_ins
        self._issuer = issuer
        self._seal = seal
        self._clock = clock

    def new_user(self) -> str:
        """The id of a user who isn't there yet."""
        return f"user:{self._issuer.new_id()}"

    async def create(
        self,
        account: NewAccount,
        device: str,
        address: str,
        *,
        mailed: MailedCode | None = None,
        device_secret: str | None = None,
    ) -> SignedIn:
        """Keep a new account, signed in. Raises ProblemError."""
        begun = self._issuer.begin(device, address)
        try:
            await self._accounts.create(account, begun.kept, mailed)
        except HandleTakenError:
            raise ProblemError(Code.HANDLE_TAKEN, field="handle") from None
        return self._issuer.signed_in(account.user, begun, known_device=None, device_secret=device_secret)

    async def admit(self, account: AccountRow, context: SignInContext) -> SignedIn:
        """Sign in who showed a first factor. Raises ProblemError: ``banned``, or ``second_factor_needed``."""
        if account.banned:
            raise ProblemError(Code.BANNED, "This account is banned.")
        if account.second_factor:
            half = HalfSignedIn(
                user=account.user,
                device=context.device,
                known_device=context.known_device,
                password=_digest(account),
                expires_at=ticket_until(self._clock),
            )
            raise ProblemError(Code.SECOND_FACTOR_NEEDED, ticket=self._seal.ticket(half))
        return await self._enter(account, context)

    async def half_signed_in(self, ticket: str) -> tuple[HalfSignedIn, AccountRow]:
        """Who was asked for a second factor. Raises ProblemError."""
        try:
            half = self._seal.read_ticket(HalfSignedIn, ticket)
        except BrokenSealError:
            raise _bad_ticket() from None
        now = self._clock.now()
        account = await self._accounts.by_user(half.user, now) if now < half.expires_at else None
        if account is None or account.banned or half.password != _digest(account):
            raise _bad_ticket()
        return half, account

    async def finish(self, half: HalfSignedIn, account: AccountRow, address: str) -> SignedIn:
        """Sign in who showed the second factor too. Raises ProblemError."""
        context = SignInContext(device=half.device, address=address, known_device=half.known_device)
        return await self._enter(account, context)

    async def _enter(self, account: AccountRow, context: SignInContext) -> SignedIn:
        begun = self._issuer.begin(context.device, context.address)
        told = context.told and context.known_device is None
        if not await self._sign_ins.add(
            account.user, begun.kept, told=told, password_hash=account.password_hash
        ):
            raise ProblemError(Code.WRONG_CREDENTIALS)
        return self._issuer.signed_in(account.user, begun, known_device=context.known_device)


def good_handle(handle: str) -> HandleRow:
    """The handle in the forms that are kept. Raises ProblemError."""
    try:
        good: Handle = checked(handle)
    except HandleError as error:
        raise ProblemError(error.code, error.sentence, field="handle") from None
    return HandleRow(good.text, good.folded, good.skeleton)


def _digest(account: AccountRow) -> bytes:
    return blake2b((account.password_hash or "").encode(), digest_size=_PROOF_BYTES).digest()


def _bad_ticket() -> ProblemError:
    return ProblemError(Code.CODE_INVALID, "The ticket has expired: sign in again.", field="ticket")
