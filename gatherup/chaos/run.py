"""One run of chaos: load on a cluster, faults by a timetable, and the judgement of what its clients saw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import trio
from msgspec import Struct

from actors.ports.log import LogUnavailableError
from actors.room.kind import RoomKind
from gatherup.chaos import noted, records, report
from gatherup.chaos.cluster import Cluster, open_cluster
from gatherup.chaos.faults import Faults
from gatherup.chaos.figures import Observer
from gatherup.chaos.guest import Endpoint
from gatherup.chaos.judge import Judge
from gatherup.chaos.node import ClusterNode, Say
from gatherup.chaos.records import RecordFile, Sink, read_records
from gatherup.chaos.report import Report
from gatherup.chaos.timetable import Planned, What, timetable, timetable_of_roles
from gatherup.chaos.truth import StoredTruth
from gatherup.chaos.witness import Witnesses
from gatherup.chaos.workload import Load, Workload, open_workload
from gatherup.clock import SystemClock
from gatherup.config.tree import ROLES, Role
from storage.postgres.driver.pool import Pool
from storage.postgres.streams.audit import events_of, receipts_of
from storage.postgres.streams.directory import PostgresDirectory
from storage.postgres.streams.log import quick

RECORD: Final = "history.jsonl"
TEXT: Final = "report.txt"
PAGE: Final = "report.html"

Now = Callable[[], float]
Trouble = Callable[[Workload, Sink, Now], Awaitable[None]]


class Plan(Struct, frozen=True, kw_only=True):
    """The plan of a run."""

    seconds: float
    seed: int
    kinds: tuple[What, ...] = tuple(What)
    """The faults to choose from."""
    roles: tuple[Role, ...] = ()
    """Of the nodes, one each: then each role is restarted alone, by a timetable of its own instead of
    ``seconds`` and ``kinds``. Without any, each node has all roles.
    """
    folder: Path
    """Where the record and the reports go; it exists."""
    load: Load = Load()


async def run_on_own(nodes: int, data: Path, plan: Plan, settings: Mapping[str, str], say: Say) -> Report:
    """Start a cluster in ``data``, break it by the timetable of the seed, and judge. Raises as ``open_cluster``."""
    roles: dict[str, Role] = {f"node-{number}": role for number, role in enumerate(plan.roles, 1)}
    own = {name: {"GATHERUP_ROLES": str(role)} for name, role in roles.items()}
    async with open_cluster(nodes, data, say, settings=settings, own=own) as cluster:
        names = tuple(cluster.nodes)
        faults = _faults(plan, names, roles)
        lasts_s = faults[-1].at_s if roles else plan.seconds
        say(f"{nodes} nodes serve; {lasts_s:.0f} s of faults begin, seed {plan.seed}.")

        async def trouble(workload: Workload, sink: Sink, now: Now) -> None:
            async with PostgresDirectory(cluster.dsn, SystemClock()) as directory:
                owned = partial(_owned, directory, workload)
                await Faults(cluster, owned, sink, now).run(faults)
            cluster.heal()
            await cluster.wait_serving()

        rooms = await _load(_endpoints(cluster, roles), plan, trouble)
        say("The load is over; the log is read.")
        return await _judged(plan, names, rooms, cluster.dsn)


def _faults(plan: Plan, names: Sequence[str], roles: Mapping[str, Role]) -> list[Planned]:
    if not roles:
        return timetable(plan.seed, names, plan.seconds, plan.kinds)
    return timetable_of_roles(
        plan.seed, {role: [name for name in names if roles[name] == role] for role in ROLES}
    )


async def run_on_theirs(endpoints: Sequence[Endpoint], plan: Plan, dsn: str | None, say: Say) -> Report:
    """Put load on a cluster that runs, leave the faults to its operators, and judge.

    Without ``dsn`` the log isn't read: clients are held against each other.
    """
    say(f"{plan.seconds:.0f} s of load begin: break what you like, and mend it before they are over.")

    async def theirs(workload: Workload, sink: Sink, now: Now) -> None:
        await trio.sleep(plan.seconds)

    rooms = await _load(endpoints, plan, theirs)
    return await _judged(plan, tuple(endpoint.name for endpoint in endpoints), rooms, dsn)


async def _load(endpoints: Sequence[Endpoint], plan: Plan, trouble: Trouble) -> list[str]:
    """The load while ``trouble`` lasts, and until everything has settled: the rooms it was in."""
    begun = trio.current_time()

    def now() -> float:
        return trio.current_time() - begun

    with closing(RecordFile(plan.folder / RECORD)) as sink:
        sink.write(records.Begun(at=0.0, seed=plan.seed, nodes=tuple(e.name for e in endpoints)))
        async with open_workload(endpoints, plan.load, seed=plan.seed, sink=sink, now=now) as workload:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(workload.talk)
                await trouble(workload, sink, now)
                workload.hush()
            await workload.settle()
            sink.write(records.Settled(at=now()))
        return workload.rooms


async def _judged(plan: Plan, nodes: tuple[str, ...], rooms: Sequence[str], dsn: str | None) -> Report:
    """Read the log, hold the record against it, and write the reports."""
    truth = None if dsn is None else await _truth(dsn, rooms)
    court = Witnesses() if truth is None else Judge(truth.log)
    observer = Observer()
    for record in read_records(plan.folder / RECORD):
        court.take(record)
        observer.take(record)
    verdict = court.finish()
    for harm, what in [] if truth is None else noted.harms(truth.ordered, truth.noted):
        verdict.add(plan.seconds, noted.PROMISE, harm, f"promise {noted.PROMISE}: {what}")
    made = Report(
        title="GatherUp under chaos",
        seed=plan.seed,
        nodes=nodes,
        seconds=plan.seconds,
        log_read=dsn is not None,
        verdict=verdict,
        times=observer.finish(),
    )
    (plan.folder / TEXT).write_text(report.text(made))
    (plan.folder / PAGE).write_text(report.html(made))
    return made


class _Truth(Struct, frozen=True):
    log: StoredTruth
    ordered: list[noted.Note]
    noted: list[noted.Note]


async def _truth(dsn: str, rooms: Sequence[str]) -> _Truth:
    kind = RoomKind(bytes(32))
    log, ordered = StoredTruth({kind.wire.name: kind}), list[noted.Note]()
    async with Pool(quick(dsn), size_max=1, autocommit=True) as pool:
        found = await noted.notes(pool, rooms)
        for room in rooms:
            events = await events_of(pool, room)
            ordered += noted.orders(room, events)
            log.add(room, events, await receipts_of(pool, room))
    return _Truth(log, ordered, found)


async def _owned(directory: PostgresDirectory, workload: Workload, name: str) -> tuple[str, ...]:
    """The rooms a node owns; none if the directory can't be read just now."""
    try:
        view = await directory.read()
    except LogUnavailableError:
        return ()
    owner = next((member.id for member in view.members if member.name == name), None)
    return tuple(r for r in workload.rooms if owner is not None and view.shard(r).owner == owner)


def _endpoints(cluster: Cluster, roles: Mapping[str, Role]) -> list[Endpoint]:
    """Where clients go: each node, or by roles each that serves sessions, with one that answers HTTP."""
    nodes = list(cluster.nodes.values())
    answering = [node for node in nodes if roles.get(node.name, "api") == "api"]
    serving = [node for node in nodes if roles.get(node.name, "stream") == "stream"]
    return [
        _endpoint(node, node if node in answering else answering[number % len(answering)])
        for number, node in enumerate(serving)
    ]


def _endpoint(node: ClusterNode, api: ClusterNode) -> Endpoint:
    return Endpoint(
        node.name,
        http=lambda: None if api.addresses is None else api.addresses.http,
        stream=lambda: None if node.addresses is None else node.addresses.stream,
    )
