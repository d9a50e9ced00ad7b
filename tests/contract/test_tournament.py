"""The rows of a tournament are the same wherever they are kept: those of its events, one after the other."""

from __future__ import annotations

import msgspec

from actors.kind import FactKey, Row
from actors.ports.log import Verdict
from protocol.event import decode_header
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    AcceptStart,
    AddEntrants,
    ChangeTournament,
    DecideMatch,
    DisputeResult,
    ErasePerson,
    HoldMatch,
    LeaveTournament,
    NewEntrant,
    ProposeStart,
    ReleaseMatch,
    RemoveEntrant,
    SetStaff,
    StartTournament,
)
from protocol.tournament.rounds import PickBan, RoundRule
from tests import single
from tests.contract.rig import Rig, append, new_stream
from tests.unit.actors.tournament.cup import ORGANISER, REFEREE, Cup, P, checking_in


def played() -> Cup:
    """A tournament in which everything happens that writes a row."""
    picks = PickBan(pool=("dust2", "mirage"), step_s=5)
    cup = checking_in(
        6,
        format="double_elimination",
        entrants_max=6,
        ready_s=60,
        start_at=9_000_000,
        rounds=(RoundRule(part="losers", picks=picks), RoundRule(window_s=600)),
    )
    cup.done(ChangeTournament, name="Ünïcode 🎲", description="x\n", start_at=0)
    cup.done(AddEntrants, entrants=(NewEntrant(name="Zoé"), NewEntrant(user=P[8])))
    cup.done(RemoveEntrant, ORGANISER, entrant=2, disqualify=True, reason="late")
    cup.settle()
    cup.check_in(P[1], P[3], P[4], P[5], P[6])
    cup.done(StartTournament)
    cup.settle()
    cup.later(30)
    put_off = int(cup.cup.going.least or 0)
    cup.done(ProposeStart, cup.user(cup.match(put_off).a), match=put_off, at=(start := cup.now + 20_000))
    cup.done(HoldMatch, match=put_off)
    cup.done(ReleaseMatch, match=put_off)
    cup.done(AcceptStart, cup.user(cup.match(put_off).b), match=put_off, at=start)
    cup.later(20)
    going = [int(number) for number in cup.cup.going]
    cup.ready(going[0])
    cup.report(cup.match(going[0]).a or 0, going[0], (1, 0))
    cup.done(
        DisputeResult, cup.user(cup.match(going[0]).b), match=going[0], note="no", evidence="https://e.org/1"
    )
    cup.done(DecideMatch, REFEREE, match=going[0], winner=cup.match(going[0]).a, note="yes")
    cup.later(60)
    cup.done(SetStaff, user=REFEREE, role=None)
    while cup.cup.phase == "running":
        number = int(cup.cup.going.least or 0)
        entrant = cup.cup.entrants[cup.match(number).a or 0]
        if number % 3 == 0 and entrant.user:
            cup.done(LeaveTournament, entrant.user)
            cup.settle()
        else:
            cup.decide(number, cup.match(number).b or 0)
    cup.send(ErasePerson, SYSTEM, user=ORGANISER)
    return cup


async def test_rows_are_those_of_the_events(log_under_test: Rig) -> None:
    cup, log, owner = played(), log_under_test.log, await log_under_test.owner("node")
    stream = new_stream("tournament")
    found = await single.activate(log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1)
    assert found is not None
    for head, (header, payload) in enumerate(cup.log):
        read = decode_header(header)
        body = msgspec.msgpack.decode(payload or b"\xc0", type=cup.kind.wire.events[read.type])
        one = append(stream, found.activation, head, changes=tuple(cup.kind.project(read, body)))
        assert await log.append(owner.fence, [one], wait_for_locks=False) == [Verdict.ACCEPTED]
    assert len({key.table for key in cup.rows}) == 7
    gone = [FactKey("tournament_staff", REFEREE), FactKey("tournament_match", "99")]
    wanted: dict[FactKey, Row | None] = {**cup.rows, **dict.fromkeys(gone)}
    assert await single.facts(log, stream, [*wanted]) == wanted
