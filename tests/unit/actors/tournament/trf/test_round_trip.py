"""What is written is read again as it was, from files of every encoding."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.tournament.trf.games import rounds_of, score_of
from actors.tournament.trf.model import Report
from actors.tournament.trf.next_round import NextRound, next_round
from actors.tournament.trf.reading import read
from actors.tournament.trf.writing import write
from tests.unit.actors.tournament.trf.reports import SAMPLES, drawn, played


def _told(report: Report) -> Report:
    """With the points of each player, which a file tells."""
    rounds = rounds_of(report)
    return replace(
        report,
        players=tuple(
            replace(player, points=score_of(player, rounds, report.points)) for player in report.players
        ),
    )


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_tournament_is_read_as_it_was_written(seed: int) -> None:
    report = drawn(random.Random(seed))
    text = write(report)
    assert read(text.encode()) == _told(report)
    assert write(read(text.encode())) == text


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_a_file_goes_from_round_to_round(seed: int) -> None:
    """File, pairs, file, results, file: each time it says the same as the tournament itself."""
    lot = random.Random(seed)
    report = drawn(lot)
    result = next_round(write(report).encode())
    if isinstance(result, NextRound):
        following = read(result.file.encode())
        assert rounds_of(following) == rounds_of(report) + 1 == result.round
        again = next_round(write(played(lot, following)).encode())
        assert not isinstance(again, tuple), again


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.trf")), ids=lambda file: file.stem)
def test_a_file_of_another_program_is_read_again_as_it_was_written(file) -> None:
    report = read(file.read_bytes())
    again = read(write(report).encode())
    assert again == report
    assert write(again) == write(report)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_encodings_and_line_ends_make_no_difference(encoding: str, end: str) -> None:
    lines = (SAMPLES / "chesspairing.trf").read_text().replace("Player Three", "Müller, Zoë ").splitlines()
    plain = read("\n".join(lines).encode())
    assert plain.players[2].name == "Müller, Zoë"
    assert read(end.join(lines).encode(encoding)) == plain
