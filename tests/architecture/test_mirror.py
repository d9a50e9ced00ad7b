"""Tests stand where their subject stands: the folders of tests/unit and tests/integration are the packages' own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.markdown import ROOT

ELSEWHERE = {
    # What the pages show is no package.
    Path("docs"),
    # Tries everything that clients can reach, whichever package answers.
    Path("abuse"),
}


@pytest.mark.parametrize("kind", ["unit", "integration"])
def test_folders_of_tests_are_those_of_packages(kind: str) -> None:
    base = ROOT / "tests" / kind
    found = {path.parent.relative_to(base) for path in base.rglob("test_*.py")}
    strangers = [str(folder) for folder in sorted(found - ELSEWHERE) if not (ROOT / folder).is_dir()]
    assert strangers == [], f"move these below tests/{kind} to the path of the package that they test"
