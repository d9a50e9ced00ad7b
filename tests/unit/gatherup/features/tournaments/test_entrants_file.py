"""Files of entrants in CSV: what is read of them, and what is wrong with which line."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatherup.features.tournaments.csv_cells import guarded, plain, written
from gatherup.features.tournaments.entrants_file import Fault, Listed, Player, read, seeded
from protocol import limits

ID = "user:" + "a" * 32


def taken(text: str, *, teams: bool = False) -> list[Listed]:
    found, faults = read(text.encode(), teams)
    assert faults == []
    return found


def faults(text: str, *, teams: bool = False) -> list[tuple[int, str]]:
    return [(fault.line, fault.why) for fault in read(text.encode(), teams)[1]]


def test_users_and_names_are_read_in_the_order_of_the_columns() -> None:
    text = f"Rating, user ,name,seed\n1500,@zoe,,2\n,,Rob,\n-3.5,{ID},,1\n\n,,,\n"
    assert taken(text) == [
        Listed(2, None, (Player(2, "@zoe"),), 2, 1500.0),
        Listed(3, "Rob"),
        Listed(4, None, (Player(4, ID),), 1, -3.5),
    ]


def test_a_byte_order_mark_windows_line_ends_and_quotes_are_read() -> None:
    text = '\ufeffname,seed\r\n"Smith, Ann",1\r\n"""The Rock""",2\r\n"two\r\nlines",3\r\nlast,4'
    assert [(one.line, one.name) for one in taken(text)] == [
        (2, "Smith, Ann"),
        (3, '"The Rock"'),
        (5, "two\r\nlines"),
        (6, "last"),
    ]


def test_lines_of_a_team_are_its_players_the_captain_first() -> None:
    text = "team,user,seed\nRavens,ann,2\nOwls,cy,\nRavens,bob,\nGeese,,1\n"
    assert taken(text, teams=True) == [
        Listed(2, "Ravens", (Player(2, "ann"), Player(4, "bob")), 2),
        Listed(3, "Owls", (Player(3, "cy"),)),
        Listed(5, "Geese", (), 1),
    ]


def test_seeds_come_before_ratings_and_the_highest_rating_first() -> None:
    found = taken("name,seed,rating\na,,10\nb,2,99\nc,,\nd,1,\ne,,20.5\nf,,-1\n")
    assert [found[at].name for at in seeded(found)] == ["d", "b", "e", "a", "f"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "There is nobody in it."),
        ("name\n\n", 1, "There is nobody in it."),
        ("name,colour\na,red\n", 1, "Name each column once"),
        ("name,Name\na,b\n", 1, "Name each column once"),
        ("name,user\na,b\n", 2, "Give a name or a user."),
        ("name,seed\na,1\n,2\n", 3, "Give a name or a user."),
        ("name\na,b\n", 2, "There are more cells than columns."),
        ("name,team\na,b\n", 2, "This is no tournament of teams."),
        ("name,seed\na,0\n", 2, "A seed is a whole number from 1 to 4096."),
        ("name,seed\na,1.5\n", 2, "A seed is a whole number from 1 to 4096."),
        ("name,seed\na,one\n", 2, "This seed is no number"),
        ("name,rating\na,nan\n", 2, "This rating is no number"),
        ("name,rating\na,1e9\n", 2, "This rating is no number"),
        ("name,seed\na,3\nb,3\n", 3, "Seed 3 stands there twice."),
        (f"name\n{'x' * (limits.ENTRANT_NAME_CHARS_MAX + 1)}\n", 2, "The name can't be taken: Expected"),
        ("name\na\0\n", 2, "The name can't be taken: Expected"),
        ('name\n"a', 2, "This isn't CSV"),
        ('name\n"a"b\n', 2, "This isn't CSV"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, why: str) -> None:
    ((at, said),) = faults(text)
    assert said.startswith(why), said
    assert at == line


def test_faults_of_teams_are_told_with_their_lines() -> None:
    assert faults("team,user\nRavens,a\n,b\nRavens,\n", teams=True) == [
        (3, "Name a team, and no other name."),
        (4, "A team of several lines has a user in each."),
    ]
    assert faults("team,user,seed\nRavens,a,\nRavens,b,1\n", teams=True) == [
        (3, "The first line of a team says its seed, rating and tags.")
    ]


def test_every_fault_is_told() -> None:
    text = "name,seed\n" + "".join(f"n{n},x\n" for n in range(100))
    assert [line for line, _ in faults(text)] == [*range(2, 102)]


def test_a_file_is_bounded() -> None:
    most = limits.ENTRANTS_FILE_LINES_MAX
    assert len(taken("name\n" + "a\n" * most)) == most
    found, (fault,) = read(b"name\n" + b"a\n" * (most + 1), False)
    assert fault == Fault(most + 2, f"There are more than {most} lines after the first one.")
    assert len(found) == most


def test_what_is_no_utf_8_is_told_with_its_line() -> None:
    assert read(b"name\nZo\xe9\n", False) == ([], [Fault(2, "This isn't UTF-8.")])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "'=1", "''=1"])
def test_no_text_is_written_as_a_formula(text: str) -> None:
    assert guarded(text) == "'" + text
    assert plain(guarded(text)) == text
    assert next(csv.reader(StringIO(written([[text]]), newline=""))) == ["'" + text]


def test_numbers_and_other_texts_stand_as_they_are() -> None:
    assert (
        written([["a,b", 1, -2.5, None, True, False, "'tis", "5-3"]]) == '"a,b",1,-2.5,,yes,no,\'tis,5-3\r\n'
    )


@given(st.text(max_size=8))
@example("'''=")
def test_what_is_written_comes_back(text: str) -> None:
    assert plain(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.binary(max_size=60), st.booleans())
def test_whatever_comes_is_read_or_refused(data: bytes, teams: bool) -> None:
    found, wrong = read(b"name,user,team,seed\n" + data, teams)
    assert found or wrong
