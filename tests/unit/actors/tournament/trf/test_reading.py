"""What is wrong with a file is told with its line and column."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.trf.model import Entry, Fault, FaultyError, Points
from actors.tournament.trf.reading import read
from protocol import limits
from tests.unit.actors.tournament.trf.reports import SAMPLES

LINES = (SAMPLES / "chesspairing.trf").read_text().splitlines()
FIRST = 16
"""The line of the first player."""


def _faults(data: bytes) -> list[tuple[int, int]]:
    with pytest.raises(FaultyError) as raised:
        read(data)
    assert all(fault.why.endswith(".") for fault in raised.value.faults)
    return [(fault.line, fault.column) for fault in raised.value.faults]


def _changed(line: int, column: int, text: str) -> bytes:
    """The file with this text at a place."""
    lines = list(LINES)
    old = lines[line - 1].ljust(column - 1)
    lines[line - 1] = old[: column - 1] + text + old[column - 1 + len(text) :]
    return "\n".join(lines).encode()


def test_a_file_is_read_by_its_columns() -> None:
    report = read("\n".join(LINES).encode())
    kasparov, kramnik, third, polgar, fifth = report.players
    assert (kasparov.number, kasparov.sex, kasparov.title, kasparov.name) == (1, "m", "GM", "Kasparov, Garry")
    assert (kasparov.rating, kasparov.federation, kasparov.fide_number) == ("2812", "RUS", "4100018")
    assert (kasparov.birth, kasparov.points, kasparov.rank) == ("1963/04/13", 3, 2)
    assert kasparov.entries == (Entry(2, "w", "1"), Entry(4, "b", "="))
    assert kramnik.entries == (Entry(1, "b", "0"), Entry(0, "-", "H"))
    assert (third.title, polgar.sex, polgar.title) == ("", "w", "WGM")
    assert fifth.entries[0] == Entry(0, "-", "F")
    assert (report.rounds, report.first_side, report.absent) == (3, True, ())
    assert report.other == tuple(LINES[:13])


def test_what_pairing_programs_added_is_read() -> None:
    more = "142 5\n152 B\nXXZ 2 5\nBBW  3.0\nBBD  1.0\nBBU 1.5\n001    2\n001    5\n"
    report = read(more.encode())
    assert (report.rounds, report.first_side, report.absent) == (5, False, (2, 5))
    assert report.points == Points(win=6, draw=2, loss=0, bye=3, forfeit=0, absence=0)


@pytest.mark.parametrize(
    ("line", "column", "text", "at"),
    [
        (FIRST, 5, "   x", (FIRST, 5)),
        (FIRST, 5, "   0", (FIRST, 5)),
        (FIRST, 5, "   2", (FIRST + 1, 5)),
        (FIRST, 9, "x", (FIRST, 9)),
        (FIRST, 81, " 1.3", (FIRST, 81)),
        (FIRST, 81, " 2.0", (FIRST, 81)),
        (FIRST, 86, "  -1", (FIRST, 86)),
        (FIRST, 92, "0001", (FIRST, 92)),
        (FIRST, 92, "0009", (FIRST, 92)),
        (FIRST, 92, "0003", (FIRST, 92)),
        (FIRST, 92, "12a4", (FIRST, 92)),
        (FIRST, 97, "x", (FIRST, 97)),
        (FIRST, 97, "b", (FIRST, 92)),
        (FIRST, 97, " ", (FIRST, 97)),
        (FIRST, 99, "?", (FIRST, 99)),
        (FIRST, 99, "+", (FIRST, 92)),
        (FIRST, 99, "U", (FIRST, 99)),
        (FIRST, 122, "0000 - H  0000 - H", (FIRST, 122)),
        (FIRST + 1, 107, "w", (FIRST + 1, 107)),
        (FIRST + 1, 109, "1", (FIRST + 1, 109)),
        (14, 4, " x", (14, 4)),
        (14, 4, " 1", (1, 1)),
        (14, 1, "XXA", (14, 1)),
        (14, 1, "XXZ 9", (14, 5)),
        (14, 1, "BBW x", (14, 4)),
        (15, 5, "white2", (15, 5)),
        (1, 7, "\t", (1, 7)),
    ],
)
def test_a_bad_line_is_named(line: int, column: int, text: str, at: tuple[int, int]) -> None:
    assert at in _faults(_changed(line, column, text))


def test_a_file_without_players_and_one_that_is_too_large_are_refused() -> None:
    assert _faults(b"") == [(1, 1)]
    assert _faults(b"012 An open") == [(1, 1)]
    assert _faults(b" " * (limits.TRF_BYTES_MAX + 1)) == [(1, 1)]
    assert _faults(b"012 x\nab\x81") == [(2, 3)]
    long = f"001    1{' ' * 81}{'  0000 - Z' * (limits.TRF_ROUNDS_MAX + 1)}"
    assert _faults(long.encode()) == [(1, 92 + 10 * limits.TRF_ROUNDS_MAX)]
    many = "".join(f"001 {number:4}\n" for number in range(1, limits.TRF_PLAYERS_MAX + 2))
    assert _faults(many.encode()) == [(limits.TRF_PLAYERS_MAX + 1, 1)]


def test_a_number_of_faults_is_told() -> None:
    assert len(_faults(b"XXA\n" * 1000)) == limits.TRF_FAULTS_MAX


@given(st.integers(0, 2**32), st.integers(1, 8))
@settings(max_examples=100)
def test_whatever_is_changed_in_a_file_it_is_read_or_its_faults_are_told(seed: int, changes: int) -> None:
    lot = random.Random(seed)
    data = bytearray("\n".join(LINES).encode())
    for _ in range(changes):
        data[lot.randrange(len(data))] = lot.choice(b"0123456789 +-=wbUHFZ\n\r\xe4\x81")
    lines = len(data.replace(b"\r", b"\n").split(b"\n"))
    faults: tuple[Fault, ...] = ()
    try:
        read(bytes(data))
    except FaultyError as error:
        faults = error.faults or (Fault(0, 0, "none is told"),)
    assert all(1 <= fault.line <= lines and fault.column >= 1 for fault in faults)
