"""Who takes part: registering, choosing competitions, checking in, withdrawing, and what staff do about it."""

from __future__ import annotations

from typing import Final

from actors.gathering.competitions import OPEN, competition_key
from actors.gathering.context import Context, Course, Rule, Rules, emit
from actors.gathering.lifecycle import NOT_OVER
from actors.gathering.state import Gathering, Player
from actors.kind import Decision, FactKey, Refuse
from actors.staffing import Rank
from protocol import limits
from protocol.codes import Code
from protocol.gathering import GatheringPhase, RegistrationStatus
from protocol.gathering.commands import (
    CheckInPlayer,
    ChooseCompetitions,
    RegisterPlayer,
    RemoveGatheringPlayer,
    WithdrawPlayer,
)
from protocol.gathering.events import (
    CompetitionsChosen,
    PlayerCheckedIn,
    PlayerRegistered,
    PlayerWithdrawn,
)
from protocol.ids import USER, kind_of

_NO_PLAYER: Final = "There is no such player."
_NOT_REGISTERED: Final = Refuse(Code.FORBIDDEN, "You aren't registered.")
_REGISTRATION: Final[frozenset[GatheringPhase]] = frozenset({"registration"})
_ANY: Final[frozenset[GatheringPhase]] = frozenset({*NOT_OVER, "cancelled"})
_PLAYED: Final[frozenset[GatheringPhase]] = frozenset({"registration", "check_in", "closed"})


def register(context: Context, command: RegisterPlayer) -> Decision:
    """Anybody may as long as there is room, but who was barred."""
    gathering = context.gathering
    if kind_of(context.by) != USER:
        return Refuse(Code.FORBIDDEN)
    number = gathering.users.get(context.by)
    status = None if number is None else gathering.players[number].status
    if status == "registered":
        return Refuse(Code.ALREADY_EXISTS)
    if status == "barred":
        return Refuse(Code.FORBIDDEN, "You were barred.")
    if gathering.registered >= gathering.settings.players_max:
        return Refuse(Code.TOO_MANY, "The gathering is full.")
    if number is None and len(gathering.players) >= limits.GATHERING_ENTRIES_MAX:
        return Refuse(Code.TOO_MANY, f"Players of a gathering: at most {limits.GATHERING_ENTRIES_MAX}.")
    if refusal := _unfit(context, command.tournaments, ()):
        return refusal
    return emit(
        PlayerRegistered(
            player=number or len(gathering.players) + 1,
            user=context.by,
            tournaments=command.tournaments,
            registered=gathering.registered + 1,
        )
    )


def choose(context: Context, command: ChooseCompetitions) -> Decision:
    """What stays chosen is left as it is."""
    gathering, number = context.gathering, own_number(context.gathering, context.by)
    if number is None:
        return _NOT_REGISTERED
    player = gathering.players[number]
    had, wanted = gathering.chosen(player), command.tournaments
    if refusal := _unfit(context, wanted, had):
        return refusal
    if {*wanted} == {*had}:
        return Refuse(Code.ALREADY_EXISTS, field="tournaments")
    return emit(
        CompetitionsChosen(
            player=number,
            user=context.by,
            tournaments=wanted,
            added=tuple(one for one in wanted if one not in had),
            dropped=tuple(one for one in had if one not in wanted),
            checked_in=player.checked_in,
        )
    )


def _unfit(context: Context, wanted: tuple[str, ...], had: tuple[str, ...]) -> Refuse | None:
    """Why these competitions can't be chosen by somebody who has chosen those before."""
    if len({*wanted}) != len(wanted):
        return Refuse(Code.INVALID, "Name each competition once.", "tournaments")
    attached = context.gathering.attached
    for one in wanted:
        known = context.facts.get(competition_key(one, context.by))
        if one not in attached:
            return Refuse(Code.NOT_FOUND, "There is no such competition.", "tournaments")
        if one in had:
            continue
        if known is None or known["gathering"] != context.gathering.gathering:
            return Refuse(Code.NOT_FOUND, "A competition hasn't joined the gathering.", "tournaments")
        if known["phase"] not in OPEN:
            return Refuse(Code.WRONG_PHASE, "A competition has started or is over.", "tournaments")
    return None


