"""What of a file becomes a tournament, and what is refused since none could hold it."""

from __future__ import annotations

import pytest

from actors.tournament.trf.importing import Imported, ImportedRound, NotImported, imported
from tests.unit.actors.tournament.trf.reports import SAMPLES

C5 = (SAMPLES / "bbp_c5.trf").read_bytes()


def lines(*entries: str, rounds: int = 3, more: str = "") -> bytes:
    """A file with these players: each what they did in each round."""
    players = [
        f"001 {number:4}      {'Player ' + str(number):33} {'':4} {'':3} {'':11} {'':10} {'':4} {'':4}" + of
        for number, of in enumerate(entries, 1)
    ]
    return "\r\n".join(["012 Open", *players, f"XXR {rounds}", *([more] if more else [])]).encode()


def test_a_file_gives_players_rounds_and_results_by_starting_ranks() -> None:
    found = imported(C5)
    assert isinstance(found, Imported)
    assert (found.name, found.rounds, found.points) == ("Dutch 2025 C5 test", 3, (1, 0.5, 0, 1))
    assert found.names[0] == "Test0001 Player0001" and len(found.names) == 6
    assert found.absent == (4,)
    assert found.played == (
        ImportedRound((1, 4, 3, 6, 5, 2), ((1, "decided"), (3, "decided"), (2, "decided"))),
        ImportedRound((2, 1, 4, 3, 6, 5), ((1, "decided"), (3, "decided"), (5, "decided"))),
    )


def test_draws_forfeits_byes_and_absences_are_kept() -> None:
    found = imported(
        lines(
            "     2 w =",
            "     1 b =",
            "     4 w +",
            "     3 b -",
            "     6 - -",
            "     5 - -",
            "  0000 - U",
            "",
        )
    )
    assert isinstance(found, Imported)
    (round_,) = found.played
    assert round_.pairs == (1, 2, 3, 4, 5, 6, 7, 0)
    assert round_.results == ((0, "decided"), (3, "forfeit"), (0, "double_forfeit"))
    assert found.absent == ()


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (
            lines("     2 w 1", "     1 b 0", "  0000 - H"),
            "Player 3 has a bye in round 1 that they asked for, and which is worth points.",
        ),
        (
            lines("     2 w 1", "     1 b 0", "            0000 - F"),
            "Player 3 has a bye in round 2 that they asked for, and which is worth points.",
        ),
        (
            lines("     2 w 1", "     1 b 0", "  0000 - U", "  0000 - U"),
            "Players 3 and 4 have a bye in round 1, and only one can.",
        ),
        (
            lines("     2 w 0", "     1 b 0"),
            "Players 1 and 2 have a result in round 1 that isn't known here.",
        ),
        (lines("     2 w  ", "     1 b  "), "Round 1 isn't over."),
        (lines("  0000 - U", ""), "In round 1 nobody has met anybody."),
        (lines("", "", more="BBF  1.0"), "Forfeits and absences are worth nothing here."),
    ],
)
def test_what_could_not_be_held_is_refused_with_a_sentence(file: bytes, why: str) -> None:
    assert imported(file) == NotImported(why)


def test_a_file_that_cannot_be_read_is_told_with_its_places() -> None:
    found = imported(C5.replace(b"     3 w 0", b"     7 w 0"))
    assert isinstance(found, tuple) and found[0].line == 4
