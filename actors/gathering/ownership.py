"""Whose a gathering is, who helps, and how it goes and comes back."""

from __future__ import annotations

from typing import Final, get_args

from actors.gathering.context import Context, Rule, Rules, emit
from actors.gathering.lifecycle import NOT_OVER
from actors.kind import EVERYONE, Decision, Refuse
from actors.staffing import Rank, no_owner, no_role
from protocol.codes import Code
from protocol.gathering import GatheringPhase
from protocol.gathering.commands import (
    RemoveGathering,
    RestoreGathering,
    SetGatheringStaff,
    TransferGathering,
)
from protocol.gathering.events import (
    GatheringRemoved,
    GatheringRestored,
    GatheringStaffSet,
    GatheringTransferred,
)

_ALWAYS: Final[frozenset[GatheringPhase]] = frozenset(get_args(GatheringPhase))
_REMOVABLE: Final[frozenset[GatheringPhase]] = frozenset({"draft", "closed", "cancelled"})
"""Where nobody registers any more, or yet."""


def set_staff(context: Context, command: SetGatheringStaff) -> Decision:
    """The owner chooses who helps; the owner's own role stays."""
    refusal = no_role(context.gathering, command.user, command.role, by=context.by, facts=context.facts)
    return refusal or emit(GatheringStaffSet(user=command.user, role=command.role))


def transfer(context: Context, command: TransferGathering) -> Decision:
    """The owner gives it to an organiser; an operator takes it over for anybody."""
    gathering = context.gathering
    if refusal := no_owner(gathering, command.user, by=context.by, facts=context.facts):
        return refusal
    former, takes_over = gathering.owner, context.rank is Rank.OPERATOR
    organiser = former is not None and not takes_over
    return emit(GatheringTransferred(owner=command.user, former=former, organiser=organiser))


def remove(_: Context, __: RemoveGathering) -> Decision:
    """Nobody may see it any more, and for everybody but its owner there is no such gathering."""
    return emit(GatheringRemoved(), revokes=(EVERYONE,))


def restore(context: Context, _: RestoreGathering) -> Decision:
    """Everybody who could see it can again."""
    there = context.gathering.removed_at is None
    return Refuse(Code.ALREADY_EXISTS) if there else emit(GatheringRestored())


RULES: Final[Rules] = {
    SetGatheringStaff: Rule(set_staff, Rank.OWNER, NOT_OVER),
    TransferGathering: Rule(transfer, Rank.OWNER, _ALWAYS),
    RemoveGathering: Rule(remove, Rank.OWNER, _REMOVABLE),
    RestoreGathering: Rule(restore, Rank.OWNER, _ALWAYS),
}
