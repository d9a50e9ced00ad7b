"""The Python on the pages compiles, and its types are right."""

from __future__ import annotations

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
    python, checked = Path(sys.executable), []
    for name in ("snippet_*.py", "wrong.py"):
        files = [str(path) for path in sorted(tmp_path.glob(name))]
        assert files
        command = [str(python.with_name("pyright")), "--pythonpath", str(python), *files]
        checked.append(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False))
    assert checked[0].returncode == 0, checked[0].stdout
    assert checked[1].returncode == 1, "a wrong call must be found"
