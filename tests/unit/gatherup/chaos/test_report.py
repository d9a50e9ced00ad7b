"""The record's file, the witnesses without a log, times, the timetable and the report."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from gatherup.chaos.figures import Observer, Times, spread
from gatherup.chaos.judge import Verdict, judge
from gatherup.chaos.records import Answered, Closed, Connected, Fault, Record, RecordFile, Sent, read_records
from gatherup.chaos.report import Report, html, text
from gatherup.chaos.timetable import OF_ALL, What, timetable
from gatherup.chaos.witness import Witnesses
from tests.unit.gatherup.chaos.example import (
    BEN,
    EVENTS,
    ROOM,
    after,
    delivered,
    history,
    instead,
    truth,
    without,
)


def test_a_record_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    fault = Fault(at=1.5, what="kill -9", node="node-1", streams=(ROOM,))
    file = RecordFile(tmp_path / "history.jsonl")
    for record in [*history(), fault]:
        file.write(record)
    file.close()
    assert list(read_records(tmp_path / "history.jsonl")) == [*history(), fault]


def witnessed(records: list[Record]) -> Verdict:
    court = Witnesses()
    for record in records:
        court.take(record)
    return court.finish()


def test_witnesses_believe_a_true_history() -> None:
    verdict = witnessed(history())
    assert verdict.held, verdict.broken
    assert (verdict.commands, verdict.accepted) == (3, 3)


BODY_OF_FOUR = replace(
    delivered("ann", 6, 3.1), payload=delivered("ann", 4, 0).payload, header=replace(EVENTS[5][0], seq=6)
)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (without(history(), delivered("ann", 4, 2.1)), {"lost"}),
        (after(history(), delivered("ann", 4, 2.1), delivered("ann", 4, 2.1)), {"reordered"}),
        (after(history(), delivered("ben", 5, 2.2), delivered("ben", 6, 3.1)), {"revoked"}),
        (without(history(), delivered("ann", 6, 3.1)), {"lost"}),
        (instead(history(), delivered("ann", 6, 3.1), BODY_OF_FOUR), {"doubled"}),
        (
            instead(
                history(), delivered("ben", 4, 2.1), replace(delivered("ben", 4, 2.1), payload={"body": "x"})
            ),
            {"untrue"},
        ),
        (
            instead(
                history(),
                delivered("ann", 6, 3.1),
                replace(delivered("ann", 6, 3.1), header=replace(EVENTS[5][0], author=BEN)),
            ),
            {"untrue"},
        ),
    ],
)
def test_witnesses_catch_a_doctored_history(records: list[Record], expected: set[str]) -> None:
    assert set(witnessed(records).harms) == expected


# --- times ---


def post(client: str, number: int, sent_at: float, accepted_at: float) -> list[Record]:
    client_id = f"{client}{number}"
    return [
        Sent(at=sent_at, client=client, client_id=client_id, kind="room.post", stream=ROOM),
        Answered(at=accepted_at, client=client, client_id=client_id, answer="accepted", seq=number, events=1),
    ]


def times(records: list[Record]) -> Times:
    observer = Observer()
    for record in records:
        observer.take(record)
    return observer.finish()


START: list[Record] = [
    Connected(at=0, client="a", user=BEN, node="node-1"),
    Connected(at=0, client="b", user=BEN, node="node-2"),
]


def test_fail_over_is_told_apart_for_clients_of_surviving_and_killed_nodes() -> None:
    kill = Fault(at=10, what="kill -9", node="node-1", streams=(ROOM,))
    records = [
        *START,
        *post("b", 1, 9.9, 10.01),  # sent before, and so no sign of a new owner
        Closed(at=10.0, client="a"),
        *post("b", 2, 10.5, 12.0),
        *post("b", 3, 12.1, 12.2),
        Connected(at=13, client="a", user=BEN, node="node-2"),
        *post("a", 1, 13.1, 13.5),
        kill,
    ]
    found = times(records)
    assert found.surviving is not None and found.dying is not None
    assert (found.surviving.count, found.surviving.max) == (1, 2.0)
    assert (found.dying.count, found.dying.max) == (1, 3.5)
    other_room = replace(kill, streams=())
    assert times([*records[:-1], other_room]).surviving is None


def test_posts_to_a_draining_node_count_for_clients_of_other_nodes() -> None:
    drain = Fault(at=5, what="drain", node="node-1", streams=(ROOM,), until=7)
    found = times([*START, *post("b", 1, 1, 1.1), *post("b", 2, 6, 6.25), *post("a", 1, 6, 6.5), drain])
    assert found.handover is not None
    assert (found.handover.count, found.handover.max) == (1, 0.25)


def test_who_had_nothing_to_say_while_a_room_was_away_did_not_wait_for_it() -> None:
    kill = Fault(at=10, what="kill -9", node="node-1", streams=(ROOM,))
    other = Connected(at=0, client="c", user=BEN, node="node-3")
    records = [*START, other, *post("b", 1, 10.1, 12.0), *post("c", 1, 13.0, 13.5), kill]
    found = times(records)
    assert found.surviving is not None
    assert (found.surviving.count, found.surviving.max) == (2, 2.5), "what c waited counts, not its silence"


def test_posts_of_clients_whose_own_node_drains_do_not_count_for_another_s() -> None:
    first = Fault(at=5, what="drain", node="node-1", streams=(ROOM,), until=7)
    second = Fault(at=8, what="drain", node="node-2", until=10)
    found = times([*START, *post("b", 1, 8.1, 10.5), *post("b", 2, 6, 6.25), first, second])
    assert found.handover is not None
    assert (found.handover.count, found.handover.max) == (1, 0.25)


def test_posts_count_until_the_drained_node_had_time_to_take_its_streams_back() -> None:
    drain = Fault(at=5, what="drain", node="node-1", streams=(ROOM,), until=7)
    found = times([*START, *post("b", 1, 11, 11.3), *post("b", 2, 12.1, 12.9), drain])
    assert found.handover is not None
    assert (found.handover.count, found.handover.max) == (1, pytest.approx(0.3))


def test_percentiles_are_by_nearest_rank() -> None:
    assert spread([]) is None
    found = spread([float(n) for n in range(1, 101)])
    assert found is not None
    assert (found.count, found.p50, found.p99, found.p999, found.max) == (100, 50, 99, 100, 100)


# --- the timetable ---


def test_a_timetable_is_its_seed_and_has_every_fault_before_any_comes_again() -> None:
    nodes = ("node-1", "node-2", "node-3")
    plan = timetable(7, nodes, 600)
    assert plan == timetable(7, nodes, 600) != timetable(8, nodes, 600)
    kinds = [planned.what for planned in plan]
    assert set(kinds[: len(What)]) == set(What)
    assert all((planned.node == "") == (planned.what in OF_ALL) for planned in plan)
    assert [planned.at_s for planned in plan] == sorted(planned.at_s for planned in plan)
    assert plan[0].at_s >= 5 and plan[-1].at_s < 595


def test_a_timetable_of_some_kinds_hits_each_node_in_turn() -> None:
    nodes = ("node-1", "node-2", "node-3")
    plan = timetable(7, nodes, 600, [What.KILL, What.REDIS_FLUSH])
    assert {planned.what for planned in plan} == {What.KILL, What.REDIS_FLUSH}
    hit = [planned.node for planned in plan if planned.node]
    assert all(set(hit[first : first + 3]) == set(nodes) for first in range(0, len(hit) - 2, 3))


# --- the report ---


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}]


def report(records: list[Record]) -> Report:
    observer = Observer()
    for record in records:
        observer.take(record)
    return Report(
        title="<Chaos>",
        seed=1,
        nodes=("node-1", "node-2"),
        seconds=5,
        log_read=True,
        verdict=judge(records, truth()),
        times=observer.finish(),
    )


def test_a_page_needs_nothing_else_and_shows_faults_and_broken_promises() -> None:
    fault = Fault(at=1.0, what="kill -9", node="node-1", streams=(ROOM,))
    page = html(report([*without(history(), delivered("ann", 4, 2.1)), fault]))
    parsed = Page(page)
    assert "svg" in parsed.tags
    assert parsed.references == [] and "url(" not in page and "@import" not in page
    assert "&lt;Chaos&gt;" in page and "1.0 s: kill -9" in page and "promise 2" in page


def test_a_text_says_whether_it_held_and_what_was_counted() -> None:
    held = text(report(history()))
    assert "every promise held" in held and "BROKEN" not in held
    broken = text(report(without(history(), delivered("ann", 4, 2.1))))
    assert "1 broken promises" in broken and "BROKEN" in broken
    assert next(line.split()[-1] for line in broken.splitlines() if line.split()[:1] == ["lost"]) == "1"
