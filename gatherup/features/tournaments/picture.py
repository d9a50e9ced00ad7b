"""A bracket as SVG. Pure, and it imports nothing of GatherUp: large ones are drawn in worker processes.

Rounds are columns. A match stands half-way between those that lead to it, or below the one before it where none does.
Parts of the bracket stand below each other; what ends it stands to the right of the winners' bracket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Final, NamedTuple

Point = tuple[float, float]

BOX_WIDTH: Final = 200
BOX_HEIGHT: Final = 44
GAP_X: Final = 36
GAP_Y: Final = 14
MARGIN: Final = 20
HEADING: Final = 30
NAME_CHARS_MAX: Final = 22
"""A longer name is cut."""
ENDS: Final = ("final", "reset")
"""Parts that stand to the right of the winners' bracket, in this order."""
BY_ROUND: Final = frozenset({"group", "swiss"})
"""Parts whose rounds are played one after the other."""


class Colours(NamedTuple):
    """Of one theme."""

    back: str | None
    """None: what is behind the picture shows."""
    box: str
    line: str
    text: str
    dim: str
    won: str


THEMES: Final[Mapping[str, Colours]] = {
    "light": Colours("#ffffff", "#f4f5f7", "#9aa3af", "#1f2933", "#6b7480", "#0b6e4f"),
    "dark": Colours("#14181d", "#1f262e", "#4a5563", "#e6e9ed", "#98a2ae", "#5fd3a5"),
    "overlay": Colours(None, "#0b0f14cc", "#ffffffb3", "#ffffff", "#ffffffb3", "#7fe8bf"),
}
"""``overlay`` is for a picture over a video."""


class Drawn(NamedTuple):
    """A match as it is drawn."""

    number: int
    part: str
    round: int
    a: int | None
    b: int | None
    """Entrants; 0 for nobody, None while it isn't known."""
    score: tuple[int, int] | None
    """Of both sides; None without a result by a game."""
    winner: int | None
    """None until it is done; 0 for nobody."""
    winner_to: int | None
    """The match to which it leads its winner."""


def picture(matches: Sequence[Drawn], names: Mapping[int, str], theme: str) -> bytes:
    """The picture, in UTF-8; ``names`` are those of entrants. It holds no script, no link, nothing from elsewhere."""
    colours = THEMES[theme]
    parts, size = drawn_matches(matches, names, colours)
    return framed(parts, size, colours)


def framed(parts: Iterable[str], size: tuple[int, int], colours: Colours) -> bytes:
    """These parts as a whole picture."""
    width, height = size
    whole = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"',
        f' viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="{colours.back}"/>' if colours.back else "",
        *parts,
        "</svg>\n",
    ]
    return "".join(whole).encode()


def drawn_matches(
    matches: Sequence[Drawn], names: Mapping[int, str], colours: Colours
) -> tuple[list[str], tuple[int, int]]:
    """Matches in their rounds, and how large that is."""
    places, headings, size = _laid_out(matches)
    return [
        f'<g fill="none" stroke="{colours.line}">',
        *_lines(matches, places),
        "</g>",
        *(_box(match, places[match.number], names, colours) for match in matches),
        f'<g fill="{colours.dim}" font-weight="600">',
        *(f'<text x="{x:g}" y="{y:g}">{escaped(text)}</text>' for text, (x, y) in headings),
        "</g>",
    ], size


# --- where everything stands ---------------------------------------------------------------------------------


