"""Regular expressions run on texts that people wrote in one module only, whose patterns look at each character once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = "actors/room/pieces.py"
"""What it may hold is in tests/unit/actors/room/test_text_search.py."""
OTHERWISE = {
    "re": {
        TEXTS,
        "actors/runtime/draft.py",  # ids of streams, whose form and length are fixed
        "protocol/codec.py",  # complaints of msgspec, which it cuts, and wire types that are ids
        "protocol/garbled.py",  # messages that can't be decoded, with patterns of a fixed length
    },
    # unicodedata.normalize takes the square of the marks in a row.
    "unicodedata": {
        "actors/room/plain_text.py",  # bounds them
        "protocol/handles.py",  # handles and mentioned names, of a few characters each
    },
}


def imports(source: str) -> set[str]:
    """The modules that a source imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("module", OTHERWISE)
def test_what_may_take_long_is_used_where_its_texts_are_bounded(module: str) -> None:
    using = {
        str(path.relative_to(ROOT))
        for package in ("actors", "protocol")
        for path in (ROOT / package).rglob("*.py")
        if module in imports(path.read_text())
    }
    assert using == OTHERWISE[module]


@pytest.mark.parametrize(
    "source", ["import re", "import re as r", "from re import compile", "def f():\n    import re"]
)
def test_an_import_is_found(source: str) -> None:
    assert imports(source) == {"re"}
