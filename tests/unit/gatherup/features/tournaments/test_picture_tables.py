"""Pictures of standings: what stands where, that all fits, and that no name can break out of them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from actors.tournament.plays import play_for
from gatherup.features.tournaments.picture import BOX_WIDTH, NAME_CHARS_MAX, THEMES, Drawn
from gatherup.features.tournaments.picture_tables import (
    BESIDE_MAX,
    TABLE_WIDTH,
    DrawnTable,
    Line,
    table_picture,
)
from gatherup.features.tournaments.table_pictures import _first_round, _matches
from protocol import limits
from protocol.tournament.stage import Stage
from storage.postgres.tournaments.matches import MatchRow, SeatingRow

NS = "{http://www.w3.org/2000/svg}"


def table(heading: str, count: int) -> DrawnTable:
    return DrawnTable(heading, [Line(place, place, 1.5, 1, 1, 0) for place in range(1, count + 1)])


def root_of(
    tables: list[DrawnTable], matches: list[Drawn], names: dict[int, str], theme: str = "light"
) -> ElementTree.Element:
    return ElementTree.fromstring(table_picture(tables, matches, names, theme))


def texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{NS}text")]


def test_a_table_tells_place_name_points_and_record() -> None:
    root = root_of([table("Standings", 2)], [], {1: "Ann"})
    assert texts(root) == ["Standings", "1", "Ann", "1.5", "1-1-0", "2", "#2", "1.5", "1-1-0"]


def test_groups_stand_next_to_each_other_and_below_and_all_fits() -> None:
    root = root_of([table(f"Group {n}", n) for n in range(1, BESIDE_MAX + 3)], [], {})
    boxes = [rect for rect in root.iter(f"{NS}rect") if rect.get("width") == str(TABLE_WIDTH)]
    places = [(float(box.get("x", "")), float(box.get("y", ""))) for box in boxes]
    assert len({y for _, y in places[:BESIDE_MAX]}) == 1 and len({x for x, _ in places}) == BESIDE_MAX
    assert places[BESIDE_MAX][0] == places[0][0]
    first = boxes[BESIDE_MAX - 1]
    assert places[BESIDE_MAX][1] > places[0][1] + float(first.get("height", ""))
    for (x, y), box in zip(places, boxes, strict=True):
        assert x + TABLE_WIDTH <= float(root.get("width", "")) and y + float(box.get("height", "")) <= float(
            root.get("height", "")
        )


def test_rounds_stand_below_the_table() -> None:
    matches = [
        Drawn(1, "swiss", 1, 1, 2, (3, 0), 1, None),
        Drawn(2, "swiss", 2, 2, 1, None, None, None),
    ]
    root = root_of([table("Standings", 2)], matches, {1: "Ann", 2: "Ben"})
    assert {"Round 1", "Round 2"} <= {*texts(root)}
    (moved,) = (group for group in root.iter(f"{NS}g") if group.get("transform"))
    assert len([rect for rect in moved.iter(f"{NS}rect") if rect.get("width") == str(BOX_WIDTH)]) == 2
    (box,) = (rect for rect in root.iter(f"{NS}rect") if rect.get("width") == str(TABLE_WIDTH))
    down = float((moved.get("transform") or "").removeprefix("translate(0 ").rstrip(")"))
    assert down >= float(box.get("y", "")) + float(box.get("height", "")) - 20  # the margin is within


@pytest.mark.parametrize("theme", THEMES)
def test_names_are_escaped_and_cut_in_every_theme(theme: str) -> None:
    name = '</text><script>x</script>&"' + "\x00" + "x" * 40
    root = root_of([table("Group 1 <b>", 1)], [], {1: name}, theme)
    assert not list(root.iter(f"{NS}script")) and texts(root)[0] == "Group 1 <b>"
    assert texts(root)[2] == name[: NAME_CHARS_MAX - 1] + "…"
    background = [rect for rect in root.iter(f"{NS}rect") if rect.get("width") == "100%"]
    assert bool(background) is (theme != "overlay")


def test_a_picture_at_its_limits_is_bounded() -> None:
    matches = [
        Drawn(n, "swiss", 1, n, n + 1, (99, 99), n, None) for n in range(1, limits.PICTURE_MATCHES_MAX + 1)
    ]
    names = dict.fromkeys(range(limits.PICTURE_MATCHES_MAX + 2), "你" * 40)
    drawn = table_picture([table("Standings", limits.PICTURE_ROWS_MAX)], matches, names, "light")
    assert len(drawn) < 2**20


def test_of_many_rounds_the_last_ones_are_drawn() -> None:
    seeds = range(1, 4097)
    pairs = [*seeds]
    swiss = play_for(Stage(format="swiss"), seeds, [pairs] * 3)
    assert _first_round(swiss, None) == 4  # not one of 2,048 matches fits
    small = play_for(Stage(format="swiss"), range(1, 1025), [range(1, 1025)] * 3)
    assert _first_round(small, None) == 2
    groups = play_for(Stage(format="round_robin", groups=4), range(1, 257))
    assert [_first_round(groups, group) for group in (1, None)] == [32, 56]


async def test_a_group_is_drawn_with_its_own_matches() -> None:
    seating = SeatingRow(Stage(format="round_robin", groups=2), range(1, 9))
    rows = [MatchRow(1, 4, 1, "done", scores=[3, 1], winner=4, kind="played")]
    drawn = await _matches(seating, rows, 1)
    assert {side for match in drawn for side in (match.a, match.b)} == {1, 4, 5, 8}
    assert (drawn[0].score, drawn[0].winner, len(drawn)) == ((3, 1), 4, 6)
    assert all(match.score is None and match.winner is None for match in drawn[1:])
