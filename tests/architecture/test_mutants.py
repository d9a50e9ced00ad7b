"""The mutants of ``tests/mutants`` fit the code: each text to replace is there, once, and so is each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
MUTANTS_MIN = 20
PARTS = {
    "committer": "actors/runtime/committer.py",
    "cell": "actors/runtime/cell.py",
    "relay": "actors/relay/",
    "bridge": "actors/cluster/",
    "member": "actors/cluster/member.py",
    "session": "actors/session/session.py",
    "writer": "actors/session/connection_writer.py",
    "SQL": "storage/postgres/migrations/",
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.why)
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, "change the mutant with the code"
    assert mutant.new not in (mutant.old, "pass")
    path, _, test = mutant.test.partition("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_some(part: str) -> None:
    assert [mutant for mutant in MUTANTS if mutant.file.startswith(PARTS[part])]


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(MUTANTS) >= MUTANTS_MIN
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert len({mutant.why for mutant in MUTANTS}) == len(MUTANTS)
