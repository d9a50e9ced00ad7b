"""What a command causes in a gathering: who may send it at all. The modules it names say the rest, in ``RULES``."""

from __future__ import annotations

from typing import Final

from actors.creation import organised_key
from actors.gathering import competitions, erasure, lifecycle, ownership, players
from actors.gathering.advance import advance
from actors.gathering.context import Context, Rules
from actors.kind import Decision, FactKey, Refuse, block_key, person_key
from actors.staffing import Rank
from protocol.codes import Code
from protocol.frames import Command
from protocol.gathering import GatheringPhase
from protocol.gathering.commands import (
    AdvanceGathering,
    AttachCompetition,
    ChangeGathering,
    ChooseCompetitions,
    CreateGathering,
    EraseGatheringPerson,
    RegisterPlayer,
    RestoreGathering,
    SetGatheringStaff,
    TransferGathering,
)
from protocol.ids import SYSTEM

_RULES: Final[Rules] = {
    **lifecycle.RULES,
    **competitions.RULES,
    **players.RULES,
    **ownership.RULES,
}
_SENTENCES: Final[dict[GatheringPhase, str]] = {
    "draft": "The gathering is still a draft.",
    "registration": "The registration is open.",
    "check_in": "The check-in is open.",
    "closed": "Registration and check-in are over.",
    "cancelled": "The gathering was cancelled.",
}


def decide(context: Context, command: Command) -> Decision:
    """The events of a command, or why not."""
    gathering = context.gathering
    if isinstance(command, CreateGathering):
        return lifecycle.create(context, command)
    if gathering.phase is None:
        return Refuse(Code.NOT_FOUND)
    match command:
        case EraseGatheringPerson() if context.by == SYSTEM:
            return erasure.erase(context, command)
        case _ if _is_hidden(context, command):
            return Refuse(Code.NOT_FOUND)
        case AdvanceGathering() if context.by == SYSTEM:
            return advance(context)
        case _:
            rule = _RULES.get(type(command))
    if rule is None:
        return Refuse(Code.NOT_FOUND)
    if context.rank < rule.rank:
        return Refuse(Code.FORBIDDEN)
    if gathering.phase not in rule.phases:
        return Refuse(Code.WRONG_PHASE, _SENTENCES[gathering.phase])
    return rule.decide(context, command)


def _is_hidden(context: Context, command: Command) -> bool:
    """Whether it was removed: then there is no such gathering, but for who may restore it."""
    restores = isinstance(command, RestoreGathering) and context.rank >= Rank.OWNER
    return context.gathering.removed_at is not None and not restores


def needed_facts(command: Command, by: str) -> tuple[FactKey, ...]:
    """The rows that deciding looks at."""
    match command:
        case CreateGathering():
            return organised_key(by), *lifecycle.games_of(command)
        case ChangeGathering():
            return lifecycle.games_of(command)
        case SetGatheringStaff(user=user) | TransferGathering(user=user):
            return person_key(user), block_key(user, by)
        case AttachCompetition(tournament=tournament):
            return (competitions.competition_key(tournament, by),)
        case RegisterPlayer() | ChooseCompetitions():
            return players.wanted_keys(command, by)
        case EraseGatheringPerson():
            return erasure.needed_facts(command)
        case _:
            return ()
