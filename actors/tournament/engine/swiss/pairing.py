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
    back: Collection[int] = (),
) -> Round | Impossible:
    """Pair the next round.

    The entrants are in the order of their seeds, all who ever were in the stage: with sides, it matters whose seed is
    odd. Those who are absent are not paired. A round holds the games and the byes, of whichever kind, that were in it.

    Who has left and come back never has the bye, so that leaving is never worth a point: if nobody else can have it,
    one of them has neither opponent nor bye. FIDE has no such rule.
    """
    known = players(entrants, rounds, options)
    for number in back:
        known[number].back = True
    ranking = [
        player for number, player in known.items() if number not in absent and _plays_on(player, options)
    ]
    ranking.sort(key=lambda player: (-player.score, player.seed))
    found = _with_byes(ranking, options)
    if found is None:
        return Impossible(tuple(player.number for player in ranking))
    field, byes = found
    made, alone = _pair(field, byes)
    made.sort(key=lambda pair: _board(field.players, pair[0]))
    pairs = tuple(_in_order(field.players[a], field.players[b], options) for (a, b), _ in made)
    reasons = tuple(why for _, why in made)
    if not alone:
        return Round(pairs, NOBODY, reasons)
    free = field.players[alone[0]]
    return Round(pairs, free.number, (*reasons, reason_of_bye(free, ranking[-1])))


def _with_byes(ranking: Sequence[Player], options: Options) -> tuple[Field, int] | None:
    """Those who are paired, and who of them may have the bye; None if it is impossible."""
    out = [player for player in reversed(ranking) if player.back] if len(ranking) % 2 else []
    rankings = [ranking, *([player for player in ranking if player is not one] for one in out)]
    fields = [Field(players) for players in rankings]
    ways = (_byes, _forced) if options.rematch else (_byes,)
    for way in ways:
        for field in fields:
            if (byes := way(field, options)) is not None:
                return field, byes
    return None


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
    if byes is None and options.exit is not None and [player.back for player in field.players] == [False]:
        return 1
    return byes


def _forced(field: Field, options: Options) -> int | None:
    """The same when entrants may meet again, or else have a second bye."""
    anybody = tuple(place for place, player in enumerate(field.players) if not player.back)
    for candidates in _bye_candidates(field, options), [anybody]:
        if admit_rematches(field, bits(place for group in candidates for place in group)):
            return _lowest_byes(field, candidates)
    return None


def _bye_candidates(field: Field, options: Options) -> list[tuple[int, ...]]:
    """Who may have the bye (C2), in groups of which an earlier one goes before: of fewer points (C5).

    With early exits, whoever is alone with its wins and losses comes first.
    """
    players = field.players
    able = [
        place
        for place in reversed(range(len(players)))
        if not players[place].bye_taken and not players[place].back
    ]
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
