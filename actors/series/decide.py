"""What a command causes in a series: who may send it at all. The modules it names say the rest.

A series that was removed is told ``not_found``, just as one that was never made, but for who may restore it.
"""

from __future__ import annotations

from actors.kind import Decision, FactKey, Refuse
from actors.series import erasure, making
from actors.series.context import Context
from actors.series.making import advance
from actors.series.settings import RULES, create
from actors.series.settings import needed_facts as facts_of_settings
from actors.series.state import Series
from actors.staffing import Rank
from protocol.codes import Code
from protocol.frames import Command
from protocol.ids import SYSTEM
from protocol.series.commands import AdvanceSeries, CreateSeries, EraseSeriesPerson, RestoreSeries


def decide(context: Context, command: Command) -> Decision:
    """The events of a command, or why not."""
    series = context.series
    if isinstance(command, CreateSeries):
        return create(context, command)
    if series.phase is None:
        return Refuse(Code.NOT_FOUND)
    if isinstance(command, EraseSeriesPerson) and context.by == SYSTEM:
        return erasure.erase(context, command)
    if series.removed_at is not None and not _restores(context, command):
        return Refuse(Code.NOT_FOUND)
    if isinstance(command, AdvanceSeries) and context.by == SYSTEM:
        return advance(context)
    rule = RULES.get(type(command))
    if rule is None:
        return Refuse(Code.NOT_FOUND)
    if context.rank < rule.rank:
        return Refuse(Code.FORBIDDEN)
    if series.phase not in rule.phases:
        return Refuse(Code.WRONG_PHASE, "The series was cancelled.")
    return rule.decide(context, command)


def _restores(context: Context, command: Command) -> bool:
    return isinstance(command, RestoreSeries) and context.rank >= Rank.OWNER


def needed_facts(series: Series, command: Command, by: str) -> tuple[FactKey, ...]:
    """The rows that deciding looks at."""
    match command:
        case AdvanceSeries():
            return making.needed_facts(series)
        case EraseSeriesPerson():
            return erasure.needed_facts(command)
        case _:
            return facts_of_settings(series, command, by)
