"""Whose a tournament is, and how it goes and comes back."""

from __future__ import annotations

from typing import Final, get_args

from actors.kind import EVERYONE, Decision, Refuse
from actors.staffing import Rank, no_owner
from actors.tournament.context import Context, emit
from actors.tournament.rule import Rule, Rules
from protocol.codes import Code
from protocol.event import Mark
from protocol.tournament import Phase
from protocol.tournament.ownership import (
    RemoveTournament,
    RestoreTournament,
    TournamentRemoved,
    TournamentRestored,
    TournamentTransferred,
    TransferTournament,
)

_ALWAYS: Final[frozenset[Phase]] = frozenset(get_args(Phase))
_REMOVABLE: Final[frozenset[Phase]] = frozenset({"draft", "finished", "cancelled"})
"""Where nobody takes part any more, or yet: what people count on is cancelled first."""


def transfer(context: Context, command: TransferTournament) -> Decision:
    """The owner gives it to an organiser, who works for it already; an operator takes it over for anybody."""
    tournament, user = context.tournament, command.user
    if refusal := no_owner(tournament, user, by=context.by, facts=context.facts):
        return refusal
    former, takes_over = tournament.owner, context.rank is Rank.OPERATOR
    event = TournamentTransferred(owner=user, former=former, organiser=former is not None and not takes_over)
    invited = tournament.settings.visibility == "invited"
    marks: dict[str, Mark] = {"listens": True} if invited else {}
    gone = takes_over and invited and former is not None and not tournament.invites(former)
    return emit(event, revokes=(former,) if gone and former is not None else (), marks=marks)


def remove(_: Context, __: RemoveTournament) -> Decision:
    """Nobody may watch it any more, and for everybody but its owner there is no such tournament."""
    return emit(TournamentRemoved(), revokes=(EVERYONE,))


def restore(context: Context, _: RestoreTournament) -> Decision:
    """Everybody who could watch it can again."""
    return (
        Refuse(Code.ALREADY_EXISTS) if context.tournament.removed_at is None else emit(TournamentRestored())
    )


RULES: Final[Rules] = {
    TransferTournament: Rule(transfer, Rank.OWNER, _ALWAYS),
    RemoveTournament: Rule(remove, Rank.OWNER, _REMOVABLE),
    RestoreTournament: Rule(restore, Rank.OWNER, _ALWAYS),
}
