"""The branch of the tree that says how long what is over is kept."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actors.limiting.lockout import FORGET_AFTER_S
from protocol.limits import ACCOUNT_ERASE_DAYS, RECEIPT_KEEP_DAYS, ROOM_RESTORE_DAYS

DAYS_MAX = 3650
AUDIT_DAYS_MIN = 90
"""The database itself refuses to delete younger entries of the audit log."""
DAY_S = 86_400


def days(description: str, *, at_least: int = 1) -> Meta:
    """A leaf that holds a number of days."""
    return Meta(ge=at_least, le=DAYS_MAX, description=description)


class Keep(Struct, frozen=True, kw_only=True):
    """How long what is over is kept, in days. What is kept without a time stands in docs/retention.md too."""

    receipts_days: Annotated[
        int,
        days(
            "What tells that a command of a user or a key is sent again; later it would be a new one.",
            at_least=RECEIPT_KEEP_DAYS,
        ),
    ] = RECEIPT_KEEP_DAYS
    in_hand_days: Annotated[int, days("Notes of commands that nodes decided when they were lost.")] = 1
    departed_nodes_days: Annotated[
        int, days("Names of nodes that left the cluster, with their last report.")
    ] = 1
    canary_days: Annotated[int, days("Streams of canaries whose node is gone.")] = 1
    dead_jobs_days: Annotated[int, days("Dead jobs, which can be tried again until then.")] = 30
    left_jobs_days: Annotated[
        int, days("A job that was due for so long and that no node took, since none knows it, is dead.")
    ] = 7
    codes_days: Annotated[int, days("Mailed codes, after they have expired.")] = 1
    attempts_days: Annotated[
        int,
        days(
            "Counts of wrong attempts to sign in, after the last one.", at_least=-(-FORGET_AFTER_S // DAY_S)
        ),
    ] = 1
    deleted_accounts_days: Annotated[
        int, days("A deleted account comes back by signing in; after so long it is erased everywhere.")
    ] = ACCOUNT_ERASE_DAYS
    removed_rooms_days: Annotated[
        int,
        days("A removed room is erased after so long.", at_least=ROOM_RESTORE_DAYS),
    ] = ROOM_RESTORE_DAYS
    edits_days: Annotated[
        int, days("Earlier texts of an edited message are erased so long after its last edit.")
    ] = 365
    closed_reports_days: Annotated[int, days("Reports of messages, after somebody has closed them.")] = 365
    ended_keys_days: Annotated[int, days("API keys, after they were revoked or have expired.")] = 365
    deliveries_days: Annotated[int, days("Notes of how attempts to tell webhooks went.")] = 7
    audit_days: Annotated[
        int,
        days("Entries of the audit log.", at_least=AUDIT_DAYS_MIN),
    ] = 730
