"""Who takes letters: an SMTP server, or a folder for development."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from typing import Final

import trio
from msgspec import Struct
from typing_extensions import override

from gatherup.config import Mail
from gatherup.jobs.mail import AT_ONCE, Mailer
from gatherup.jobs.queue import JobFailedError, JobHopelessError, JobNotNowError

STEP_TIMEOUT_S: Final = 15.0
"""What the SMTP server gets for one answer."""
_FOR_GOOD: Final = 500
"""Answers from here on are final (RFC 5321, 4.2.1)."""
_OF_THE_SERVER: Final = frozenset({421, 454, 530, 534, 535, 538})
"""It closes, or wants another password or TLS: that says nothing of the letter (RFC 5321, 4.2.2; RFC 4954, 6)."""


class Smtp(Struct, frozen=True, kw_only=True):
    """Where and how to hand letters over."""

    host: str
    port: int
    tls: str
    """``tls`` from the first byte, ``starttls`` or ``none``."""
    user: str | None
    password: str | None


class _Client(smtplib.SMTP):
    """Knows whether the server was given a letter to judge."""

    judges = False

    @override
    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        self.judges = True
        return super().rcpt(recip, options)


class _TlsClient(smtplib.SMTP_SSL, _Client):
    """The same, on a connection that is encrypted from its first byte."""


class SmtpMailer:
    """Hands letters to an SMTP server with the standard library's client, each on a connection of its own.

    Only what the server answers to the recipient and to the text judges a letter. Whatever fails before (connection,
    TLS, password, sender) is an outage of the server: then all letters wait, and no attempt is used up.

    In worker threads: that client blocks. A thread that is given up ends by its own timeouts.
    """

    def __init__(self, smtp: Smtp, *, tls: ssl.SSLContext | None = None) -> None:
        self._smtp = smtp
        self._tls = tls or ssl.create_default_context()
        self._limiter = trio.CapacityLimiter(AT_ONCE)

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Hand a letter over; returns when the server has taken it.

        Raises JobFailedError, JobHopelessError, JobNotNowError.
        """
        await trio.to_thread.run_sync(self._send, message, to, limiter=self._limiter, abandon_on_cancel=True)

    def _send(self, message: EmailMessage, to: str) -> None:
        try:
            client = self._connected()
        except (smtplib.SMTPException, OSError) as error:
            raise _outage(error) from None
        try:
            self._introduce(client)
            client.send_message(message, to_addrs=[to])
        except (smtplib.SMTPException, OSError) as error:
            raise (_judged(error) if client.judges else _outage(error)) from None
        else:
            # The letter was taken: how the server says goodbye changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
        finally:
            client.close()

    def _introduce(self, client: _Client) -> None:
        smtp = self._smtp
        if smtp.tls == "starttls":
            client.starttls(context=self._tls)
        if smtp.user is not None:
            client.login(smtp.user, smtp.password or "")

    def _connected(self) -> _Client:
        host, port = self._smtp.host, self._smtp.port
        if self._smtp.tls == "tls":
            return _TlsClient(host, port, timeout=STEP_TIMEOUT_S, context=self._tls)
        return _Client(host, port, timeout=STEP_TIMEOUT_S)


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


def mailer_of(mail: Mail) -> Mailer | None:
    """Who takes letters by these settings; None if nobody."""
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
    return None if mail.outbox is None else FolderMailer(mail.outbox)


def _judged(error: smtplib.SMTPException | OSError) -> Exception:
    """What an error says of the letter that the server was given. Its text may quote what was said to the server."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        (code, _) = next(iter(error.recipients.values()))
        return _refused("The server refuses the recipient", code)
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused("The server refuses the letter", error.smtp_code)
    return JobFailedError(f"The SMTP server went away with the letter: {type(error).__name__}.")


def _refused(what: str, code: int) -> Exception:
    sentence = f"{what} ({code})."
    if code in _OF_THE_SERVER:
        return JobNotNowError(None, sentence)
    return JobHopelessError(sentence) if code >= _FOR_GOOD else JobFailedError(sentence)


def _outage(error: smtplib.SMTPException | OSError) -> JobNotNowError:
    code = f" ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
    return JobNotNowError(None, f"The SMTP server can't be used: {type(error).__name__}{code}.")
