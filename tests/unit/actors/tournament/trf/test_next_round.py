"""The next round of a file: as the program that wrote it pairs it, and refused where there is none."""

from __future__ import annotations

from actors.tournament.trf.games import first_side
from actors.tournament.trf.next_round import NextRound, NotPaired, next_round
from actors.tournament.trf.reading import read
from tests.unit.actors.tournament.trf.reports import SAMPLES

TWO = "001    1\n001    2\n"


def _paired(data: bytes) -> NextRound:
    result = next_round(data)
    assert isinstance(result, NextRound), result
    return result


def _why(text: str) -> str:
    result = next_round(text.encode())
    assert isinstance(result, NotPaired), result
    return result.why


def _games(*results: str) -> str:
    """A file of as many players, with these rounds."""
    return "".join(f"001 {number:4}{' ' * 81}{line}\n" for number, line in enumerate(results, 1))


def test_files_of_bbp_pairings_are_paired_as_it_pairs_them() -> None:
    c5 = _paired((SAMPLES / "bbp_c5.trf").read_bytes())
    assert (c5.round, c5.pairs, c5.bye) == (3, ((1, 5), (3, 2)), 6)
    c9 = _paired((SAMPLES / "bbp_c9.trf").read_bytes())
    assert (c9.round, c9.pairs, c9.bye) == (2, ((2, 1), (3, 5)), 4)


def test_the_file_with_the_round_says_who_plays_whom_and_isnt_paired_again() -> None:
    paired = _paired((SAMPLES / "bbp_c9.trf").read_bytes())
    lines = {line[4:8].strip(): line for line in paired.file.split("\r\n") if line.startswith("001")}
    assert lines["2"].endswith("     4 b 1     1 w")
    assert lines["1"].endswith("     3 w 1     2 b")
    assert lines["4"].endswith("     2 w 0  0000 - U")
    assert lines["4"][80:89] == " 1.0    3"
    assert _why(paired.file) == "Round 2 isn't over: there is no result of 1, 2, 3, 5."
    over = paired.file.replace("     1 w", "     1 w 1").replace("     2 b\r", "     2 b 0\r")
    over = over.replace("     5 w", "     5 w =").replace("     3 b\r", "     3 b =\r")
    over = (
        over.replace(" 1.0    2", " 2.0    2")
        .replace(" 0.0    4", " 0.5    4")
        .replace(" 0.0    5", " 0.5    5")
    )
    assert _paired(over.encode()).round == 3


def test_who_is_absent_or_has_a_bye_isnt_paired() -> None:
    assert _paired((TWO + "001    3\n001    4\nXXZ 1 2\n").encode()).pairs == ((3, 4),)
    bye = _paired(_games("  0000 - H", "", "", "").replace("     \n", "\n").encode())
    assert 1 not in {number for pair in bye.pairs for number in pair}
    assert "  0000 - H" in bye.file


def test_the_colour_of_the_first_seed_is_told_or_follows_from_the_first_round() -> None:
    assert _paired(TWO.encode()).pairs == ((1, 2),)
    assert _paired((TWO + "XXC black1\n").encode()).pairs == ((2, 1),)
    assert first_side(read(_games("     2 w 1", "     1 b 0").encode()))
    assert not first_side(read(_games("     2 b 1", "     1 w 0").encode()))
    assert not first_side(read(_games("  0000 - Z", "     3 w 1", "     2 b 0").encode()))


def test_a_round_that_cant_be_paired_is_refused_with_a_sentence() -> None:
    assert "fewer than two" in _why("001    1\n")
    assert _why(TWO + "XXR 3\nXXZ 1 2\n") == "There are fewer than two who can be paired."
    met = _games("     2 w 1", "     1 b 0")
    assert "meet again" in _why(met)
    assert _why("XXR 1\n" + met) == "All 1 rounds were paired."
    rounds = "".join("  0000 - F" for _ in range(60))
    many = _games(rounds + "     2 w 1", rounds + "     1 b 0", rounds + "     4 w 1", rounds + "     3 b 0")
    assert "meet again" not in _why("BBW 9.0\n" + many)
