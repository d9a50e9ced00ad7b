"""What admins may do over HTTP."""

from __future__ import annotations

from gatherup.feature import Base, Feature
from gatherup.features.admin.accounts import AdminResource
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog


def admin_of(base: Base) -> Feature:
    """The feature."""
    return Feature(resources=(AdminResource(Admins(base.pool), AuditLog(base.pool), base.clock, base.wake),))