def wanted_keys(command: RegisterPlayer | ChooseCompetitions, by: str) -> tuple[FactKey, ...]:
    """How the competitions stand that are to be chosen."""
    return tuple(competition_key(one, by) for one in command.tournaments)


def own_number(gathering: Gathering, user: str) -> int | None:
    """The number of this user, if they are registered."""
    number = gathering.users.get(user)
    return number if number is not None and gathering.players[number].status == "registered" else None


def check_in(context: Context, command: CheckInPlayer) -> Decision:
    """Once, for all competitions that were chosen or will be."""
    gathering, number = context.gathering, command.player
    if number is not None:
        if context.rank < Rank.ORGANISER:
            return Refuse(Code.FORBIDDEN, "Only organisers can check others in.")
        if (player := _registered(gathering, number)) is None:
            return Refuse(Code.NOT_FOUND, _NO_PLAYER, "player")
    else:
        if gathering.phase != "check_in":
            return Refuse(Code.WRONG_PHASE, "The check-in isn't open.")
        if (number := own_number(gathering, context.by)) is None:
            return _NOT_REGISTERED
        player = gathering.players[number]
    if player.checked_in:
        return Refuse(Code.ALREADY_EXISTS)
    return emit(
        PlayerCheckedIn(
            player=number,
            user=player.user,
            tournaments=gathering.chosen(player),
            checked_in=gathering.checked_in + 1,
        )
    )


def withdraw(context: Context, _: WithdrawPlayer) -> Decision:
    """At any time: from what has started already, too."""
    number = own_number(context.gathering, context.by)
    return _NOT_REGISTERED if number is None else _go(context, number, "withdrawn", "")


def remove(context: Context, command: RemoveGatheringPlayer) -> Decision:
    """By organisers; also somebody who has withdrawn can be barred."""
    gathering, number = context.gathering, command.player
    if number not in gathering.players or not gathering.players[number].user:
        return Refuse(Code.NOT_FOUND, _NO_PLAYER, "player")
    status: RegistrationStatus = "barred" if command.bar else "removed"
    if gathering.players[number].status in (status, "barred") or (
        status == "removed" and _registered(gathering, number) is None
    ):
        return Refuse(Code.ALREADY_EXISTS, "This player isn't registered any more.", "player")
    return _go(context, number, status, command.reason)


def _registered(gathering: Gathering, number: int) -> Player | None:
    if number not in gathering.players or gathering.players[number].status != "registered":
        return None
    return gathering.players[number]


def _go(context: Context, number: int, status: RegistrationStatus, reason: str) -> Decision:
    course = Course(context)
    gone(course, number, status, reason)
    return course.accept()


def gone(course: Course, number: int, status: RegistrationStatus, reason: str = "") -> None:
    """Take a player out, who leaves all competitions that aren't over."""
    gathering = course.gathering
    player = gathering.players[number]
    course.add(
        PlayerWithdrawn(
            player=number,
            user=player.user,
            status=status,
            tournaments=gathering.chosen(player),
            registered=gathering.registered - (player.status == "registered"),
            checked_in=gathering.checked_in - player.checked_in,
            reason=reason,
        )
    )


RULES: Final[Rules] = {
    RegisterPlayer: Rule(register, Rank.SPECTATOR, _REGISTRATION),
    ChooseCompetitions: Rule(choose, Rank.SPECTATOR, _REGISTRATION),
    CheckInPlayer: Rule(check_in, Rank.SPECTATOR, _PLAYED),
    WithdrawPlayer: Rule(withdraw, Rank.SPECTATOR, _ANY),
    RemoveGatheringPlayer: Rule(remove, Rank.ORGANISER, _ANY),
}
