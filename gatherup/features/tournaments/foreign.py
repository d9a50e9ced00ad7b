"""Tournaments of other programs: their next round is paired here, from file to file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from actors.tournament.engine.swiss.model import Why
from actors.tournament.trf.model import Fault
from actors.tournament.trf.next_round import NextRound, NotPaired, next_round
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol.codes import Code
from protocol.http.tournaments.trf16 import ForeignFile, PairedRound, PairedTwo

GROUP: Final = "tournaments"


class ForeignResource:
    """Files of other programs."""

    def __init__(self, off_loop: OffLoop) -> None:
        self._off_loop = off_loop

    @endpoint(
        "POST",
        "/v1/tournaments/trf16",
        body=ForeignFile,
        answer=PairedRound,
        refuses=(Code.WRONG_PHASE, Code.OVERLOADED),
        group=GROUP,
    )
    async def pair(self, caller: Caller, body: ForeignFile) -> PairedRound:
        """Pair the next round of a Swiss tournament in a TRF16 file of another program, by FIDE's Dutch system.

        Nothing is kept. What is wrong with the file is told with its lines and columns; ``wrong_phase`` tells that it
        has no next round now.
        """
        match await self._off_loop.call(next_round, body.file):
            case NextRound() as paired:
                return _answer(paired)
            case NotPaired(why):
                raise ProblemError(Code.WRONG_PHASE, why)
            case faults:
                raise ProblemError(Code.INVALID, told(faults), field="file")


def _answer(paired: NextRound) -> PairedRound:
    reasons = paired.reasons[: len(paired.pairs)]
    return PairedRound(
        round=paired.round,
        pairs=[_two(*pair, why) for pair, why in zip(paired.pairs, reasons, strict=True)],
        bye=paired.bye or None,
        file=paired.file,
    )


def _two(white: int, black: int, why: Why) -> PairedTwo:
    return PairedTwo(
        white=white,
        black=black,
        group=why.group / 2,
        floats=why.floats or None,
        exchanged=why.exchanged,
        expected=why.expected or None,
        because=cast("Any", why.because),  # "bye" is a reason of byes alone
    )


def told(faults: Iterable[Fault]) -> str:
    """What is wrong with a file, as a text."""
    return " ".join(f"Line {fault.line}, column {fault.column}: {fault.why}" for fault in faults)
