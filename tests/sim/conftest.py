"""What a run of simulations says last."""

from __future__ import annotations

import pytest

LAST_LINE = pytest.StashKey[str]()
"""How many seeds were simulated of those that were asked for: a slow machine proves less."""


def pytest_unconfigure(config: pytest.Config) -> None:
    if (line := config.stash.get(LAST_LINE, None)) is not None:
        config.get_terminal_writer().line(line)
