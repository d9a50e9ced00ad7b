"""The copied code stands alone: nothing of it changes with the code of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.released.write import CODE, COPIED, PACKAGE, SUITES, imported, moved, needed

MODULES = sorted(CODE.rglob("*.py"))


def test_the_suites_and_what_they_test_are_there() -> None:
    names = {str(path.relative_to(CODE)) for path in MODULES}
    assert {
        "tests/contract/test_log.py",
        "tests/contract/test_directory.py",
        "storage/postgres/log.py",
        "storage/postgres/directory.py",
    } <= names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CODE)))
def test_a_copy_imports_only_copies(path: Path) -> None:
    ours = [name for name in imported(path.read_text(encoding="utf-8")) if name.partition(".")[0] in COPIED]
    assert [name for name in ours if not name.startswith(f"{PACKAGE}.")] == []


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("from actors.kind import Job", f"from {PACKAGE}.actors.kind import Job"),
        ("    from storage import tables", f"    from {PACKAGE}.storage import tables"),
        ("import trio", "import trio"),
        ("from actors_of_others import x", "from actors_of_others import x"),
    ],
)
def test_imports_lead_to_the_copy(source: str, copied: str) -> None:
    assert moved(source) == copied


def test_whatever_the_suites_import_is_needed() -> None:
    found = needed(SUITES)
    assert {
        *SUITES,
        "tests.contract",
        "storage.postgres.streams.log",
        "protocol.ids",
        "actors",
    } <= found.keys()
    assert all(name.partition(".")[0] in COPIED for name in found)
