"""The queue ``mail``: from a row to a letter that is on its way."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from actors.ports.jobs import TakenJob
from gatherup.jobs.letters import TEXTS, UnwritableError, written
from gatherup.jobs.queue import JobHopelessError, JobOverError, JobUnknownError, Queue
from storage.postgres.outbox.mail import QUEUE, WITH_CODE, Template

AT_ONCE: Final = 4
LANE_AT_ONCE: Final = 3
"""Of them, those of one lane: letters with a code and all others leave room for each other."""
ATTEMPTS_MAX: Final = 10
TIMEOUT_S: Final = 60.0
BACKOFF_MIN_S: Final = 5.0
BACKOFF_MAX_S: Final = 1800.0

# One mailbox in its plain form: no display name, no list, no comment, nothing that ends a header or a command.
_ADDRESS: Final = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f]{1,255}"
)


class MailJob(Struct, frozen=True, kw_only=True):
    """What stands in a row."""

    to: str
    template: Template
    values: dict[str, str]


class Mailer(Protocol):
    """Takes letters: an SMTP server, or a folder."""

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Hand a letter over. Raises JobFailedError, JobHopelessError, JobNotNowError."""
        ...


Stands = Callable[[str], Awaitable[bool]]
"""Whether a mailed code is still good: neither used nor replaced by a newer one. Raises what the storage raises."""


def mail_queue(mailer: Mailer, *, sender: str, links: str | None, stands: Stands) -> Queue:
    """The queue of letters, as ``sender``, an address like ``GatherUp <no-reply@example.org>``."""

    async def handle(job: TakenJob) -> None:
        mail_job = _mail_job(job)
        if mail_job.template in WITH_CODE and not await stands(mail_job.values.get("code", "")):
            raise JobOverError(f"The code of the letter {mail_job.template} was used or replaced.")
        await mailer.send(composed(job, mail_job, sender=sender, links=links), to=mail_job.to)

    return Queue(
        name=QUEUE,
        handle=handle,
        at_once=AT_ONCE,
        lane_at_once=LANE_AT_ONCE,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=TIMEOUT_S,
        backoff_min_s=BACKOFF_MIN_S,
        backoff_max_s=BACKOFF_MAX_S,
    )


def _mail_job(job: TakenJob) -> MailJob:
    try:
        mail_job = msgspec.convert(job.arguments, MailJob)
    except msgspec.ValidationError:
        raise JobUnknownError("The row holds no letter that this release knows.") from None
    if not _ADDRESS.fullmatch(mail_job.to):
        raise JobHopelessError("This is no e-mail address.")
    if job.age_s >= TEXTS[mail_job.template].holds_s:
        raise JobOverError(f"The letter {mail_job.template} would come too late.")
    return mail_job


def composed(job: TakenJob, mail_job: MailJob, *, sender: str, links: str | None) -> EmailMessage:
    """The message of a row: the same one each time, by which mail programs know a repeat. Raises JobUnknownError.

    Nothing in it can add a header: values stand in the body alone, and the library refuses line breaks in headers.
    """
    try:
        letter = written(mail_job.template, mail_job.values, links, caused_at=job.created_at)
    except UnwritableError as error:
        raise JobUnknownError(str(error)) from None
    message = EmailMessage(policy.SMTP)
    message["From"] = sender
    message["To"] = mail_job.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(job.created_at / 1000, UTC))
    domain = sender.rstrip("> ").rpartition("@")[2]
    message["Message-ID"] = f"<job-{job.id}-{job.created_at}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message
