"""What a command causes in a tournament: who may send it at all. The modules it names say the rest, in their ``RULES``.

Who may not watch a tournament is told ``not_found``, whatever they ask of it, just as by one that was never made.
"""

from __future__ import annotations

from typing import Final

from actors.creation import organised_key
from actors.kind import Decision, FactKey, Refuse, block_key, person_key
from actors.staffing import Rank
from actors.tournament import (
    attempts,
    corrections,
    entrants,
    gathered,
    holding,
    lifecycle,
    making,
    matches,
    ownership,
    pairing,
    picking,
    settings,
    stage_ends,
    standings_moves,
    teams,
)
from actors.tournament.advance import advance
from actors.tournament.context import Context, chosen, lookup_key
from actors.tournament.erasure import erase
from actors.tournament.erasure import needed_facts as erasure_facts
from actors.tournament.importing import imported
from actors.tournament.rule import Rules
from actors.tournament.state import Tournament
from protocol.codes import Code
from protocol.frames import Command
from protocol.ids import SYSTEM
from protocol.tournament import Phase
from protocol.tournament.commands import (
    AddEntrants,
    AddPlayer,
    Advance,
    ChangeTournament,
    CreateTournament,
    ErasePerson,
    InvitePlayer,
    ReinstateEntrant,
    SetStaff,
    SubstitutePlayer,
)
from protocol.tournament.gathered import EnterGathered
from protocol.tournament.making import MakeTournament
from protocol.tournament.ownership import RestoreTournament, TransferTournament
from protocol.tournament.stage_ends import FinishStage
from protocol.tournament.standings_moved import MoveStandings
from protocol.tournament.swiss import TakeRound

_RULES: Final[Rules] = {
    **lifecycle.RULES,
    **settings.RULES,
    **ownership.RULES,
    **entrants.RULES,
    **teams.RULES,
    **matches.RULES,
    **picking.RULES,
    **holding.RULES,
    **corrections.RULES,
    **attempts.RULES,
}
_SENTENCES: Final[dict[Phase, str]] = {
    "draft": "The tournament is still a draft.",
    "registration": "The registration is open.",
    "check_in": "The check-in is open.",
    "running": "The tournament has started.",
    "finished": "The tournament has finished.",
    "cancelled": "The tournament was cancelled.",
}


def decide(context: Context, command: Command) -> Decision:
    """The events of a command, or why not."""
    tournament = context.tournament
    if isinstance(command, CreateTournament):
        return lifecycle.create(context, command)
    if isinstance(command, MakeTournament):
        return making.make(context, command)
    if tournament.phase is None:
        return Refuse(Code.NOT_FOUND)
    match command:
        case ErasePerson() if context.by == SYSTEM:
            return erase(context, command)
        case _ if type(command) in gathered.RULES:
            return gathered.decide(context, command)
        case _ if _is_hidden(context, command):
            return Refuse(Code.NOT_FOUND)
        case _ if context.by == SYSTEM and (decision := _itself(context, command)) is not None:
            return decision
        case _:
            rule = _RULES.get(type(command))
    if rule is None or not tournament.watches(context.by):
        return Refuse(Code.NOT_FOUND)
    if context.rank < rule.rank:
        return Refuse(Code.FORBIDDEN)
    if tournament.phase not in rule.phases:
        return Refuse(Code.WRONG_PHASE, _SENTENCES[tournament.phase])
    return rule.decide(context, command)


def _itself(context: Context, command: Command) -> Decision | None:
    """What comes of a command that the server alone sends; None for any other."""
    match command:
        case Advance():
            return advance(context)
        case MoveStandings():
            return standings_moves.tell(context, command)
        case FinishStage():
            return stage_ends.finish(context, command)
        case TakeRound():
            return pairing.publish(context, command)
        case _:
            return imported(context, command)


def _is_hidden(context: Context, command: Command) -> bool:
    """Whether it was removed: then there is no such tournament, but for who may restore it, and its own closing of
    rooms.
    """
    restores = isinstance(command, RestoreTournament) and context.rank >= Rank.OWNER
    closes = isinstance(command, Advance) and context.by == SYSTEM
    return context.tournament.removed_at is not None and not restores and not closes


def needed_facts(tournament: Tournament, command: Command, by: str) -> tuple[FactKey, ...]:
    """The rows that deciding looks at."""
    match command:
        case AddEntrants():
            users = [user for new in command.entrants for user in entrants.players_of(new)]
            return tuple(key for user in users for key in _person(user, by))
        case InvitePlayer(user=user) | AddPlayer(user=user) | SubstitutePlayer(substitute=user):
            return _person(user, by)
        case CreateTournament():
            return organised_key(by), *_chosen(command)
        case MakeTournament():
            return making.needed_facts(command, by)
        case ChangeTournament():
            return _chosen(command)
        case SetStaff(user=user) | TransferTournament(user=user):
            return _person(user, by)
        case EnterGathered(user=user):
            return (person_key(user),)
        case ReinstateEntrant(entrant=number) if number in tournament.entrants:
            user = tournament.entrants[number].user
            return () if user is None else (person_key(user),)
        case ErasePerson():
            return erasure_facts(command)
        case _:
            return ()


def _chosen(command: CreateTournament | ChangeTournament) -> tuple[FactKey, ...]:
    return tuple(lookup_key(name, key) for name, key in chosen(command).items())


def _person(user: str, by: str) -> tuple[FactKey, FactKey]:
    """Whether there is this user, and whether they have blocked who asks."""
    return person_key(user), block_key(user, by)
