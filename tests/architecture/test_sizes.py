"""A module is short enough to be read at once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.architecture.test_circles import PACKAGES, python_sources

LINES_MAX = 400


def too_long(sources: Mapping[str, str]) -> list[str]:
    """The modules with more lines than a module may have, each with their number."""
    lengths = {name: len(text.splitlines()) for name, text in sources.items()}
    return sorted(f"{name} has {lines} lines" for name, lines in lengths.items() if lines > LINES_MAX)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_too_long(package: str) -> None:
    assert too_long(python_sources(package)) == [], (
        f"a module has at most {LINES_MAX} lines: split it. What makes sense without the rest is a module of its own"
    )


def test_a_module_that_is_too_long_is_found() -> None:
    sources = {"p.short": "x = 1\n" * LINES_MAX, "p.long": "x = 1\n" * (LINES_MAX + 1)}
    assert too_long(sources) == ["p.long has 401 lines"]
