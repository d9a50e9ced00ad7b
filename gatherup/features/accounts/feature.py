"""Accounts: registering, signing in, credentials, and the mail that goes with them."""

from __future__ import annotations

import structlog

from gatherup.feature import Base, Feature
from gatherup.features.accounts.chores import account_chores
from gatherup.features.accounts.parts import AccountParts, account_parts
from gatherup.jobs.mail import mail_queue
from gatherup.jobs.mailer import NullMailer, mailer_of
from storage.postgres.accounts.retention import Retention
from storage.postgres.outbox.mail import erase_mail

_log = structlog.stdlib.get_logger("gatherup.jobs")


def accounts_of(base: Base) -> tuple[Feature, AccountParts]:
    """The feature, and what others need to make and check accounts."""
    parts = account_parts(base.config, base.pool, base.tokens, base.clock, base.randomness, base.wake)
    mail, keep_days = base.config.mail, base.config.auth.guest_keep_days
    mailer = mailer_of(mail)
    if isinstance(mailer, NullMailer):
        _log.warning("no mail is sent: neither GATHERUP_MAIL_HOST nor GATHERUP_MAIL_OUTBOX is set")
    feature = Feature(
        resources=tuple(parts.resources),
        queues=(mail_queue(mailer, sender=mail.sender, links=mail.links),),
        chores=account_chores(Retention(base.pool), base.clock, guest_keep_days=keep_days),
        erasers=(erase_mail,),
    )
    return feature, parts
