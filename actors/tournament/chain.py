"""Whether stages make sense one after the other, for as many as may take part."""

from __future__ import annotations

from typing import Final

from actors.kind import Refuse
from actors.tournament.plays import FORMATS
from protocol import limits
from protocol.codes import Code
from protocol.tournament.stage import Stage

_USUAL: Final = Stage()


def unfit_chain(chain: tuple[Stage, ...], entrants_max: int) -> Refuse | None:
    """Why these stages can't be played by so many.

    The field is ``entrants_max`` if the first stage has no room for them, else ``stages``, and the sentence names it.
    """
    most = entrants_max
    for number, stage in enumerate(chain, 1):
        if stage.late_rounds and number > 1:
            return Refuse(Code.INVALID, f"Stage {number}: late_rounds are for the first stage.", "stages")
        if why := _unfit(stage, most, last=number == len(chain)):
            return Refuse(Code.INVALID, f"Stage {number}: {why}", "stages")
        if why := FORMATS[stage.format].too_many(stage, most):
            return Refuse(Code.INVALID, f"Stage {number}: {why}", "entrants_max" if number == 1 else "stages")
        most = stage.groups * stage.advance
    return None


def _unfit(stage: Stage, most: int, *, last: bool) -> str | None:
    """Why a stage can't be as it is, with so many entrants at most."""
    rules = FORMATS[stage.format]
    for name in Stage.__struct_fields__:
        if name not in rules.settings and getattr(stage, name) != getattr(_USUAL, name):
            return f"{name} doesn't fit {stage.format}."
    if len({*stage.tiebreaks}) != len(stage.tiebreaks):
        return "tiebreaks names one twice."
    if unknown := next((one for one in stage.tiebreaks if one not in rules.tiebreaks), None):
        return f"tiebreaks: {unknown} doesn't fit {stage.format}."
    if why := rules.unfit(stage):
        return why
    if most < rules.least(stage):
        return f"{most} entrants aren't enough for {stage.groups} groups."
    if last:
        return "advance must be 0, since no stage follows." if stage.advance else None
    if not stage.advance:
        return "advance must say how many go on."
    if stage.advance > (largest := -(-most // stage.groups)):
        return f"advance is {stage.advance}, of {largest} at most."
    if stage.groups * stage.advance < limits.TOURNAMENT_ENTRANTS_MIN:
        return f"advance must let {limits.TOURNAMENT_ENTRANTS_MIN} or more go on."
    return None
