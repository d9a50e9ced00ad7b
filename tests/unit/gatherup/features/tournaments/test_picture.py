"""Pictures of brackets: what stands where, and that no name can break out of them."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from actors.tournament.engine.elimination import Bracket, double, single
from gatherup.features.tournaments.picture import BOX_HEIGHT, BOX_WIDTH, THEMES, Drawn, picture
from gatherup.features.tournaments.pictures import _drawn, _first_drawn
from gatherup.features.tournaments.scores import score_of
from protocol import limits
from storage.postgres.tournaments.matches import MatchRow

NS = "{http://www.w3.org/2000/svg}"


def root_of(
    matches: list[Drawn], names: dict[int, str] | None = None, theme: str = "light"
) -> ElementTree.Element:
    return ElementTree.fromstring(picture(matches, names or {}, theme))


def texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{NS}text")]


def boxes(root: ElementTree.Element) -> list[tuple[float, float]]:
    sized = (rect for rect in root.iter(f"{NS}rect") if rect.get("width") == str(BOX_WIDTH))
    return [(float(rect.get("x", "")), float(rect.get("y", ""))) for rect in sized]


def drawn(number: int, **fields: Any) -> Drawn:
    empty = {"part": "winners", "round": 1, "a": 1, "b": 2, "score": None, "winner": None, "winner_to": None}
    return Drawn(number=number, **{**empty, **fields})


def test_one_game_shows_its_points_and_several_how_many_were_won() -> None:
    assert [score_of(scores) for scores in ((), (13, 7), (13, 7, 4, 13, 13, 9))] == [None, (13, 7), (2, 1)]


async def whole(bracket: Bracket) -> list[Drawn]:
    return await _drawn(bracket, [MatchRow(n, None, None, "waiting") for n in range(1, len(bracket) + 1)])


def test_names_scores_and_who_has_won() -> None:
    root = root_of([drawn(1, score=(2, 1), winner=1)], {1: "Ann", 2: "Ben"})
    assert texts(root) == ["Ann", "2", "Ben", "1", "Winners 1"]
    weights = {text.text: text.get("font-weight") for text in root.iter(f"{NS}text")}
    assert weights["Ann"] == "600" and weights["Ben"] is None
    assert texts(root_of([drawn(1, a=None, b=0)])) == ["…", "—", "Winners 1"]
    assert texts(root_of([drawn(1)]))[:2] == ["#1", "#2"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</scr…"),
        ('"/><a href="x">&amp;', '"/><a href="x">&amp;'),
        ("a\x00b\x1bc\ud800d\uffff", "a\ufffdb\ufffdc\ufffdd\ufffd"),
        ("]]>'", "]]>'"),
    ],
)
def test_a_name_is_text_and_nothing_else(name: str, shown: str) -> None:
    root = root_of([drawn(1)], {1: name})
    assert texts(root)[0] == shown
    assert {element.tag.removeprefix(NS) for element in root.iter()} == {"svg", "rect", "g", "text"}


@pytest.mark.parametrize("theme", THEMES)
def test_only_an_overlay_lets_what_is_behind_it_show(theme: str) -> None:
    backs = [
        rect for rect in root_of([drawn(1)], theme=theme).iter(f"{NS}rect") if rect.get("width") == "100%"
    ]
    assert bool(backs) == (theme != "overlay")


@pytest.mark.parametrize(
    "bracket", [single(2), single(7, third_place=True), double(2), double(5), double(32)], ids=str
)
async def test_no_two_matches_lie_on_each_other_and_all_lie_within(bracket: Bracket) -> None:
    root = root_of(await whole(bracket))
    places, width, height = boxes(root), float(root.get("width", "")), float(root.get("height", ""))
    assert len(places) == len(bracket)
    for (x, y), (other_x, other_y) in combinations(places, 2):
        assert abs(x - other_x) >= BOX_WIDTH or abs(y - other_y) >= BOX_HEIGHT
    assert all(0 <= x <= width - BOX_WIDTH and 0 <= y <= height - BOX_HEIGHT for x, y in places)


async def test_a_match_stands_between_those_that_lead_to_it() -> None:
    places = boxes(root_of(await whole(single(8))))
    for first, second, next_ in ((0, 1, 4), (2, 3, 5), (4, 5, 6)):
        assert places[next_][1] == (places[first][1] + places[second][1]) / 2
    paths = [path.get("d") for path in root_of(await whole(single(8))).iter(f"{NS}path")]
    assert len(paths) == 6


async def test_of_the_largest_the_last_rounds_are_drawn() -> None:
    for bracket in (single(4096), double(4096)):
        matches = await whole(bracket)
        assert limits.PICTURE_MATCHES_MAX / 4 < len(matches) <= limits.PICTURE_MATCHES_MAX
        assert matches[-1].number == len(bracket)
        first = _first_drawn(bracket)
        assert bracket.round_of(first) != bracket.round_of(first - 1)
        assert len(picture(matches, {}, "dark")) < 1 << 20
