"""Accounts and logins."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from protocol import limits
from protocol.http.base import Answer, RequestBody
from protocol.ids import UserId
from protocol.text import LINES, NAME, NO_NUL

Handle = Annotated[
    str,
    Meta(
        min_length=limits.HANDLE_CHARS_MIN,
        max_length=limits.HANDLE_CHARS_MAX,
        pattern=NO_NUL,
        description="letters, digits and _ of one script; unique whatever the case, and among those that look alike",
    ),
]
DisplayName = Annotated[
    str, Meta(min_length=1, max_length=limits.DISPLAY_NAME_CHARS_MAX, pattern=NO_NUL, extra=NAME)
]
Password = Annotated[
    str, Meta(min_length=limits.PASSWORD_CHARS_MIN, max_length=limits.PASSWORD_CHARS_MAX, pattern=NO_NUL)
]
GivenPassword = Annotated[str, Meta(max_length=limits.PASSWORD_CHARS_MAX, pattern=NO_NUL)]
EmailAddress = Annotated[
    str,
    Meta(
        max_length=limits.EMAIL_CHARS_MAX,
        pattern=r"^[!-?A-~]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$(?!\n)",
        description="ASCII; domains of other scripts in their xn-- form",
        examples=["ann@example.org"],
    ),
]
FactorCode = Annotated[
    str,
    Meta(
        min_length=6,
        max_length=32,
        pattern=r"^[A-Za-z2-7 -]+$(?!\n)|^[0-9]{6}$(?!\n)",
        description="six digits of the authenticator, or a recovery code",
    ),
]
KnownDevice = Annotated[str, Meta(max_length=limits.TOKEN_CHARS_MAX)]
Device = Annotated[str, Meta(max_length=limits.DEVICE_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
RefreshTokenText = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARS_MAX)]


class Register(RequestBody, frozen=True, kw_only=True):
    """Make an account and sign in."""

    handle: Handle
    password: Password
    email: EmailAddress | None = None
    """A code is sent there that proves that it is one's own; until then the account has none."""
    display_name: DisplayName | None = None
    """The handle, if none is given."""
    device: Device = ""
    """What the user will recognise this login by."""


class SignIn(RequestBody, frozen=True, kw_only=True):
    """Sign in with handle or e-mail address, and password."""

    name: Annotated[str, Meta(max_length=limits.EMAIL_CHARS_MAX, pattern=NO_NUL)]
    """The handle, or an e-mail address that was verified."""
    password: GivenPassword
    device: Device = ""
    known_device: KnownDevice | None = None
    """As an earlier sign-in on this device answered it: others' wrong attempts then don't keep its owner out."""


class SignInWithCode(RequestBody, frozen=True, kw_only=True):
    """Finish a sign-in that was refused with ``second_factor_needed``."""

    ticket: Annotated[str, Meta(max_length=limits.TOKEN_CHARS_MAX)]
    """As the refusal gave it; good for minutes."""
    code: FactorCode


class SignInWithDevice(RequestBody, frozen=True, kw_only=True):
    """Sign in to the guest account of this device."""

    device_secret: Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARS_MAX)]
    device: Device = ""


class SignInAsGuest(RequestBody, frozen=True, kw_only=True):
    """Make an account without handle and password; it belongs to who has its tokens or its device secret."""

    display_name: DisplayName
    device: Device = ""


class Refresh(RequestBody, frozen=True, kw_only=True):
    """Exchange a refresh token for the next one and a new access token."""

    refresh_token: RefreshTokenText
    retry_key: Annotated[str, Meta(min_length=16, max_length=limits.RETRY_KEY_CHARS_MAX)] | None = None
    """Random, chosen once for this refresh token and kept with it. If the answer was lost, the same two again within
    REFRESH_GRACE_S get it again; without the key a token shown twice ends the login."""


class Upgrade(RequestBody, frozen=True, kw_only=True):
    """Give a guest account a handle and a password; it stays the same user."""

    handle: Handle
    password: Password
    email: EmailAddress | None = None


class Account(Answer, frozen=True, kw_only=True):
    """A user, as only they themselves see it."""

    user: UserId
    handle: str | None
    """None for a guest."""
    display_name: str
    created_at: int
    """Unix time in milliseconds."""
    email: str | None
    """None until one was verified."""
    has_password: bool
    second_factor: bool
    """Whether signing in asks for a code."""
    identities: list[str]
    """The names of the providers whose identities this account is linked to."""


class SignedIn(Answer, frozen=True, kw_only=True):
    """A login: the access token for requests and hello, the refresh token for the next pair, good once."""

    user: UserId
    access_token: str
    access_expires_at: int
    """Unix time in milliseconds."""
    refresh_token: str
    refresh_expires_at: int
    """Unix time in milliseconds."""
    known_device: str | None = None
    """Keep it on the device and give it with the next sign-in there."""
    device_secret: str | None = None
    """Told once, to a new guest: with it the device can sign in to the account again when its tokens are lost."""


class Jwk(Answer, frozen=True, kw_only=True):
    """A public key that signs access tokens (RFC 8037)."""

    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class Jwks(Answer, frozen=True, kw_only=True):
    """The keys that access tokens are checked with (RFC 7517)."""

    keys: list[Jwk]
