"""What the engine keeps, and how long: the log, receipts, jobs, the cluster, the audit log."""

from __future__ import annotations

from typing import Final

from gatherup.canary import KIND as CANARY
from gatherup.config import Config
from gatherup.keeps import Keep
from gatherup.kinds import TABLES
from storage.postgres.audit_log import AuditLog
from storage.postgres.driver.pool import Pool
from storage.postgres.outbox.old_jobs import OldJobs
from storage.postgres.streams.canary import CanaryStreams
from storage.postgres.streams.departed import DepartedNodes
from storage.postgres.streams.receipts import Receipts

STREAMS: Final = Keep(
    what="streams",
    tables=("stream", "event", "checkpoint", "projection_row", *sorted(TABLES)),
    until="With what its events write, for ever; of an erased one a row of `stream` stays: nothing makes it again.",
)
RECEIPTS: Final = Keep(
    what="receipts",
    tables=("receipt",),
    until="From when the command was accepted; GatherUp's own stay as long as the stream.",
    setting="keep.receipts_days",
)
IN_HAND: Final = Keep(
    what="commands in hand",
    tables=("in_hand",),
    until="From when the command was taken.",
    setting="keep.in_hand_days",
)
DEPARTED: Final = Keep(
    what="nodes that left",
    tables=("node",),
    until="From the last report of a node that is no member any more.",
    setting="keep.departed_nodes_days",
)
PROBES: Final = Keep(
    what="probes",
    tables=("event", "receipt"),
    until="Events of canaries that no node reads again; streams of canaries from their last event.",
    setting="keep.canary_days",
)
LEFT_JOBS: Final = Keep(
    what="jobs that nobody took",
    tables=("job",),
    until="From when the job was due; it becomes a dead job.",
    setting="keep.left_jobs_days",
)
DEAD_JOBS: Final = Keep(
    what="dead jobs",
    tables=("job",),
    until="From when the job was dead; done jobs are deleted at once.",
    setting="keep.dead_jobs_days",
)
OWED: Final = Keep(
    what="owed commands", tables=("owed_command",), until="Until the stream has taken the command."
)
AUDIT: Final = Keep(
    what="audit log",
    tables=("audit_log",),
    until="From when it was written.",
    setting="keep.audit_days",
)
CLUSTER: Final = Keep(
    what="cluster",
    tables=(
        "cluster",
        "cron",
        "incarnation",
        "projected_table",
        "schema_migrations",
        "schema_serves",
        "shard",
    ),
    until="Kept for ever: a row each, for a shard, a table, a recurring job or a migration.",
)


def engine_keeps(config: Config, pool: Pool) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    receipts, jobs = Receipts(pool), OldJobs(pool)
    return (
        STREAMS,
        RECEIPTS.by(receipts.delete, config),
        IN_HAND.by(receipts.delete_in_hand, config),
        DEPARTED.by(DepartedNodes(pool).forget, config),
        PROBES.by(CanaryStreams(pool, CANARY).delete, config),
        LEFT_JOBS.by(jobs.bury_left, config),
        DEAD_JOBS.by(jobs.delete_dead, config),
        OWED,
        AUDIT.by(AuditLog(pool).delete, config),
        CLUSTER,
    )
