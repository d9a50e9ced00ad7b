"""``gatherup cluster``: how a cluster stands, live, as a table or as JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, TextIO

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from actors.ports.directory import Directory
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from gatherup.operator.plain import plain
from gatherup.operator.status import ClusterStatus, NodeStatus, Observer
from gatherup.report import NodeReport

PERIOD_S: Final = 0.5
"""Between two reads."""
ONCE_S: Final = 1.2
"""What ``--once`` watches before it tells, so that it sees leases move."""
WIDTH_CHARS: Final = 120
"""Of a table that goes to no terminal."""
_STYLES: Final = {
    "ready": "green",
    "degraded": "yellow",
    "draining": "cyan",
    "starting": "cyan",
    "unknown": "yellow",
}
_COLUMNS: Final = (
    "node", "state", "shards", "lease", "sessions", "lag", "calls", "queue", "holes", "repairs", "hears",
)  # fmt: skip


def console_for(file: TextIO) -> Console:
    """Where a table goes: as wide as the terminal, or WIDTH_CHARS if it is none."""
    return Console(file=file, width=None if file.isatty() else WIDTH_CHARS)


async def show_once(directory: Directory, clock: Clock, console: Console, *, as_json: bool) -> None:
    """Watch for ONCE_S, then print how it stands. Raises LogUnavailableError."""
    observer, until = Observer(), clock.monotonic() + ONCE_S
    found = observer.status(await directory.read(), clock.monotonic())
    while clock.monotonic() < until:
        await clock.sleep_until(min(until, clock.monotonic() + PERIOD_S))
        found = observer.status(await directory.read(), clock.monotonic())
    _print(console, found, as_json)


async def show_live(directory: Directory, clock: Clock, console: Console, *, as_json: bool) -> None:
    """Show how it stands until cancelled; as JSON, a line each PERIOD_S. Survives that the database goes away.

    Raises LogUnavailableError if it can't be read at the start.
    """
    statuses = _statuses(directory, clock)
    if as_json:
        async for found, trouble in statuses:
            if not trouble:
                _print(console, found, as_json)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        async for found, trouble in statuses:
            live.update(Group(table(found), Text(trouble, style="bold red")), refresh=True)


async def _statuses(directory: Directory, clock: Clock) -> AsyncGenerator[tuple[ClusterStatus, str]]:
    """How it stands, each PERIOD_S; while that can't be read, how it stood, and a sentence why."""
    observer = Observer()
    found = observer.status(await directory.read(), clock.monotonic())
    while True:
        trouble, begun = "", clock.monotonic()
        try:
            found = observer.status(await directory.read(), clock.monotonic())
        except LogUnavailableError as error:
            trouble = f"The database can't be read: {plain(' '.join(str(error).split()))}"
        yield found, trouble
        await clock.sleep_until(begun + PERIOD_S)


def table(status: ClusterStatus) -> Group:
    """Draw the cluster's state as a table."""
    grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")  # 80 columns must do
    for column in _COLUMNS:
        grid.add_column(column, justify="left" if column in {"node", "state"} else "right", no_wrap=True)
    for node in sorted(status.nodes, key=lambda node: node.name):
        grid.add_row(*_cells(node, len(status.nodes) - 1), style=_STYLES.get(node.state, "red"))
    notes = [Text(note) for note in _notes(status)]
    return Group(Text(f"GatherUp, view {status.version}"), grid, *notes)


def as_line(status: ClusterStatus) -> str:
    """As one line of JSON."""
    return msgspec.json.encode([_fields(status)])[1:-1].decode()


def _fields(status: ClusterStatus) -> dict[str, object]:
    fields = msgspec.structs.asdict(status)
    fields["nodes"] = [{"state": node.state, **msgspec.structs.asdict(node)} for node in status.nodes]
    return fields


def _print(console: Console, status: ClusterStatus, as_json: bool) -> None:
    if as_json:
        console.file.write(as_line(status) + "\n")
        console.file.flush()
    else:
        console.print(table(status))


def _cells(node: NodeStatus, others: int) -> tuple[Text | str, ...]:
    told = node.report or NodeReport()
    return (
        Text(node.name),  # as a str it would be read as markup
        node.state,
        str(node.shards),
        "-" if node.lease_age_s is None else f"{node.lease_age_s:.1f} s",
        str(told.sessions),
        f"{told.lag_ms} ms",
        str(told.calls),
        str(told.link_queue),
        str(told.holes),
        str(told.repairs),
        f"{len(node.hears)}/{others}",
    )


def _notes(status: ClusterStatus) -> list[str]:
    if not status.nodes:
        return ["No node is a member now."]
    notes = [f"{status.unowned} shards have no owner."] if status.unowned else []
    for node in status.nodes:
        told = node.report or NodeReport()
        if (reason := told.unready or told.degraded) is not None:
            notes.append(f"{node.name}: {reason}")
    return notes
