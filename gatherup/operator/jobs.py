"""``gatherup jobs``: what waits, and the dead letters: listed, tried again, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import click
import msgspec
from typing_extensions import override

from actors.ports.jobs import Chosen, DeadJob
from gatherup.operator.database import day, operate, refuse
from gatherup.operator.plain import plain
from storage.postgres.driver.pool import Pool
from storage.postgres.outbox.jobs import Jobs

DEAD_SHOWN: Final = 100
DEAD_SHOWN_MAX: Final = 10_000
AGE_DAYS_MAX: Final = 3650
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Command = Callable[..., None]


class Age(click.ParamType[float]):
    """A length of time such as ``90s``, ``30m``, ``12h`` or ``7d``: in seconds."""

    name = "age"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value))
        seconds = 0 if found is None else int(found[1]) * _UNITS_S[found[2]]
        if not 0 < seconds <= AGE_DAYS_MAX * _UNITS_S["d"]:
            self.fail(
                f"{plain(str(value))} is no age such as 90s, 30m, 12h or 7d, up to {AGE_DAYS_MAX}d.",
                param,
                ctx,
            )
        return float(seconds)


_QUEUE: Final = click.option("--queue", help="Those of this queue, for example mail.")
_KIND: Final = click.option("--kind", help="Those of this kind, for example reset_password.")
_OLDER: Final = click.option(
    "--older", type=Age(), help="Those that are dead for so long: 90s, 30m, 12h, 7d."
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="A line of JSON.")


def _filters(command: Command) -> Command:
    return _QUEUE(_KIND(_OLDER(_JSON(command))))


@click.group()
def jobs() -> None:
    """Show what mail, webhooks and other jobs wait; list, retry and purge those that failed for good."""


@jobs.command("list")
@_JSON
def list_jobs(as_json: bool) -> None:
    """Print how many jobs of each queue wait and are dead, and how late they are."""

    async def work(pool: Pool) -> None:
        found = sorted((await Jobs(pool).counts()).items())
        if as_json:
            _print(dict(found))
            return
        for queue, counts in found:
            late = f", {counts.lag_s:.0f} s late" if counts.lag_s >= 1 else ""
            click.echo(f"{plain(queue)}: {counts.waiting} waiting{late}, {counts.dead} dead")

    operate(work)


@jobs.command("dead")
@_filters
@click.option(
    "--limit",
    type=click.IntRange(1, DEAD_SHOWN_MAX),
    default=DEAD_SHOWN,
    show_default=True,
    help="So many, the newest.",
)
def dead_jobs(queue: str | None, kind: str | None, older: float | None, as_json: bool, limit: int) -> None:
    """Print jobs that failed for good: how many of each queue and kind, and the newest of them."""
    chosen = Chosen(queue=queue, kind=kind, dead_for_s=older or 0.0)

    async def work(pool: Pool) -> None:
        counts = sorted((await Jobs(pool).dead_counts(chosen)).items())
        found = await Jobs(pool).dead(chosen, limit)
        if as_json:
            told = [{"queue": of, "kind": what, "dead": count} for (of, what), count in counts]
            _print({"counts": told, "jobs": found})
            return
        for (of, what), count in counts:
            click.echo(f"{_named(of, what)}: {count} dead")
        for job in found:
            click.echo(_line(job))

    operate(work)


@jobs.command("retry")
@click.argument("ids", nargs=-1, type=int)
@_filters
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
def retry_jobs(as_json: bool, **given: Any) -> None:
    """Give dead jobs all their attempts again: those with these IDS, those that filters choose, or --all.

    They do what still holds: a letter whose code is no longer good, or an event for a webhook that is gone, is dropped.
    """
    _change(_chosen(**given), Jobs.retry, "will be tried again", "retried", as_json=as_json)


@jobs.command("purge")
@click.argument("ids", nargs=-1, type=int)
@_filters
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
def purge_jobs(as_json: bool, **given: Any) -> None:
    """Delete dead jobs for good: those with these IDS, those that filters choose, or --all."""
    _change(_chosen(**given), Jobs.purge, "deleted", "purged", as_json=as_json)


def _chosen(
    ids: tuple[int, ...], queue: str | None, kind: str | None, older: float | None, everything: bool
) -> Chosen:
    filtered = queue is not None or kind is not None or older is not None
    if everything and (ids or filtered):
        refuse("--all means all that are dead: give no ids and no filters with it.")
    if not (everything or ids or filtered):
        refuse("Give the ids of jobs, a filter (--queue, --kind, --older), or --all.")
    if any(not 0 < number < 2**63 for number in ids):
        refuse("An id is a whole number above 0, as `gatherup jobs dead` prints it.")
    return Chosen(ids=ids or None, queue=queue, kind=kind, dead_for_s=older or 0.0)


def _change(chosen: Chosen, change: Callable[..., Any], what: str, key: str, *, as_json: bool) -> None:
    async def work(pool: Pool) -> None:
        count = await change(Jobs(pool), chosen)
        if as_json:
            _print({key: count})
        else:
            click.echo(f"{count} {what}.")
        if chosen.ids is not None and count < len(set(chosen.ids)):
            refuse(f"{len(set(chosen.ids)) - count} of these ids belong to no dead job that was meant.")

    operate(work)


def _line(job: DeadJob) -> str:
    return (
        f"{job.id}  {_named(job.queue, job.kind)}  {job.attempts} attempts  dead {day(job.dead_at)}  "
        f"{plain(job.last_error)}"
    )


def _named(queue: str, kind: str) -> str:
    return plain(f"{queue}/{kind}" if kind else queue)


def _print(told: object) -> None:
    click.echo(msgspec.json.encode(told))