def _laid_out(matches: Sequence[Drawn]) -> tuple[dict[int, Point], list[tuple[str, Point]], tuple[int, int]]:
    """Where matches and headings stand, and how large the whole is."""
    places: dict[int, Point] = {}
    headings: list[tuple[str, Point]] = []
    leading: dict[int, list[float]] = {}
    """How high those stand that lead to a match, of the same band."""
    top, right = float(MARGIN), 2.0 * MARGIN + BOX_WIDTH
    for band in _bands(matches):
        bottom = top
        for column, (heading, round_) in enumerate(band):
            x, y = MARGIN + column * (BOX_WIDTH + GAP_X), top + HEADING
            headings.append((heading, (x, top + HEADING - 10)))
            for match in round_:
                if (heights := leading.get(match.number)) is not None:
                    y = max(y, sum(heights) / len(heights))
                places[match.number] = x, y
                if match.winner_to is not None:
                    leading.setdefault(match.winner_to, []).append(y)
                y += BOX_HEIGHT + GAP_Y
            bottom, right = max(bottom, y), max(right, x + BOX_WIDTH + MARGIN)
        leading.clear()
        top = bottom + GAP_Y
    return places, headings, (int(right), int(top + MARGIN))


def _bands(matches: Iterable[Drawn]) -> Iterator[list[tuple[str, list[Drawn]]]]:
    """The parts that stand below each other, each with its rounds and what is written above them."""

    def place(match: Drawn) -> tuple[str, int, int]:
        ends = match.part in ENDS
        return "winners" if ends else match.part, ENDS.index(match.part) + 1 if ends else 0, match.round

    order: dict[str, int] = {}
    for match in matches:
        order.setdefault(place(match)[0], len(order))
    sorted_ = sorted(matches, key=lambda match: (order[place(match)[0]], *place(match)[1:], match.number))
    for _, band in groupby(sorted_, key=lambda match: place(match)[0]):
        rounds = groupby(band, key=lambda match: (match.part, match.round))
        yield [(_heading(part, round_), list(round_matches)) for (part, round_), round_matches in rounds]


def _heading(part: str, round_: int) -> str:
    if part in BY_ROUND:
        return f"Round {round_}"
    return part.capitalize() if part in (*ENDS, "third") else f"{part.capitalize()} {round_}"


# --- how it is drawn -----------------------------------------------------------------------------------------


def _lines(matches: Iterable[Drawn], places: Mapping[int, Point]) -> Iterator[str]:
    """From each match to where it leads its winner, as far as that stands to the right of it."""
    for match in matches:
        (x, y), end = places[match.number], places.get(match.winner_to or 0)
        if end is not None and end[0] > x:
            middle, half = end[0] - GAP_X / 2, BOX_HEIGHT / 2
            yield f'<path d="M{x + BOX_WIDTH:g} {y + half:g}H{middle:g}V{end[1] + half:g}H{end[0]:g}"/>'


def _box(match: Drawn, place: Point, names: Mapping[int, str], colours: Colours) -> str:
    x, y = place
    half = BOX_HEIGHT / 2
    rect = (
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" fill="{colours.box}" '
        f'stroke="{colours.line}"/>'
    )
    sides = ((match.a, y + half - 7), (match.b, y + 2 * half - 7))
    return rect + "".join(
        _side(match, index, side, (x, at), names, colours) for index, (side, at) in enumerate(sides)
    )


def _side(
    match: Drawn, index: int, side: int | None, at: Point, names: Mapping[int, str], colours: Colours
) -> str:
    x, y = at
    won = bool(side) and match.winner == side
    fill = colours.won if won else colours.text if side and match.winner is None else colours.dim
    name = "…" if side is None else "—" if side == 0 else names.get(side, f"#{side}")
    weight = ' font-weight="600"' if won else ""
    label = f'<text x="{x + 8:g}" y="{y:g}" fill="{fill}"{weight}>{escaped(cut(name))}</text>'
    if match.score is None:
        return label
    score = f'<text x="{x + BOX_WIDTH - 8:g}" y="{y:g}" fill="{fill}" text-anchor="end">{match.score[index]}</text>'
    return label + score


def cut(name: str) -> str:
    """A name as far as there is room for it."""
    return name if len(name) <= NAME_CHARS_MAX else name[: NAME_CHARS_MAX - 1] + "…"


def escaped(text: str) -> str:
    """Escaped, and without what XML doesn't allow at all: control characters, and halves of characters."""
    allowed = (
        char if char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff" else "\ufffd"
        for char in text
    )
    return escape("".join(allowed))
