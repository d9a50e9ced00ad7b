"""The rows of a series are the same wherever they are kept: those of its events, one after the other."""

from __future__ import annotations

import msgspec

from actors.kind import OWNED, FactKey, Row
from actors.ports.log import Verdict
from protocol.event import decode_header
from protocol.ids import SYSTEM
from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    DropTournament,
    EraseSeriesPerson,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.series.recurrence import Recurrence
from tests import single
from tests.contract.rig import Rig, append, new_stream
from tests.unit.actors.series.weekly import CUP, FIRST, ORGANISER, OTHER_CUP, OWNER, REFEREE, Weekly, weekly


def held() -> Weekly:
    """A series in which everything happens that writes a row."""
    series = weekly(description="x", points=(10, 6))
    series.people[FactKey(OWNED, OTHER_CUP)] = {"owner": OWNER, "visibility": "unlisted"}
    series.done(SetSeriesStaff, user=ORGANISER, role="organiser")
    series.done(SetSeriesStaff, user=REFEREE, role="referee")
    series.at(FIRST)
    series.done(AddTournament, tournament=CUP)
    series.done(AddTournament, tournament=OTHER_CUP)
    series.done(DropTournament, tournament=CUP)
    daily = Recurrence(rrule="FREQ=DAILY;COUNT=9", timezone="Asia/Tokyo", start="2026-12-06T20:00")
    series.change(name="Ünïcode 🎲", recurrence=daily, points=(), best=2)
    series.done(SetSeriesStaff, user=REFEREE, role=None)
    series.done(TransferSeries, user=ORGANISER)
    series.done(RemoveSeries, ORGANISER)
    series.done(RestoreSeries, ORGANISER)
    series.wake(FIRST + 4 * 86_400_000)
    series.done(CancelSeries, ORGANISER)
    series.do(EraseSeriesPerson(client_id=CLIENT, stream=series.stream, user=OWNER, events=(1,)), SYSTEM)
    return series


CLIENT = "0" * 8 + "-0000-0000-0000-" + "0" * 12


async def test_rows_are_those_of_the_events(log_under_test: Rig) -> None:
    series, log, owner = held(), log_under_test.log, await log_under_test.owner("node")
    stream = new_stream("series")
    found = await single.activate(log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1)
    assert found is not None
    for head, (header, payload) in enumerate(series.log):
        read = decode_header(header)
        body = msgspec.msgpack.decode(payload or b"\xc0", type=series.kind.wire.events[read.type] | None)
        one = append(stream, found.activation, head, changes=tuple(series.kind.project(read, body)))
        assert await log.append(owner.fence, [one], wait_for_locks=False) == [Verdict.ACCEPTED]
    kinds = {decode_header(header).type for header, _ in series.log}
    assert kinds == set(series.kind.wire.events)
    tables = {"series", "series_tournament", "series_staff"}
    assert {key.table for key in series.rows} == tables | {"listener", "authored"}
    gone = [FactKey("series_tournament", CUP), FactKey("listener", "!"), FactKey("series_staff", REFEREE)]
    wanted: dict[FactKey, Row | None] = {**series.rows, **dict.fromkeys(gone)}
    assert await single.facts(log, stream, [*wanted]) == wanted
