"""The rows of a gathering are the same wherever they are kept: those of its events, one after the other."""

from __future__ import annotations

import msgspec

from actors.kind import FactKey, Row
from actors.ports.log import Verdict
from protocol.event import decode_header
from protocol.gathering.commands import (
    CancelGathering,
    ChangeGathering,
    DetachCompetition,
    EraseGatheringPerson,
    OpenGatheringRegistration,
    RemoveGathering,
    RemoveGatheringPlayer,
    RestoreGathering,
    TransferGathering,
)
from protocol.ids import SYSTEM
from tests import single
from tests.contract.rig import Rig, append, new_stream
from tests.unit.actors.gathering.fair import Fair, registering
from tests.unit.actors.tournament.cup import ORGANISER, P


def held() -> Fair:
    """A gathering in which everything happens that writes a row."""
    fair, a, b = registering(description="x", closes_at=9_000_000)
    fair.people[FactKey("lookup", "game chess")] = {}
    fair.done(ChangeGathering, name="Ünïcode 🎲", games=("chess",), closes_at=0)
    for player in P[1:5]:
        fair.register(player, a, b)
    fair.choose(P[1], b)
    fair.open_check_in()
    fair.check_in(P[1], P[2])
    fair.withdraw(P[2])
    fair.done(RemoveGatheringPlayer, player=3, bar=True, reason="late")
    fair.done(DetachCompetition, tournament=a)
    fair.done(OpenGatheringRegistration)
    fair.register(P[2], b)
    fair.done(TransferGathering, user=ORGANISER)
    fair.done(CancelGathering, ORGANISER, reason="rain")
    fair.done(RemoveGathering, ORGANISER)
    fair.done(RestoreGathering, ORGANISER)
    fair.done(EraseGatheringPerson, SYSTEM, user=P[4])
    return fair


async def test_rows_are_those_of_the_events(log_under_test: Rig) -> None:
    fair, log, owner = held(), log_under_test.log, await log_under_test.owner("node")
    stream = new_stream("gathering")
    found = await single.activate(log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1)
    assert found is not None
    for head, (header, payload) in enumerate(fair.log):
        read = decode_header(header)
        body = msgspec.msgpack.decode(payload or b"\xc0", type=fair.kind.wire.events[read.type])
        one = append(stream, found.activation, head, changes=tuple(fair.kind.project(read, body)))
        assert await log.append(owner.fence, [one], wait_for_locks=False) == [Verdict.ACCEPTED]
    tables = {"gathering", "gathering_competition", "gathering_player", "gathering_staff"}
    assert {key.table for key in fair.rows} == tables | {"listener", "authored"}
    gone = [FactKey("gathering_player", P[4]), FactKey("listener", "!"), FactKey("gathering_staff", P[1])]
    wanted: dict[FactKey, Row | None] = {**fair.rows, **dict.fromkeys(gone)}
    assert await single.facts(log, stream, [*wanted]) == wanted
