"""How gatherings come to be, what they are like, how they pass from phase to phase, and end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from msgspec.structs import replace

from actors.gathering.context import Context, Rule, Rules, emit
from actors.gathering.state import TIMES, Settings
from actors.kind import LOOKUP, Decision, FactKey, Refuse, pair
from actors.staffing import Rank
from protocol.codes import Code
from protocol.event import Mark
from protocol.gathering import GatheringPhase
from protocol.gathering.commands import (
    CancelGathering,
    ChangeGathering,
    CloseGathering,
    CreateGathering,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
)
from protocol.gathering.events import (
    GatheringCancelled,
    GatheringChanged,
    GatheringCheckInOpened,
    GatheringClosed,
    GatheringCreated,
    GatheringRegistrationOpened,
)
from protocol.ids import USER, kind_of

NOT_OVER: Final[frozenset[GatheringPhase]] = frozenset({"draft", "registration", "check_in", "closed"})
_TO_COME: Final[dict[str, frozenset[GatheringPhase]]] = {
    "registration_at": frozenset({"draft"}),
    "check_in_at": frozenset({"draft", "registration"}),
    "closes_at": frozenset({"draft", "registration", "check_in"}),
}
"""The phases in which these times are still to come."""


def create(context: Context, command: CreateGathering) -> Decision:
    """A user makes a gathering of their own, an operator one that nobody owns."""
    by_user = kind_of(context.by) == USER
    if not by_user and context.rank < Rank.OPERATOR:
        return Refuse(Code.FORBIDDEN)
    if context.gathering.phase is not None:
        return Refuse(Code.ALREADY_EXISTS)
    if by_user and (refusal := context.creation.refusal(context.facts, context.by, context.now)):
        return refusal
    settings = Settings(**{name: getattr(command, name) for name in Settings.__struct_fields__})
    if refusal := _unfit(settings, "draft") or _unusable(context, command.games):
        return refusal
    chosen: dict[str, Any] = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    return emit(GatheringCreated(name=command.name, description=command.description, **chosen))


def change(context: Context, command: ChangeGathering) -> Decision:
    """Until it is cancelled. A time can be changed as long as it is to come."""
    gathering, phase = context.gathering, context.gathering.phase or "draft"
    chosen: dict[str, Any] = {
        name: value for name in Settings.__struct_fields__ if (value := getattr(command, name)) is not None
    }
    texts = {"named": command.name is not None, "described": command.description is not None}
    if not chosen and not any(texts.values()):
        return Refuse(Code.INVALID, "There is nothing to change.")
    late = next((name for name in TIMES if name in chosen and phase not in _TO_COME[name]), None)
    if late is not None:
        return Refuse(Code.WRONG_PHASE, "This can't be changed any more.", late)
    after = replace(gathering.settings, **{n: (v or None) if n in TIMES else v for n, v in chosen.items()})
    if refusal := _unfit(after, phase) or _unusable(context, command.games or ()):
        return refusal
    if after.players_max < gathering.registered:
        return Refuse(Code.INVALID, f"{gathering.registered} are registered already.", "players_max")
    marks: dict[str, Mark] = {name: True for name, changed in texts.items() if changed}
    return emit(GatheringChanged(name=command.name, description=command.description, **chosen), marks=marks)


def _unfit(settings: Settings, phase: GatheringPhase) -> Refuse | None:
    """Why no gathering in this phase can have these settings. A time whose step was taken before doesn't count."""
    to_come = [name for name, phases in _TO_COME.items() if phase in phases]
    given = [(name, at) for name in to_come if (at := getattr(settings, name)) is not None]
    for (_, earlier), (name, later) in pairwise(given):
        if later <= earlier:
            return Refuse(Code.INVALID, "Registration, check-in and close come in this order.", name)
    if len({*settings.games}) != len(settings.games):
        return Refuse(Code.INVALID, "Name each game once.", "games")
    return None


def games_of(command: CreateGathering | ChangeGathering) -> tuple[FactKey, ...]:
    """Whether the games that it names can be chosen."""
    return tuple(_game(key) for key in command.games or ())


def _game(key: str) -> FactKey:
    return FactKey(LOOKUP, pair("game", key))


def _unusable(context: Context, games: tuple[str, ...]) -> Refuse | None:
    """Why one of these can't be chosen: it isn't in the lookup table, or is retired."""
    if all(context.facts.get(_game(key)) is not None for key in games):
        return None
    return Refuse(Code.NOT_FOUND, "There is no such game.", "games")


def open_registration(_: Context, __: OpenGatheringRegistration) -> Decision:
    """Also again; who has checked in stays so."""
    return emit(GatheringRegistrationOpened())


def open_check_in(_: Context, __: OpenGatheringCheckIn) -> Decision:
    """Nobody registers any more."""
    return emit(GatheringCheckInOpened())


def close(_: Context, __: CloseGathering) -> Decision:
    """Its competitions go on."""
    return emit(GatheringClosed())


def cancel(context: Context, command: CancelGathering) -> Decision:
    """Those of its competitions that haven't started are cancelled, too."""
    marks: dict[str, Mark] = {"tournaments": context.gathering.attached}
    return emit(GatheringCancelled(reason=command.reason), marks=marks)


def step(
    timer: str,
) -> GatheringRegistrationOpened | GatheringCheckInOpened | GatheringClosed:
    """What happens when the time of this timer has come."""
    match timer:
        case "registration":
            return GatheringRegistrationOpened()
        case "check_in":
            return GatheringCheckInOpened()
        case _:
            return GatheringClosed()


RULES: Final[Rules] = {
    ChangeGathering: Rule(change, Rank.ORGANISER, NOT_OVER),
    OpenGatheringRegistration: Rule(
        open_registration, Rank.ORGANISER, frozenset({"draft", "check_in", "closed"})
    ),
    OpenGatheringCheckIn: Rule(open_check_in, Rank.ORGANISER, frozenset({"draft", "registration", "closed"})),
    CloseGathering: Rule(close, Rank.ORGANISER, frozenset({"registration", "check_in"})),
    CancelGathering: Rule(cancel, Rank.ORGANISER, NOT_OVER),
}
