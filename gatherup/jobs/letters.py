"""The words of every letter: plain text, one place.

A letter's text takes the values that ``storage.postgres.outbox.mail.Template`` names. ``{link}`` is where a code can be
entered, with the code; without ``GATHERUP_MAIL_LINKS`` the code stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Final

from msgspec import Struct

from actors.kind import Instant
from protocol.limits import EMAIL_CODE_LIFETIME_S, RESET_CODE_LIFETIME_S
from storage.postgres.outbox.mail import Template

VALUE_CHARS_MAX: Final = 200
NOTICE_HOLDS_S: Final = 30 * 86_400
"""What happened stays true, but after so long it helps nobody."""
_STATE_HOLDS_S: Final = 86_400
"""What is so now may be otherwise tomorrow."""


class UnwritableError(Exception):
    """The letter lacks a value."""


class Text(Struct, frozen=True):
    """A letter before its values are filled in."""

    subject: str
    body: str
    page: str | None = None
    """The page of the site that takes its code."""
    holds_s: int = NOTICE_HOLDS_S
    """For so long after its cause it is true: afterwards it isn't sent. A letter with a code says until when."""


class Written(Struct, frozen=True):
    """A letter as somebody will read it."""

    subject: str
    body: str


_NOT_YOU: Final = "If this wasn't you, change your password and sign out everywhere."

TEXTS: Final[Mapping[Template, Text]] = {
    Template.VERIFY_EMAIL: Text(
        "Verify your e-mail address",
        "Hello {handle},\n\nto verify this e-mail address use this code:\n\n    {link}\n\n"
        "It is good until {good_until}. If you didn't ask for it, do nothing.",
        "verify-email",
        EMAIL_CODE_LIFETIME_S,
    ),
    Template.CHANGE_EMAIL: Text(
        "Confirm your new e-mail address",
        "Hello {handle},\n\nto make this your e-mail address use this code:\n\n    {link}\n\n"
        "It is good until {good_until}. If you didn't ask for it, do nothing.",
        "change-email",
        EMAIL_CODE_LIFETIME_S,
    ),
    Template.EMAIL_CHANGED: Text(
        "Your e-mail address was changed",
        "Hello {handle},\n\nyour account's e-mail address is {new} now. " + _NOT_YOU,
    ),
    Template.EMAIL_TAKEN: Text(
        "You have an account already",
        "Hello {handle},\n\nsomebody, perhaps you, wanted to use this e-mail address for another account. It "
        "belongs to yours: sign in, or ask for a new password. If it wasn't you, do nothing.",
    ),
    Template.RESET_PASSWORD: Text(
        "Set a new password",
        "Hello {handle},\n\nto set a new password use this code:\n\n    {link}\n\n"
        "It is good until {good_until}. If you didn't ask for it, do nothing: your password stays as it is.",
        "reset-password",
        RESET_CODE_LIFETIME_S,
    ),
    Template.PASSWORD_CHANGED: Text(
        "Your password was changed",
        "Hello {handle},\n\nyour account has a new password. " + _NOT_YOU,
    ),
    Template.NEW_LOGIN: Text(
        "A new login",
        "Hello {handle},\n\nsomebody signed in to your account.\n\n    device: {device}\n    place: {place}\n"
        "    time: {at}\n\n" + _NOT_YOU,
    ),
    Template.TOKEN_REUSED: Text(
        "A login was ended",
        "Hello {handle},\n\nthe login of this device was ended, because a copy of its token was used:\n\n"
        "    device: {device}\n\nSomebody may have had access to it. Change your password, and sign in again.",
    ),
    Template.LOCKED_OUT: Text(
        "Too many wrong passwords",
        "Hello {handle},\n\nsomebody tried wrong passwords for your account, and has to wait now. If it was you, "
        "ask for a new password.",
        holds_s=_STATE_HOLDS_S,
    ),
    Template.SECOND_FACTOR_ON: Text(
        "Your second factor is on",
        "Hello {handle},\n\nsigning in to your account takes a code of your second factor now. " + _NOT_YOU,
    ),
    Template.SECOND_FACTOR_OFF: Text(
        "Your second factor is off",
        "Hello {handle},\n\nsigning in to your account takes only the password now. " + _NOT_YOU,
    ),
    Template.RECOVERY_CODE_USED: Text(
        "A recovery code was used",
        "Hello {handle},\n\nsomebody signed in to your account with a recovery code; {left} are left. "
        + _NOT_YOU,
    ),
    Template.ACCOUNT_DELETED: Text(
        "Your account will be erased",
        "Hello {handle},\n\nyour account is hidden now and will be erased on {until}. Sign in before then to keep "
        "it.",
        holds_s=_STATE_HOLDS_S,
    ),
    Template.ACCOUNT_RESTORED: Text(
        "Your account stays",
        "Hello {handle},\n\nyour account won't be erased. " + _NOT_YOU,
        holds_s=_STATE_HOLDS_S,
    ),
}


def needed(template: Template) -> frozenset[str]:
    """The names of the values a letter takes."""
    text = TEXTS[template]
    names = {name for _, name, _, _ in Formatter().parse(text.subject + text.body) if name}
    return frozenset(names - {"link", "good_until"} | ({"code"} if "link" in names else set()))


def written(
    template: Template, values: Mapping[str, str], links: str | None, *, caused_at: Instant
) -> Written:
    """The letter with these values, each on one line whatever it held. Raises UnwritableError.

    ``links`` is the site's address, without a slash at the end. The code stands in the fragment, which browsers
    keep to themselves.
    """
    if missing := needed(template) - values.keys():
        raise UnwritableError(f"The letter {template} lacks {', '.join(sorted(missing))}.")
    text = TEXTS[template]
    said = {name: one_line(value) for name, value in values.items()}
    code = said.get("code", "")
    said["link"] = code if links is None or text.page is None else f"{links}/{text.page}#code={code}"
    good_until = datetime.fromtimestamp(caused_at / 1000 + text.holds_s, UTC)
    said["good_until"] = good_until.strftime("%Y-%m-%d %H:%M UTC")
    return Written(text.subject.format_map(said), text.body.format_map(said) + "\n")


def one_line(value: str) -> str:
    """The text without control characters and line breaks, cut: what somebody typed must not look like ours."""
    printable = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(printable.split())[:VALUE_CHARS_MAX]
