"""Everything a node does of jobs, joined up."""

from __future__ import annotations

import structlog
import trio

from actors.ports.time import Clock, Randomness
from gatherup.auth.seal import derived_key
from gatherup.config import Config
from gatherup.features.integrations.delivery import WebhookDelivery, webhook_client
from gatherup.jobs.mail import mail_queue
from gatherup.jobs.post import NoPost, post_of
from gatherup.jobs.worker import JobWorker
from storage.postgres.driver.pool import Pool
from storage.postgres.integrations.webhooks import Webhooks
from storage.postgres.outbox.jobs import Jobs

_log = structlog.stdlib.get_logger("gatherup.jobs")


class NodeJobs:
    """The worker, and what its queues need while it runs."""

    def __init__(self, config: Config, pool: Pool, clock: Clock, randomness: Randomness) -> None:
        post = post_of(config.mail)
        if isinstance(post, NoPost):
            _log.warning("no mail is sent: neither GATHERUP_MAIL_HOST nor GATHERUP_MAIL_OUTBOX is set")
        self._client = webhook_client()
        self._delivery = WebhookDelivery(
            Webhooks(pool),
            self._client,
            config.webhooks,
            clock,
            randomness,
            key=webhook_key(config.runtime.receipt_key.key),
        )
        mail = mail_queue(post, sender=config.mail.sender, links=config.mail.links)
        self.worker = JobWorker(Jobs(pool), [mail, self._delivery.queue()], clock, randomness)

    async def run(self) -> None:
        """Work until cancelled."""
        async with self._client, trio.open_nursery() as nursery:
            nursery.start_soon(self._delivery.sweep)
            nursery.start_soon(self.worker.run)


def webhook_key(receipt_key: bytes) -> bytes:
    """What the secrets of webhooks derive from, itself derived from the key that all nodes share."""
    return derived_key(receipt_key, b"webhooks")
