"""What must hold of the teams of a tournament, in each of its states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from actors.tournament.state import ASKING, Tournament
from gatherup.chaos.truth import Fact


def unfair(story: Sequence[Fact]) -> Iterator[str]:
    """Somebody in two teams, teams that are too large or too small, and substitutes beyond what is allowed."""
    played_for: dict[str, int] = {}
    for fact in story:
        state = cast(Tournament, fact.state)
        if state.settings.team_max:
            yield from _unfair(state, played_for)


def _unfair(state: Tournament, played_for: dict[str, int]) -> Iterator[str]:
    settings, started = state.settings, bool(state.stages)
    in_it = state.seeds if started else range(1, len(state.entrants) + 1)
    teams = {number: state.entrants[number] for number in in_it}
    teams = {number: team for number, team in teams.items() if started or team.status in ASKING}
    on = Counter(user for team in teams.values() for user in (*team.roster, *team.invited))
    if twice := [user for user, times in on.items() if times > 1]:
        yield f"at {state.seq} {twice} are in two teams"
    for number, team in teams.items():
        least = settings.team_min if started else 1
        if not least <= len(team.roster) <= settings.team_max or team.substitutions > settings.substitutes:
            yield f"at {state.seq} team {number} is {team}, by {settings}"
        for user in team.roster if started else ():
            if played_for.setdefault(user, number) != number:
                yield f"at {state.seq} {user} plays for {number}, and has for {played_for[user]}"
