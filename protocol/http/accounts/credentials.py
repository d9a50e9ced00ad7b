"""Passwords, e-mail addresses and second factors."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.http.accounts.accounts import EmailAddress, FactorCode, GivenPassword, Password
from protocol.http.base import Answer, RequestBody

MailedCode = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARS_MAX)]


class ChangePassword(RequestBody, frozen=True, kw_only=True):
    """Set another password; every other login ends."""

    old: GivenPassword | None = None
    """Needed where there is one."""
    new: Password


class AskReset(RequestBody, frozen=True, kw_only=True):
    """Have a code sent to an e-mail address with which the password can be set anew."""

    email: EmailAddress


class ResetPassword(RequestBody, frozen=True, kw_only=True):
    """Set a password with a mailed code; every login ends."""

    code: MailedCode
    password: Password


class ChangeEmail(RequestBody, frozen=True, kw_only=True):
    """Have a code sent to this address; once it came back, the address is the account's."""

    email: EmailAddress
    password: GivenPassword | None = None
    """Needed where there is one."""


class VerifyEmail(RequestBody, frozen=True, kw_only=True):
    """Verify an e-mail address with the code that was mailed to it."""

    code: MailedCode


class PasswordAgain(RequestBody, frozen=True, kw_only=True):
    """Prove with the password that the user is still the one who signed in."""

    password: GivenPassword | None = None
    """Needed where there is one."""


class FactorSecret(Answer, frozen=True, kw_only=True):
    """What an authenticator takes. Nothing is asked for until a first code was right."""

    secret: str
    """Base32."""
    uri: str
    """otpauth://…, as a QR code shows it."""


class ConfirmFactor(RequestBody, frozen=True, kw_only=True):
    """Confirm the second factor with a first code: from now on signing in asks for one."""

    code: FactorCode


class RecoveryCodes(Answer, frozen=True, kw_only=True):
    """The recovery codes, shown this once. Each works once, in place of a code of the authenticator."""

    codes: list[str]


class DropFactor(RequestBody, frozen=True, kw_only=True):
    """Sign in without a second factor from now on."""

    code: FactorCode
    password: GivenPassword | None = None
    """Needed where there is one."""
