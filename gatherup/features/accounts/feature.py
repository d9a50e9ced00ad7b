"""Accounts: registering, signing in, credentials, and the mail that goes with them."""

from __future__ import annotations

from typing import Final

import structlog

from gatherup.auth.one_time import token_digest
from gatherup.feature import Base, Feature
from gatherup.features.accounts.keeps import account_keeps
from gatherup.features.accounts.parts import AccountParts, account_parts
from gatherup.http.endpoint import PathPart
from gatherup.jobs.mail import mail_queue
from gatherup.jobs.mailer import mailer_of
from gatherup.offloop.pool import OffLoop
from storage.postgres.accounts.credentials import Credentials
from storage.postgres.audit_log import erase_addresses
from storage.postgres.outbox.mail import erase_mail

PATH_PARTS: Final = (
    PathPart("login", "the id of a login"),
    PathPart("provider", "the name of an OpenID provider", "^[a-z0-9-]{1,32}$", "example"),
)
_log = structlog.stdlib.get_logger("gatherup.jobs")


def accounts_of(base: Base) -> tuple[Feature, AccountParts]:
    """The feature, and what others need to make and check accounts."""
    config = base.config
    mail, auth = config.mail, config.auth
    off_loop = OffLoop(processes=auth.hashers, waiting_max=auth.hashes_waiting_max)
    parts = account_parts(config, base.pool, off_loop, base.tokens, base.clock, base.randomness, base.wake)
    mailer = mailer_of(mail)
    if mailer is None:
        _log.warning(
            "this node sends no mail, and leaves letters to nodes that do: neither GATHERUP_MAIL_HOST nor "
            "GATHERUP_MAIL_OUTBOX is set"
        )
    credentials = Credentials(base.pool)

    async def stands(code: str) -> bool:
        return await credentials.code_stands(token_digest(code), at=base.clock.now())

    feature = Feature(
        resources=tuple(parts.resources),
        tasks=(off_loop.close_at_end,),
        queues=()
        if mailer is None
        else (mail_queue(mailer, sender=mail.sender, links=mail.links, stands=stands),),
        keeps=account_keeps(base),
        erasers=(erase_mail, erase_addresses),
        path_parts=PATH_PARTS,
    )
    return feature, parts
