"""What can be typed at the playground."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from gatherup.chaos.node import Server
from gatherup.chaos.proxy import Direction
from gatherup.playground.lines import lines
from gatherup.playground.orders import FREEZE_S, HELP, NotUnderstoodError, Order, Verb, read_order


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("kill 1", Order(verb=Verb.KILL, node="node-1")),
        ("  KILL node-3 ", Order(verb=Verb.KILL, node="node-3")),
        ("freeze 2", Order(verb=Verb.FREEZE, node="node-2", seconds=FREEZE_S)),
        ("freeze 2 0.5", Order(verb=Verb.FREEZE, node="node-2", seconds=0.5)),
        ("cut 1 redis", Order(verb=Verb.CUT, node="node-1", server=Server.REDIS)),
        (
            "cut 1 redis in",
            Order(verb=Verb.CUT, node="node-1", server=Server.REDIS, direction=Direction.DOWN),
        ),
        (
            "cut 3 postgres out",
            Order(verb=Verb.CUT, node="node-3", server=Server.POSTGRES, direction=Direction.UP),
        ),
        ("heal", Order(verb=Verb.HEAL)),
        ("heal 2", Order(verb=Verb.HEAL, node="node-2")),
        ("drain 3", Order(verb=Verb.DRAIN, node="node-3")),
        ("restart 3", Order(verb=Verb.RESTART, node="node-3")),
        ("status", Order(verb=Verb.STATUS)),
        ("wait 2", Order(verb=Verb.WAIT, seconds=2.0)),
        ("help", Order(verb=Verb.HELP)),
        ("quit", Order(verb=Verb.QUIT)),
    ],
)
def test_understood(line: str, order: Order) -> None:
    assert read_order(line, 3) == order


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("explode", "no command 'explode'"),
        ("kill", "Which node?"),
        ("kill 4", "from 1 to 3"),
        ("kill 0", "Which node?"),
        ("kill -1", "Which node?"),
        ("kill ²", "Which node?"),
        ("kill 99999999999999999999", "Which node?"),
        ("freeze 1 long", "How long?"),
        ("freeze 1 nan", "How long?"),
        ("freeze 1 inf", "How long?"),
        ("wait", "How long?"),
        ("cut 1", "Which link?"),
        ("cut 1 mysql", "Which link?"),
        ("cut 1 redis sideways", "Which way?"),
        ("kill 1 2", "too much"),
        ("status now", "too much"),
    ],
)
def test_not_understood(line: str, part: str) -> None:
    with pytest.raises(NotUnderstoodError, match=part.replace("?", r"\?")):
        read_order(line, 3)


def test_help_names_every_verb() -> None:
    assert all(verb.value in HELP for verb in Verb)


@pytest.mark.parametrize("last", [b"", b"quit"])
async def test_lines_come_as_they_are_written_and_end_with_the_pipe(last: bytes) -> None:
    readable, writable = os.pipe()
    found: list[str] = []

    async def read() -> None:
        async for line in lines(readable):
            found.append(line)  # noqa: PERF401 - as they come

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        os.write(writable, b"status\nki")
        await trio.testing.wait_all_tasks_blocked()
        assert found == ["status"]
        os.write(writable, b"ll 1\n" + last)
        os.close(writable)
    assert found == ["status", "kill 1", *([last.decode()] if last else [])]
    os.close(readable)


async def test_lines_of_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    await trio.Path(path).write_text("status\nquit\n")
    descriptor = os.open(path, os.O_RDONLY)
    assert [line async for line in lines(descriptor)] == ["status", "quit"]
    os.close(descriptor)
