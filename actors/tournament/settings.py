"""What a tournament is like, and who runs it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from msgspec.structs import replace

from actors.kind import Decision, Refuse
from actors.staffing import Rank, no_role
from actors.tournament.apply import TIMES
from actors.tournament.chain import unfit_chain
from actors.tournament.context import Context, emit
from actors.tournament.rounds import unfit_rules
from actors.tournament.rule import NOT_OVER, Rule, Rules
from actors.tournament.state import BEFORE_START, Settings, Tournament
from actors.tournament.teams import unfit_teams
from protocol.codes import Code
from protocol.event import Mark
from protocol.tournament import Phase
from protocol.tournament.commands import ChangeTournament, SetStaff
from protocol.tournament.definition import LASTING, LastingSettings
from protocol.tournament.events import StaffSet, TournamentChanged
from protocol.tournament.stage import Stage

_ONE_STAGE: Final = ("format", "third_place", "reset", "best_of")
"""Settings that say what the only stage is like, or the first one."""
_ALWAYS: Final = frozenset({"visibility", "ready_s", "confirm_s", "play_s"})
"""What can be changed after the start, too."""
_PHASES: Final = {
    "registration_at": frozenset({"draft"}),
    "check_in_at": frozenset({"draft", "registration"}),
    "start_at": BEFORE_START,
}
"""The phases in which these times are still to come."""


def change(context: Context, command: ChangeTournament) -> Decision:
    """Before the start everything can be changed; afterwards nothing that the bracket was made from."""
    tournament = context.tournament
    chosen: dict[str, Any] = {
        name: value for name in Settings.__struct_fields__ if (value := getattr(command, name)) is not None
    }
    if refusal := _two_ways(tournament, chosen):
        return refusal
    chosen = chosen_of(chosen)
    texts = {"named": command.name is not None, "described": command.description is not None}
    if not chosen and not any(texts.values()):
        return Refuse(Code.INVALID, "There is nothing to change.")
    if refusal := _too_late(tournament, chosen):
        return refusal
    after = replace(tournament.settings, **{n: (v or None) if n in TIMES else v for n, v in chosen.items()})
    phase = tournament.phase or "draft"
    if refusal := unfit(after, phase) or _unfit_for(tournament, after) or context.unusable(command):
        return refusal
    marks: dict[str, Mark] = {name: True for name, changed in texts.items() if changed}
    return emit(TournamentChanged(name=command.name, description=command.description, **chosen), marks=marks)


def chosen_of(chosen: dict[str, Any]) -> dict[str, Any]:
    """These settings, with what the first of the stages says if some are chosen."""
    stages: tuple[Stage, ...] = chosen.get("stages", ())
    return chosen | ({name: getattr(stages[0], name) for name in _ONE_STAGE} if stages else {})


def _two_ways(tournament: Tournament, chosen: dict[str, Any]) -> Refuse | None:
    """Why these can't be chosen: the stages say them."""
    named = next((name for name in _ONE_STAGE if name in chosen), None)
    if named is None or "stages" in chosen or not tournament.settings.stages:
        return None
    return Refuse(Code.INVALID, "The stages of this tournament say it: change those.", named)


def _too_late(tournament: Tournament, chosen: dict[str, Any]) -> Refuse | None:
    """Why these settings can't be changed any more."""
    for name in chosen:
        phases = _PHASES.get(name, BEFORE_START)
        if name not in _ALWAYS and tournament.phase not in phases:
            return Refuse(Code.WRONG_PHASE, "This can't be changed any more.", name)
    return None


def unfit(settings: Settings, phase: Phase = "draft") -> Refuse | None:
    """Why no tournament in this phase can have these settings. A time whose step was taken before it doesn't count."""
    if settings.visibility == "invited" and settings.entry != "listed":
        return Refuse(Code.INVALID, "Staff enter people in a tournament for invited people.", "entry")
    to_come = [name for name, phases in _PHASES.items() if phase in phases]
    given = [(name, at) for name in to_come if (at := getattr(settings, name)) is not None]
    for (_, earlier), (name, later) in pairwise(given):
        if later <= earlier:
            return Refuse(Code.INVALID, "Registration, check-in and start come in this order.", name)
    first = settings.stages[0].closes_at if settings.stages else 0
    if first and settings.start_at is not None and first <= settings.start_at:
        return Refuse(Code.INVALID, "Stage 1: closes_at must come after start_at.", "stages")
    # What doesn't fit the only stage may be said outside of ``stages``, and changes nothing.
    chain = settings.stages or (Stage(format=settings.format),)
    return unfit_chain(chain, settings.entrants_max) or unfit_rules(settings) or unfit_teams(settings)


def unfit_lasting(settings: LastingSettings) -> Refuse | None:
    """Why no tournament can be like this, whatever its times are."""
    return unfit(Settings(**lasting(settings)))


def lasting(settings: LastingSettings) -> dict[str, Any]:
    """What such settings choose."""
    return chosen_of({name: getattr(settings, name) for name in LASTING})


def _unfit_for(tournament: Tournament, settings: Settings) -> Refuse | None:
    """Why this tournament can't be given these settings."""
    if (settings.visibility == "invited") != (tournament.settings.visibility == "invited"):
        message = "Whether a tournament is for invited people alone can't be changed."
        return Refuse(Code.INVALID, message, "visibility")
    teams, were = (bool(of.team_max) for of in (settings, tournament.settings))
    if teams is not were and len(tournament.entrants):
        return Refuse(Code.WRONG_PHASE, "Somebody has entered already.", "team_max")
    if tournament.gathering is not None and (refusal := _unfit_gathered(settings)):
        return refusal
    if settings.entrants_max < tournament.entered:
        return Refuse(Code.INVALID, f"{tournament.entered} are entered already.", "entrants_max")
    return None


def _unfit_gathered(settings: Settings) -> Refuse | None:
    """Why no competition of a gathering can have these settings."""
    if settings.entry != "listed":
        return Refuse(Code.INVALID, "People enter it by its gathering.", "entry")
    if settings.team_max:
        return Refuse(Code.INVALID, "A competition of a gathering has no teams.", "team_max")
    return None


def set_staff(context: Context, command: SetStaff) -> Decision:
    """The owner chooses who helps; the owner's own role stays."""
    tournament, user = context.tournament, command.user
    if refusal := no_role(tournament, user, command.role, by=context.by, facts=context.facts):
        return refusal
    if command.role is None:
        return emit(StaffSet(user=user), revokes=_revoked(tournament, user))
    marks: dict[str, Mark] = {"listens": True} if tournament.settings.visibility == "invited" else {}
    return emit(StaffSet(user=user, role=command.role), marks=marks)


def _revoked(tournament: Tournament, user: str) -> tuple[str, ...]:
    """Whose right to watch ends with their role."""
    stays = tournament.settings.visibility != "invited" or tournament.invites(user)
    return () if stays else (user,)


RULES: Final[Rules] = {
    ChangeTournament: Rule(change, Rank.ORGANISER, NOT_OVER),
    SetStaff: Rule(set_staff, Rank.OWNER, NOT_OVER),
}
