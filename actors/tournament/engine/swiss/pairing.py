"""The pairing of a round: the score groups from the top down, each with who came down to it (1.9 and article 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from actors.tournament.engine.swiss.criteria import Bracket, Paired, Weights, scope_of
from actors.tournament.engine.swiss.exact import pair_exactly
from actors.tournament.engine.swiss.field import Field
from actors.tournament.engine.swiss.forced import admit_rematches
from actors.tournament.engine.swiss.history import Player, players
from actors.tournament.engine.swiss.model import NOBODY, Game, Impossible, Options, Round, Why
from actors.tournament.engine.swiss.quick import pair_quickly
from actors.tournament.engine.swiss.reasons import reason_of_bye, reasons_of
from actors.tournament.engine.swiss.sets import bits
from actors.tournament.engine.swiss.sides import with_sides


def pair(
    entrants: Sequence[int],
    rounds: Sequence[Sequence[Game]],
    options: Options,
    absent: Collection[int] = (),
) -> Round | Impossible:
    """Pair the next round.

    The entrants are in the order of their seeds, all who ever were in the stage: with sides, it matters whose seed is
    odd. Those who are absent are not paired. A round holds the games and the byes, of whichever kind, that were in it.
    """
    known = players(entrants, rounds, options)
    ranking = [
        player for number, player in known.items() if number not in absent and _plays_on(player, options)
    ]
    ranking.sort(key=lambda player: (-player.score, player.seed))
    field = Field(ranking)
    byes = _byes(field, options)
    if byes is None:
        return Impossible(tuple(player.number for player in ranking))
    made, alone = _pair(field, byes)
    made.sort(key=lambda pair: _board(ranking, pair[0]))
    pairs = tuple(_in_order(ranking[a], ranking[b], options) for (a, b), _ in made)
    reasons = tuple(why for _, why in made)
    if not alone:
        return Round(pairs, NOBODY, reasons)
    return Round(pairs, ranking[alone[0]].number, (*reasons, reason_of_bye(ranking[alone[0]], ranking[-1])))


def _in_order(higher: Player, lower: Player, options: Options) -> tuple[int, int]:
    if not options.sides:
        return higher.number, lower.number
    return with_sides(higher, lower, first_side=options.first_side)


def _plays_on(player: Player, options: Options) -> bool:
    """Whether it has neither advanced early nor gone out early."""
    if options.exit is None:
        return True
    wins, losses = options.exit
    return player.wins < wins and player.losses < losses


def _board(ranking: Sequence[Player], pair: tuple[int, int]) -> tuple[int, int, int]:
    """C.04.2: the boards are in the order of the higher score, of the lower, and of the higher rank."""
    higher, lower = (ranking[place] for place in pair)
    return -higher.score, -lower.score, higher.seed


def _byes(field: Field, options: Options) -> int | None:
    """Who may have the bye, none of them if everybody can be paired; None if it is impossible."""
    byes = _lowest_byes(field, _bye_candidates(field, options))
    if byes is None and options.exit is not None and len(field.players) == 1:
        return 1
    if byes is None and options.rematch:
        byes = _forced(field, options)
    return byes


def _forced(field: Field, options: Options) -> int | None:
    """The same when entrants may meet again, or else have a second bye."""
    for candidates in _bye_candidates(field, options), [tuple(range(len(field.players)))]:
        if admit_rematches(field, bits(place for group in candidates for place in group)):
            return _lowest_byes(field, candidates)
    return None


def _bye_candidates(field: Field, options: Options) -> list[tuple[int, ...]]:
    """Who may have the bye (C2), in groups of which an earlier one goes before: of fewer points (C5).

    With early exits, whoever is alone with its wins and losses comes first.
    """
    players = field.players
    able = [place for place in reversed(range(len(players))) if not players[place].bye_taken]
    groups = [tuple(group) for _, group in groupby(able, key=lambda place: players[place].score)]
    if options.exit is None:
        return groups
    records = Counter((player.wins, player.losses) for player in players)
    lone = [(place,) for place in able if records[players[place].wins, players[place].losses] == 1]
    return lone + groups


def _lowest_byes(field: Field, candidates: Iterable[tuple[int, ...]]) -> int | None:
    if not len(field.players) % 2:
        return 0 if field.complete(field.everybody, 0) else None
    sets = (bits(group) for group in candidates)
    return next((some for some in sets if field.complete(field.everybody, some)), None)


def _pair(field: Field, byes: int) -> tuple[list[tuple[tuple[int, int], Why]], tuple[int, ...]]:
    groups = [
        tuple(group)
        for _, group in groupby(range(len(field.players)), key=lambda place: field.players[place].score)
    ]
    made: list[tuple[tuple[int, int], Why]] = []
    floating: tuple[int, ...] = ()
    below = field.everybody
    for group, following in zip(groups, [*groups[1:], ()], strict=False):
        below &= ~bits(group)
        bracket = Bracket(field, floating, group, bits(following), below, byes)
        paired = _pair_bracket(bracket)
        made += reasons_of(bracket, paired)
        floating = paired.floating
    return made, floating


def _pair_bracket(bracket: Bracket) -> Paired:
    scope = scope_of(bracket)
    weights = Weights(bracket, bye_here=scope.bye_here)
    return pair_quickly(bracket, scope, weights) or pair_exactly(bracket, scope, weights)
