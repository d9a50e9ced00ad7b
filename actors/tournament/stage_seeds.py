"""Why entrants have their seeds in a stage: where they came from, and with whom they changed places.

Who goes on to a stage is settled by the end of the one before, and how they are seeded is a pure function of that. So
the reasons are worked out again when somebody asks, and nothing of them is kept. Pure: another process calls it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from actors.tournament.engine.groups import place_of as group_place_of
from actors.tournament.engine.next_stage import Qualified, Seeding, Why, by_place
from actors.tournament.plays import FORMATS, Met, groups_of
from protocol.tournament.stage import Stage, stages_of


class Exchanged(Struct, frozen=True):
    """An entrant has changed places with another one."""

    seed: int
    """What they had before."""
    other: int
    """Who had the seed that they have now."""
    now: int
    """The seed that they have now."""
    why: Why
    group: int
    """Of the stage before, whose entrants are kept apart."""
    parts: int
    """Apart in which of so many parts of the bracket, or of so many groups."""
    kept_apart: tuple[int, int] | None = None
    """For a rematch: who would have met whom again."""


class SeedReason(Struct, frozen=True):
    """Why an entrant has their seed."""

    entrant: int
    group: int
    """That they come from."""
    place: int
    """Their number among those who go on from it."""
    exchanged: tuple[Exchanged, ...]
    """In the order in which it was done."""


def seeded(following: Stage, qualified: Sequence[Qualified], met: Met) -> Seeding:
    """The seeds of a stage that these play."""
    return FORMATS[following.format].seeding(following, qualified, met)


def seed_reasons(
    stages: str,
    seeds: Sequence[int],
    entrants: Sequence[int],
    places: Sequence[int],
    met: Sequence[int],
    asked: Collection[int],
) -> list[SeedReason]:
    """Why those who are asked for have their seeds, in the order of these.

    Takes the stage before and this one as JSON; of the one before its seeds, its entrants with their places as
    ``tournament.stage_finished`` has them, and the two of each match; and entrants who play this one.
    """
    before, following = stages_of(stages)
    qualified = _qualified(groups_of(before, len(seeds)), seeds, entrants, places)
    pairs = {frozenset(pair) for pair in zip(met[::2], met[1::2], strict=True)}
    found = seeded(following, qualified, lambda one, other: frozenset((one, other)) in pairs)
    exchanged = _traced(qualified, found, {*asked})
    known = {one.entrant: one for one in qualified}
    return [
        SeedReason(entrant, known[entrant].group, known[entrant].place, tuple(exchanged.get(entrant, ())))
        for entrant in found.order
        if entrant in asked
    ]


def start_exchanges(
    order: Sequence[int], moved: Sequence[int], asked: Collection[int]
) -> dict[int, list[Exchanged]]:
    """What each of those who are asked for has exchanged at the start; ``order`` is what came of it, and ``moved`` as
    the mark of ``tournament.started``.
    """
    before, found = list(order), dict[int, list[Exchanged]]()
    swaps = [*zip(moved[::2], moved[1::2], strict=True)]
    for seed, other in reversed(swaps):
        before[seed - 1], before[other - 1] = before[other - 1], before[seed - 1]
    for seed, other in swaps:
        one, two = before[seed - 1], before[other - 1]
        for entrant, had, beside, now in ((one, seed, two, other), (two, other, one, seed)):
            if entrant in asked:
                found.setdefault(entrant, []).append(Exchanged(had, beside, now, "same_tag", 0, 0))
        before[seed - 1], before[other - 1] = two, one
    return found


def _qualified(
    groups: int, seeds: Sequence[int], entrants: Sequence[int], places: Sequence[int]
) -> list[Qualified]:
    """Who goes on: those whose place isn't settled by the end of the stage."""
    seed_of = {entrant: seed for seed, entrant in enumerate(seeds, 1)}
    found: list[Qualified] = []
    counts: dict[int, int] = {}
    for entrant, place in zip(entrants, places, strict=True):
        if not place:
            group = group_place_of(groups, seed_of[entrant]).group
            counts[group] = counts.get(group, 0) + 1
            found.append(Qualified(entrant, group, counts[group]))
    return found


def _traced(
    qualified: Sequence[Qualified], seeding: Seeding, asked: Collection[int]
) -> dict[int, list[Exchanged]]:
    """What each of those who are asked for has exchanged: all exchanges are made again, one after the other."""
    order = [one.entrant for one in by_place(qualified)]
    found: dict[int, list[Exchanged]] = {}
    for seed, other, why, group, parts in seeding.moved:
        one, two = order[seed - 1], order[other - 1]
        apart = (order[2 * parts - seed], one) if why == "rematch" else None
        for entrant, had, beside, now in ((one, seed, two, other), (two, other, one, seed)):
            if entrant in asked:
                moved = Exchanged(had, beside, now, why, group, parts, apart)
                found.setdefault(entrant, []).append(moved)
        order[seed - 1], order[other - 1] = two, one
    return found
