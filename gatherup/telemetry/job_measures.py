"""What is measured of jobs and their workers."""

from __future__ import annotations

from gatherup.jobs.cluster_wakeup import ClusterWakeup
from gatherup.jobs.cron import CronTable
from gatherup.jobs.worker import JobWorker
from gatherup.keeps import Sweeper
from gatherup.telemetry.metrics import Distributions, Levels, Measure, Totals


def job_measures(worker: JobWorker) -> list[Measure]:
    """Of the jobs of all queues."""
    return [
        Totals("jobs", "Attempts at jobs, and how they went.", ("queue", "outcome"), lambda: worker.outcomes),
        Distributions("jobs_seconds", "Seconds that attempts took.", ("queue",), lambda: worker.seconds),
        Distributions(
            "jobs_late_seconds",
            "Seconds after which jobs that were due were taken.",
            ("queue",),
            lambda: worker.late_seconds,
        ),
        Levels(
            "jobs_waiting",
            "Jobs of the whole cluster that aren't done.",
            ("queue",),
            lambda: {(queue,): counts.waiting for queue, counts in worker.counts.items()},
        ),
        Levels(
            "jobs_dead",
            "Jobs of the whole cluster that ran out of attempts.",
            ("queue",),
            lambda: {(queue,): counts.dead for queue, counts in worker.counts.items()},
        ),
        Levels(
            "jobs_lag_seconds",
            "For how long the job of the cluster that is due longest wasn't taken.",
            ("queue",),
            lambda: {(queue,): counts.lag_s for queue, counts in worker.counts.items()},
        ),
        Levels(
            "jobs_oldest_seconds",
            "The age of the oldest job of the cluster that isn't done.",
            ("queue",),
            lambda: {(queue,): counts.oldest_s for queue, counts in worker.counts.items()},
        ),
    ]


def wakeup_measures(cluster_wakeup: ClusterWakeup) -> list[Measure]:
    """Of how workers of other nodes hear of jobs."""
    return [
        Totals(
            "job_wakeups",
            "Messages between workers: sent, heard, failed; and subscriptions that were dead and made anew (healed).",
            ("what",),
            lambda: {
                ("told",): cluster_wakeup.told,
                ("heard",): cluster_wakeup.heard,
                ("failed",): cluster_wakeup.failed,
                ("healed",): cluster_wakeup.healed,
            },
        )
    ]


def cron_measures(cron: CronTable) -> list[Measure]:
    """Of recurring jobs."""
    return [
        Totals("cron_missed", "Due times of recurring jobs that were missed.", ("what",), lambda: cron.missed)
    ]


def sweep_measures(sweeper: Sweeper) -> list[Measure]:
    """Of what is kept for a time only."""
    return [
        Totals("swept_rows", "Rows whose time was over that were let go.", ("what",), lambda: sweeper.rows),
        Totals(
            "sweeps",
            "How often all rows of a kind whose time was over were let go.",
            ("what",),
            lambda: sweeper.sweeps,
        ),
    ]
