"""A tournament of GatherUp as a file that is read again."""

from __future__ import annotations

import pytest

from actors.tournament.trf.export import About, Entrant, Seen, exported
from actors.tournament.trf.model import Entry, Points
from actors.tournament.trf.reading import read
from actors.tournament.trf.writing import NoRoomError

ABOUT = About(
    name="Evening\ncup", format="round_robin", started_at=0, ended_at=86_400_000, rounds=3, points=Points()
)
ENTRANTS = [Entrant(7, "Ann", 2), Entrant(3, None, 1), Entrant(9, "B\u202eo\x00b " + "x" * 40, None)]


def test_each_kind_of_result_has_its_sign() -> None:
    matches = [
        Seen(1, 7, 3, 7, "played"),
        Seen(1, 9, 0, 9, "bye"),
        Seen(2, 3, 9, 0, "played"),
        Seen(3, 9, 7, 7, "forfeit"),
        Seen(4, 3, 7, 0, "double_forfeit"),
        Seen(5, 7, 9, None, None),
        Seen(6, 0, 0, 0, "bye"),
    ]
    report = read(exported(About(**{**_fields(), "rounds": 6}), ENTRANTS, matches).encode())
    ann, nobody, bob = report.players
    assert ann.entries == (
        Entry(2, "w", "1"),
        Entry(),
        Entry(3, "b", "+"),
        Entry(2, "b", "-"),
        Entry(3, "w", " "),
    )
    assert nobody.entries == (Entry(1, "b", "0"), Entry(3, "w", "="), Entry(), Entry(1, "w", "-"))
    assert bob.entries == (
        Entry(result="U"),
        Entry(2, "b", "="),
        Entry(1, "w", "-"),
        Entry(),
        Entry(1, "b", " "),
    )
    assert (ann.points, nobody.points, bob.points) == (4, 1, 3)


def test_texts_are_put_on_a_line_and_cut_and_those_who_play_come_first() -> None:
    report = read(exported(ABOUT, ENTRANTS, []).encode())
    assert report.other == (
        "012 Evening cup",
        "042 1970/01/01",
        "052 1970/01/02",
        "062 3",
        "092 Round robin",
    )
    assert [player.name for player in report.players] == ["Ann", "Entrant 3", "B o b " + "x" * 27]
    assert [player.rank for player in report.players] == [3, 2, 1]
    assert report.rounds == 3


def test_more_points_than_there_is_room_for_are_refused() -> None:
    about = About(**{**_fields(), "points": Points(win=200)})
    with pytest.raises(NoRoomError):
        exported(about, ENTRANTS, [Seen(1, 7, 3, 7, "played")])


def _fields() -> dict:
    return {name: getattr(ABOUT, name) for name in About.__struct_fields__}
