"""What other nodes say reaches an operator's terminal as plain text."""

from __future__ import annotations

import json
from io import StringIO
from typing import cast

import pytest
import trio
from rich.console import Console

from actors.ports.cluster_view import ClusterView, Member
from actors.ports.directory import Directory
from actors.ports.log import LogUnavailableError
from gatherup.operator.drain import NoSuchNodeError, drain
from gatherup.operator.screen import WIDTH_CHARS, as_line, console_for, show_live, table
from gatherup.operator.status import Observer
from gatherup.report import NodeReport, report_text
from storage.memory.directory import MemoryDirectory
from tests.ports import TrioClock
from tests.unit.gatherup.operator.test_status import member, view

EVIL = "[/red]\x1b]0;owned\x07\x9b31m\n[b]"


def evil(number: int) -> Member:
    told = NodeReport(unready=f"Because {EVIL}")
    return Member(
        id=number,
        name=EVIL,
        fence=1,
        lease=1,
        lease_s=2.0,
        protocol=1,
        hears=(number,),
        report=report_text(told),
    )


def controls(text: str) -> set[str]:
    return {char for char in text if char != "\n" and not char.isprintable()}


def test_the_table_holds_no_terminal_s_commands() -> None:
    out = StringIO()
    found = Observer().status(view(evil(1)), 0.0)
    Console(file=out, width=250, color_system=None).print(table(found))
    assert not controls(out.getvalue())
    assert (
        out.getvalue().count("[/red]") == 3
    )  # the name, and the reason with the name before it, as they are
    assert "\n" not in as_line(found)
    assert not controls(as_line(found))


def test_what_goes_to_no_terminal_is_wide_enough() -> None:
    console = console_for(StringIO())
    assert (console.is_terminal, console.width) == (False, WIDTH_CHARS)


async def test_nor_does_the_list_of_members() -> None:
    class OneMember(MemoryDirectory):
        async def read(self) -> ClusterView:
            return view(evil(1), member(2, 1))

    with pytest.raises(NoSuchNodeError) as caught:
        await drain(OneMember.__new__(OneMember), TrioClock(), "x", print, wait=False)
    assert not controls(str(caught.value))
    assert "\n" not in str(caught.value)
    assert "node-2" in str(caught.value)


class Views:
    """A directory that shows one view after the other, the last one for ever."""

    def __init__(self, *views: ClusterView | None) -> None:
        self.views = list(views)

    async def read(self) -> ClusterView:
        await trio.lowlevel.checkpoint()
        found = self.views.pop(0) if len(self.views) > 1 else self.views[0]
        if found is None:
            raise LogUnavailableError("away")
        return found

    async def drain(self, name: str) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
async def test_json_is_json_alone(autojump_clock: object, terminal: bool) -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=terminal)
    directory = cast(Directory, Views(view(member(1, 1))))
    with trio.move_on_after(2.2):
        await show_live(directory, TrioClock(), console, as_json=True)
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert {json.loads(line)["version"] for line in lines} == {7}


async def test_a_drain_tells_when_nobody_is_there_to_obey(autojump_clock: object) -> None:
    still, gone = view(member(1, 5)), view(owner=None)
    said: list[str] = []
    directory = cast(Directory, Views(*[still] * 40, gone))
    await drain(directory, TrioClock(), "node-1", said.append, wait=True)
    assert ["lease" in line for line in said] == [False, False, True, False]
    assert said[-1] == "node-1 has ended."


async def test_nor_does_it_call_a_node_dead_for_an_outage(autojump_clock: object) -> None:
    alive = [view(member(1, lease)) for lease in (5, 6, 7)]
    said: list[str] = []
    directory = cast(Directory, Views(*alive, *[None] * 40, view(member(1, 7)), view(owner=None)))
    await drain(directory, TrioClock(), "node-1", said.append, wait=True)
    assert not [line for line in said if "lease" in line]
    assert sum("can't be read" in line for line in said) == 1
