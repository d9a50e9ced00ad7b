"""Why somebody has their seed and is in their group, in words and for programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.tournament.engine.groups import place_of
from actors.tournament.stage_seeds import Exchanged, SeedReason
from protocol.http.tournaments.explained_stages import ExplainedExchange, ExplainedSeed

_PARTS: Final = {2: "halves", 4: "quarters", 8: "eighths"}


def seed_of(
    order: Sequence[int],
    seed: int,
    groups: int,
    reason: SeedReason | None,
    at_start: Sequence[Exchanged] = (),
) -> ExplainedSeed:
    """Why somebody has this seed of a stage with so many groups; its seeds, the best first, are ``order``. There is no
    reason in the first stage, but what was exchanged at the start.
    """
    entrant = order[seed - 1]
    group = place_of(groups, seed).group if groups > 1 else None
    exchanged = at_start if reason is None else reason.exchanged
    exchanges = [_exchange(entrant, one, groups) for one in exchanged]
    first = exchanged[0].seed if exchanged else seed
    sentences = [_begins(entrant, first, reason), *(one.sentence for one in exchanges)]
    if group is not None:
        sentences.append(f"The snake deals seed {seed} to group {group} of {groups}.")
    return ExplainedSeed(
        seed=seed,
        entrant=entrant,
        why="start" if reason is None else "went_on",
        group=group,
        from_group=None if reason is None else reason.group,
        from_place=None if reason is None else reason.place,
        exchanges=exchanges,
        sentence=" ".join(sentences),
    )


def _begins(entrant: int, seed: int, reason: SeedReason | None) -> str:
    if reason is None:
        return f"Entrant {entrant} has seed {seed} by the seeding and the draw at the start."
    return (
        f"Entrant {entrant} went on as number {reason.place} of group {reason.group} of the stage before,"
        f" which makes seed {seed}."
    )


def _exchange(entrant: int, one: Exchanged, groups: int) -> ExplainedExchange:
    changed = (
        f"Entrant {entrant} with seed {one.seed} and entrant {one.other} with seed {one.now} changed places"
    )
    if one.why == "same_tag":
        why = "so that those with a tag in common don't meet in the first round"
    elif one.kept_apart is not None:
        first, second = one.kept_apart
        why = f"since entrants {first} and {second} would have met again in the first round"
    else:
        parts = "groups" if groups > 1 else _PARTS.get(one.parts, f"{one.parts}ths") + " of the bracket"
        why = f"so that those who come from group {one.group} are in different {parts}"
    return ExplainedExchange(
        seed=one.seed,
        now=one.now,
        entrant=one.other,
        why=one.why,
        group=one.group,
        parts=one.parts,
        kept_apart=[*(one.kept_apart or ())],
        sentence=f"{changed}, {why}.",
    )
