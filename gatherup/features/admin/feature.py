"""What admins may do over HTTP."""

from __future__ import annotations

from gatherup.feature import Base, Feature
from gatherup.features.admin.accounts import AdminResource
from gatherup.features.admin.jobs import JobsResource
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.outbox.jobs import Jobs


def admin_of(base: Base) -> Feature:
    """The feature."""
    admins, audit = Admins(base.pool), AuditLog(base.pool)
    return Feature(
        resources=(
            AdminResource(admins, audit, base.clock, base.wake),
            JobsResource(admins, Jobs(base.pool), audit, base.wake),
        )
    )
