"""Who takes letters: an SMTP server, a folder for development, or nobody."""

from __future__ import annotations

import smtplib
import ssl
from email import policy
from email.message import EmailMessage
from typing import Final

import trio
from msgspec import Struct

from gatherup.config import Mail
from gatherup.jobs.mail import AT_ONCE, Mailer
from gatherup.jobs.worker import JobFailedError, JobHopelessError

STEP_TIMEOUT_S: Final = 15.0
"""What the SMTP server gets for one answer."""
_FOR_GOOD: Final = 500
"""Answers from here on are final (RFC 5321, 4.2.1)."""


class Smtp(Struct, frozen=True, kw_only=True):
    """Where and how to hand letters over."""

    host: str
    port: int
    tls: str
    """``tls`` from the first byte, ``starttls`` or ``none``."""
    user: str | None
    password: str | None


class SmtpMailer:
    """Hands letters to an SMTP server with the standard library's client, each on a connection of its own.

    In worker threads: that client blocks. A thread that is given up ends by its own timeouts.
    """

    def __init__(self, smtp: Smtp, *, tls: ssl.SSLContext | None = None) -> None:
        self._smtp = smtp
        self._tls = tls or ssl.create_default_context()
        self._limiter = trio.CapacityLimiter(AT_ONCE)

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Hand a letter over; returns when the server has taken it. Raises JobFailedError, JobHopelessError."""
        try:
            await trio.to_thread.run_sync(
                self._send, message, to, limiter=self._limiter, abandon_on_cancel=True
            )
        except smtplib.SMTPRecipientsRefused as error:
            (code, _) = next(iter(error.recipients.values()))
            raise _trouble("The server refuses the recipient", code) from None
        except smtplib.SMTPAuthenticationError as error:
            raise JobFailedError(f"The server refuses our password ({error.smtp_code}).") from None
        except smtplib.SMTPResponseException as error:
            raise _trouble("The server refuses the letter", error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            # Its text may quote what was said to the server.
            raise JobFailedError(f"The SMTP server can't be used: {type(error).__name__}.") from None

    def _send(self, message: EmailMessage, to: str) -> None:
        smtp = self._smtp
        with self._connected() as client:
            if smtp.tls == "starttls":
                client.starttls(context=self._tls)
            if smtp.user is not None:
                client.login(smtp.user, smtp.password or "")
            client.send_message(message, to_addrs=[to])

    def _connected(self) -> smtplib.SMTP:
        host, port = self._smtp.host, self._smtp.port
        if self._smtp.tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=STEP_TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(host, port, timeout=STEP_TIMEOUT_S)


class FolderMailer:
    """Writes letters to a folder, a file each: what development has instead of mail."""

    def __init__(self, folder: str) -> None:
        self._folder = trio.Path(folder)

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Write a letter; the same one again replaces its file. Raises JobFailedError."""
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        try:
            await self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            await (self._folder / f"{name}.eml").write_bytes(message.as_bytes(policy=policy.default))
        except OSError as error:
            raise JobFailedError(f"The letter wasn't written: {type(error).__name__}.") from None


class NullMailer:
    """Takes nothing: letters become dead ones, which can be sent when there is a server."""

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Refuse every letter: raises JobHopelessError."""
        raise JobHopelessError("No mail is sent: GATHERUP_MAIL_HOST isn't set.")


def mailer_of(mail: Mail) -> Mailer:
    """Who takes letters by these settings."""
    if mail.host is not None:
        return SmtpMailer(
            Smtp(
                host=mail.host,
                port=mail.port,
                tls=mail.tls,
                user=mail.user,
                password=None if mail.password is None else mail.password.reveal(),
            )
        )
    return NullMailer() if mail.outbox is None else FolderMailer(mail.outbox)


def _trouble(what: str, code: int) -> Exception:
    sentence = f"{what} ({code})."
    return JobHopelessError(sentence) if code >= _FOR_GOOD else JobFailedError(sentence)
