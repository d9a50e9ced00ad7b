"""The wiring of a node: the engine, then every feature, in the order in which each needs the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from socket import socket  # noqa: TID251 - a type
from typing import Any

from msgspec import Struct
from quart_trio import QuartTrio

from actors.kind import Kind
from actors.limiting.rate_limit import Rate
from gatherup.auth.keys import KeyRing
from gatherup.auth.tokens import AccessTokens, access_tokens
from gatherup.command_relay import CommandRelay
from gatherup.config import Config
from gatherup.core import Core, core_of
from gatherup.engine_keeps import engine_keeps
from gatherup.feature import Base, Feature, Task, combined
from gatherup.features.accounts.feature import accounts_of
from gatherup.features.admin.feature import admin_of
from gatherup.features.gatherings.feature import gatherings_of
from gatherup.features.inbox.feature import inbox_of
from gatherup.features.integrations.feature import integrations_of
from gatherup.features.lookups.feature import lookups_of
from gatherup.features.people.feature import erasure_of, people_of
from gatherup.features.ratings.feature import ratings_of
from gatherup.features.rooms.feature import rooms_of
from gatherup.features.series.feature import series_of
from gatherup.features.tournaments.feature import next_matches_of, tournaments_of
from gatherup.hooks import loaded
from gatherup.http.commands import Commands
from gatherup.http.facade import facade_of
from gatherup.http.health import HealthResource
from gatherup.http.throttle import Throttle
from gatherup.jobs.cluster_wakeup import ClusterWakeup
from gatherup.jobs.cron import CronTable
from gatherup.jobs.pacing import wake_paced
from gatherup.jobs.worker import JobWorker
from gatherup.keeps import Sweeper
from gatherup.kinds import creation_of, kinds_of
from gatherup.store import Store
from gatherup.telemetry.job_measures import cron_measures, job_measures, sweep_measures, wakeup_measures
from gatherup.telemetry.measures import core_measures, http_measures, owed_measures
from gatherup.telemetry.metrics import registry_of
from gatherup.wakeup import Wakeup
from protocol import limits
from storage.postgres.integrations.keys import ApiKeys
from storage.postgres.outbox.commands import CommandOutbox
from storage.postgres.outbox.cron import Cron
from storage.postgres.outbox.jobs import Jobs


def features(base: Base) -> tuple[Feature, ...]:
    """Every feature of a node: the list to add one's own to."""
    accounts, account_parts = accounts_of(base)
    return (
        accounts,
        people_of(base, account_parts),
        rooms_of(base),
        inbox_of(base),
        integrations_of(base, account_parts),
        admin_of(base),
        lookups_of(base),
        tournaments_of(base),
        gatherings_of(base, next_matches_of(base)),
        series_of(base),
        ratings_of(base),
    )


class InternalPort(Struct, frozen=True, kw_only=True):
    """Health and metrics on a port of their own."""

    app: QuartTrio
    listener: socket


class Node(Struct, frozen=True, kw_only=True):
    """A node that is wired and not running yet."""

    core: Core
    worker: JobWorker
    tasks: tuple[Task, ...]
    """What runs beside the engine until the node ends."""
    app: QuartTrio
    listener: socket
    internal: InternalPort | None
    """None if the facade answers for it."""


def wired(config: Config, store: Store, listener: socket, internal: socket | None) -> Node:
    """Every part of a node, joined up. ``internal`` is where health and metrics are asked, if not at the facade."""
    clock, pool = store.clock, store.pool
    kinds, tokens = kinds_of(config.runtime.receipt_key.key, creation_of(config)), access_tokens(config)
    hooks, address = loaded(config.hooks.load or ()), listener.getsockname()[:2]
    core = core_of(config, store, kinds, tokens, hooks, address)
    command_relay = CommandRelay(CommandOutbox(pool), core.runtime.router, kinds, clock, store.randomness)
    job_wakeup = Wakeup()
    works = "worker" in config.node.roles
    cluster_wakeup = _cluster_wakeup(config, store, job_wakeup if works else None)

    def wake_workers() -> None:
        job_wakeup.wake()
        if cluster_wakeup is not None:
            cluster_wakeup.tell()

    def wake() -> None:
        command_relay.wake()
        wake_workers()

    base = _base(config, store, core, kinds, tokens, wake)
    added = combined(features(base))
    keeps = (*engine_keeps(config, pool), *added.keeps, erasure_of(base, added.erasers))
    sweeper = Sweeper(keeps, clock)
    queues = (*added.queues, sweeper.queue())
    worker = JobWorker(Jobs(pool), queues, clock, store.randomness, job_wakeup)
    cron = CronTable(sweeper.schedules(), Cron(pool), clock, job_wakeup)
    answers = Counter[tuple[str, str]]()
    measures = (
        *core_measures(core),
        *http_measures(answers),
        *job_measures(worker),
        *cron_measures(cron),
        *sweep_measures(sweeper),
        *(() if cluster_wakeup is None else wakeup_measures(cluster_wakeup)),
        *owed_measures(command_relay),
        *added.measures,
    )
    health = HealthResource(core.canary.readiness, registry_of(measures))
    facade = partial(
        facade_of,
        config,
        clock,
        tokens,
        core.logins,
        KeyRing(ApiKeys(pool), clock),
        answers,
        path_parts=added.path_parts,
        kinds=kinds,
        tracer=store.tracer,
    )
    return Node(
        core=core,
        worker=worker,
        tasks=(
            *core.tasks,
            command_relay.run,
            *((worker.run, cron.run) if works else ()),
            partial(wake_paced, store.jobs_written, wake_workers, clock),
            *(() if cluster_wakeup is None else (cluster_wakeup.run,)),
            *added.tasks,
        ),
        app=facade(
            resources=(
                *(() if internal is not None else (health,)),
                *(added.resources if "api" in config.node.roles else ()),
            )
        ),
        listener=listener,
        internal=None
        if internal is None
        else InternalPort(app=facade(resources=(health,)), listener=internal),
    )


def _cluster_wakeup(config: Config, store: Store, worker: Wakeup | None) -> ClusterWakeup | None:
    """None without Redis: then this node is alone."""
    if store.job_bus is None:
        return None
    return ClusterWakeup(store.job_bus, config.cluster.name, store.clock, store.randomness, worker)


def _base(
    config: Config,
    store: Store,
    core: Core,
    kinds: tuple[Kind[Any], ...],
    tokens: AccessTokens,
    wake: Callable[[], None],
) -> Base:
    rate = Rate(limits.COMMANDS_PER_S, limits.COMMANDS_BURST)
    throttle = Throttle(store.clock, rate, keys_max=config.http.addresses_max)
    return Base(
        config=config,
        pool=store.pool,
        clock=store.clock,
        randomness=store.randomness,
        kinds=kinds,
        tokens=tokens,
        streams=core.streams,
        router=core.runtime.router,
        read_markers=core.read_markers,
        throttle=throttle,
        commands=Commands(core.streams, throttle),
        wake=wake,
    )
