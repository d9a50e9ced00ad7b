"""The Python on the pages compiles, and its types are right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.markdown import ROOT, Block, blocks

GUIDE = ROOT / "docs" / "guides" / "game-clients.md"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_it_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.slow
def test_the_guide_s_types_are_right(tmp_path: Path) -> None:
    for number, block in enumerate(blocks("python", GUIDE)):
        (tmp_path / f"snippet_{number}.py").write_text(block.text)
    (tmp_path / "wrong.py").write_text("from gatherup.client import connect\nconnect(1)\n")
    files = sorted(tmp_path.glob("*.py"))
    assert len(files) > 1
    python = Path(sys.executable)
    command = [python.with_name("pyright"), "--outputjson", "--pythonpath", python, *files]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    found = [one for one in json.loads(checked.stdout)["generalDiagnostics"] if one["severity"] == "error"]
    assert {Path(one["file"]).name for one in found} == {"wrong.py"}, found  # and a wrong call is found
