"""The course of a rehearsal as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from gatherup.rehearse.course import Round, Told

NAMED_MAX: Final = 12
"""Numbers that one list names; of more it says how many there are."""
PLACES_MAX: Final = 32
"""Entrants whose places are printed; ``--json`` has all."""


def printed(told: Told) -> Iterator[str]:
    """Its lines."""
    begun_at = told.phases[0].at
    yield f"{told.name}: {told.people} {told.who}, seed {told.seed}"
    yield ""
    for passed in told.phases:
        with_ = "" if passed.entrants is None else f", {passed.entrants} entrants"
        yield f"{clock(passed.at - begun_at):>10}  {passed.phase.replace('_', ' ')}{with_}"
    if told.rounds:
        yield ""
    for round_ in told.rounds:
        until = "" if round_.ended_at is None else f" to {clock(round_.ended_at - begun_at)}"
        matches = "1 match" if round_.matches == 1 else f"{round_.matches} matches"
        yield f"{clock(round_.begun_at - begun_at):>10}{until}  {round_.part} {round_.round}: {matches}"
        yield from (f"{'':12}{line}" for line in _notable(round_))
    yield from _changes(told, begun_at)
    yield ""
    yield from _places(told)
    yield ""
    yield f"It took {clock(told.lasted_s * 1000)} by the clock, {clock(told.played_s * 1000)} of it from the start."
    yield f"{told.events:,} events, {told.calls:,} items in inboxes."


def clock(milliseconds: int) -> str:
    """Hours, minutes and seconds."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _notable(round_: Round) -> Iterator[str]:
    found = {
        "absent": round_.absent,
        "put off": round_.put_off,
        "held": round_.held,
        "disputed": round_.disputed,
        "decided by staff": round_.decided,
        "corrected": round_.corrected,
        "played again": round_.undone,
    }
    for what, numbers in found.items():
        if numbers:
            of = "entrant" if what == "absent" else "match"
            yield f"{what}: {of} {_named(numbers)}"


def _changes(told: Told, begun_at: int) -> Iterator[str]:
    if told.corrections or told.left or told.reinstated or told.substitutions or told.attempts:
        yield ""
    if told.attempts:
        yield f"Attempts in leaderboards: {told.attempts}"
    if told.substitutions:
        yield f"Substitutes who came to teams: {told.substitutions}"
    if told.left:
        yield f"Left while it ran: {_named(told.left)}"
    if told.reinstated:
        yield f"Came back: {_named(told.reinstated)}"
    for correction in told.corrections[:NAMED_MAX]:
        what = "is played again" if correction.undone else f"is won by {correction.winner or 'nobody'}"
        void = f", so that {_named(correction.void)} began anew" if correction.void else ""
        if correction.stages:
            void += f"; stage {correction.stages[0]} begins anew"
        yield f"{clock(correction.at - begun_at):>10}  match {correction.match} {what}{void}"
    if (more := len(told.corrections) - NAMED_MAX) > 0:
        yield f"{'':12}and {more} more corrections"


def _places(told: Told) -> Iterator[str]:
    if not told.standings:
        yield "Nobody has a place."
        return
    yield "Places"
    for place, alike in groupby(told.standings[:PLACES_MAX], key=lambda one: one.place):
        yield f"{place:>10}  {', '.join(f'entrant {one.entrant}' for one in alike)}"
    if (more := len(told.standings) - PLACES_MAX) > 0:
        yield f"{'':12}and {more} more"


def _named(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:NAMED_MAX]))
    more = len(numbers) - NAMED_MAX
    return f"{shown} and {more} more" if more > 0 else shown
