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
from gatherup.chaos import records, report
from gatherup.chaos.cluster import open_cluster
from gatherup.chaos.faults import Faults
from gatherup.chaos.figures import Observer
from gatherup.chaos.guest import Endpoint
from gatherup.chaos.judge import Judge
from gatherup.chaos.node import ClusterNode, Say
from gatherup.chaos.records import RecordFile, Sink, read_records
from gatherup.chaos.report import Report
from gatherup.chaos.timetable import What, timetable
from gatherup.chaos.truth import StoredTruth
from gatherup.chaos.witness import Witnesses
from gatherup.chaos.workload import Load, Workload, open_workload
from gatherup.clock import SystemClock
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
    folder: Path
    """Where the record and the reports go; it exists."""
    load: Load = Load()


async def run_on_own(nodes: int, data: Path, plan: Plan, settings: Mapping[str, str], say: Say) -> Report:
    """Start a cluster in ``data``, break it by the timetable of the seed, and judge. Raises as ``open_cluster``."""
    async with open_cluster(nodes, data, say, settings=settings) as cluster:
        names = tuple(cluster.nodes)
        say(f"{nodes} nodes serve; {plan.seconds:.0f} s of faults begin, seed {plan.seed}.")

        async def trouble(workload: Workload, sink: Sink, now: Now) -> None:
            async with PostgresDirectory(cluster.dsn, SystemClock()) as directory:
                owned = partial(_owned, directory, workload)
                await Faults(cluster, owned, sink, now).run(
                    timetable(plan.seed, names, plan.seconds, plan.kinds)
                )
            cluster.heal()
            await cluster.wait_serving()

        rooms = await _load([_endpoint(node) for node in cluster.nodes.values()], plan, trouble)
        say("The load is over; the log is read.")
        return await _judged(plan, names, rooms, cluster.dsn)


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
    court = Witnesses() if dsn is None else Judge(await _truth(dsn, rooms))
    observer = Observer()
    for record in read_records(plan.folder / RECORD):
        court.take(record)
        observer.take(record)
    made = Report(
        title="GatherUp under chaos",
        seed=plan.seed,
        nodes=nodes,
        seconds=plan.seconds,
        log_read=dsn is not None,
        verdict=court.finish(),
        times=observer.finish(),
    )
    (plan.folder / TEXT).write_text(report.text(made))
    (plan.folder / PAGE).write_text(report.html(made))
    return made


async def _truth(dsn: str, rooms: Sequence[str]) -> StoredTruth:
    kind = RoomKind(bytes(32))
    truth = StoredTruth({kind.wire.name: kind})
    async with Pool(quick(dsn), size_max=1, autocommit=True) as pool:
        for room in rooms:
            truth.add(room, await events_of(pool, room), await receipts_of(pool, room))
    return truth


async def _owned(directory: PostgresDirectory, workload: Workload, name: str) -> tuple[str, ...]:
    """The rooms a node owns; none if the directory can't be read just now."""
    try:
        view = await directory.read()
    except LogUnavailableError:
        return ()
    owner = next((member.id for member in view.members if member.name == name), None)
    return tuple(r for r in workload.rooms if owner is not None and view.shard(r).owner == owner)


def _endpoint(node: ClusterNode) -> Endpoint:
    return Endpoint(
        node.name,
        http=lambda: None if node.addresses is None else node.addresses.http,
        stream=lambda: None if node.addresses is None else node.addresses.stream,
    )
