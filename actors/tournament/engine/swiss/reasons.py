"""Why two meet: what the pairing of a bracket says of each of its pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors.tournament.engine.swiss.criteria import Bracket, Paired
from actors.tournament.engine.swiss.history import UP, Player
from actors.tournament.engine.swiss.model import NOBODY, Because, Why


def reasons_of(bracket: Bracket, paired: Paired) -> Iterator[tuple[tuple[int, int], Why]]:
    """Each pair of a bracket, and why it is one."""
    players, moved = bracket.field.players, set(bracket.moved)
    group = players[bracket.residents[0]].score
    taken = {b for a, b in paired.pairs if a in moved}
    rest = [place for place in bracket.residents if place not in taken]
    half = len(paired.pairs) - len(taken)
    first = _first_arrangement([a for a, _ in paired.pairs if a in moved], bracket.residents)
    first |= _first_arrangement(rest[:half], rest[half:])
    upper = set(rest[:half])
    for a, b in paired.pairs:
        expected = first.get(a, b)
        yield (
            (a, b),
            Why(
                group=group,
                floats=players[a].number if a in moved else NOBODY,
                exchanged=a not in moved and not (a in upper and b not in upper),
                expected=players[expected].number if expected != b else NOBODY,
                because=_because(bracket, a, b, expected) if expected != b else None,
                rematch=players[b].number in players[a].met,
            ),
        )


def _first_arrangement(upper: Sequence[int], lower: Sequence[int]) -> dict[int, int]:
    """Whom each would meet if nobody's past mattered: the first of one half the first of the other, and so on."""
    return dict(zip(upper, lower, strict=False))


def _because(bracket: Bracket, a: int, b: int, expected: int) -> Because:
    players = bracket.field.players
    one, other = players[a], players[expected]
    if other.number in one.met:
        return "met"
    if not bracket.field.legal[a] >> expected & 1:
        return "sides"
    if a in bracket.moved and UP in other.floats[-2:] and UP not in players[b].floats[-2:]:
        return "floats"
    if one.wish and one.wish == other.wish != players[b].wish:
        return "side_wishes"
    return "others"


def reason_of_bye(player: Player, last: Player) -> Why:
    """Why somebody has the bye, and not who is last in the ranking."""
    because: Because | None = None
    if player is not last:
        because = "bye" if last.bye_taken else "back" if last.back and not player.back else "others"
    expected = NOBODY if player is last else last.number
    return Why(
        player.score, NOBODY, exchanged=False, expected=expected, because=because, rematch=player.bye_taken
    )
