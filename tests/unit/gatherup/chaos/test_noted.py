"""What workers noted is held against the log: each act once, and nothing that nobody did."""

from __future__ import annotations

from actors.ports.log import LogRow
from gatherup.chaos.noted import harms, orders
from gatherup.chaos.timetable import What, timetable_of_roles
from protocol.event import Header, encode_header

ROOM, ANN, BEN = "room:" + "1" * 32, "user:" + "a" * 32, "user:" + "b" * 32
KICK, BAN = (ROOM, 3, "room.kicked"), (ROOM, 4, "room.banned")


def row(seq: int, type_: str, author: str = ANN) -> LogRow:
    header = Header(stream=ROOM, seq=seq, author=author, type=type_, at=1, revokes=(BEN,))
    return LogRow(seq, encode_header(header), None)


def test_acts_on_others_are_to_be_noted() -> None:
    log = [
        row(1, "room.created"),
        row(2, "room.posted"),
        row(3, "room.kicked"),
        row(4, "room.banned", "system"),
    ]
    assert orders(ROOM, log) == [KICK]


def test_each_is_noted_once() -> None:
    assert harms([KICK, BAN], [BAN, KICK]) == []
    assert [harm for harm, _ in harms([KICK, BAN], [BAN])] == ["lost"]
    assert [harm for harm, _ in harms([KICK], [KICK, KICK])] == ["doubled"]
    assert [harm for harm, _ in harms([KICK], [KICK, BAN])] == ["untrue"]


def test_each_role_is_restarted_alone_and_workers_are_killed_around_it() -> None:
    nodes = {"api": ["one"], "stream": ["two", "three"], "worker": ["four"]}
    plan = timetable_of_roles(7, nodes)
    assert plan == timetable_of_roles(7, nodes) != timetable_of_roles(8, nodes)
    assert [(planned.what, planned.node) for planned in plan] == [
        (What.KILL, "four"),
        (What.DRAIN, "one"),
        (What.DRAIN, "two"),
        (What.DRAIN, "three"),
        (What.DRAIN, "four"),
        (What.KILL, "four"),
    ]
    assert [planned.at_s for planned in plan] == sorted(planned.at_s for planned in plan)
