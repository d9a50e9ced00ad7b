"""Every mutant in a copy of the tree, one at a time, with its test: ``python -m tests.mutants``.

The tests must pass in the copy as it is, and each must fail with its mutant. ``--only`` picks mutants by a part of what
goes wrong.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Final

from tests.mutants.mutants import MUTANTS, Mutant

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("actors", "gatherup", "loadtest", "protocol", "storage", "tests")
TIMEOUT_S: Final = 300.0
"""For the tests of one mutant: one may hang with it, which finds it too."""
FAILED: Final = 1
"""What pytest exits with when a test failed, rather than that it couldn't be run."""


def copy_of(root: Path, to: Path) -> None:
    """What tests need of the tree."""
    for name in COPIED:
        copytree(root / name, to / name, ignore=ignore_patterns("__pycache__", "node_modules"))
    (to / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())


def run_tests(tree: Path, tests: Iterable[str]) -> int:
    """The exit code of pytest; that of a failure if it doesn't end."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return FAILED
    return done.returncode


def survives(tree: Path, mutant: Mutant) -> bool:
    """Whether its test passes all the same, or can't be run."""
    path = tree / mutant.file
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return run_tests(tree, [mutant.test]) != FAILED
    finally:
        path.write_text(before, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", default="", help="a part of why")
    given = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if given.only in mutant.why]
    with tempfile.TemporaryDirectory(prefix="gatherup-mutants-") as name:
        tree = Path(name)
        tree.chmod(0o755)  # PostgreSQL may run as another user, and reads the migrations
        copy_of(ROOT, tree)
        if code := run_tests(tree, sorted({mutant.test for mutant in chosen})):
            sys.stdout.write(f"without a mutant, the tests end with {code}\n")
            return 1
        survivors = [mutant for mutant in chosen if survives(tree, mutant)]
    for mutant in survivors:
        sys.stdout.write(f"survives: {mutant.file}: {mutant.why} ({mutant.test})\n")
    sys.stdout.write(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants were found\n")
    return 1 if survivors or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
